/** The live connection: a snapshot of each channel, then what changes, taken up again when it breaks. */

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
/** Heard nothing for so long (ms), a connection is taken for dead; the service says something every few seconds. */
const SILENCE = 45_000;
/** The close code of a channel that is not for this key: trying again does not help. */
const FORBIDDEN = 4003;

/**
 * What a JSON merge patch (RFC 7396) makes of a value: null takes away, objects are merged, all else replaces.
 * Neither is changed.
 */
export function patched(target, patch) {
  if (!isObject(patch)) return patch;
  const merged = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else set(merged, key, patched(merged[key], value));
  }
  return merged;
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** Assigns, also where the service calls a field `__proto__`. */
function set(object, key, value) {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Milliseconds before try number `n` (from 0): a random while around 0.5 s, doubling up to 30 s. */
export const waitBefore = (n, random = Math.random) => Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** n) * (0.5 + random());

/**
 * What this page knows of one channel. `hear` gives whether a frame fitted on what was there; where it did not
 * (another epoch, something left out), only a new snapshot helps. A delta may be of several steps at once: `after` says
 * on which it builds, if not on the one before.
 */
export class Channel {
  epoch = null;
  seq = null;
  data = null;

  hear({ type, epoch, seq, after = seq - 1, data }) {
    if (type === "snapshot") this.data = data;
    else if (epoch !== this.epoch || after > this.seq) return false;
    else if (seq <= this.seq)
      return true; // heard before
    else if (type === "delta") this.data = patched(this.data, data);
    this.epoch = epoch;
    this.seq = seq;
    return true;
  }
}

/**
 * @typedef {object} Listener
 * @property {(channel: string, data: any) => void} told  news of a channel; `data` is its state, if it has one
 * @property {(up: boolean) => void} turned  the connection is there, or it is not
 */

/** Listens to channels for as long as the page lives. */
export class Live {
  #socket = null;
  #tries = 0;
  #begun = 0;
  #timer = null;
  #silence = null;
  #channels = new Map();

  /**
   * @param {string[]} channels
   * @param {() => Promise<string|null>} address  of the socket, with a ticket; null where the service has none
   * @param {Listener} listener
   */
  constructor(channels, address, listener) {
    this.names = channels;
    this.address = address;
    this.listener = listener;
  }

  /** Listens to these channels instead of those so far. */
  watch(names) {
    const gone = this.names.filter((name) => !names.includes(name));
    const come = names.filter((name) => !this.names.includes(name));
    this.names = names;
    for (const name of gone) this.#channels.delete(name);
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    if (gone.length) this.#socket.send(JSON.stringify({ type: "unsubscribe", channels: gone }));
    for (const name of come) this.#ask(name);
  }

  /** Connects, or does so now where it waits. */
  async start() {
    clearTimeout(this.#timer);
    if (this.#socket) return;
    const mine = ++this.#begun;
    let address = null;
    try {
      address = await this.address();
    } catch {
      return mine === this.#begun ? this.#again() : undefined;
    }
    if (address && mine === this.#begun) this.#open(address);
  }

  /** Ends the connection and forgets what was heard; `start` begins anew. */
  stop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#begun++;
    this.#tries = 0;
    this.#channels.clear();
    this.#quiet();
    socket?.close();
  }

  #open(address) {
    const socket = new WebSocket(address);
    this.#socket = socket;
    const mine = (act) => (event) => this.#socket === socket && act(event);
    socket.onmessage = mine(({ data }) => this.#hear(data));
    socket.onopen = mine(() => {
      this.#alive();
      for (const name of this.names) this.#ask(name);
    });
    socket.onclose = mine(({ code }) => {
      this.#socket = null;
      if (code === FORBIDDEN) this.#quiet();
      else this.#again();
    });
  }

  /** Asks for what was missed of a channel, or all of it; each by itself, for the service may not have them all. */
  #ask(name) {
    const { epoch, seq } = this.#channels.get(name) ?? {};
    const wish = epoch ? { type: "resume", channel: name, epoch, seq } : { type: "subscribe", channels: [name] };
    this.#socket.send(JSON.stringify(wish));
  }

  #alive() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#drop(), SILENCE);
  }

  /** Lets go of a connection and takes it up again. */
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#again();
  }

  #quiet() {
    clearTimeout(this.#silence);
    clearTimeout(this.#timer);
    this.listener.turned(false, null);
  }

  #again() {
    this.#quiet();
    const wait = waitBefore(this.#tries++);
    this.#timer = setTimeout(() => this.start(), wait);
  }

  #hear(text) {
    this.#alive();
    const frame = JSON.parse(text);
    if (!this.names.includes(frame.channel)) return; // an error: a channel that this service does not have
    if (!this.#channels.has(frame.channel)) this.#channels.set(frame.channel, new Channel());
    const channel = this.#channels.get(frame.channel);
    if (!channel.hear(frame)) {
      this.#channels.delete(frame.channel);
      return this.#ask(frame.channel);
    }
    this.#tries = 0;
    this.listener.turned(true);
    this.listener.told(frame.channel, channel.data);
  }
}
