/** Experiments: what each arm does beside control, with an interval that holds however often one looks. */

import { at, make } from "../dom.js";
import { plain } from "../words.js";
import { keyed, write } from "./keyed.js";
import { rows } from "./lists.js";
import { interval } from "./pictures.js";
import { many, points, share } from "./units.js";

const NONE = "None yet. An operator begins one with POST /v1/experiments (see the API).";

/** @param {object[]|null} experiments  newest first; null where they are not known */
export function draw(experiments) {
  const holder = at("experiments-body");
  if (!experiments?.length) return rows(holder, [], experiments ? NONE : "Not known here.");
  if (!holder.querySelector(":scope > .trials")) holder.replaceChildren(make("div", { class: "trials" }));
  delete holder.dataset.empty;
  keyed(holder.firstElementChild, experiments, (one) => one.id, newTrial, fill);
}

function newTrial() {
  const said = (name) => make("p", { class: name, dir: "auto" });
  return make("article", { class: "trial" }, make("h3", { dir: "auto" }), said("dim"), make("div"), said("then"));
}

function fill(article, experiment) {
  const [title, words, effects, then] = article.children;
  write(title, experiment.name);
  write(words, about(experiment));
  const contrasts = experiment.results?.contrasts ?? [];
  const reach = Math.max(0.01, ...contrasts.flatMap(({ low, high }) => [Math.abs(low ?? 0), Math.abs(high ?? 0)]));
  rows(
    effects,
    contrasts.map((contrast) => row(contrast, reach)),
    "What it shows is not known here.",
  );
  write(then, conclusion(experiment));
}

function about({ choice, control, traffic, state, ended_why: why }) {
  const how = state === "stopped" ? `stopped: ${why ?? "by somebody"}` : plain(state ?? "");
  const of = Number.isFinite(traffic) && traffic < 1 ? `${share(traffic)} of learners` : "";
  return [choice && plain(choice), control && `beside ${control}`, of, how].filter(Boolean).join(" · ");
}

function conclusion({ conclusion: found, results }) {
  const uneven =
    results?.sample_ratio?.even === false
      ? "Arms do not have the learners that were drawn for them: find out why first. "
      : "";
  return uneven + (found?.why ?? "");
}

function row({ arm, effect, low, high, measured }, reach) {
  const known = [effect, low, high].every(Number.isFinite);
  const counts = measured ? `${many(measured.arm)} learners measured, ${many(measured.control)} with control` : "";
  return {
    name: arm,
    value: known ? points(effect) : "too few learners yet",
    picture: known ? () => interval(low, high, [effect], [-reach, reach]) : undefined,
    drawn: `${low} ${effect} ${high} ${reach}`,
    more: [known && `${points(low)} to ${points(high)}, 95 %: ${sure(low, high)}`, counts].filter(Boolean).join(" · "),
  };
}

const sure = (low, high) => (low > 0 ? "better than control" : high < 0 ? "worse than control" : "may be nothing");
