/** The conversation on the page: loading it, asking, and following what is being answered. */

import * as api from "./api.js";
import { TurnView } from "./answer.js";
import * as composer from "./composer.js";
import { action, announce, at, make } from "./dom.js";
import { Following } from "./follow.js";
import * as history from "./earlier.js";
import { draft } from "./kept.js";
import * as later from "./later.js";
import * as scrolling from "./scrolling.js";

/** What is open: a session, or none yet; who is listened to. Each one that is opened is a new object. */
let open = { session: null, following: null, leaving: new AbortController() };

/** The session that is open, null for one that is yet to begin. */
export const session = () => open.session;

/** What is said to a message that comes too early. */
export const STILL = "The tutor is still answering. Wait for it, or stop it first.";

/** Whether an answer is being written. */
export const answering = () => open.following !== null;

/** Notes the session as it is now. */
export function setSession(changed) {
  open.session = changed;
}

/** Starts; once for the page. */
export function start() {
  later.start(insert);
}

/** Leaves what is open; an answer that is being written is finished and kept without us. */
export function clear() {
  open.leaving.abort();
  open.following?.leave();
  open = { session: null, following: null, leaving: new AbortController() };
  history.forget();
  later.forget();
  at("log").replaceChildren();
  at("notice").replaceChildren();
  status("");
  composer.setBusy(false);
}

/** Opens a session: its newest turns, and the answer that is being written, if there is one. Throws a `Problem`. */
export async function load(id) {
  const mine = open;
  const { signal } = mine.leaving;
  const [found, page] = await Promise.all([api.session(id, signal), pageOf(id, null, signal)]);
  if (mine !== open) return;
  open.session = found;
  const views = page.data.toReversed().map(past);
  at("log").replaceChildren(...views.map((view) => view.element));
  history.know(page.next_cursor, (cursor) => pageOf(id, cursor, signal), past);
  scrolling.toNewest();
  forgetIfSent(id, page.data[0]);
  takeUp(page.data[0], views.at(-1));
}

/** A message that was sent just before the page was left is no draft any more. */
function forgetIfSent(id, newest) {
  const { text, key } = draft(id);
  if (!key || text !== newest?.message) return;
  composer.arrived(id, text);
  composer.turnTo(id);
}

/** Sends a message in the session that is open, and follows the answer to its end. */
export async function send(text, key) {
  const mine = open;
  const { id } = mine.session;
  const view = new TurnView({ message: text }, again);
  at("log").append(view.element);
  composer.empty();
  scrolling.toNewest();
  const following = new Following(
    { ask: (signal) => api.ask(id, text, key, signal) },
    listener(view, () => {
      composer.arrived(id, text);
      withoutTwin(view, following.turnId);
    }),
  );
  try {
    const ended = await followed(mine, following, view);
    if (!ended && mine === open) takeBack(view, text, key);
    else if (ended) composer.arrived(id, text);
  } catch (problem) {
    if (mine === open) refused(problem, view, text, key);
  }
}

/** Stops the answer that is being written. */
export async function stop() {
  try {
    await open.following?.cancel();
  } catch (problem) {
    status(problem.line ?? String(problem));
  }
}

/** Says how things are, above the box; nothing when all is well. */
export function status(text) {
  at("status").textContent = text;
}

function again(text) {
  if (answering()) status(STILL);
  else send(text, crypto.randomUUID?.() ?? String(Math.random()));
}

/** A page of turns without those that asked a question again in vain: it still waits. */
async function pageOf(id, cursor, signal) {
  const page = await api.turnsOf(id, cursor, signal);
  return { ...page, data: page.data.filter((turn) => !turn.answers || turn.reply || turn.state === "open") };
}

/** Shows a turn that came about without this page, in its place: before all that came later, or is yet to end. */
function insert(turn) {
  if (at("log").querySelector(`[data-id="${CSS.escape(turn.id)}"]`)) return;
  const next = [...at("log").querySelectorAll(".turn")].find(({ dataset }) => !(Number(dataset.seq) < turn.seq));
  at("log").insertBefore(past(turn).element, next ?? null);
  if (!next) scrolling.toNewest();
  announce(`Your question was asked again. ${spoken({ turn })}`);
}

function past(turn) {
  const view = new TurnView(turn, again);
  if (turn.state !== "open") view.close(turn);
  return view;
}

async function takeUp(turn, view) {
  if (turn?.state !== "open") return;
  const mine = open;
  try {
    await followed(
      mine,
      new Following(
        { turnId: turn.id },
        listener(view, () => {}),
      ),
      view,
    );
  } catch (problem) {
    if (mine === open)
      view.refuse(
        problem,
        action("Load again", () => location.reload()),
      );
  }
}

async function followed(mine, following, view) {
  open.following = following;
  composer.setBusy(true);
  try {
    const ended = await following.end();
    if (ended && mine === open) {
      view.close(ended.turn, ended.problem);
      status("");
      announce(spoken(ended));
    }
    return ended;
  } finally {
    if (mine === open) {
      open.following = null;
      composer.setBusy(false);
    }
  }
}

function listener(view, accepted) {
  return {
    accepted,
    said: (text) => view.grow(text),
    lost: (problem, wait) => status(problem ? lostLine(problem, wait) : ""),
  };
}

function lostLine(problem, wait) {
  const soon = `Trying again in ${Math.max(1, Math.round(wait / 1_000))} s …`;
  if (!navigator.onLine) return `You are offline. What was said so far is safe. ${soon}`;
  if (problem.status === 409) return "This answer is being written elsewhere. It appears here when it is done.";
  return `${problem.title}. Nothing is lost: the service keeps what was said. ${soon}`;
}

function spoken({ turn, problem }) {
  if (problem) return problem.line;
  return `${turn.state === "cancelled" ? "Stopped. " : ""}The tutor says: ${turn.reply.slice(0, 1_500)}`;
}

/** The same key twice is the same turn: it is shown once. */
function withoutTwin(view, turnId) {
  const twin = turnId && at("log").querySelector(`[data-id="${CSS.escape(turnId)}"]`);
  if (twin && twin !== view.element) twin.remove();
}

function takeBack(view, text, key) {
  view.element.remove();
  composer.fill(text, key);
  status("Not sent. Your message is back in the box.");
}

async function refused(problem, view, text, key) {
  if (problem.slug === "session-busy" || problem.status === 401) {
    const id = open.session.id;
    view.element.remove();
    composer.fill(text, key);
    if (problem.status === 401) return;
    await load(id).catch(() => {});
    status(
      "Another answer is still being written in this session, perhaps in another tab. Your message is kept in the box: send it when that answer is done.",
    );
    return;
  }
  const fresh = problem.slug === "idempotency-key-reused";
  const retry = () => {
    view.element.remove();
    if (fresh) again(text);
    else send(text, key);
  };
  view.refuse(
    problem,
    make(
      "div",
      { class: "buttons" },
      action("Try again", retry),
      action("Edit it", () => takeBack(view, text, null)),
    ),
  );
}
