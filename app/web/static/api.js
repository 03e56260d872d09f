/** Calls to the service, and what goes wrong with them. */

import { apiKey } from "./kept.js";

/** An error as people are told of it; `status` is 0 where no answer came at all. */
export class Problem extends Error {
  constructor({ status = 0, type = "", title, detail = "", errors = [] }) {
    super(title);
    Object.assign(this, { status, slug: type.split("/").pop(), title, detail, errors });
  }

  /** Title and detail on one line. */
  get line() {
    return [this.title, this.more].filter(Boolean).join(". ");
  }

  /** Each field that is wrong, else the detail; as a sentence of its own. */
  get more() {
    const said = this.errors.map((e) => `${e.field}: ${e.message}`).join("; ") || this.detail;
    return said.charAt(0).toUpperCase() + said.slice(1);
  }
}

const UNREACHABLE = { title: "The service cannot be reached", detail: "Is it running, and are you online?" };

let onKeyNeeded = () => {};

/** Whom to tell that the service wants an API key. */
export function whenKeyIsNeeded(tell) {
  onKeyNeeded = tell;
}

async function send(method, path, { body, headers = {}, signal } = {}) {
  const given = { ...headers };
  const key = apiKey();
  if (key) given.Authorization = `Bearer ${key}`;
  if (body !== undefined) given["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: given,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(UNREACHABLE);
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401) onKeyNeeded(problem);
  throw problem;
}

async function problemOf(response) {
  try {
    const told = await response.json();
    if (told.title) return new Problem({ ...told, status: response.status });
  } catch {
    // Not ours: a proxy between us, with a page of its own.
  }
  return new Problem({ status: response.status, title: `The service answered with status ${response.status}` });
}

/** A call that is answered with JSON, or with nothing. Throws a `Problem`. */
export async function call(method, path, body, options = {}) {
  const response = await send(method, path, { body, ...options });
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(UNREACHABLE);
  }
}

/** A call that is answered with events. Throws a `Problem`. */
export function stream(method, path, options) {
  return send(method, path, { ...options, headers: { Accept: "text/event-stream", ...options.headers } });
}

const SESSIONS = "/v1/sessions";
const part = encodeURIComponent;

/** A page of a learner's sessions, newest first. */
export const sessionsOf = (learner, cursor) =>
  call("GET", `${SESSIONS}?limit=30&learner_id=${part(learner)}${cursor ? `&cursor=${part(cursor)}` : ""}`);
export const openSession = (body) => call("POST", SESSIONS, body);
export const session = (id, signal) => call("GET", `${SESSIONS}/${part(id)}`, undefined, { signal });
export const changeSession = (id, changes) => call("PATCH", `${SESSIONS}/${part(id)}`, changes);
export const removeSession = (id) => call("DELETE", `${SESSIONS}/${part(id)}`);

/** A page of a session's turns, newest first. */
export const turnsOf = (id, cursor, signal) =>
  call("GET", `${SESSIONS}/${part(id)}/turns?limit=50${cursor ? `&cursor=${part(cursor)}` : ""}`, undefined, {
    signal,
  });
export const turn = (id, signal) => call("GET", `/v1/turns/${part(id)}`, undefined, { signal });
export const cancel = (id) => call("POST", `/v1/turns/${part(id)}:cancel`);
export const askLater = (id) => call("POST", `/v1/turns/${part(id)}:ask-later`);
export const neverMind = (id) => call("DELETE", `/v1/turns/${part(id)}:ask-later`);
export const receipt = (id) => call("GET", `/v1/turns/${part(id)}/context`);
export const rate = (id, said) => call("POST", `/v1/turns/${part(id)}/feedback`, said);

/** Asks; the answer comes as events. The same key twice is the same turn. */
export const ask = (id, message, key, signal) =>
  stream("POST", `${SESSIONS}/${part(id)}/turns`, {
    body: { message, stream: true },
    headers: { "Idempotency-Key": key },
    signal,
  });

/** Takes up the events of a turn after event number `last`. */
export const takeUp = (id, last, signal) =>
  stream("GET", `/v1/turns/${part(id)}/stream`, { headers: last ? { "Last-Event-ID": String(last) } : {}, signal });
