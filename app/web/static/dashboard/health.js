/** The first glance: the state of the service on one line, and its parts. */

import { at, icon, make } from "../dom.js";
import { plain } from "../words.js";
import { keyed, mark, write, writeMarked } from "./keyed.js";
import { span } from "./units.js";
import { levelOf, verdict } from "./verdict.js";

const ICONS = { ok: "ok", degraded: "warn", down: "bad", unknown: "unknown" };
const WORDS = { ok: "ok", degraded: "degraded", down: "down", unknown: "not known" };
const TRENDS = { better: "getting better", worse: "getting worse" };

/** Since when the page itself has seen the level that it shows. */
let seen = { level: "unknown", since: Date.now(), first: true };

/** Shows how the service is. */
export function draw(state) {
  const found = verdict(state);
  if (found.level !== seen.level) seen = { level: found.level, since: Date.now(), first: seen.level === "unknown" };
  mark(at("verdict"), "data-level", found.level);
  mark(at("state-icon").firstElementChild, "href", `#i-${ICONS[found.level]}`);
  write(at("state-title"), [found.title, sinceWords(found)].filter(Boolean).join(" "));
  write(at("state-why"), found.why);
  writeMarked(at("state-advice"), found.advice ? `What to do: ${found.advice}` : "");
  document.title = `${found.level === "ok" ? "" : `${found.title} · `}Dashboard · MasterX`;
  parts(state.health?.parts ?? {}, state.lostAt !== null);
}

/** The service's own word where there is one; else since when it is seen here, which may be later than it began. */
function sinceWords({ level, since }) {
  if (level === "unknown") return "";
  const from = since ?? seen.since;
  const clock = new Date(from).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const least = since === null && seen.first ? "at least " : "";
  return `since ${least}${clock} (${span((Date.now() - from) / 1_000)})`;
}

function parts(found, stale) {
  const list = Object.entries(found).map(([name, part]) => ({ name, ...part }));
  keyed(
    at("parts"),
    list,
    (part) => part.name,
    newPart,
    (item, part) => fillPart(item, part, stale),
  );
}

function newPart() {
  return make("li", {}, icon("unknown"), make("span", { class: "name", dir: "auto" }), make("span", { class: "how" }));
}

function fillPart(item, part, stale) {
  const level = stale ? "unknown" : levelOf(part.status);
  mark(item, "data-level", level);
  mark(item.querySelector("use"), "href", `#i-${ICONS[level]}`);
  write(item.children[1], plain(part.name));
  const score = part.score < 100 ? `${part.score} of 100 lately` : "";
  write(item.children[2], [WORDS[level], score, TRENDS[part.trend]].filter(Boolean).join(", "));
  const asked = part.asked ? `asks ${part.asked.join(", ")}` : "";
  mark(
    item,
    "title",
    [part.detail, asked, part.advice, part.age_s ? `seen ${span(part.age_s)} ago` : ""].filter(Boolean).join(" · "),
  );
}
