// How does the page talk to the server? One function a call of the HTTP contract; failures are Problem errors.

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || `The shop answered ${status}.`);
    this.status = status;
    this.retryAfter = null;
  }
}

async function failure(response) {
  const body = await response.json().catch(() => null);
  const problem = new Problem(response.status, body);
  problem.retryAfter = Number(response.headers.get("Retry-After")) || null;
  return problem;
}

export async function call(method, path, body, headers = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers }, credentials: "same-origin" };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (!response.ok) throw await failure(response);
  return response.status === 204 || response.headers.get("Content-Length") === "0" ? null : response.json();
}

export const get = (path) => call("GET", path);
export const write = (method, path, body, key = newId()) => call(method, path, body, { "Idempotency-Key": key });

// Not crypto.randomUUID: browsers have that over TLS and on this very machine only.
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const EVENT_END = /\r\n\r\n|\n\n|\r\r/;

// Sends one message and calls onEvent(name, data) for each server-sent event, in order.
export async function chat(message, turnId, onEvent) {
  const response = await fetch("/chat", {
    method: "POST",
    headers: { Accept: "text/event-stream", "Content-Type": "application/json" },
    credentials: "same-origin",
    body: JSON.stringify({ message, turn_id: turnId }),
  });
  if (!response.ok) throw await failure(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  let finished = false;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    // Looked for in what has come so far: a line end may be cut in two by the network.
    buffer += value;
    let end;
    while ((end = EVENT_END.exec(buffer))) {
      const event = parseEvent(buffer.slice(0, end.index));
      buffer = buffer.slice(end.index + end[0].length);
      if (!event) continue;
      if (event.name === "error") throw new Problem(event.data.status, event.data);
      if (event.name === "done") finished = true;
      onEvent(event.name, event.data);
    }
  }
  if (!finished) throw new Problem(0, { detail: "The connection broke off. Your message is safe: try again." });
}

function parseEvent(block) {
  let name = "message";
  const data = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
}
