/** Alerts: what is wrong, since when, the likely causes, and a button for what to do. */

import { copyText } from "../copying.js";
import { action, announce, at, icon, make } from "../dom.js";
import { plain, when } from "../words.js";
import { keyed, mark, write, writeMarked } from "./keyed.js";
import { bar } from "./pictures.js";
import { inUnit, moment, share, span } from "./units.js";
import { adviceOf, sentence } from "./verdict.js";

const SEVERITIES = { page: ["bad", "Page"], ticket: ["warn", "Ticket"], info: ["unknown", "Note"] };
const MOST_CAUSES = 4;
const CLOSED_SHOWN = 5;

/**
 * Shows them.
 * @param {object[]|null} alerts  newest first; null where they are not known
 * @param {{quiet: (alert: object) => Promise<void>, open: (provider: string) => void, providers: string[]}} can
 */
export function draw(alerts, can) {
  if (alerts === null) return say("Alerts are not known here.");
  const open = alerts.filter((alert) => alert.state !== "closed" && !alert.part_of);
  const closed = alerts.filter((alert) => alert.state === "closed").slice(0, CLOSED_SHOWN);
  write(at("alerts-title"), open.length ? `Alerts (${open.length})` : "Alerts");
  const holder = ensure();
  write(holder.none, open.length ? "" : "None open.");
  holder.none.hidden = open.length > 0;
  keyed(
    holder.list,
    open,
    (alert) => alert.id,
    newCard,
    (card, alert) => fill(card, alert, can),
  );
  holder.past.hidden = !closed.length;
  keyed(
    holder.closed,
    closed,
    (alert) => alert.id,
    () => make("li", { dir: "auto" }),
    (item, alert) => write(item, past(alert)),
  );
}

let holder = null;

function ensure() {
  if (holder?.list.isConnected) return holder;
  const none = make("p", { class: "dim" });
  const list = make("div", { class: "cards" });
  const closed = make("ul");
  const past = make("details", { class: "past" }, make("summary", {}, "Closed lately"), closed);
  holder = { none, list, past, closed };
  at("alert-list").replaceChildren(none, list, past);
  return holder;
}

function say(text) {
  holder = null;
  at("alert-list").replaceChildren(make("p", { class: "dim" }, text));
}

function past(alert) {
  const lasted = (moment(alert.closed_at) - moment(alert.opened_at)) / 1_000;
  const when = new Date(moment(alert.closed_at)).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
  return `${alert.title} · lasted ${span(lasted)}, closed ${when}`;
}

function newCard() {
  const part = (name, tag = "p") => make(tag, { class: name, dir: "auto" });
  const card = make(
    "article",
    { class: "card" },
    make("header", {}, icon("warn"), part("severity", "span"), part("title", "h3"), part("when", "span")),
    part("figures"),
    make("h4", {}, "Likely causes"),
    part("causes", "ol"),
    part("advice"),
    make("p", { class: "wrong", role: "alert" }),
    make("div", { class: "buttons" }),
  );
  const buttons = card.lastElementChild;
  buttons.append(
    action("Quiet for an hour", () => press(card, buttons.children[0])),
    action("Open provider", () => card.can.open(providerOf(card.alert, card.can.providers))),
    action("Copy advice", () => copyAdvice(card.alert)),
  );
  return card;
}

async function press(card, button) {
  const wrong = card.querySelector(".wrong");
  button.disabled = true;
  write(wrong, "");
  try {
    await card.can.quiet(card.alert);
    announce("Quiet for an hour");
  } catch (problem) {
    write(wrong, problem.line ?? String(problem));
  } finally {
    button.disabled = false;
  }
}

async function copyAdvice(alert) {
  const text = [alert.title, figures(alert), ...causesOf(alert).map((cause) => cause.what), adviceOf(alert)];
  announce((await copyText(text.filter(Boolean).join("\n"))) ? "Copied" : "The browser does not let this page copy");
}

function fill(card, alert, can) {
  Object.assign(card, { alert, can });
  const [symbol, word] = SEVERITIES[alert.severity] ?? SEVERITIES.info;
  mark(card, "data-severity", alert.severity in SEVERITIES ? alert.severity : "info");
  mark(card.querySelector("use"), "href", `#i-${symbol}`);
  const set = (name, text) => write(card.querySelector(`.${name}`), text);
  set("severity", alert.state === "quiet" ? `${word}, quiet` : word);
  set("title", sentence(alert.title));
  set("when", since(alert));
  set("figures", figures(alert));
  writeMarked(card.querySelector(".advice"), adviceOf(alert) ? `What to do: ${adviceOf(alert)}` : "");
  keyed(card.querySelector(".causes"), causesOf(alert), (cause) => cause.what, newCause, fillCause);
  const [quiet, open, copy] = card.querySelector(".buttons").children;
  quiet.hidden = alert.state === "quiet";
  open.hidden = providerOf(alert, can.providers) === null;
  copy.hidden = !adviceOf(alert);
}

function since(alert) {
  const from = moment(alert.since ?? alert.opened_at);
  if (Number.isNaN(from)) return "";
  const clock = new Date(from).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return `since ${clock} (${span((Date.now() - from) / 1_000)})`;
}

function figures(alert) {
  const { observed, expected, unit, subject, count } = alert;
  const value = (x) => inUnit(x, unit);
  const [low, high] = expected ?? [null, null];
  const band =
    low !== null && high !== null
      ? `${value(low)} to ${value(high)}`
      : high !== null
        ? `at most ${value(high)}`
        : `at least ${value(low)}`;
  return [
    subject && !alert.title.includes(subject) && plain(String(subject)),
    observed === null || observed === undefined ? null : `observed ${value(observed)}`,
    low === null && high === null ? null : `expected ${band}`,
    count > 1 ? `seen ${count} times` : null,
    alert.grouped?.length ? `with ${alert.grouped.length} more of the same cause` : null,
    alert.quiet_until && alert.state === "quiet" ? `quiet until ${when(alert.quiet_until)}` : null,
  ]
    .filter(Boolean)
    .join(" · ");
}

const causesOf = (alert) => (alert.causes ?? []).slice(0, MOST_CAUSES);

function newCause() {
  return make(
    "li",
    {},
    make("span", { class: "much" }),
    make("div", {}, make("b", { dir: "auto" }), make("span", { class: "evidence", dir: "auto" })),
  );
}

function fillCause(item, cause) {
  const words = item.lastElementChild;
  item.firstElementChild.replaceChildren(
    Number.isFinite(cause.share) ? bar(cause.share) : "",
    Number.isFinite(cause.share) ? share(cause.share) : "",
  );
  write(words.firstElementChild, cause.what);
  write(words.lastElementChild, cause.evidence ?? "");
}

/** The provider that an alert or its likeliest cause names, else null. */
function providerOf(alert, providers) {
  const texts = [alert.subject, ...causesOf(alert).map((cause) => cause.what), alert.title].map((text) =>
    String(text ?? ""),
  );
  for (const text of texts) {
    const named = providers.find((name) => name && text.toLowerCase().includes(name.toLowerCase()));
    if (named) return named;
  }
  return null;
}
