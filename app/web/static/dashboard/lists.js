/** Lists of figures: a name, a picture, a value and a word beside it. */

import { make } from "../dom.js";
import { keyed, mark, write } from "./keyed.js";

/**
 * `picture` makes the picture, and `drawn` names it: another name, and it is made anew.
 * @typedef {{name: string, value: string, more?: string, key?: string, heading?: boolean}} Words
 * @typedef {Words & {picture?: () => Node, drawn?: string}} Row
 */

/**
 * Shows rows in a panel, or a sentence where there are none.
 * @param {Element} holder
 * @param {Row[]} rows
 * @param {string} empty  what to say, and what to do, where there is nothing
 */
export function rows(holder, rows, empty) {
  if (!rows.length) {
    if (holder.dataset.empty !== empty) holder.replaceChildren(make("p", { class: "dim" }, empty));
    holder.dataset.empty = empty;
    return;
  }
  if (holder.firstElementChild?.localName !== "ul" || "empty" in holder.dataset)
    holder.replaceChildren(make("ul", { class: "rows" }));
  delete holder.dataset.empty;
  keyed(holder.firstElementChild, rows, (row) => row.key ?? row.name, newRow, fill);
}

function newRow() {
  return make(
    "li",
    {},
    make("span", { class: "name", dir: "auto" }),
    make("span", { class: "value" }),
    make("div", { class: "drawn" }),
    make("span", { class: "more", dir: "auto" }),
  );
}

function fill(item, row) {
  mark(item, "class", row.heading ? "heading" : null);
  write(item.children[0], row.name);
  write(item.children[1], row.value);
  write(item.children[3], row.more ?? "");
  const drawn = row.picture ? (row.drawn ?? row.value) : "";
  if (item.dataset.drawn === drawn) return;
  item.dataset.drawn = drawn;
  item.children[2].replaceChildren(...(row.picture ? [row.picture()] : []));
}
