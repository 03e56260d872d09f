/** One learner: how they stand, what to do, and the answers behind it. */

import * as api from "../api.js";
import { action, at, make } from "../dom.js";
import { ago, share, some, trend } from "./shapes.js";

const part = encodeURIComponent;
const ANSWERS = 50;

/** Asks for all that is known of a learner. `found` is the class as it was told. */
export async function ask(learner, query, found) {
  const path = `/v1/learners/${part(learner)}`;
  const [page, mastery, reviews, steps, answers, affect] = await Promise.all([
    api.call("GET", `/v1/class/learners?learner_id=${part(learner)}${query}`),
    api.call("GET", `${path}/mastery?limit=200`),
    api.call("GET", `${path}/reviews?days=7`),
    api.call("GET", `${path}/path?limit=5`),
    api.call("GET", `${path}/answers?limit=${ANSWERS}`),
    found?.affect ? api.call("GET", `${path}/affect?limit=1`) : null,
  ]);
  return { learner, row: page.data[0] ?? null, mastery, reviews, steps, answers, affect };
}

export function draw(told) {
  const { row, mastery, answers } = told;
  at("learner").replaceChildren(
    make("p", {}, make("a", { class: "back", href: "#" }, "← The class")),
    standing(told),
    row ? helping(row) : "",
    masteries(mastery.data),
    next(told),
    evidence(told, answers),
  );
}

function section(title, ...children) {
  return make("section", {}, make("h2", {}, title), ...children);
}

function standing({ row, answers, affect }) {
  if (!row) return section("Nothing yet", make("p", { class: "dim" }, "There is no session and no answer of this learner in the last 26 weeks."));
  const risk = row.risk;
  const said = [
    `${some(row.answers, "answer")} in the last 7 days, ${row.wrong} wrong; the last one ${ago(row.last_answer_at)}.`,
    risk ? `Mastery by the date: ${share(risk.probability)} likely; now ${share(risk.now)} of the way, ${share(risk.low)} to ${share(risk.high)} expected.` : "No graded answer yet.",
    affect?.now ? `Seems ${affect.now.label ?? "calm"} at the moment.` : null,
  ];
  const values = answers.data.map((one) => one.mastery).reverse();
  const drawn = values.length > 1 ? [make("p", { class: "dim" }, `Mastery of what was practised, over the last ${values.length} answers; the dashed line is 80 %.`), trend(values, `From ${share(values[0])} to ${share(values.at(-1))}`)] : [];
  return section("How it stands", ...said.filter(Boolean).map((text) => make("p", {}, text)), ...drawn);
}

function helping(row) {
  const found = [
    ...(row.risk?.reasons ?? []).map((one) => [one.why, one.advice]),
    ...row.stuck.map((one) => [`${one.skill}: ${one.why}`, one.advice]),
  ];
  if (!found.length) return section("What to do", make("p", { class: "dim" }, "Nothing stands out: neither stuck nor at risk."));
  const items = found.map(([why, advice]) => make("li", {}, make("p", { dir: "auto" }, why), make("p", { class: "advice" }, `→ ${advice}`)));
  return section("What to do", make("ul", { class: "people" }, ...items));
}

function masteries(found) {
  if (!found.length) return "";
  const head = ["Skill", "Mastery", "Answers", "Trend", "Last"].map((name) => make("th", { scope: "col" }, name));
  const rows = [...found].sort((a, b) => a.probability - b.probability).map((one) => line(one.skill, [
    ["Mastery", `${share(one.probability)} ± ${share(one.uncertainty)}`],
    ["Answers", String(one.attempts)],
    ["Trend", one.trend === null ? "–" : `${one.trend >= 0 ? "+" : "−"}${share(Math.abs(one.trend))}`],
    ["Last", ago(one.last_at)],
  ]));
  const note = "As it is believed now; the table of the class has what was believed after the last answer of each.";
  return section("Skills, weakest first", make("p", { class: "dim" }, note), table(head, rows));
}

const line = (name, cells) => make("tr", {}, make("th", { scope: "row", dir: "auto" }, name), ...cells.map(([label, text, given]) => make("td", { "data-label": label, dir: "auto" }, make("span", given ?? {}, text))));
const table = (head, rows) => make("table", { class: "roll" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));

function next({ reviews, steps }) {
  const items = steps.steps.map((step) => make("li", { dir: "auto" }, make("strong", {}, `${step.title}: `), step.why));
  const due = make("p", {}, reviews.overdue ? `${some(reviews.overdue, "review")} overdue.` : "No review is overdue.");
  return section("Next", due, items.length ? make("ol", {}, ...items) : make("p", { class: "dim" }, "Nothing is planned: all that was answered is mastered, or nothing was."));
}

function evidence({ learner }, first) {
  const body = make("tbody");
  const more = make("div", { class: "buttons" });
  const add = (page) => {
    body.append(...page.data.map(answer));
    more.replaceChildren(page.next_cursor ? action("Older answers", async () => add(await older(learner, page.next_cursor))) : "");
  };
  add(first);
  if (!first.data.length) return section("Answers", make("p", { class: "dim" }, "None yet."));
  const head = ["Item", "Result", "Help", "Expected", "Mastery after", "When"].map((name) => make("th", { scope: "col" }, name));
  const whole = table(head, []);
  whole.tBodies[0].replaceWith(body);
  return section("Answers, newest first", whole, more);
}

const older = (learner, cursor) => api.call("GET", `/v1/learners/${part(learner)}/answers?limit=${ANSWERS}&cursor=${part(cursor)}`);

function answer(one) {
  const help = one.solution_shown ? "solution shown" : one.hints ? some(one.hints, "hint") : "–";
  return line(one.item ? `${one.item} (${one.skill})` : one.skill, [
    ["Result", one.correct ? "right" : "wrong", { class: one.correct ? "right" : "not-right" }],
    ["Help", help],
    ["Expected", share(one.predicted)],
    ["Mastery after", share(one.mastery)],
    ["When", one.at ? new Date(one.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "–"],
  ]);
}
