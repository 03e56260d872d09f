/** What there is to know about an answer, in one quiet line, and an honest word where no model spoke. */

import { make } from "./dom.js";
import { count, dollars, duration, plain } from "./words.js";

const OFFLINE = "offline";

/** Provider, model, task, times, tokens and cost: what is known of them. */
export function facts(turn) {
  const { timing, usage } = turn;
  const found = [
    turn.provider === OFFLINE
      ? fact("offline tutor", "No language model: rules on this machine")
      : turn.provider && fact(`${turn.provider} · ${turn.model}`, "Provider and model"),
    fact(plain(turn.task), "What kind of help this was taken for"),
    timing.first_token_ms !== null &&
      fact(`first word ${duration(timing.first_token_ms)}`, "From your message to the first word"),
    timing.total_ms !== null && fact(`total ${duration(timing.total_ms)}`, "From your message to the last word"),
    tokens(usage),
    usage.cost_usd !== null &&
      turn.provider !== OFFLINE &&
      fact(dollars(usage.cost_usd), "Cost by the provider’s price list"),
  ];
  return make("ul", { class: "facts", "aria-label": "About this answer" }, ...found.filter(Boolean));
}

function tokens({ input_tokens: read, output_tokens: said }) {
  if (read === null && said === null) return null;
  const figures = [read !== null && `${count(read)} tokens read`, said !== null && `${count(said)} written`];
  return fact(figures.filter(Boolean).join(", "), "As the provider counted them");
}

function fact(text, title) {
  return make("li", { title }, text);
}

/** What a learner should know when the offline tutor answered; null where a model did. */
export function honesty(turn) {
  if (turn.provider !== OFFLINE) return null;
  if (turn.degraded) return make("div", { class: "honest", role: "note" }, make("p", {}, failed(turn)));
  const keys = ["GROQ_API_KEY", "GEMINI_API_KEY", "OPENAI_API_KEY"].flatMap((key, at) => [
    at ? (at === 2 ? " or " : ", ") : "",
    make("code", {}, key),
  ]);
  return make(
    "div",
    { class: "honest", role: "note" },
    make(
      "p",
      {},
      make("strong", {}, "No language model is configured. "),
      "The built-in offline tutor answered: it asks, hints and checks steps by fixed rules.",
    ),
    make(
      "p",
      {},
      "To let a model answer, set ",
      ...keys,
      " in the environment or in ",
      make("code", {}, ".env"),
      " and restart the service.",
    ),
  );
}

function failed(turn) {
  const asked = [
    ...new Set(turn.attempts.filter((a) => a.provider !== OFFLINE).map((a) => `${a.provider}: ${plain(a.outcome)}`)),
  ];
  const who = asked.length ? ` (${asked.join("; ")})` : "";
  return `The model providers failed${who}, so the offline tutor stepped in. It asks, hints and checks steps by fixed rules; it is no language model.`;
}
