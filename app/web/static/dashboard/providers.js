/** Each model: its breaker, what it was asked, how fast and at what cost; and a button that closes its breaker. */

import { action, announce, at, icon, make, show } from "../dom.js";
import { plain } from "../words.js";
import { keyed, mark, write } from "./keyed.js";
import { interval } from "./pictures.js";
import { DASH, many, ms, number, share, span, usd } from "./units.js";

const BREAKERS = {
  closed: ["ok", "ok"],
  half_open: ["warn", "degraded"],
  open: ["bad", "down"],
  forced_open: ["bad", "down"],
};
const COLUMNS = [
  "Model",
  "Breaker",
  "Calls",
  "Errors",
  "First word: p50, p95, p99",
  "Tokens / s",
  "Cost",
  "First asked for",
];

/**
 * Shows them.
 * @param {object[]|null} models  of `/v1/providers`
 * @param {object|null} figures
 * @param {(provider: string) => Promise<void>} reset
 */
export function draw(models, figures, reset) {
  const rows = merged(models ?? [], figures);
  const holder = at("provider-list");
  if (!rows.length) {
    const text = models ? "No model is configured: set a provider's key and restart the service." : "Not known here.";
    if (holder.dataset.empty !== text) holder.replaceChildren(make("p", { class: "dim" }, text));
    holder.dataset.empty = text;
    return;
  }
  if ("empty" in holder.dataset || !holder.firstElementChild) holder.replaceChildren(table());
  delete holder.dataset.empty;
  const slowest = Math.max(...rows.map((row) => row.first.p99 ?? 0), 1);
  keyed(
    holder.querySelector("tbody"),
    rows,
    (row) => row.key,
    () => newRow(reset),
    (element, row) => fill(element, row, slowest),
  );
}

/** Shows the rows of a provider, and puts the focus there. */
export function open(provider) {
  const row = [...at("provider-list").querySelectorAll("tbody tr")].find((one) =>
    one.dataset.key.startsWith(`${provider} `),
  );
  const target = row ?? at("providers");
  target.tabIndex = -1;
  target.scrollIntoView({ block: "center" });
  target.focus({ preventScroll: true });
}

function merged(models, figures) {
  const asked = new Map((figures?.providers ?? []).map((one) => [keyOf(one), one]));
  const known = models.map((model) => ({ ...rowOf(model, asked.get(keyOf(model))), model }));
  const have = new Set(known.map((row) => row.key));
  const gone = [...asked.values()].filter((one) => !have.has(keyOf(one))).map((one) => rowOf(one, one));
  return [...known, ...gone];
}

const keyOf = ({ provider, model }) => `${provider} ${model}`;

function rowOf({ provider, model, breaker, rank, forbidden_here: forbidden }, seen) {
  return {
    key: keyOf({ provider, model }),
    provider,
    name: model,
    breaker,
    rank: forbidden ? "forbidden" : rank,
    seen: seen ?? {},
    first: seen?.first_token_ms ?? {},
  };
}

function table() {
  const head = COLUMNS.map((name) => make("th", { scope: "col" }, name));
  head.push(make("th", { scope: "col" }, make("span", { class: "unseen" }, "What can be done")));
  return make("table", { class: "models" }, make("thead", {}, make("tr", {}, ...head)), make("tbody"));
}

function newRow(reset) {
  const cell = (n, ...inside) => make("td", { "data-label": COLUMNS[n] }, ...inside);
  const row = make(
    "tr",
    {},
    make("th", { scope: "row", dir: "auto" }, make("b"), make("span")),
    cell(1, icon("unknown"), make("span")),
    ...[2, 3].map((n) => cell(n)),
    cell(4, make("div", { class: "drawn" }), make("span")),
    ...[5, 6, 7].map((n) => cell(n)),
    make("td", { class: "act" }),
  );
  const button = action("Reset breaker", async () => {
    button.disabled = true;
    try {
      await reset(row.provider);
      announce(`The breakers of ${row.provider} are closed`);
    } catch (problem) {
      announce(problem.line ?? String(problem));
      button.title = problem.line ?? String(problem);
    } finally {
      button.disabled = false;
    }
  });
  row.lastElementChild.append(button);
  return row;
}

function fill(row, { provider, name, breaker, rank, seen, first }, slowest) {
  row.provider = provider;
  mark(row, "class", seen.calls ? null : "idle");
  const cells = row.children;
  write(cells[0].children[0], provider);
  write(cells[0].children[1], name);
  const [symbol, level] = BREAKERS[breaker?.state] ?? ["unknown", "unknown"];
  mark(cells[1], "data-level", level);
  mark(cells[1].querySelector("use"), "href", `#i-${symbol}`);
  write(cells[1].lastElementChild, breakerWords(breaker));
  write(cells[2], many(seen.calls));
  write(cells[3], errors(seen));
  const drawn = `${first.p50} ${first.p95} ${first.p99} ${slowest}`;
  if (row.drawn !== drawn) cells[4].firstElementChild.replaceChildren(latency(first, slowest));
  row.drawn = drawn;
  write(
    cells[4].lastElementChild,
    Number.isFinite(first.p50) ? [first.p50, first.p95, first.p99].map(ms).join(" · ") : DASH,
  );
  write(cells[5], number(seen.tokens_per_s));
  write(cells[6], usd(seen.cost_usd));
  write(cells[7], firstFor(rank));
  show(cells[8].firstElementChild, Boolean(breaker) && breaker.state !== "closed");
  mark(cells[8].firstElementChild, "aria-label", `Reset the breaker of ${provider}`);
}

function breakerWords(breaker) {
  if (!breaker) return DASH;
  const rest = breaker.closed_to_calls_for_s;
  return rest > 0 ? `${plain(breaker.state)}, tried again in ${span(rest)}` : plain(breaker.state);
}

function errors({ calls, errors: failed }) {
  if (!Number.isFinite(failed)) return DASH;
  return `${share(failed)} (${many(failed * calls)})`;
}

const latency = ({ p50, p95, p99 }, slowest) =>
  Number.isFinite(p50) ? interval(p50, p99 ?? p50, [p50, p95 ?? p50], [0, slowest]) : "";

/** The tasks for which a model is asked before all others. */
function firstFor(rank) {
  if (rank === "forbidden") return "nothing: forbidden in this workspace";
  const tasks = Object.entries(rank ?? {})
    .filter(([, found]) => found.place === 1)
    .map(([task]) => plain(task));
  if (!tasks.length) return DASH;
  return tasks.length === Object.keys(rank).length ? "everything" : tasks.join(", ");
}
