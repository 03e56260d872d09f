/** The dashboard: puts its parts together. */

import * as api from "../api.js";
import { copyButton } from "../copying.js";
import { action, at, make, show, trouble } from "../dom.js";
import { apiKey, keep, recall } from "../kept.js";
import { question } from "../dialog.js";
import { askForKey } from "../questions.js";
import * as theme from "../theme.js";
import * as alerts from "./alerts.js";
import * as charts from "./charts.js";
import * as choices from "./choices.js";
import * as experiments from "./experiments.js";
import * as forecasts from "./forecasts.js";
import * as health from "./health.js";
import * as keys from "./keys.js";
import * as panels from "./panels.js";
import * as providers from "./providers.js";
import { Source } from "./source.js";
import * as tiles from "./tiles.js";

const RANGES = ["1m", "5m", "1h", "24h"];
const RANGE = "5m";

/** All that is known. Unknown is null. */
const known = {
  health: null,
  figures: null,
  alerts: null,
  providers: null,
  experiments: null,
  budget: null,
  arms: null,
};
const seen = { lostAt: null };
let source = null;

function start() {
  theme.start();
  const range = RANGES.includes(recall("range")) ? recall("range") : RANGE;
  at("range").querySelector(`[value="${range}"]`).checked = true;
  at("range").addEventListener("change", (event) => choose(event.target.value));
  at("try-now").addEventListener("click", () => source.again());
  at("place").addEventListener("click", askForWorkspace);
  at("key").addEventListener("click", () => askForKey(begin));
  keys.start({ range: (window) => pick(window), again: () => source.again() });
  recolour();
  api.whenKeyIsNeeded(() => askForKey(begin));
  source = new Source(range, { told, failed, turned });
  noTurns();
  drawAll();
  source.start();
  setInterval(drawState, 1_000);
  document.documentElement.dataset.ready = "";
}

/** Begins anew with another key. */
function begin() {
  for (const kind of Object.keys(known)) known[kind] = null;
  at("notice").replaceChildren();
  noTurns();
  drawAll();
  source.live.stop();
  source.again();
}

function pick(window) {
  at("range").querySelector(`[value="${window}"]`).checked = true;
  choose(window);
}

function choose(window) {
  keep("range", window === RANGE ? "" : window);
  at("main").ariaBusy = "true"; // until the figures of this range come, those of the last one stay
  source.choose(window);
}

/** Kinds that come as pages of a list. */
const LISTS = new Set(["alerts", "providers"]);

function told(kind, data) {
  known[kind] = LISTS.has(kind) ? data.data : data;
  if (kind === "figures") at("main").ariaBusy = "false";
  DRAW[kind]();
}

const DRAW = {
  health: drawState,
  alerts: drawAlerts,
  figures: drawFigures,
  providers: drawProviders,
  experiments: () => experiments.draw(known.experiments),
  budget: () => panels.money(known.budget),
  arms: () => choices.draw(known.arms),
};

function drawAll() {
  for (const draw of new Set(Object.values(DRAW))) draw();
}

function drawState() {
  health.draw({ health: known.health, alerts: known.alerts ?? [], models: known.providers ?? [], lostAt: seen.lostAt });
}

function drawAlerts() {
  const names = [...new Set((known.providers ?? []).map((model) => model.provider))];
  alerts.draw(known.alerts, { quiet, open: providers.open, providers: names });
  drawState();
}

function drawFigures() {
  const { figures } = known;
  show(at("no-turns"), figures !== null && !figures.turns?.count);
  drawPlace();
  tiles.draw(figures);
  charts.draw(figures, source.window);
  panels.context(figures);
  panels.cache(figures);
  panels.learners(figures);
  panels.tasks(figures);
  forecasts.draw(figures?.forecasts ?? null);
  drawProviders();
}

/** Whose figures they are: a key has one workspace; who needs none sees all, or the one they name. */
function drawPlace() {
  at("place").disabled = Boolean(apiKey());
  at("workspace").textContent = known.figures?.workspace ?? (apiKey() ? "of your key" : source.workspace || "all");
}

function askForWorkspace() {
  const field = { value: source.workspace, maxlength: "200", dir: "auto" };
  const text = "The name of a workspace, or nothing for the figures of all.";
  question({ title: "Whose figures?", text, field, yes: "Show" }, async (name) => source.look(name));
}

function drawProviders() {
  providers.draw(known.providers, known.figures, reset);
  drawAlerts(); // they lead to providers
}

async function reset(provider) {
  await api.call("POST", `/v1/providers/${encodeURIComponent(provider)}:reset`);
  await source.refresh("providers");
}

async function quiet(alert) {
  await api.call("POST", `/v1/alerts/${encodeURIComponent(alert.id)}:quiet`, { minutes: 60 });
  await source.refresh("alerts");
}

function failed(kind, problem) {
  if (problem.status >= 500) return; // what was known stays; the state of the service says why nothing newer comes
  if (problem.status === 403) refused(problem);
  known[kind] = null;
  DRAW[kind]();
}

/** This key may not see it. */
function refused(problem) {
  const other = action("Use another key", () => askForKey(begin));
  at("notice").replaceChildren(trouble(problem, other));
}

function turned({ kind, text, since }) {
  seen.lostAt = since;
  at("connection").dataset.kind = kind;
  at("connection-text").textContent = text;
  show(at("try-now"), kind === "lost");
  document.documentElement.dataset.connection = kind;
  document.body.classList.toggle("stale", kind === "lost");
  drawState();
}

/** What to do where nothing was asked yet. */
function noTurns() {
  const key = apiKey() ? " -H 'Authorization: Bearer YOUR_KEY'" : "";
  const body = `{"model":"masterx","messages":[{"role":"user","content":"Why is 1/2 bigger than 1/3?"}]}`;
  const command = `curl ${location.origin}/v1/chat/completions -H 'Content-Type: application/json'${key} -d '${body}'`;
  at("no-turns").replaceChildren(
    make("h2", { id: "no-turns-title" }, "No turns in this time range"),
    make("p", {}, "Ask the tutor something on the ", make("a", { href: "/" }, "chat page"), ", or in a terminal:"),
    make(
      "div",
      { class: "command" },
      make("pre", { tabindex: "0", "aria-label": "Command" }, make("code", {}, command)),
      copyButton(() => command, "Copy the command"),
    ),
  );
}

/** Canvases have no style sheet: they are told when the colours of the page change. */
function recolour() {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", charts.repaint);
  new MutationObserver(charts.repaint).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-theme"],
  });
}

start();
