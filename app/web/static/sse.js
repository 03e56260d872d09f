/** Server-Sent Events out of a `fetch`: `EventSource` can neither post nor send a key. */

/** Milliseconds without a byte after which a connection counts as lost; the service sends a comment every 15 s. */
const SILENCE = 45_000;

/**
 * The events of a response, as they come; comments only prove that the connection lives.
 * @param {Response} response
 * @returns {AsyncGenerator<{id: number, name: string, data: any}>}
 */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await soon(reader.read());
      if (done) return;
      const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const event = read(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** One event, null for a comment. */
export function read(block) {
  const fields = { id: "0", event: "message" };
  const data = [];
  for (const line of block.split("\n")) {
    const [name, value] = split(line);
    if (name === "data") data.push(value);
    else if (name) fields[name] = value;
  }
  return data.length ? { id: Number(fields.id), name: fields.event, data: JSON.parse(data.join("\n")) } : null;
}

function split(line) {
  const at = line.indexOf(":");
  if (at < 0) return [line, ""];
  return [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
}

async function soon(read) {
  let timer;
  const silent = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new Error("silence")), SILENCE);
  });
  try {
    return await Promise.race([read, silent]);
  } finally {
    clearTimeout(timer);
  }
}
