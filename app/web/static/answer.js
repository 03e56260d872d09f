/** One turn on the page: what the learner said, the answer, and what there is to know about it. */

import { copyButton } from "./copying.js";
import { facts, honesty } from "./facts.js";
import { feedback } from "./feedback.js";
import { icon, make, trouble } from "./dom.js";
import { offered } from "./later.js";
import { Prose } from "./markdown.js";
import { showReceipt } from "./receipt.js";

const ENDS = {
  cancelled: "You stopped this answer.",
  guarded: "The provider’s content policy ended this answer here.",
  incomplete: "The answer broke off. What was said is kept.",
  failed: "There is no answer: no model provider could be reached. Your message is kept.",
};

/** The view of one turn. */
export class TurnView {
  /**
   * @param {{message: string, id?: string}} turn
   * @param {(message: string) => void} again  asks the same once more
   */
  constructor(turn, again) {
    this.turn = turn;
    this.again = again;
    this.text = make("div", { class: "prose" });
    this.prose = new Prose(this.text);
    this.below = make("div", { class: "below" });
    this.answer = make(
      "div",
      { class: "answer", "aria-busy": "true" },
      make("h2", { class: "unseen" }, "The tutor’s answer"),
      this.text,
      this.below,
    );
    this.said = make(
      "div",
      { class: "said" },
      make("h2", { class: "unseen" }, "Your message"),
      turn.answers ? make("span", { class: "again" }, "Asked again for you") : null,
      make("p", { dir: "auto" }, turn.message),
    );
    this.element = make("article", { class: "turn" }, this.said, this.answer);
    this.#think();
  }

  /** Shows all that was said so far. */
  grow(text) {
    this.answer.classList.remove("thinking");
    this.answer.classList.add("speaking");
    this.prose.grow(text);
  }

  /** Shows the final record, and the problem that ended it if there was one. */
  close(turn, problem = null) {
    this.turn = turn;
    this.answer.classList.remove("thinking", "speaking");
    this.answer.removeAttribute("aria-busy");
    Object.assign(this.element.dataset, { id: turn.id, seq: turn.seq });
    this.prose.finish(turn.reply);
    this.below.replaceChildren(
      ...[honesty(turn), this.#end(turn, problem), offered(turn), facts(turn), this.#actions(turn)].filter(Boolean),
    );
  }

  /** Says that the service did not take the message. */
  refuse(problem, actions) {
    this.answer.classList.remove("thinking", "speaking");
    this.answer.removeAttribute("aria-busy");
    this.below.replaceChildren(trouble(problem, actions));
  }

  #think() {
    this.answer.classList.add("thinking");
    this.below.replaceChildren(
      make(
        "p",
        { class: "dots" },
        make("span", { class: "unseen" }, "The tutor is thinking"),
        make("i"),
        make("i"),
        make("i"),
      ),
    );
  }

  #end(turn, problem) {
    if (turn.state === "complete") return null;
    const line = problem
      ? problem.more || problem.title
      : (ENDS[turn.state] ?? "This answer is still being written elsewhere.");
    const again = make(
      "button",
      { type: "button", class: "button", onclick: () => this.again(turn.message) },
      icon("retry"),
      "Try again",
    );
    return make("div", { class: `end ${turn.state === "cancelled" ? "" : "bad"}` }, make("p", {}, line), again);
  }

  #actions(turn) {
    const row = make("div", { class: "actions" });
    if (turn.reply) row.append(copyButton(() => turn.reply, "Copy this answer"));
    const box = make("div", {});
    row.append(...feedback(turn, box));
    const see = make(
      "button",
      { type: "button", class: "quiet", onclick: () => showReceipt(turn, see) },
      icon("eye"),
      "What did the tutor see?",
    );
    row.append(see);
    return make("div", {}, row, box);
  }
}
