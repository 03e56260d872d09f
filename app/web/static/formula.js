/** Formulas, set by KaTeX, which is loaded when the first one appears. */

import { make } from "./dom.js";

const LONGEST = 2_000;
const SET = 300;
const OPTIONS = { trust: false, strict: "ignore", maxExpand: 100, maxSize: 20, throwOnError: true };
// For these KaTeX writes a style attribute into its MathML, which the page's policy refuses.
const STYLED = /\\(?:pmb|fcolorbox|fbox|boxed)/;

let katex = null;
let loading = null;
const done = new Map();

/** The element of a formula: its source first, where KaTeX is still on its way. */
export function formula({ tex, raw, display, pending }) {
  const element = make(display ? "div" : "span", { class: display ? "formula display" : "formula" });
  if (display) element.tabIndex = 0;
  if (pending || tex.length > LONGEST) element.append(source(raw));
  else if (katex) element.append(set(tex, raw, display));
  else {
    element.append(source(raw));
    load().then(
      () => element.replaceChildren(set(tex, raw, display)),
      () => {},
    );
  }
  return element;
}

function set(tex, raw, display) {
  const name = (display ? "D" : "I") + tex;
  if (!done.has(name)) {
    if (done.size >= SET) done.delete(done.keys().next().value);
    done.set(name, render(tex, raw, display));
  }
  return done.get(name).cloneNode(true);
}

function render(tex, raw, display) {
  const into = document.createElement("span");
  try {
    katex.render(tex, into, { ...OPTIONS, displayMode: display, output: STYLED.test(tex) ? "html" : "htmlAndMathml" });
    return into;
  } catch {
    return source(raw);
  }
}

function source(raw) {
  return make("code", { class: "tex" }, raw.trim());
}

function load() {
  loading ??= fetchAll().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function fetchAll() {
  const sheet = make("link", {
    rel: "stylesheet",
    href: new URL("vendor/katex/katex-swap.min.css", import.meta.url).pathname,
  });
  const styled = new Promise((resolve, reject) => {
    sheet.onload = resolve;
    sheet.onerror = reject;
  });
  document.head.append(sheet);
  await Promise.all([import("./vendor/katex/katex.min.js"), styled]);
  katex = globalThis.katex;
}
