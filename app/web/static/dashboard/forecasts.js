/** What is to come: each figure with what nine of ten futures lie between. */

import { at } from "../dom.js";
import { rows } from "./lists.js";
import { bar, interval } from "./pictures.js";
import { many, number, share, span, usd } from "./units.js";

const EMPTY = "No forecast yet: it needs some minutes of traffic, those of days some days.";
const perMinute = (x) => `${number(x)} / min`;

/** @param {Record<string, object>|null} forecasts */
export function draw(forecasts) {
  const { turns_per_min: load, turns, tokens, cost_usd: cost, limits = [], replicas } = forecasts ?? {};
  const shown = [
    band("Turns, the next 10 minutes", load?.next_10_min, perMinute, load && `now ${perMinute(load.now)}`),
    band("Turns, the next 24 hours", turns?.next_24h, many),
    band("Tokens, the next 24 hours", tokens?.next_24h, many),
    band("Cost, the next 24 hours", cost?.next_24h, usd),
    band("Cost today", cost?.today, usd, cost?.today && `${usd(cost.today.spent)} so far`),
    hit(
      "Today’s budget is spent",
      cost?.budget,
      cost?.budget && `${usd(cost.budget.spent_usd)} of ${usd(cost.budget.limit_usd)} now`,
    ),
    ...limits.map((one) =>
      hit(`${one.provider} ${one.model}: no ${one.limit} left`, one, `${many(one.left)} left now`),
    ),
    replicas && fleet(replicas),
  ];
  rows(at("forecasts-body"), shown.filter(Boolean), EMPTY);
}

function band(name, found, write, more) {
  if (!found) return null;
  const { expected, low, high } = found;
  return {
    name,
    value: write(expected),
    picture: () => interval(low, high, [expected], [0, high * 1.1]),
    drawn: `${low} ${expected} ${high}`,
    more: [`${write(low)} to ${write(high)}`, more].filter(Boolean).join(" · "),
  };
}

/** When a limit will be reached, and how likely. */
function hit(name, found, more) {
  if (!found?.chance) return null;
  const when = found.hit_in_s === null || found.hit_in_s === undefined ? "not likely" : `in ${span(found.hit_in_s)}`;
  return {
    name,
    value: when,
    picture: () => bar(found.chance),
    drawn: String(found.chance),
    more: `chance ${share(found.chance)} · ${more}`,
  };
}

const fleet = ({ desired, now, reason }) => ({
  name: "Replicas",
  value: desired === now ? `${many(now)}, as needed` : `${many(desired)} needed, ${many(now)} there`,
  more: reason,
});
