// How did a turn come about? Lists turns and draws the steps of one; the operator's key stays in this tab's memory.

const $ = (id) => document.getElementById(id);
let nextCursor = null;

async function ask(path) {
  const response = await fetch(path, { headers: { "X-Api-Key": $("key").value, Accept: "application/json" } });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.detail || `The server answered ${response.status}.`);
  return body;
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const milliseconds = (run) => (run.end_time ? new Date(run.end_time) - new Date(run.start_time) : null);
const took = (run) => (milliseconds(run) === null ? "not ended" : `${milliseconds(run)} ms`);

function said(run) {
  const first = Object.values(run.inputs ?? {}).find((value) => typeof value === "string");
  return first || run.name;
}

async function listTurns(more) {
  const query = new URLSearchParams({ limit: "30" });
  if ($("session").value.trim()) query.set("session_id", $("session").value.trim());
  if (more && nextCursor) query.set("cursor", nextCursor);
  const page = await ask(`/traces?${query}`);
  if (!more) $("turns").replaceChildren();
  for (const run of page.traces) $("turns").append(turnItem(run));
  nextCursor = page.next_cursor;
  $("more").hidden = !nextCursor;
  $("status").textContent = $("turns").children.length ? "" : "No turns yet.";
}

function turnItem(run) {
  const button = element("button");
  button.type = "button";
  button.append(element("span", said(run), "what"), element("span", `${new Date(run.start_time).toLocaleString()} · ${took(run)}`, "when"));
  button.addEventListener("click", () => guarded(() => showTrace(run.trace_id, button)));
  const item = element("li");
  item.append(button);
  return item;
}

async function showTrace(traceId, button) {
  for (const other of $("turns").querySelectorAll("button")) other.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  const { runs } = await ask(`/traces/${encodeURIComponent(traceId)}`);
  const begin = Math.min(...runs.map((run) => +new Date(run.start_time)));
  const end = Math.max(...runs.map((run) => +new Date(run.end_time ?? run.start_time)), begin + 1);
  $("tree").replaceChildren(...runs.map((run) => step(run, begin, end)));
}

function step(run, begin, end) {
  const box = element("details", undefined, run.error ? "step failed" : "step");
  const summary = element("summary");
  const depth = run.dotted_order.split(".").length - 1;
  summary.append(element("span", `${"\u2003".repeat(depth)}${run.name} · ${run.run_type}`, "name"), bar(run, begin, end), element("span", took(run), "took"));
  const details = { inputs: run.inputs, outputs: run.outputs, error: run.error ?? undefined, tags: run.tags, extra: run.extra };
  box.append(summary, element("pre", JSON.stringify(details, null, 2)));
  return box;
}

function bar(run, begin, end) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 1000 10");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS(space, "rect");
  const scale = 1000 / (end - begin);
  rect.setAttribute("x", String((new Date(run.start_time) - begin) * scale));
  rect.setAttribute("width", String(Math.max(4, (milliseconds(run) ?? 0) * scale)));
  rect.setAttribute("height", "10");
  svg.append(rect);
  return svg;
}

async function guarded(work) {
  $("status").textContent = "Asking…";
  try {
    await work();
    if ($("status").textContent === "Asking…") $("status").textContent = "";
  } catch (error) {
    $("status").textContent = error.message;
  }
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(() => listTurns(false));
});
$("more").addEventListener("click", () => guarded(() => listTurns(true)));
