/** Blocks of code: a name, a button to copy, and colours where the language is known. */

import { copyButton } from "./copying.js";
import { make } from "./dom.js";

const NAMES = {
  bash: "bash",
  sh: "bash",
  shell: "bash",
  console: "bash",
  c: "cpp",
  "c++": "cpp",
  cpp: "cpp",
  html: "xml",
  xml: "xml",
  svg: "xml",
  java: "java",
  javascript: "javascript",
  js: "javascript",
  ts: "javascript",
  typescript: "javascript",
  json: "json",
  python: "python",
  py: "python",
  python3: "python",
  sql: "sql",
};
const LONGEST = 50_000;

let highlighter = null;
const languages = new Map();

/** The element of a code block. */
export function code({ text, lang }) {
  const language = (lang ?? "").trim().split(/\s/)[0].toLowerCase();
  const body = make("code", {}, text);
  const block = make(
    "div",
    { class: "code" },
    make(
      "div",
      { class: "bar" },
      make("span", {}, language || "text"),
      copyButton(() => text, "Copy this code"),
    ),
    make("pre", { tabindex: "0", dir: "ltr" }, body),
  );
  if (NAMES[language] && text.length < LONGEST) colour(body, text, NAMES[language]);
  return block;
}

function colour(body, text, name) {
  if (languages.get(name) === true) return paint(body, text, name);
  load(name).then(
    () => paint(body, text, name),
    () => {},
  );
}

function load(name) {
  if (!languages.has(name) || languages.get(name) === false) {
    const loaded = fetchBoth(name).then(
      () => languages.set(name, true),
      () => languages.set(name, false),
    );
    languages.set(name, loaded);
  }
  return Promise.resolve(languages.get(name));
}

async function fetchBoth(name) {
  const [engine, language] = await Promise.all([
    import("./vendor/highlight/core.min.js"),
    import(`./vendor/highlight/languages/${name}.min.js`),
  ]);
  highlighter = engine.default;
  highlighter.registerLanguage(name, language.default);
}

function paint(body, text, name) {
  if (!highlighter) return;
  const open = [document.createDocumentFragment()];
  // Its tree is walked, not its HTML read.
  highlighter.highlight(text, { language: name, ignoreIllegals: true })._emitter.walk({
    addText: (said) => open.at(-1).append(said),
    openNode: (node) => open.push(make("span", { class: node.scope ? `hl-${node.scope.split(".")[0]}` : null })),
    closeNode: () => {
      const closed = open.pop();
      open.at(-1).append(closed);
    },
  });
  body.replaceChildren(open[0]);
}
