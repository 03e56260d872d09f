/** The chat page: puts its parts together. */

import * as api from "./api.js";
import * as composer from "./composer.js";
import * as conversation from "./conversation.js";
import { action, at, make, show, trouble } from "./dom.js";
import * as drawer from "./drawer.js";
import * as earlier from "./earlier.js";
import { askForKey, askForName, askToDelete, askToRename } from "./questions.js";
import { learner } from "./kept.js";
import * as sessions from "./sessions.js";
import * as theme from "./theme.js";
import { nameOf, titleOf } from "./words.js";

const EXAMPLES = [
  "How do I solve 3x + 5 = 20?",
  "Why is ½ bigger than ⅓?",
  "Quiz me on the seven times table.",
  "Is this right? 2(x + 3) = 14, so 2x + 3 = 14",
];

/** The session that is being loaded; a message that is sent meanwhile waits for it. */
let arriving = Promise.resolve();

function start() {
  theme.start();
  drawer.start();
  earlier.start();
  conversation.start();
  composer.start({ send, stop: conversation.stop });
  api.whenKeyIsNeeded(() => askForKey(begin));
  addEventListener("hashchange", route);
  addEventListener("offline", () => conversation.status("You are offline. What you write is kept here."));
  addEventListener("online", () => conversation.status(""));
  at("learner").addEventListener("click", () => askForName(begin));
  at("rename").addEventListener("click", () => askToRename(conversation.session(), renamed));
  at("delete").addEventListener("click", () => askToDelete(conversation.session(), deleted));
  at("plan").addEventListener("submit", (event) => {
    event.preventDefault();
    at("message").focus();
  });
  at("examples").append(
    ...EXAMPLES.map((text) => make("li", {}, make("button", { type: "button", onclick: () => example(text) }, text))),
  );
  begin();
  document.documentElement.dataset.ready = "";
}

/** Shows all that there is for this learner and this key. */
function begin() {
  at("learner-name").textContent = learner();
  at("learner").setAttribute("aria-label", `You are ${learner()}. Change your name`);
  sessions.load();
  return route();
}

function example(text) {
  composer.fill(text);
  at("message").focus();
}

async function route() {
  const id = /^#\/s\/(.+)$/.exec(location.hash)?.[1];
  drawer.close();
  conversation.clear();
  composer.turnTo(id ? decodeURIComponent(id) : null);
  sessions.mark(id ? decodeURIComponent(id) : null);
  if (!id) return welcome();
  show(at("welcome"), false);
  arriving = arrive(decodeURIComponent(id));
  await arriving;
  composer.focus();
}

async function arrive(id) {
  try {
    await conversation.load(id);
    titled(conversation.session());
  } catch (problem) {
    if (problem.name !== "AbortError") failed(problem);
  }
}

function welcome() {
  show(at("welcome"), true);
  titled(null);
  at("scroller").scrollTop = 0;
  composer.focus();
}

function titled(session) {
  const name = session ? nameOf(session) : "New session";
  at("title").textContent = name;
  document.title = session ? `${name} · MasterX` : "MasterX";
  const about = session
    ? [session.title && session.subject, session.goal && `Goal: ${session.goal}`].filter(Boolean).join(" · ")
    : "";
  at("about").textContent = about;
  show(at("about"), Boolean(about));
  show(at("rename"), Boolean(session));
  show(at("delete"), Boolean(session));
}

function failed(problem) {
  titled(null);
  at("title").textContent = "This session cannot be shown";
  const gone = problem.status === 404;
  const way = gone ? make("a", { class: "button", href: "#new" }, "New session") : action("Try again", route);
  at("notice").replaceChildren(trouble(problem, way));
}

async function send(text, key) {
  await arriving;
  if (conversation.answering()) return conversation.status(conversation.STILL);
  if (!conversation.session() && !(await opened(text, key))) return;
  await conversation.send(text, key);
}

/** Starts the session that the first message belongs to. */
async function opened(text, key) {
  if (location.hash.startsWith("#/s/")) {
    conversation.status(
      "This session cannot be shown, so nothing can be said in it. Start a new one; your message stays here.",
    );
    return false;
  }
  const given = (name) => at(name).value.trim() || null;
  composer.setBusy(true);
  try {
    const session = await api.openSession({
      learner_id: learner(),
      subject: given("subject"),
      goal: given("goal"),
      title: given("new-title") ?? titleOf(text),
    });
    history.replaceState(null, "", sessions.addressOf(session.id));
    at("plan").reset();
    show(at("welcome"), false);
    at("notice").replaceChildren();
    composer.begun(session.id, text, key);
    conversation.setSession(session);
    sessions.add(session);
    sessions.mark(session.id);
    titled(session);
    return true;
  } catch (problem) {
    const others =
      problem.slug === "learner-not-found"
        ? " If your key is for one learner, use that learner’s name: bottom left."
        : "";
    if (problem.status !== 401) conversation.status(`${problem.line ?? problem}.${others}`);
    return false;
  } finally {
    composer.setBusy(false);
  }
}

function renamed(session) {
  conversation.setSession(session);
  sessions.change(session);
  titled(session);
}

function deleted(session) {
  sessions.remove(session.id);
  location.hash = "#new";
}

start();
