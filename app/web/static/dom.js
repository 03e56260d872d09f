/** Elements, made one by one: no text is ever read as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** The element with this id. */
export const at = (id) => document.getElementById(id);

/**
 * A new element. Keys of `given` that begin with "on" are listeners, the rest attributes; null and false are left out.
 * @param {string} name
 * @param {Record<string, unknown>} [given]
 * @param {...(Node | string | null)} children
 */
export function make(name, given = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** One of the page's icons. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A button with an icon; its label is for those who do not see it, and the tool tip. */
export function iconButton(name, label, onclick, given = {}) {
  return make(
    "button",
    { type: "button", class: "icon", "aria-label": label, title: label, onclick, ...given },
    icon(name),
  );
}

/** A button for what can be done about a problem. */
export const action = (label, onclick) => make("button", { type: "button", class: "button", onclick }, label);

/** What went wrong, with the way out of it. */
export const trouble = (problem, way) =>
  make(
    "div",
    { class: "end bad", role: "alert" },
    make(
      "p",
      {},
      make("strong", {}, problem.title ?? "Something went wrong here"),
      make("br"),
      problem.more ?? String(problem),
    ),
    way,
  );

/** Shows or hides an element. */
export function show(element, visible) {
  element.hidden = !visible;
}

/** Says something to a screen reader. */
export function announce(text) {
  at("announcer").textContent = text;
}
