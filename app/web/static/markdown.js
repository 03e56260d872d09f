/** An answer as it grows: only the blocks that can still change are made again, once a frame at most. */

import { Marked } from "./vendor/marked/marked.esm.js";

import { make } from "./dom.js";
import { block } from "./elements.js";
import { formulas } from "./tex.js";

const READER = new Marked({ gfm: true, breaks: true }, formulas);
const HAS_DEFINITIONS = /^ {0,3}\[[^\]\n]+\]:/m;
/** How many of the last blocks may still change: a list and what may yet become its next item. */
const OPEN = 2;
/** Of the time between two renderings, the share that rendering may take. */
const SHARE = 0.25;

function lex(text, unfinished) {
  try {
    return READER.lexer(text, { ...READER.defaults, unfinished });
  } catch {
    return [{ type: "paragraph", raw: text, tokens: [{ type: "escape", text }] }]; // nested deeper than it can read
  }
}

/** The text of an answer in a container. */
export class Prose {
  #blocks = [];
  #settled = 0;
  #from = 0;
  #text = "";
  #frame = 0;
  #rested = 0;

  /** @param {HTMLElement} container  holds the blocks and nothing else */
  constructor(container) {
    this.container = container;
  }

  /** Shows all that was said so far at the next frame. */
  grow(text) {
    this.#text = text.replaceAll("\r\n", "\n");
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Shows the whole text, now. */
  finish(text) {
    cancelAnimationFrame(this.#frame);
    this.#text = text.replaceAll("\r\n", "\n");
    if (HAS_DEFINITIONS.test(this.#text)) this.#forget();
    this.#settled = this.#from = 0;
    this.#reconcile(lex(this.#text, false));
  }

  #draw() {
    const began = performance.now();
    this.#frame = 0;
    if (began < this.#rested) {
      this.#frame = requestAnimationFrame(() => this.#draw());
      return;
    }
    const tokens = lex(this.#text.slice(this.#from), true);
    this.#reconcile(tokens);
    this.#settle(tokens);
    const took = performance.now() - began;
    this.#rested = took < 4 ? 0 : began + took / SHARE;
  }

  #forget() {
    this.container.replaceChildren();
    this.#blocks = [];
  }

  /** Makes the blocks after the settled ones those of `tokens`, and leaves alone what did not change. */
  #reconcile(tokens) {
    let at = this.#settled;
    for (const token of tokens) {
      if (token.type === "space" || token.type === "def") continue;
      this.#put(at++, token);
    }
    for (const { element } of this.#blocks.splice(at)) element.remove();
  }

  #put(at, token) {
    const old = this.#blocks[at];
    const pending = token.pending === true;
    if (old && old.raw === token.raw && old.type === token.type && old.pending === pending) return;
    const element = block(token);
    if (old) old.element.replaceWith(element);
    else this.container.append(element);
    this.#blocks[at] = { raw: token.raw, type: token.type, pending, element };
  }

  #settle(tokens) {
    const shown = tokens.filter((token) => token.type !== "space" && token.type !== "def").length;
    let left = shown - OPEN;
    for (const token of tokens) {
      if (left <= 0) return;
      if (!this.#text.startsWith(token.raw, this.#from)) return; // not as it was written: it is read again
      this.#from += token.raw.length;
      if (token.type === "space" || token.type === "def") continue;
      this.#settled++;
      left--;
    }
  }
}

/** An element with a finished text. */
export function prose(text) {
  const element = make("div", { class: "prose" });
  new Prose(element).finish(text);
  return element;
}
