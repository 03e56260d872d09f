/** Markdown's tokens as elements. HTML in them is text; links lead to the web or to mail; images are not loaded. */

import { code } from "./code.js";
import { make } from "./dom.js";
import { decoded } from "./entities.js";
import { formula } from "./formula.js";

const SCHEMES = ["http:", "https:", "mailto:"];
/** How far headings of an answer stand below those of the page. */
const BELOW = 2;
const DEEPEST = 40;

let depth = 0;

const KINDS = {
  paragraph: (t) => make("p", { dir: "auto" }, ...inside(t)),
  heading: (t) => make(`h${Math.min(6, t.depth + BELOW)}`, { dir: "auto" }, ...inside(t)),
  blockquote: (t) => make("blockquote", { dir: "auto" }, ...inside(t)),
  list,
  list_item: (t) => make("li", { dir: "auto" }, ...inside(t)),
  table,
  hr: () => make("hr"),
  code,
  formula,
  html: (t) => (/^<br\s*\/?>$/i.test(t.raw) ? make("br") : raw(t)),
  def: () => null,
  space: () => null,
  text: (t) => (t.tokens ? fragment(inside(t)) : document.createTextNode(decoded(t.text))),
  escape: (t) => document.createTextNode(t.text),
  strong: (t) => make("strong", {}, ...inside(t)),
  em: (t) => make("em", {}, ...inside(t)),
  del: (t) => make("del", {}, ...inside(t)),
  codespan: (t) => make("code", { dir: "ltr" }, t.text),
  br: () => make("br"),
  checkbox: (t) => document.createTextNode(t.checked ? "☑ " : "☐ "),
  link: (t) => link(t.href, inside(t)),
  image: (t) => link(t.href, [document.createTextNode(`Image: ${decoded(t.text) || t.href}`)]),
};

/** The node of a token; null for one that shows nothing. */
export function node(token) {
  if (depth >= DEEPEST) return raw(token);
  depth++;
  try {
    return Object.hasOwn(KINDS, token.type) ? KINDS[token.type](token) : raw(token);
  } finally {
    depth--;
  }
}

/** The node of a block: always an element. */
export function block(token) {
  const made = node(token);
  return made instanceof Element ? made : make("p", { dir: "auto", class: "plain" }, made);
}

/** An address a learner may be led to, else null. */
export function safeAddress(href) {
  try {
    const url = new URL(decoded(href));
    return SCHEMES.includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function inside(token) {
  return (token.tokens ?? []).map(node).filter(Boolean);
}

function fragment(nodes) {
  const all = document.createDocumentFragment();
  all.append(...nodes);
  return all;
}

function raw(token) {
  return document.createTextNode(token.raw);
}

function link(href, children) {
  const address = safeAddress(href);
  if (!address) return fragment(children);
  return make("a", { href: address, title: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

function list(token) {
  const start = token.ordered && token.start !== 1 ? token.start : null;
  return make(token.ordered ? "ol" : "ul", { start, dir: "auto" }, ...token.items.map(node));
}

function table(token) {
  const row = (name, cells) =>
    make(
      "tr",
      {},
      ...cells.map((cell) =>
        make(
          name,
          { dir: "auto", class: cell.align ? `to-${cell.align}` : null, scope: name === "th" ? "col" : null },
          ...inside(cell),
        ),
      ),
    );
  const body = make("tbody", {}, ...token.rows.map((cells) => row("td", cells)));
  return make(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": "Table" },
    make("table", {}, make("thead", {}, row("th", token.header)), body),
  );
}
