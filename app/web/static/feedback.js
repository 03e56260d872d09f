/** Thumbs and a comment. */

import * as api from "./api.js";
import { announce, iconButton, make } from "./dom.js";

/** Two buttons; a place for a comment opens in `box` when one was pressed. */
export function feedback(turn, box) {
  const thumb = (name, label, helpful) => iconButton(name, label, () => rate(helpful), { "aria-pressed": "false" });
  const up = thumb("up-thumb", "This helped", true);
  const down = thumb("down-thumb", "This did not help", false);

  async function rate(helpful) {
    try {
      await api.rate(turn.id, { helpful });
    } catch (problem) {
      return note(problem.line ?? String(problem));
    }
    up.setAttribute("aria-pressed", String(helpful));
    down.setAttribute("aria-pressed", String(!helpful));
    announce("Thank you");
    return box.replaceChildren(comment(helpful));
  }

  function comment(helpful) {
    const text = make("textarea", {
      rows: "2",
      maxlength: "4000",
      dir: "auto",
      placeholder: helpful ? "What helped?" : "What was wrong or missing?",
      "aria-label": "A comment on this answer",
    });
    const close = make(
      "button",
      { type: "button", class: "button plain", onclick: () => box.replaceChildren() },
      "No comment",
    );
    const form = make(
      "form",
      { class: "comment" },
      text,
      make("div", {}, make("button", { class: "button" }, "Send comment"), close),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!text.value.trim()) return text.focus();
      try {
        await api.rate(turn.id, { helpful, comment: text.value.trim() });
      } catch (problem) {
        return note(problem.line ?? String(problem), form);
      }
      return note("Thank you. Your comment is kept.");
    });
    return form;
  }

  function note(line, form = null) {
    box.replaceChildren(make("p", { class: "thanks", role: "status" }, line), ...(form ? [form] : []));
  }

  return [up, down];
}
