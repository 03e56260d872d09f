/** What this browser remembers. Where storage is switched off or full, it remembers nothing, and all else works. */

const PREFIX = "masterx.";

/** What was kept under a name, else null. */
export function recall(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Keeps a text under a name; an empty one is forgotten. */
export function keep(name, text) {
  try {
    if (text) localStorage.setItem(PREFIX + name, text);
    else localStorage.removeItem(PREFIX + name);
  } catch {
    // Nothing to be done, and nothing lost but a convenience.
  }
}

let key = null;

/** The API key: of this tab, until it is closed. */
export function apiKey() {
  try {
    return sessionStorage.getItem(PREFIX + "key") ?? key;
  } catch {
    return key;
  }
}

/** Keeps the API key for this tab; null forgets it. */
export function keepApiKey(given) {
  key = given;
  try {
    if (given) sessionStorage.setItem(PREFIX + "key", given);
    else sessionStorage.removeItem(PREFIX + "key");
  } catch {
    // The variable above has it until the page is left.
  }
}

const FIRST = ["bright", "calm", "curious", "eager", "gentle", "lucky", "merry", "patient", "quick", "steady"];
const SECOND = ["badger", "falcon", "finch", "fox", "heron", "lynx", "otter", "owl", "robin", "wren"];

/** The learner's name; one is made up the first time. */
export function learner() {
  const known = recall("learner");
  if (known) return known;
  const [a, b, c] = crypto.getRandomValues(new Uint32Array(3));
  const name = `${FIRST[a % FIRST.length]}-${SECOND[b % SECOND.length]}-${(c % 9000) + 1000}`;
  keep("learner", name);
  return name;
}

/** The unsent message of a session: its text and the key that makes sending it twice harmless. */
export function draft(sessionId) {
  try {
    return JSON.parse(recall(`draft.${sessionId}`)) ?? { text: "", key: null };
  } catch {
    return { text: "", key: null };
  }
}

/** Keeps the unsent message of a session. */
export function keepDraft(sessionId, text, key = null) {
  keep(`draft.${sessionId}`, text ? JSON.stringify({ text, key }) : "");
}
