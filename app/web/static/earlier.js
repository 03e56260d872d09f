/** Earlier turns of a long session, loaded as the reader comes near them. */

import { at, make } from "./dom.js";
import * as scrolling from "./scrolling.js";

let watch = () => {};
let next = null;

/** Starts; once for the page. */
export function start() {
  watch = scrolling.start(() => load());
}

/** Forgets the session that was shown. */
export function forget() {
  next = null;
  watch(null);
}

/**
 * Knows where to go on.
 * @param {string | null} cursor
 * @param {(cursor: string) => Promise<{data: object[], next_cursor: string | null}>} fetchPage
 * @param {(turn: object) => {element: HTMLElement}} view
 */
export function know(cursor, fetchPage, view) {
  forget();
  if (!cursor) return;
  const button = make("button", { type: "button", class: "button plain", onclick: () => load() }, "Earlier messages");
  next = { cursor, fetchPage, view, top: make("div", { class: "earlier" }, button), loading: false };
  at("log").prepend(next.top);
  // Not before the newest turns have been laid out and scrolled to.
  requestAnimationFrame(() => requestAnimationFrame(() => next && watch(next.top)));
}

async function load() {
  const mine = next;
  if (!mine || mine.loading) return;
  mine.loading = true;
  try {
    const page = await mine.fetchPage(mine.cursor);
    if (mine !== next) return;
    scrolling.above(() => {
      mine.top.after(...page.data.toReversed().map((turn) => mine.view(turn).element));
      mine.top.remove();
      know(page.next_cursor, mine.fetchPage, mine.view);
    });
  } catch (problem) {
    if (mine === next) mine.top.firstChild.textContent = `${problem.title ?? "That did not work"}. Try again`;
  } finally {
    mine.loading = false;
  }
}
