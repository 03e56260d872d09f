/** Light, dark, or as the system has it. */

import { announce, at } from "./dom.js";
import { keep, recall } from "./kept.js";

const NEXT = { "": "light", light: "dark", dark: "" };
const NAMES = { "": "as your system", light: "light", dark: "dark" };

/** Makes the button change the colours. */
export function start() {
  at("theme").addEventListener("click", () => {
    const chosen = NEXT[recall("theme") ?? ""] ?? "";
    keep("theme", chosen);
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
    label(chosen);
    announce(`Colours: ${NAMES[chosen]}`);
  });
  label(recall("theme") ?? "");
}

function label(chosen) {
  const text = `Colours: ${NAMES[chosen] ?? NAMES[""]}`;
  at("theme").setAttribute("aria-label", text);
  at("theme").title = text;
}
