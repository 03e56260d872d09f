/** What both pages of the teacher's view draw: strips, trends, names, times. */

import { make } from "../dom.js";
import { share } from "../dashboard/units.js";

const SVG = "http://www.w3.org/2000/svg";

function drawing(name, given) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(given)) element.setAttribute(key, String(value));
  return element;
}

/** A strip of parts that stand for how many; the numbers stand beside it in words. */
export function strip(parts) {
  const whole = parts.reduce((sum, [, many]) => sum + many, 0) || 1;
  const svg = drawing("svg", { class: "strip", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
  let from = 0;
  for (const [kind, many] of parts) {
    const width = (100 * many) / whole;
    svg.append(drawing("rect", { class: kind, x: from, y: 0, width: Math.max(width - 0.4, 0), height: 10 }));
    from += width;
  }
  return svg;
}

/** A square of the legend. */
export function square(kind) {
  const svg = drawing("svg", { class: "strip", viewBox: "0 0 10 10", "aria-hidden": "true" });
  svg.append(drawing("rect", { class: kind, width: 10, height: 10 }));
  return svg;
}

/** Mastery after one answer after the other, oldest first, with the line from which a skill is mastered. */
export function trend(values, label) {
  const svg = drawing("svg", { class: "trend", viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img", "aria-label": label });
  svg.append(drawing("line", { x1: 0, x2: 100, y1: 8, y2: 8 }));
  const step = 100 / Math.max(values.length - 1, 1);
  svg.append(drawing("polyline", { points: values.map((value, n) => `${n * step},${40 - 40 * value}`).join(" ") }));
  return svg;
}

/** A learner's name, as a link to their page. */
export const named = (learner) =>
  make("a", { class: "name", dir: "auto", href: `#/l/${encodeURIComponent(learner)}` }, learner);

/** How long ago something was. */
export function ago(at) {
  if (!at) return "never";
  const days = Math.floor((Date.now() - Date.parse(at)) / 86_400_000);
  return days < 1 ? "today" : days === 1 ? "yesterday" : `${days} days ago`;
}

/** How many of something, in words. */
export const some = (many, one, more = `${one}s`) => `${many} ${many === 1 ? one : more}`;

export { share };
