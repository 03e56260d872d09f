/** The teacher's view: puts its parts together. */

import * as api from "../api.js";
import { open } from "../dialog.js";
import { action, announce, at, make, show, trouble } from "../dom.js";
import { askForKey } from "../questions.js";
import { keep, recall } from "../kept.js";
import * as theme from "../theme.js";
import * as learner from "./learner.js";
import * as overview from "./overview.js";
import * as roll from "./roll.js";

const EVERY = 30_000;
const AGAIN = 300; // while the service is still reading
const TYPED = 250;
const PAGE = 50;

const state = { sort: "risk", found: null, rows: [], cursor: null, asked: 0 };
let typing = 0;

function start() {
  theme.start();
  at("key").addEventListener("click", () => askForKey(again));
  at("help").addEventListener("click", help);
  api.whenKeyIsNeeded(() => askForKey(again));
  roll.heads((orders) => sort(orders[(orders.indexOf(state.sort) + 1) % orders.length]));
  at("sort").addEventListener("change", () => sort(at("sort").value));
  at("only").addEventListener("change", list);
  at("q").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(list, TYPED);
  });
  at("filter").addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["course", "by"]) at(id).addEventListener("change", again);
  addEventListener("hashchange", look);
  addEventListener("keydown", press);
  setInterval(() => document.hidden || whose() || refresh(), EVERY);
  look();
  document.documentElement.dataset.ready = "";
}

const whose = () => (location.hash.startsWith("#/l/") ? decode(location.hash.slice(4)) : null);

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function asked() {
  const [course, by] = [at("course").value, at("by").value];
  return `${course ? `&course_id=${encodeURIComponent(course)}` : ""}${by ? `&by=${encodeURIComponent(by)}` : ""}`;
}

function again() {
  at("notice").replaceChildren();
  look();
}

/** Shows what the address names. */
async function look() {
  const name = whose();
  show(at("learner"), name !== null);
  show(at("asked"), name === null);
  if (name !== null) for (const id of ["class", "nobody"]) show(at(id), false);
  at("title").textContent = name ?? "The class";
  document.title = `${name ?? "Teach"} · MasterX`;
  at("learner").replaceChildren();
  await refresh();
  if (name !== null) {
    scrollTo(0, 0);
    at("top").focus({ preventScroll: true });
  }
}

/** Asks for what is shown; what another question has overtaken is not shown. */
async function refresh() {
  const mine = ++state.asked;
  try {
    const found = await api.call("GET", `/v1/class?${asked().slice(1)}`);
    if (mine !== state.asked) return;
    state.found = found;
    if (!found.complete) return wait(found);
    const name = whose();
    if (name === null) return await drawClass(mine);
    const told = await learner.ask(name, asked(), found);
    if (mine !== state.asked) return;
    at("as-of").textContent = "";
    learner.draw(told);
  } catch (problem) {
    if (mine === state.asked) failed(problem);
  }
}

function wait(found) {
  at("as-of").textContent = `Reading answers: ${found.sheets} calls of ${found.learners} learners so far …`;
  setTimeout(refresh, AGAIN);
}

async function drawClass(mine) {
  const { found } = state;
  const few = `/v1/class/learners?limit=${overview.SHOWN}${asked()}`;
  const [risks, stuck] = await Promise.all([
    api.call("GET", `${few}&only=at_risk&sort=risk`),
    api.call("GET", `${few}&only=stuck&sort=stuck`),
  ]);
  if (mine !== state.asked) return;
  at("notice").replaceChildren();
  at("as-of").textContent = `As of ${new Date(found.as_of).toLocaleTimeString([], { timeStyle: "short" })}`;
  courses(found.courses);
  show(at("class"), found.learners > 0);
  show(at("nobody"), found.learners === 0);
  if (!found.learners) return nobody();
  overview.tiles(found);
  overview.risks(risks);
  overview.stuck(stuck);
  overview.skills(found);
  overview.missed(found);
  await list();
}

function courses(found) {
  const chosen = at("course").value;
  const names = [...new Set([...Object.keys(found), ...(chosen ? [chosen] : [])])].sort();
  at("course").replaceChildren(
    make("option", { value: "" }, "All that is learned"),
    ...names.map((name) => make("option", { value: name }, name)),
  );
  at("course").value = chosen;
}

function sort(order) {
  state.sort = order;
  list();
}

/** The first page of the table; `more` adds the next one. */
async function list() {
  at("sort").value = state.sort;
  roll.sorted(state.sort);
  await page(null);
}

async function page(cursor) {
  const [only, q] = [at("only").value, at("q").value.trim()];
  const given = `&sort=${state.sort}${only ? `&only=${only}` : ""}${q ? `&q=${encodeURIComponent(q)}` : ""}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
  const mine = (state.listed = given + asked());
  try {
    const found = await api.call("GET", `/v1/class/learners?limit=${PAGE}${asked()}${given}`);
    if (state.listed !== mine) return;
    state.rows = cursor ? [...state.rows, ...found.data] : found.data;
    roll.rows(state.rows);
    const none = found.total ? "" : ": nobody, so far; choose everybody above, or another name";
    at("total").textContent = `${state.rows.length} of ${found.total}${none}`;
    at("more").replaceChildren(found.next_cursor ? action("More learners", () => page(found.next_cursor)) : "");
    if (cursor) announce(`${state.rows.length} of ${found.total} learners`);
  } catch (problem) {
    failed(problem);
  }
}

function nobody() {
  at("nobody").replaceChildren(
    make("h2", {}, at("course").value ? "Nobody in this course yet" : "Nobody has learned here yet"),
    make("p", {}, "Learners appear with their first session, or with their first graded answer: a front end sends those to ", make("code", {}, "POST /v1/learners/{id}/answers"), ". See the ", make("a", { href: "/docs" }, "reference"), ", or ask the tutor something on the ", make("a", { href: "/" }, "chat page"), "."),
  );
}

function failed(problem) {
  const key = action("Use another key", () => askForKey(again));
  const way = problem.status === 403 || problem.status === 401 ? key : action("Try again", again);
  at("as-of").textContent = "";
  if ([401, 403].includes(problem.status)) for (const id of ["class", "learner", "nobody"]) show(at(id), false);
  at("notice").replaceChildren(trouble(problem, way));
}

const PLACES = { a: "risks", s: "stuck", k: "skills", w: "missed", l: "learners" };
const LISTED = [["a", "At risk"], ["s", "Stuck now"], ["k", "Skills"], ["w", "What went wrong"], ["l", "Learners"], ["/", "Find a learner"], ["c", "Back to the class"], ["t", "Colours"], ["?", "This list"]];

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, textarea, select")) return;
  const does = { "?": help, ...(recall("shortcuts") === "off" ? {} : { "/": () => at("q").focus(), c: () => (location.hash = "#"), t: () => at("theme").click() }) };
  const act = does[event.key] ?? (recall("shortcuts") !== "off" && PLACES[event.key] ? () => go(PLACES[event.key]) : null);
  if (!act) return;
  event.preventDefault();
  act();
}

function go(place) {
  at(place).scrollIntoView({ block: "start" });
  at(place).focus({ preventScroll: true });
}

function help() {
  const rows = LISTED.map(([key, what]) => make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, what)));
  const box = make("input", { type: "checkbox", checked: recall("shortcuts") !== "off", onchange: () => keep("shortcuts", box.checked ? "" : "off") });
  open("Keyboard shortcuts", "small", make("dl", { class: "keys" }, ...rows), make("label", { class: "choice" }, box, "Single keys do these things"));
}

start();
