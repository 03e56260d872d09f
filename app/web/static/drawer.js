/** On a narrow screen the list of sessions slides in over the conversation. */

import { at, show } from "./dom.js";

/** Starts. */
export function start() {
  at("open-side").addEventListener("click", open);
  at("close-side").addEventListener("click", () => close(true));
  at("veil").addEventListener("click", () => close(true));
  at("side").addEventListener("keydown", (event) => event.key === "Escape" && close(true));
}

/** Slides it away; the focus goes back to its button where `back` says so. */
export function close(back = false) {
  if (!at("side").classList.contains("open")) return;
  at("side").classList.remove("open");
  document.querySelector("main").inert = false;
  show(at("veil"), false);
  at("open-side").setAttribute("aria-expanded", "false");
  if (back) at("open-side").focus();
}

function open() {
  at("side").classList.add("open");
  document.querySelector("main").inert = true;
  show(at("veil"), true);
  at("open-side").setAttribute("aria-expanded", "true");
  at("close-side").focus();
}
