/** Is it healthy? One line out of all that is known: what, since when, why, and what to do. Nothing is drawn here. */

import { moment } from "./units.js";

/** From best to worst. */
const LEVELS = ["unknown", "ok", "degraded", "down"];

const TITLES = { unknown: "Not known yet", ok: "Healthy", degraded: "Degraded", down: "Down" };

/**
 * @param {{health: object|null, alerts: object[], models: object[], lostAt: number|null}} seen  `lostAt` (ms): since
 *   when nothing is heard of the service
 * @returns {{level: string, title: string, since: number|null, why: string, advice: string}}  `since` in ms
 */
export function verdict({ health, alerts, models, lostAt }) {
  if (lostAt !== null) return unreachable(lostAt);
  const breakers = ofBreakers(models);
  const told = alerts.map(ofAlert).filter(Boolean);
  const found = [breakers?.all ? breakers : null, ...told, breakers, ...ofHealth(health)].filter(Boolean);
  if (!found.length) return health ? healthy(health) : { level: "unknown", title: TITLES.unknown, ...NOTHING };
  const worst = found.toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level))[0];
  const since = [worst.since, ...told.map((one) => one.since)].filter((at) => at !== null);
  const more = told.length - told.includes(worst);
  return {
    title: TITLES[worst.level],
    level: worst.level,
    since: since.length ? Math.min(...since) : null,
    why: more ? `${worst.why} And ${more} more alert${more > 1 ? "s" : ""}.` : worst.why,
    advice: sentence(worst.advice ?? ""),
  };
}

const OPEN = new Set(["open", "forced_open"]);
const NOTHING = { since: null, why: "", advice: "" };

function healthy(health) {
  const turns = health.turns_running ? ` ${health.turns_running} turn(s) under way.` : "";
  return { level: "ok", title: TITLES.ok, since: sinceOf(health), why: `Every part answers.${turns}`, advice: "" };
}

function unreachable(since) {
  const advice = "Is the service running, and are you online? This page goes on trying.";
  return { level: "down", title: "No connection", since, why: "The service does not answer.", advice };
}

function ofHealth(health) {
  if (!health) return [];
  const parts = Object.entries(health.parts ?? {})
    .filter(([, part]) => levelOf(part.status) !== "ok")
    .map(([name, part]) => ({
      level: levelOf(part.status) === "down" && health.status !== "down" ? "degraded" : levelOf(part.status),
      since: sinceOf(part),
      why: sentence(`${name}: ${part.detail || part.status}.`),
      advice: part.advice,
    }));
  if (health.draining) parts.unshift({ level: "degraded", since: null, why: "It is shutting down.", advice: null });
  if (!parts.length && levelOf(health.status) !== "ok")
    parts.push({
      level: levelOf(health.status),
      since: sinceOf(health),
      why: health.detail ?? "",
      advice: health.advice,
    });
  return parts;
}

/** A text as the beginning of a sentence. */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** What `/health` calls a state, as one of LEVELS. */
export const levelOf = (status) =>
  status === "ok" ? "ok" : status === "down" ? "down" : status ? "degraded" : "unknown";

function ofBreakers(models) {
  const open = models.filter((model) => OPEN.has(model.breaker?.state));
  if (!open.length) return null;
  const all = open.length === models.length;
  const names = open.map((model) => `${model.provider} ${model.model}`).join(", ");
  const why = all
    ? "No model may be asked: the breaker of each is open. Learners hear the offline tutor."
    : `The breaker of ${names} is open. Others answer in its place.`;
  const advice =
    "Look at the providers’ own status pages. A breaker tries again by itself; “Reset breaker” below does so now.";
  return { level: "degraded", since: null, why, advice, all };
}

function ofAlert(alert) {
  if (alert.state !== "open" || alert.severity === "info" || alert.part_of) return null;
  return {
    level: "degraded",
    since: timeOf(alert.since ?? alert.opened_at),
    why: whyOf(alert),
    advice: adviceOf(alert),
  };
}

function whyOf({ title, causes = [] }) {
  return `${sentence(title)}.${causes.length ? ` Likely cause: ${causes[0].what}.` : ""}`;
}

/** What to do about an alert: of its likeliest cause, else its own. */
export const adviceOf = (alert) => alert.causes?.find((cause) => cause.advice)?.advice ?? alert.advice ?? "";

const sinceOf = (thing) => timeOf(thing.since);

function timeOf(at) {
  const time = moment(at);
  return Number.isNaN(time) ? null : time;
}
