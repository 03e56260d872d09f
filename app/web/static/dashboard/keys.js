/** One key for each thing that is wanted often; they can be switched off, for those whose speech would press them. */

import { announce, at, make } from "../dom.js";
import { open } from "../dialog.js";
import { keep, recall } from "../kept.js";

const PLACES = { s: "state", a: "alerts", n: "figures", c: "charts", p: "providers", f: "forecasts", e: "experiments" };
const RANGES = { 1: "1m", 2: "5m", 3: "1h", 4: "24h" };

const LISTED = [
  ["1 2 3 4", "Time range: 1 minute, 5 minutes, 1 hour, 24 hours"],
  ["s", "State of the service"],
  ["a", "Alerts"],
  ["n", "Figures"],
  ["c", "Charts; there, ← → read earlier values"],
  ["p", "Providers"],
  ["f", "Forecasts"],
  ["e", "Experiments"],
  ["r", "Look again now"],
  ["t", "Colours"],
  ["?", "This list"],
];

/** @param {{range: (window: string) => void, again: () => void}} does */
export function start(does) {
  at("help").addEventListener("click", help);
  addEventListener("keydown", (event) => press(event, does));
}

function press(event, does) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input:not([type=radio]), textarea, select")) return;
  if (event.key === "?") return stop(event, help);
  if (recall("shortcuts") === "off") return;
  const key = event.key.toLowerCase();
  if (key in PLACES) stop(event, () => go(PLACES[key]));
  else if (key in RANGES) stop(event, () => does.range(RANGES[key]));
  else if (key === "r") stop(event, does.again);
  else if (key === "t") stop(event, () => at("theme").click());
}

function stop(event, act) {
  event.preventDefault();
  act();
}

function go(place) {
  const section = at(place);
  const target = (place === "charts" && section.querySelector(".chart:not([data-empty]) .plot")) || section;
  section.scrollIntoView({ block: "start" });
  target.focus({ preventScroll: true });
}

function help() {
  const list = make("dl", { class: "keys" });
  for (const [keys, what] of LISTED)
    list.append(
      make("div", {}, make("dt", {}, ...keys.split(" ").map((key) => make("kbd", {}, key))), make("dd", {}, what)),
    );
  const box = make("input", {
    type: "checkbox",
    checked: recall("shortcuts") !== "off",
    onchange: () => turn(box.checked),
  });
  open("Keyboard shortcuts", "small", list, make("label", { class: "choice" }, box, "Single keys do these things"));
}

function turn(on) {
  keep("shortcuts", on ? "" : "off");
  announce(on ? "Shortcuts are on" : "Shortcuts are off, but for ?");
}
