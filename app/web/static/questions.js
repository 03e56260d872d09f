/** What the page asks in a small window: a name, a title, a key, whether to delete. */

import * as api from "./api.js";
import { at } from "./dom.js";
import { question } from "./dialog.js";
import { apiKey, keep, keepApiKey, keepDraft, learner } from "./kept.js";
import { nameOf } from "./words.js";

let asking = false;

/** Asks who learns. */
export function askForName(then) {
  const field = { value: learner(), maxlength: "200", required: true };
  question(
    {
      title: "Your name here",
      text: "Sessions are kept under this name. Use it again to find them, also from another browser.",
      field,
      yes: "Use this name",
    },
    async (name) => {
      keep("learner", name);
      location.hash = "#new";
      then();
    },
  );
}

/** Asks for an API key; only once at a time. */
export function askForKey(then) {
  if (asking) return;
  asking = true;
  const text = `${apiKey() ? "The service does not know the key you gave. " : ""}This service asks for an API key. It is kept in this tab until you close it, and sent to this service only.`;
  const field = { type: "password", placeholder: "mx_…", required: true, spellcheck: "false" };
  const { dialog } = question({ title: "An API key, please", text, field, yes: "Use this key" }, async (key) => {
    keepApiKey(key);
    await adopt();
    then();
  });
  dialog.addEventListener("close", () => {
    asking = false;
  });
}

/** A learner's own key has one learner: the page takes their name. Throws where the key is not known. */
async function adopt() {
  try {
    const found = await api.call("GET", "/v1/sessions?limit=1");
    if (found.data[0]) keep("learner", found.data[0].learner_id);
  } catch (problem) {
    if (problem.status === 422) return; // a key for many learners
    if (problem.status === 401) keepApiKey(null);
    throw problem;
  }
}

/** Asks for a session's new title. */
export function askToRename(session, then) {
  const field = { value: session.title ?? "", maxlength: "500", placeholder: nameOf(session), dir: "auto" };
  question({ title: "Rename this session", field, yes: "Rename" }, async (title) => {
    then(await api.changeSession(session.id, { title: title || null }));
  });
}

/** Asks whether to delete a session. */
export function askToDelete(session, then) {
  const text = `“${nameOf(session)}” and all that was said in it will be erased for good.`;
  question({ title: "Delete this session?", text, yes: "Delete", danger: true }, async () => {
    await api.removeSession(session.id);
    keepDraft(session.id, "");
    then(session);
    at("message").focus();
  });
}
