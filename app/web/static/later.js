/** What is offered where no model answered: the next hint, and to have the question asked again later. */

import * as api from "./api.js";
import { announce, make } from "./dom.js";
import { Prose } from "./markdown.js";

const EVERY = 4_000;

const WAITS = "We will ask this again for you as soon as the tutor is back.";
const ENDS = { given_up: "The tutor was not back in time." };

/** Questions on this page that wait, and how to show what became of each. */
let waiting = [];
let timer = 0;
let answered = () => {};

/**
 * Starts; once for the page.
 * @param {(turn: object) => void} tell  is given each turn that answers a question which waited
 */
export function start(tell) {
  answered = tell;
  document.addEventListener("visibilitychange", soon);
}

/** Forgets the session that was shown. */
export function forget() {
  waiting = [];
  soon();
}

/** What a learner may take up under this turn; null where there is nothing. */
export function offered(turn) {
  if (!turn.offers.length) return null;
  const line = make("div", { class: "later" });
  const hints = turn.offers.filter((offer) => offer.kind === "hint").map(hint);
  const draw = (later) => {
    line.replaceChildren(...(turn.offers.some((o) => o.kind === "ask_later") ? standing(turn, later, draw) : []));
    watch(turn, later, draw);
  };
  draw(turn.later);
  return make("div", { class: "offers" }, ...hints, line);
}

function hint(offer) {
  const box = make("div", { class: "pointer" });
  const text = make("div", { class: "prose" });
  const reveal = () => {
    new Prose(text).finish(offer.text);
    box.replaceChildren(text);
    announce(text.textContent);
  };
  box.append(make("button", { type: "button", class: "button", onclick: reveal }, "Show a hint"));
  return box;
}

/** How it stands with the question, and what can be done about it. */
function standing(turn, later, draw) {
  if (later?.state === "answered") return [];
  const waits = ["waiting", "asking"].includes(later?.state);
  const words = make("p", {}, waits ? WAITS : (ENDS[later?.state] ?? null));
  const call = waits ? api.neverMind : api.askLater;
  const button = make(
    "button",
    { type: "button", class: "button", onclick: () => change() },
    waits ? "Never mind" : "Ask again when the tutor is back",
  );
  async function change() {
    button.disabled = true;
    try {
      const changed = await call(turn.id);
      draw(changed.later);
      announce(changed.later ? WAITS : "We will not ask this again.");
      document.getElementById(`later-${turn.id}`)?.focus();
    } catch (problem) {
      words.textContent = problem.line ?? String(problem);
      announce(words.textContent);
      button.disabled = false;
    }
  }
  button.id = `later-${turn.id}`;
  return [words, button];
}

function watch(turn, later, draw) {
  waiting = waiting.filter((question) => question.turn.id !== turn.id);
  if (["waiting", "asking"].includes(later?.state)) waiting.push({ turn, draw });
  waiting.sort((a, b) => a.turn.seq - b.turn.seq);
  soon();
}

/** Looks again in a while, as long as something waits and somebody sees the page. */
function soon() {
  clearTimeout(timer);
  if (waiting.length && !document.hidden) timer = setTimeout(look, EVERY);
}

/** Looks after the oldest question: those of one session are asked in order. */
async function look() {
  const [oldest] = waiting;
  try {
    const { later } = await api.turn(oldest.turn.id);
    const answer = later?.state === "answered" ? await api.turn(later.turn_id) : null;
    if (!waiting.includes(oldest)) return;
    if (answer || !["waiting", "asking"].includes(later?.state)) oldest.draw(later);
    if (answer) answered(answer);
  } catch {
    // The next look tells.
  }
  soon();
}
