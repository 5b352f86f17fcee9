// What happens when the page opens and when the shopper speaks?

import { call, chat, get, newId, Problem } from "./api.js";
import { drawIdeas } from "./ideas.js";
import { Shop } from "./shop.js";
import { TurnView } from "./turn.js";

const TRIES = 6;
const LONGEST_WAIT_S = 5;

const log = document.getElementById("log");
const field = document.getElementById("message");
const send = document.getElementById("send");
const status = document.getElementById("status");
const earlier = document.getElementById("earlier");
const shop = new Shop((text) => { status.textContent = text; });
let busy = false;
let cursor = null;

async function say(message) {
  const text = message.trim();
  if (!text || busy) return;
  field.value = "";
  fit();
  document.getElementById("welcome").hidden = true;
  const view = new TurnView(text, shop, say);
  log.append(view.node);
  view.node.scrollIntoView({ block: "start", behavior: motion() });
  await run(view, text, newId());
}

async function run(view, text, turnId) {
  if (busy) return;
  setBusy(true);
  status.textContent = "";
  try {
    await untilAnswered(view, text, turnId);
    status.textContent = "";
  } catch (error) {
    // fetch rejects with TypeError when the server cannot be reached; everything else is a defect to be seen.
    if (!(error instanceof Problem) && !(error instanceof TypeError)) throw error;
    const unreachable = "The shop cannot be reached. Your message is safe: try again.";
    view.fail(error instanceof Problem ? error.message : unreachable, () => run(view, text, turnId));
  } finally {
    setBusy(false);
  }
}

// The same turn id each time: a turn that runs on, or whose process died, is answered once and done once.
async function untilAnswered(view, text, turnId) {
  for (let attempt = 1; ; attempt += 1) {
    view.begin(turnId);
    try {
      return await chat(text, turnId, (name, data) => view.on(name, data));
    } catch (error) {
      if (error.status !== 409 || !error.retryAfter || attempt === TRIES) throw error;
      status.textContent = "Still at work on it…";
      const wait = Math.min(error.retryAfter, LONGEST_WAIT_S);
      await new Promise((resolve) => { setTimeout(resolve, wait * 1000); });
    }
  }
}

function setBusy(value) {
  busy = value;
  send.disabled = value;
  log.setAttribute("aria-busy", String(value));
  if (!value) focusField();
}

// With a finger, focus would raise the keyboard over what was just found.
function focusField() {
  if (matchMedia("(hover: hover)").matches) field.focus({ preventScroll: true });
}

async function restore() {
  // Set with the page for whoever has a conversation: the session's own cookie cannot be seen from here.
  if (!document.cookie.includes("aisle_returning=")) return;
  let session;
  try {
    session = await get("/sessions/current");
  } catch (error) {
    if (error.status !== 401) status.textContent = error.message;
    return;
  }
  cursor = session.next_cursor;
  earlier.hidden = !cursor;
  if (session.cart) shop.showCart(session.cart);
  const views = session.turns.map(saved);
  log.append(...views.map((view) => view.node));
  if (session.pending) log.append(shop.reminder(session.pending));
  if (!log.children.length) return;
  document.getElementById("welcome").hidden = true;
  log.lastElementChild.scrollIntoView({ block: "start" });
}

// What a reply said of the cart and of what waited for a yes was true then; what holds now comes with the session.
function saved(turn) {
  const view = new TurnView(turn.message, shop, say);
  view.show({ ...turn.reply, cart: null, pending: null });
  return view;
}

earlier.addEventListener("click", async () => {
  const page = await get(`/sessions/current?cursor=${encodeURIComponent(cursor)}`);
  cursor = page.next_cursor;
  earlier.hidden = !cursor;
  log.prepend(...page.turns.map((turn) => saved(turn).node));
});

function fit() {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
}

const motion = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");

document.getElementById("composer").addEventListener("submit", (event) => { event.preventDefault(); say(field.value); });
field.addEventListener("input", fit);
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); say(field.value); }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, textarea, dialog")) { event.preventDefault(); field.focus(); }
});
document.getElementById("new-chat").addEventListener("click", async () => {
  // The session goes, and with it the only way of an anonymous shopper to cart and orders.
  const left = await shop.leftBehind();
  if (left && !confirm(`Start over? ${left} would be left behind.`)) return;
  await call("DELETE", "/sessions/current").catch(() => null);
  location.assign("/");
});
document.getElementById("theme").addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
});
if (localStorage.getItem("theme")) document.documentElement.dataset.theme = localStorage.getItem("theme");

await restore();
focusField();
// The page stands without ideas: a shop that cannot list its aisles can still be asked.
if (!document.getElementById("welcome").hidden) await drawIdeas(say).catch(() => null);
