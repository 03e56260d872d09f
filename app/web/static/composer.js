/** Where the learner writes. What is not sent yet survives a reload. */

import { at, show } from "./dom.js";
import { draft, keepDraft } from "./kept.js";

const TALLEST = 220;
const NEW = "new";

let sessionId = NEW;
let key = null;
let busy = false;
let untouched = true;
let actions = { send: () => {}, stop: () => {} };

/** Starts; `send` gets the text and its idempotency key. */
export function start(given) {
  actions = given;
  const box = at("message");
  box.addEventListener("input", () => {
    key = null;
    changed();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  });
  at("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  at("stop").addEventListener("click", () => actions.stop());
}

/** Shows the draft of a session, or of the one that is yet to begin. */
export function turnTo(id) {
  sessionId = id ?? NEW;
  const kept = draft(sessionId);
  const early = untouched ? at("message").value : ""; // typed before this program had come
  untouched = false;
  fill(early || kept.text, early ? null : kept.key);
}

/** Puts a text into the box. */
export function fill(text, givenKey = null) {
  at("message").value = text;
  key = givenKey;
  changed();
}

/** Empties the box once the message is on the page; the draft stays until the service has it. */
export function empty() {
  at("message").value = "";
  key = null;
  grow();
}

/** What was just sent is with the service, unless the box has been written in since. */
export function arrived(id, text) {
  if (draft(id).text === text) keepDraft(id, "");
  if (id === sessionId && at("message").value) changed();
}

/** Moves the draft of the session that is yet to begin to the one that began. */
export function begun(id, text, givenKey) {
  keepDraft(NEW, "");
  sessionId = id;
  keepDraft(id, text, givenKey);
}

/** While an answer is coming there is a button to stop it in the place of the one to send. */
export function setBusy(now) {
  const focused = document.activeElement === at("stop") || document.activeElement === at("send");
  busy = now;
  show(at("send"), !now);
  show(at("stop"), now);
  if (focused) at("message").focus({ preventScroll: true });
}

/** Puts the cursor into the box, where that does not open a keyboard over the page. */
export function focus() {
  if (matchMedia("(hover: hover)").matches) at("message").focus({ preventScroll: true });
}

function submit() {
  const text = at("message").value;
  if (!text.trim()) return;
  if (busy) {
    at("status").textContent = "The tutor is still answering. Wait for it, or stop it first.";
    return;
  }
  key ??= crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint32Array(4))].join("-");
  keepDraft(sessionId, text, key);
  actions.send(text, key);
}

function changed() {
  keepDraft(sessionId, at("message").value, key);
  grow();
}

function grow() {
  const box = at("message");
  box.style.height = "auto";
  box.style.height = `${Math.min(TALLEST, box.scrollHeight)}px`;
}
