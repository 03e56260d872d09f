/** The table of the class. */

import { at, make } from "../dom.js";
import { keyed } from "../dashboard/keyed.js";
import { ago, named, share } from "./shapes.js";

/** Columns: the name, how a press on it sorts (once, and again), and what stands there. */
const COLUMNS = [
  ["Learner", ["name"], null],
  ["Mastery", ["mastery", "-mastery"], (row) => [row.mastery === null ? "–" : `${share(row.mastery)} of ${row.skills} ${row.skills === 1 ? "skill" : "skills"}`]],
  ["7 days", ["-answers"], (row) => [row.answers ? `${row.answers} answers, ${row.wrong} wrong` : "–"]],
  ["Last answer", ["seen", "-seen"], (row) => [ago(row.last_answer_at)]],
  ["Weakest", [], (row) => [row.weakest.map((one) => `${one.skill} ${share(one.mastery)}`).join(", ") || "–"]],
  ["Look after", ["risk", "stuck"], flags],
];

function flags(row) {
  const found = row.stuck.slice(0, 2).map((one) => flag(`stuck: ${one.skill}`, one.why));
  if (row.risk?.at_risk) found.unshift(flag(`at risk: ${share(row.risk.probability)} chance`, row.risk.reasons.map((one) => one.why).join("; ")));
  return [make("span", {}, ...found)];
}

const flag = (text, title) => make("span", { class: "flag", dir: "auto", title }, text);

/** Makes the heads; `sort` is told which order is wanted. */
export function heads(sort) {
  at("columns").replaceChildren(
    ...COLUMNS.map(([name, orders]) =>
      make("th", { scope: "col" }, orders.length ? make("button", { type: "button", onclick: () => sort(orders) }, name) : name),
    ),
  );
}

/** Marks the column that the table is sorted by. */
export function sorted(order) {
  COLUMNS.forEach(([, orders], n) => {
    const head = at("columns").children[n];
    if (!orders.includes(order)) return head.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order.startsWith("-") ? "descending" : "ascending");
  });
}

export function rows(found) {
  keyed(at("rows"), found, (row) => row.learner_id, fresh, fill);
}

const fresh = (row) =>
  make("tr", {}, make("th", { scope: "row" }, named(row.learner_id)), ...COLUMNS.slice(1).map(([name]) => make("td", { "data-label": name, dir: "auto" })));

function fill(element, row) {
  COLUMNS.slice(1).forEach(([, , cells], n) => element.children[n + 1].replaceChildren(...cells(row)));
}
