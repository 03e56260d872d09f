/** The class as a whole: figures, who needs help, skills, what went wrong. */

import { at, make } from "../dom.js";
import { ago, named, share, some, square, strip } from "./shapes.js";

/** How many of those at risk and of those stuck are shown here; the table has all. */
export const SHOWN = 6;

export function tiles(found) {
  const right = found.answers ? 1 - found.wrong / found.answers : null;
  at("tiles").replaceChildren(
    tile("Learners", found.learners, `${found.active} answered in the last 7 days`),
    tile("Answers in 7 days", found.answers, right === null ? "none" : `${share(right)} right`),
    tile("Stuck now", found.stuck, "do not get on with a skill"),
    tile("At risk", found.at_risk, "will not master it by the date, as it goes now"),
  );
}

function tile(name, value, more) {
  return make(
    "div",
    { class: "tile" },
    make("dt", {}, name),
    make("dd", {}, make("div", { class: "big" }, String(value)), make("div", { class: "more" }, more)),
  );
}

export function risks(page) {
  people("risk-list", page, "Nobody: at the pace of the last weeks everybody is likely to get there.", (row) =>
    row.risk.reasons.flatMap((reason) => [
      make("p", { dir: "auto" }, reason.why),
      make("p", { class: "advice", dir: "auto" }, `→ ${reason.advice}`),
    ]),
  );
}

export function stuck(page) {
  people("stuck-list", page, "Nobody is stuck: three wrong answers in a row, or help before nearly each, would show here.", (row) =>
    [
      ...row.stuck.slice(0, 3).map((one) =>
        make("p", { dir: "auto" }, `${one.skill}: ${one.why}`, make("span", { class: "dim" }, one.since ? `, since ${ago(one.since)}` : "")),
      ),
      ...advised(row.stuck),
    ],
  );
}

/** What to do, each thing once. */
export const advised = (found) =>
  [...new Set(found.map((one) => one.advice))].map((advice) => make("p", { class: "advice" }, `→ ${advice}`));

function people(id, page, empty, says) {
  if (!page.data.length) return at(id).replaceChildren(make("p", { class: "dim" }, empty));
  const left = page.total - page.data.length;
  at(id).replaceChildren(
    make("ul", { class: "people" }, ...page.data.map((row) => make("li", {}, named(row.learner_id), ...says(row)))),
    left > 0 ? make("p", { class: "dim" }, `and ${left} more: see the table below.`) : "",
  );
}

export function skills(found) {
  if (!found.skills.length)
    return at("skill-list").replaceChildren(make("p", { class: "dim" }, "No graded answers yet: a front end sends them to POST /v1/learners/{id}/answers."));
  const legend = make(
    "p",
    { class: "legend" },
    make("span", {}, square("weak"), "weak, below 60 %"),
    make("span", {}, square("growing"), "growing"),
    make("span", {}, square("strong"), "strong, mastered"),
  );
  at("skill-list").replaceChildren(legend, make("ul", { class: "strips" }, ...found.skills.map(skill)));
}

function skill(one) {
  const stuckOn = one.stuck ? `, ${one.stuck} stuck` : "";
  return make(
    "li",
    {},
    make("span", { class: "what", dir: "auto" }, one.title),
    make("span", { class: "mean", title: "Mean mastery" }, share(one.mean)),
    strip([["weak", one.weak], ["growing", one.growing], ["strong", one.strong]]),
    make("span", { class: "words" }, `${one.weak} weak, ${one.growing} growing, ${one.strong} strong${stuckOn}`),
  );
}

export function missed(found) {
  const rows = found.misconceptions.map((one) =>
    make(
      "li",
      {},
      make("span", { class: "what", dir: "auto" }, one.item ?? one.skill),
      make("span", { class: "mean" }, one.tries ? share(one.wrong / one.tries) : ""),
      strip([["weak", one.wrong], ["strong", Math.max((one.tries ?? one.wrong) - one.wrong, 0)]]),
      make("span", { class: "words", dir: "auto" }, `${some(one.wrong, "wrong answer")}${one.tries ? ` of ${one.tries}` : ""} by ${some(one.learners, "learner")}${one.item ? `; ${one.skill}` : ""}`),
    ),
  );
  at("missed-list").replaceChildren(
    rows.length ? make("ul", { class: "strips" }, ...rows) : make("p", { class: "dim" }, "No wrong answer in the last 7 days."),
  );
}
