/** Lists that change under the reader's eyes: what stays, stays the same element, so that focus and hover stay, too. */

import { make } from "../dom.js";

/**
 * Makes the children of `parent` those of `items`, in their order.
 * @param {Element} parent
 * @param {any[]} items
 * @param {(item: any) => string} keyOf
 * @param {(item: any) => Element} make  a new child
 * @param {(element: Element, item: any) => void} update  fills a child, new or old
 */
export function keyed(parent, items, keyOf, make, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = known.get(key);
    known.delete(key);
    if (!child) {
      child = make(item);
      child.dataset.key = key;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  }
  for (const gone of known.values()) gone.remove();
}

/** Sets a text, where it is another. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets a text in which `backquotes` mark what is typed somewhere, where it is another. */
export function writeMarked(element, text) {
  if (element.textContent === text.replaceAll("`", "")) return;
  element.replaceChildren(...text.split("`").map((part, n) => (n % 2 ? make("code", {}, part) : part)));
}

/** Sets an attribute, where it is another; null takes it away. */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
