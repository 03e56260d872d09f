/** The list of a learner's sessions. */

import * as api from "./api.js";
import { at, make } from "./dom.js";
import { learner } from "./kept.js";
import { nameOf, when } from "./words.js";

let shown = [];
let cursor = null;
let current = null;
let asked = 0;

/** The address of a session on this page. */
export const addressOf = (id) => `#/s/${encodeURIComponent(id)}`;

/** Loads the newest sessions. */
export async function load() {
  shown = [];
  cursor = null;
  await more();
}

/** Puts a new session first. */
export function add(session) {
  shown = [session, ...shown];
  draw();
}

/** Shows a session as it is now. */
export function change(session) {
  shown = shown.map((known) => (known.id === session.id ? session : known));
  draw();
}

/** Takes a session off the list. */
export function remove(id) {
  shown = shown.filter((known) => known.id !== id);
  draw();
}

/** Marks the session that is open; null for none. */
export function mark(id) {
  current = id;
  draw();
}

async function more() {
  const turn = ++asked;
  try {
    const page = await api.sessionsOf(learner(), cursor);
    if (turn !== asked) return; // another learner was named in the meantime
    const known = new Set(shown.map((session) => session.id));
    shown = [...shown, ...page.data.filter((session) => !known.has(session.id))];
    cursor = page.next_cursor;
    draw();
  } catch (problem) {
    if (turn === asked) draw(problem);
  }
}

function draw(problem = null) {
  const list = at("sessions");
  const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  list.replaceChildren(...content(problem));
  if (focused) list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
}

function content(problem) {
  if (problem) {
    return [
      make("p", { class: "wrong", role: "alert" }, problem.line ?? String(problem)),
      make("button", { type: "button", class: "button wide", onclick: more }, "Try again"),
    ];
  }
  if (!shown.length) return [make("p", { class: "dim" }, "Your sessions will be listed here.")];
  const items = shown.map((session) => make("li", {}, link(session)));
  const rest = cursor
    ? make("button", { type: "button", class: "button plain wide", onclick: more }, "Older sessions")
    : null;
  return [make("ul", {}, ...items), ...(rest ? [rest] : [])];
}

function link(session) {
  const about = [when(session.created_at), session.title && session.subject].filter(Boolean).join(" · ");
  return make(
    "a",
    { href: addressOf(session.id), "aria-current": session.id === current ? "page" : null, title: nameOf(session) },
    make("span", { class: "name", dir: "auto" }, nameOf(session)),
    make("span", { class: "about", dir: "auto" }, about),
  );
}
