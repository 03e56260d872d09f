/** What the tutor saw: the layers of the context, each with its share of the tokens, and what was left out and why. */

import * as api from "./api.js";
import { make } from "./dom.js";
import { open } from "./dialog.js";
import { count, plain } from "./words.js";

const NAMES = { kept: "kept", cut: "shortened", dropped: "left out" };

/** Opens the receipt of a turn. */
export async function showReceipt(turn) {
  const shown = open("What did the tutor see?", "receipt", make("p", { class: "dim" }, "Looking it up …"));
  try {
    shown.body.replaceChildren(...parts(await api.receipt(turn.id)));
  } catch (problem) {
    shown.body.replaceChildren(make("p", { class: "wrong", role: "alert" }, problem.line ?? String(problem)));
  }
}

function parts(receipt) {
  const most = Math.max(1, ...receipt.layers.map((layer) => layer.full_tokens));
  const saved = receipt.full_tokens - receipt.tokens;
  const empty = receipt.layers.filter((layer) => layer.outcome === "empty").map((layer) => plain(layer.name));
  return [
    make(
      "p",
      {},
      "This is all that was sent to the model with your message, layer by layer. A token is about three quarters of a word.",
    ),
    budget(receipt),
    make("ol", { class: "layers" }, ...receipt.layers.filter((l) => l.outcome !== "empty").map((l) => row(l, most))),
    empty.length ? make("p", { class: "dim" }, `Nothing to say yet: ${empty.join(", ")}.`) : "",
    make(
      "p",
      { class: "dim" },
      saved > 0 ? `${count(saved)} of ${count(receipt.full_tokens)} tokens were left out. ` : "Nothing was left out. ",
      `Counted by ${receipt.tokenizer}; policy ${receipt.policy}; assembled in ${receipt.timing.context_ms ?? "?"} ms.`,
    ),
  ];
}

function budget({ tokens, budget: most }) {
  return make(
    "div",
    { class: "budget" },
    make("p", {}, make("strong", {}, count(tokens)), ` of ${count(most)} tokens of the budget used`),
    bar(tokens, tokens, most, `${count(tokens)} of ${count(most)} tokens used`),
  );
}

function row(layer, most) {
  const figure =
    layer.tokens === layer.full_tokens
      ? `${count(layer.tokens)}`
      : `${count(layer.tokens)} of ${count(layer.full_tokens)}`;
  const entries = layer.full_items > 1 ? ` · ${count(layer.items ?? 0)} of ${count(layer.full_items)} entries` : "";
  return make(
    "li",
    { class: `layer ${layer.outcome}` },
    make(
      "div",
      {},
      make("strong", {}, plain(layer.name)),
      make("span", { class: "outcome" }, NAMES[layer.outcome] ?? layer.outcome),
      make("span", { class: "figure" }, `${figure} tokens`),
    ),
    bar(layer.tokens, layer.full_tokens, most, `${figure} tokens`),
    make("p", {}, layer.why, entries),
    layer.told.length ? items(layer.told) : "",
  );
}

/** The items of a layer, for who wants to know. */
function items(all) {
  const list = make("ul", { class: "told" }, ...all.map(told));
  return make("details", {}, make("summary", {}, `${count(all.length)} of them, one by one`), list);
}

/** One item of a layer: what became of it, why, and what it kept out. */
function told(item) {
  const displaced = item.displaced ? `, in the place of ${item.displaced}` : "";
  const outcome = NAMES[item.outcome] ?? item.outcome;
  return make("li", {}, make("code", {}, item.id), ` ${outcome}, ${count(item.tokens)} tokens: ${item.why}${displaced}`);
}

/** How much was taken, over how much there was, on a scale up to `most`. */
function bar(taken, whole, most, label) {
  const width = (n) => `${(Math.min(1, n / Math.max(1, most)) * 100).toFixed(1)}%`;
  const inner = make("i");
  const outer = make("b", {});
  inner.style.width = width(taken);
  outer.style.width = width(whole);
  return make("div", { class: "tokens", role: "img", "aria-label": label }, outer, inner);
}
