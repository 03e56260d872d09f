/** Choices: what is believed of arms, how often they are chosen, and what was done so that nobody is hurt. */

import { at } from "../dom.js";
import { plain, when } from "../words.js";
import { rows } from "./lists.js";
import { bar } from "./pictures.js";
import { many, number, points, share } from "./units.js";

/** Arms of each choice that are shown: those of most evidence. */
const SHOWN = 5;
const INTERVENTIONS = 3;
const NONE = "Nothing learned yet: arms appear with the first rewards, such as feedback on a turn.";

/** @param {object|null} arms  of `/v1/arms`; null where they are not known */
export function draw(arms) {
  if (!arms) return rows(at("choices-body"), [], "Not known here.");
  const choices = [...new Set(arms.data.map((one) => one.choice))];
  const shown = choices.flatMap((choice) => [heading(arms, choice), ...best(arms.data, choice).map(row)]);
  rows(at("choices-body"), [...shown, ...arms.interventions.slice(0, INTERVENTIONS).map(done)], NONE);
}

const best = (arms, choice) =>
  arms
    .filter((one) => one.choice === choice)
    .sort((a, b) => b.evidence - a.evidence)
    .slice(0, SHOWN);

function heading({ mode, least, told }, choice) {
  const rewards = told[choice] ?? 0;
  const how =
    mode !== "learned" ? "by fixed tables" : rewards < least ? `fixed until ${many(least)} rewards` : "learned";
  return { key: `choice ${choice}`, heading: true, name: plain(choice), value: `${many(rewards)} rewards`, more: how };
}

function row({ choice, task, arm, gain, evidence, share: part, suspended }) {
  return {
    key: `arm ${choice} ${task} ${arm}`,
    name: `${plain(arm)}, ${plain(task)}`,
    value: gain === null ? "–" : points(gain),
    picture: Number.isFinite(part) ? () => bar(part) : undefined,
    drawn: String(part),
    more: [
      Number.isFinite(part) && `chosen in ${share(part)}`,
      `evidence ${number(evidence)}`,
      suspended.length &&
        `suspended in ${suspended.map((one) => one.context).join(", ")} until ${when(suspended[0].until)}`,
    ]
      .filter(Boolean)
      .join(" · "),
  };
}

const done = ({ id, what, arm, context, reason, at: moment }) => ({
  key: `done ${id}`,
  name: [plain(what), arm].filter(Boolean).join(": "),
  value: when(moment),
  more: `${context}: ${reason}`,
});
