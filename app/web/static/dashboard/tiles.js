/** The figures of the range, each with what it counts. */

import { at, make } from "../dom.js";
import { plain } from "../words.js";
import { keyed, mark, write } from "./keyed.js";
import { DASH, many, ms, rate, share, usd } from "./units.js";

/** Shows them; all are dashes where nothing is known. */
export function draw(figures) {
  keyed(at("tiles"), tilesOf(figures ?? {}), (tile) => tile.name, newTile, fill);
  const span = figures?.from && figures?.to ? "" : DASH;
  write(at("figures-span"), figures ? replicas(figures) : span);
}

function replicas({ replicas: found }) {
  const count = Array.isArray(found) ? found.length : found;
  return count > 1 ? `over ${count} replicas` : "";
}

function tilesOf({
  turns = {},
  latency = {},
  tokens = {},
  cost_usd: cost,
  context = {},
  cache = {},
  engagement = {},
  http = {},
}) {
  const first = latency.first_token_ms ?? {};
  const total = latency.total_ms ?? {};
  return [
    { name: "Turns", value: rate(turns.rate), more: [`${many(turns.count)} in all`] },
    {
      name: "Failed",
      value: share(turns.failed),
      more: [`degraded ${share(turns.degraded)}`, `from the cache ${share(turns.cached)}`],
      bad: turns.failed > 0.01,
    },
    { name: "First word, p95", value: ms(first.p95), more: [`p50 ${ms(first.p50)}`, `p99 ${ms(first.p99)}`] },
    { name: "Whole answer, p95", value: ms(total.p95), more: [`p50 ${ms(total.p50)}`, `p99 ${ms(total.p99)}`] },
    {
      name: "Our own share, p99",
      value: ms(latency.overhead_ms?.p99),
      more: [`context ${ms(latency.context_ms?.p99)}`, `HTTP ${ms(http.p99_ms)}`],
    },
    {
      name: "Tokens",
      value: many(sum(tokens.input, tokens.output)),
      more: [`read ${many(tokens.input)}`, `of these cached ${many(tokens.cached)}`, `written ${many(tokens.output)}`],
    },
    { name: "Cost", value: usd(cost), more: [cost && turns.count ? `${usd(cost / turns.count)} a turn` : ""] },
    {
      name: "Context saved",
      value: share(context.saved),
      more: [`${many(context.tokens)} of ${many(context.full_tokens)} tokens`],
    },
    { name: "Prefix cache", value: share(numberOf(cache.prefix)), more: ["of the tokens read"] },
    {
      name: "Learners",
      value: many(engagement.learners),
      more: [`${many(engagement.sessions)} sessions`, `helped ${share(engagement.helpful)}`],
    },
  ];
}

const sum = (a, b) => (Number.isFinite(a) || Number.isFinite(b) ? (a ?? 0) + (b ?? 0) : null);

/** A figure, or the share in a group of figures. */
export const numberOf = (value) => (Number.isFinite(value) ? value : (value?.share ?? value?.rate ?? null));

function newTile({ name }) {
  return make(
    "div",
    { class: "tile" },
    make("dt", {}, plain(name)),
    make("dd", { class: "big" }),
    make("dd", { class: "more" }),
  );
}

function fill(tile, { value, more, bad }) {
  write(tile.children[1], value);
  write(tile.children[2], more.filter(Boolean).join(" · "));
  mark(tile, "data-bad", bad ? "" : null);
}
