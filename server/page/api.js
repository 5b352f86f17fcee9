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
export const write = (method, path, body) => call(method, path, body, { "Idempotency-Key": crypto.randomUUID() });

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
    buffer += value.replaceAll("\r\n", "\n");
    let end;
    while ((end = buffer.indexOf("\n\n")) >= 0) {
      const event = parseEvent(buffer.slice(0, end));
      buffer = buffer.slice(end + 2);
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
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
}
