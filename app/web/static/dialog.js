/** Small windows over the page. They give the focus back to where it was. */

import { iconButton, make } from "./dom.js";

/** Opens a window with a title; what it shows can be replaced through `body`. */
export function open(title, kind, ...children) {
  const before = document.activeElement;
  const body = make("div", { class: "body" }, ...children);
  const dialog = make(
    "dialog",
    { class: kind, "aria-labelledby": "dialog-title" },
    make(
      "header",
      {},
      make("h2", { id: "dialog-title" }, title),
      iconButton("close", "Close", () => dialog.close()),
    ),
    body,
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.({ preventScroll: true });
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, body, close: () => dialog.close() };
}

/**
 * Asks for one line, or for a yes. `done` gets the value; what it throws is shown, and the window stays.
 * @param {{title: string, text?: string, field?: object, yes: string, danger?: boolean}} question
 * @param {(value: string) => Promise<void>} done
 */
export function question({ title, text, field, yes, danger }, done) {
  const input = field ? make("input", { ...field, "aria-labelledby": "dialog-title", autocomplete: "off" }) : null;
  const wrong = make("p", { class: "wrong", role: "alert" });
  const answer = make("button", { class: danger ? "button danger" : "button strong" }, yes);
  const form = make(
    "form",
    { method: "dialog", class: "question" },
    text ? make("p", { dir: "auto" }, text) : null,
    input,
    wrong,
    make(
      "div",
      { class: "buttons" },
      make("button", { type: "button", class: "button", onclick: () => shown.close() }, "Cancel"),
      answer,
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    answer.disabled = true;
    try {
      await done(input?.value.trim() ?? "");
      shown.close();
    } catch (problem) {
      wrong.textContent = problem.line ?? String(problem);
    } finally {
      answer.disabled = false;
    }
  });
  const shown = open(title, "small", form);
  (input ?? answer).focus();
  input?.select();
  return shown;
}
