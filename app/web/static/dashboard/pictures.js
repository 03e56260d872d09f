/** Small pictures of figures; each stands beside its figures in words, and is hidden from those who hear the page. */

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 200;
const HIGH = 12;

function drawing(...children) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDE} ${HIGH}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "picture");
  svg.setAttribute("aria-hidden", "true");
  svg.append(...children.filter(Boolean));
  return svg;
}

function box(kind, from, to, top = 0, high = HIGH) {
  const rect = document.createElementNS(SVG, "rect");
  const [x, end] = [from, to].map((at) => Math.max(0, Math.min(1, at)) * WIDE);
  for (const [name, value] of Object.entries({ class: kind, x, y: top, width: Math.max(end - x, 2), height: high }))
    rect.setAttribute(name, value);
  return rect;
}

const GROUND = () => box("ground", 0, 1, 3, 6);

/** A share of a whole; `of` is a second, larger one that is drawn lighter. */
export const bar = (part, of = 0) =>
  drawing(GROUND(), of > part ? box("lighter", 0, of, 3, 6) : null, part > 0 ? box("full", 0, part, 3, 6) : null);

/** Shares beside each other, each in the class `c0`, `c1`, … of its place. */
export function stack(parts) {
  let from = 0;
  const boxes = parts.map((part, n) => {
    const one = box(`part c${n % 6}`, from, from + part - 0.004, 1, 10);
    from += part;
    return part > 0 ? one : null;
  });
  return drawing(...boxes);
}

/** From `low` to `high` with a mark at each of `marks`, on a scale; with a line at nought if that lies within. */
export function interval(low, high, marks, [from, to]) {
  const at = (value) => (value - from) / (to - from || 1);
  const zero = from < 0 && to > 0 ? box("nought", at(0) - 0.003, at(0) + 0.003) : null;
  return drawing(
    GROUND(),
    zero,
    box("lighter", at(low), at(high), 3, 6),
    ...marks.map((value) => box("full", at(value) - 0.008, at(value) + 0.008)),
  );
}
