/** Follows a turn to its end, whatever happens to the connection on the way. */

import * as api from "./api.js";
import { events } from "./sse.js";

const FIRST_WAIT = 400;
const LONGEST_WAIT = 8_000;

/**
 * @typedef {object} Listener
 * @property {() => void} accepted  the service has the message
 * @property {(text: string) => void} said  all that was said so far
 * @property {(problem: api.Problem|null, wait: number) => void} lost  null: it is back
 */

/** One turn as this page hears it. */
export class Following {
  #stop = new AbortController();
  #last = 0;
  #text = "";
  #tries = 0;
  #wake = () => {};

  /**
   * @param {{turnId?: string, ask?: (signal: AbortSignal) => Promise<Response>}} from  a turn that runs, or how to ask
   * @param {Listener} listener
   */
  constructor(from, listener) {
    this.turnId = from.turnId ?? null;
    this.stopped = false;
    this.ask = from.ask;
    this.listener = listener;
  }

  /** The final record with the problem that ended it, if one did; null when nobody listens any more. */
  async end() {
    const wake = () => this.#wake();
    addEventListener("online", wake);
    try {
      for (;;) {
        const ended = await this.#attempt();
        if (ended || this.#stop.signal.aborted) return ended;
      }
    } finally {
      removeEventListener("online", wake);
    }
  }

  /** Stops listening; the turn goes on without us. */
  leave() {
    this.#stop.abort();
    this.#wake();
  }

  /** Asks the service to stop the answer. Before it has begun, that is to stop asking. */
  async cancel() {
    const again = this.stopped;
    this.stopped = true;
    if (this.turnId) await api.cancel(this.turnId);
    else if (this.#tries > 0 || again) this.leave();
  }

  async #attempt() {
    let problem;
    try {
      const ended = this.turnId ? await this.#resume() : await this.#read(await this.ask(this.#stop.signal));
      if (ended) return ended;
      problem = new api.Problem({ title: "The connection was lost" });
    } catch (error) {
      if (this.#stop.signal.aborted) return null;
      problem = error instanceof api.Problem ? error : new api.Problem({ title: "The connection was lost" });
      if (!this.#passing(problem)) throw problem;
    }
    await this.#wait(problem);
    return null;
  }

  /** Whether waiting may help. Before the turn exists, only where no answer of the service itself came. */
  #passing(problem) {
    if ([0, 502, 504].includes(problem.status)) return true;
    return this.turnId !== null && (problem.status === 409 || problem.status === 429 || problem.status >= 500);
  }

  async #resume() {
    const turn = await api.turn(this.turnId, this.#stop.signal);
    if (turn.state !== "open") return { turn, problem: this.problem ?? null };
    return this.#read(await api.takeUp(this.turnId, this.#last, this.#stop.signal));
  }

  async #read(response) {
    this.#known(response.headers.get("X-Turn-Id"));
    this.#back();
    for await (const { id, name, data } of events(response)) {
      if (id > this.#last) this.#last = id;
      const ended = await this.#hear(name, data);
      if (ended) return ended;
    }
    return null;
  }

  async #hear(name, data) {
    this.#back();
    if (name === "turn.started") {
      this.#known(data.id);
    } else if (name === "delta") {
      this.#text += data.text;
      this.listener.said(this.#text);
    } else if (name === "turn.completed") {
      return { turn: data, problem: null };
    } else if (name === "error") {
      this.problem = new api.Problem(data);
      const turn = await api.turn(this.turnId, this.#stop.signal);
      return turn.state === "open" ? null : { turn, problem: this.problem };
    }
    return null;
  }

  #known(turnId) {
    if (!turnId || this.turnId) return;
    this.turnId = turnId;
    this.listener.accepted();
    if (this.stopped) api.cancel(turnId).catch(() => {});
  }

  #back() {
    if (this.#tries) this.listener.lost(null, 0);
    this.#tries = 0;
  }

  /** Waits a random while around 0.4 s, doubling up to 8 s; less when the browser comes online. */
  #wait(problem) {
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#tries++) * (0.5 + Math.random());
    this.listener.lost(problem, wait);
    return new Promise((wake) => {
      this.#wake = wake;
      setTimeout(wake, wait);
    });
  }
}
