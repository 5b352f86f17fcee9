// What happens when the page opens and when the shopper speaks?

import { chat, call, get, Problem } from "./api.js";
import { el } from "./dom.js";
import { Shop } from "./shop.js";
import { TurnView } from "./turn.js";

const STARTERS = [
  ["Suggest tech accessories for skiing", "heated gloves rechargeable"],
  ["Running shoes under $100 with good arch support", "running shoes arch support"],
  ["I need shoes for hiking, what else should I get for my trip?", "hiking boots waterproof"],
  ["Comfortable sandals for a summer music festival", "comfortable sandals"],
  ["Affordable gaming headset under $50", "gaming headset"],
  ["A birthday gift for my dad who loves coffee", "coffee maker"],
];

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
  await run(view, text, crypto.randomUUID());
}

async function run(view, text, turnId) {
  setBusy(true);
  view.turnId = turnId;
  try {
    await chat(text, turnId, (name, data) => view.on(name, data));
    status.textContent = "";
  } catch (error) {
    // fetch rejects with TypeError when the server cannot be reached; everything else is a defect to be seen.
    if (!(error instanceof Problem) && !(error instanceof TypeError)) throw error;
    const problem = error instanceof Problem ? error : new Problem(0, { detail: "The shop cannot be reached. Your message is safe: try again." });
    view.fail(problem, () => { view.foot.replaceChildren(); view.answer.insertBefore(view.waiting, view.sections); return run(view, text, turnId); });
  } finally {
    setBusy(false);
  }
}

function setBusy(value) {
  busy = value;
  send.disabled = value;
  log.setAttribute("aria-busy", String(value));
  if (!value) field.focus({ preventScroll: true });
}

async function restore() {
  let session;
  try {
    session = await get("/sessions/current");
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return;
    status.textContent = error.message;
    return;
  }
  cursor = session.next_cursor;
  earlier.hidden = !cursor;
  if (session.cart) shop.showCart(session.cart);
  if (!session.turns.length) return;
  document.getElementById("welcome").hidden = true;
  session.turns.forEach((turn) => log.append(saved(turn)));
  log.lastElementChild?.scrollIntoView({ block: "start" });
}

function saved(turn) {
  const view = new TurnView(turn.message, shop, say);
  const { cart, pending, ...reply } = turn.reply;
  view.finish(reply);
  return view.node;
}

earlier.addEventListener("click", async () => {
  const page = await get(`/sessions/current?cursor=${encodeURIComponent(cursor)}`);
  cursor = page.next_cursor;
  earlier.hidden = !cursor;
  log.prepend(...page.turns.map(saved));
});

async function offerShop() {
  try {
    await get("/cart");
    shop.enable();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) shop.enable();
  }
}

async function drawStarters() {
  const list = document.getElementById("starters");
  for (const [text, words] of STARTERS) {
    const art = el("span", { class: "starter-art", "aria-hidden": "true" });
    list.append(el("li", {}, el("button", { type: "button", onclick: () => say(text) }, art, el("span", { text }))));
    get(`/search?q=${encodeURIComponent(words)}&limit=1`).then(({ products }) => {
      if (products[0]?.image_url) art.append(el("img", { src: products[0].image_url, alt: "", loading: "lazy", width: 120, height: 120, referrerpolicy: "no-referrer" }));
    }).catch(() => null);
  }
}

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

drawStarters();
await offerShop();
await restore();
field.focus();
