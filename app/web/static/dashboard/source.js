/** Where the figures come from: the live connection where there is one, else by asking again and again. */

import * as api from "../api.js";
import { Live, waitBefore } from "./live.js";

/** How often each kind is asked for (ms), unless it was told meanwhile. */
const EVERY = { health: 5_000, alerts: 5_000, providers: 5_000, experiments: 30_000, budget: 30_000, arms: 60_000 };
const FIGURES_EVERY = { "1m": 2_000, "5m": 5_000, "1h": 15_000, "24h": 60_000 };
const TICK = 500;
/** Experiments whose results are looked at. */
const LOOKED_AT = 6;
/** How each kind is asked for. */
const ASK = {
  health,
  figures: ({ window, workspace }) =>
    api.call("GET", `/v1/metrics?window=${window}${workspace ? `&workspace=${encodeURIComponent(workspace)}` : ""}`),
  alerts: () => api.call("GET", "/v1/alerts"),
  providers: () => api.call("GET", "/v1/providers"),
  experiments,
  budget: () => api.call("GET", "/v1/budgets"),
  arms: () => api.call("GET", "/v1/arms"),
};
/** Channels of the live connection that have the name of the kind that they tell of; figures have one by time range. */
const CHANNELS = ["alerts", "providers", "health", "experiments"];
const FIGURES = "metrics";
const channelsOf = (window) => [...CHANNELS, window === "5m" ? FIGURES : `${FIGURES}:${window}`];

/** Kinds of which a channel tells that there is news; what it means for the whole, the service knows. */
const NEWS = new Set(["alerts", "experiments"]);

const seconds = (ms) => Math.max(1, Math.round(ms / 1_000));

/**
 * @typedef {object} Listener
 * @property {(kind: string, data: any) => void} told
 * @property {(kind: string, problem: api.Problem) => void} failed
 * @property {(connection: {kind: "live"|"polling"|"lost"|"connecting", text: string, since: number|null}) => void} turned
 */

/** All that the page shows, kept fresh. */
export class Source {
  #due = new Map();
  #absent = new Set();
  #asking = new Set();
  #tries = 0;
  #lostAt = null;
  #next = 0;
  #up = false;
  #said = "";

  /** @param {string} window @param {Listener} listener */
  constructor(window, listener) {
    this.window = window;
    this.workspace = "";
    this.listener = listener;
    this.live = new Live(channelsOf(window), () => this.#address(), {
      told: (channel, data) => this.#pushed(channel, data),
      turned: (up) => this.#turned(up),
    });
  }

  start() {
    addEventListener("online", () => this.again());
    document.addEventListener("visibilitychange", () => document.hidden || this.#tick());
    setInterval(() => this.#tick(), TICK);
    this.again();
  }

  /** Another time range. */
  choose(window) {
    this.window = window;
    this.live.watch(channelsOf(window));
    this.#due.set("figures", 0);
    this.#tick();
  }

  /** The figures of one workspace; of all where it is "". */
  look(workspace) {
    this.workspace = workspace;
    this.live.stop(); // a connection is of one workspace
    this.again();
  }

  /** Asks for everything now, also for what was not there or not allowed before. */
  again() {
    this.#absent.clear();
    this.#due.clear();
    this.#next = 0;
    this.live.start();
    this.#tick();
  }

  /** Asks for one kind now. */
  refresh(kind) {
    this.#due.set(kind, 0);
    return this.#ask(kind);
  }

  #tick() {
    this.#say();
    const now = Date.now();
    if (document.hidden || now < this.#next) return;
    const due = Object.keys(ASK).filter((kind) => (this.#due.get(kind) ?? 0) <= now && !this.#absent.has(kind));
    // Where nothing answers, one question is enough to find out that something does again.
    for (const kind of this.#lostAt === null ? due : due.slice(0, 1)) this.#ask(kind);
  }

  async #ask(kind) {
    if (this.#asking.has(kind)) return;
    this.#asking.add(kind);
    const { window, workspace } = this;
    try {
      const data = await ASK[kind]({ window, workspace });
      this.#found();
      const chosen = window === this.window && workspace === this.workspace;
      if (kind === "figures" && !chosen) return this.#due.set(kind, 0);
      this.#told(kind, data);
    } catch (problem) {
      this.#wrong(kind, problem);
    } finally {
      this.#asking.delete(kind);
    }
  }

  #told(kind, data) {
    this.#due.set(kind, Date.now() + (kind === "figures" ? FIGURES_EVERY[this.window] : EVERY[kind]));
    this.listener.told(kind, data);
  }

  #found() {
    if (this.#lostAt !== null) this.#due.clear();
    this.#lostAt = null;
    this.#tries = 0;
    this.#next = 0;
    this.#say();
  }

  #wrong(kind, problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    if ([0, 502, 504].includes(problem.status)) return this.#lost();
    if ([401, 403, 404, 405].includes(problem.status)) this.#absent.add(kind);
    else this.#due.set(kind, Date.now() + (EVERY[kind] ?? FIGURES_EVERY[this.window]));
    this.listener.failed(kind, problem);
  }

  #lost() {
    this.#lostAt ??= Date.now();
    if (Date.now() >= this.#next) this.#next = Date.now() + waitBefore(this.#tries++);
    this.#say();
  }

  #turned(up) {
    if (up) this.#found();
    else this.#due.set("health", 0); // whether that was all that ended
    this.#up = up;
    this.#say();
  }

  #pushed(channel, data) {
    const kind = channel.startsWith(FIGURES) ? "figures" : channel;
    if (NEWS.has(kind)) return this.refresh(kind);
    this.#told(kind, data);
  }

  /** The address of the live connection with a ticket, for a browser lets no page send a key with a WebSocket. */
  async #address() {
    try {
      const { ticket } = await api.call("POST", "/v1/live:ticket");
      const address = new URL(`/v1/live?ticket=${encodeURIComponent(ticket)}`, location.href);
      if (this.workspace) address.searchParams.set("workspace", this.workspace);
      address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      return address.href;
    } catch (problem) {
      if ([401, 403, 404, 405].includes(problem.status)) return null;
      throw problem;
    }
  }

  #say() {
    const said = this.#connection();
    if (said.kind + said.text === this.#said) return;
    this.#said = said.kind + said.text;
    this.listener.turned({ ...said, since: this.#lostAt });
  }

  #connection() {
    if (this.#lostAt !== null) {
      const wait = this.#next - Date.now();
      return {
        kind: "lost",
        text: wait > 0 ? `No connection. Trying again in ${seconds(wait)} s` : "No connection. Trying …",
      };
    }
    if (this.#up) return { kind: "live", text: "Live" };
    if (!this.#due.size) return { kind: "connecting", text: "Connecting …" };
    return { kind: "polling", text: `Asking every ${seconds(FIGURES_EVERY[this.window])} s` };
  }
}

/** `/health` answers with 503 where the service is down, and says how it is all the same. */
async function health() {
  let response;
  try {
    response = await fetch("/health", { cache: "no-store" });
    return await response.json();
  } catch {
    throw new api.Problem({ status: 0, title: "The service cannot be reached" });
  }
}

/** The newest experiments, with what they show. */
async function experiments() {
  const { data } = await api.call("GET", `/v1/experiments?limit=${LOOKED_AT}`);
  return Promise.all(data.map(({ id }) => api.call("GET", `/v1/experiments/${encodeURIComponent(id)}`)));
}
