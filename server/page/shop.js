// What can the shopper buy and has bought? Cart drawer, consent cards and orders.

import { call, get, newId, write } from "./api.js";
import { el, money } from "./dom.js";
import { addToCart, details, picture } from "./product.js";

const WORDS = {
  place_order: ["Place this order?", "Yes, place the order", "Not now"],
  cancel_order: ["Cancel this order?", "Yes, cancel it", "Keep the order"],
  modify_order: ["Change this order?", "Yes, change it", "Leave it as it is"],
  return: ["Send this back?", "Yes, return it", "Keep it"],
  change_address: ["Change your default address?", "Yes, change it", "Leave it as it is"],
  exchange: ["Exchange this?", "Yes, exchange it", "Keep it"],
};
const OPEN_STATES = ["pending_payment", "paid"];
const NO_CART = { lines: [], subtotal: null, changes: [] };

export class Shop {
  constructor(announce) {
    this.announce = announce;
    this.cart = NO_CART;
    this.cartDrawer = drawer("cart", "Your cart");
    this.ordersDrawer = drawer("orders", "Your orders");
    this.consents = el("div", { class: "consents" });
    this.orderConsents = new Map();
    this.cartDrawer.dialog.append(this.consents);
    document.getElementById("cart-open").addEventListener("click", () => this.openCart());
    document.getElementById("orders-open").addEventListener("click", () => this.openOrders());
  }

  forTurn(turnId) {
    return {
      add: async (product, variantId) => {
        const added = await this.attempt(async () => this.showCart(await addToCart(product, variantId), `${product.title.slice(0, 60)} is in your cart.`));
        if (added) this.feedback(turnId, "add_to_cart", product);
        return added;
      },
      clicked: (product) => this.feedback(turnId, "click", product),
    };
  }

  feedback(turnId, kind, product) {
    if (!turnId) return;
    call("POST", "/feedback", { turn_id: turnId, kind, product_id: product.product_id }).catch(() => null);
  }

  showCart(cart, said) {
    this.cart = cart;
    const count = cart.lines.reduce((sum, line) => sum + line.quantity, 0);
    document.getElementById("cart-count").textContent = String(count);
    if (said) this.tell(said);
    if (this.cartDrawer.dialog.open) this.drawCart();
  }

  async openCart() {
    this.consents.querySelectorAll(".settled").forEach((card) => card.remove());
    await this.attempt(async () => this.showCart(await get("/cart")), { signedOut: () => this.showCart(NO_CART) });
    this.drawCart();
    show(this.cartDrawer);
  }

  // The consent cards and the notice stand beside the body: a redraw must not take the confirmation away.
  drawCart() {
    const { lines, subtotal, changes } = this.cart;
    this.cartDrawer.body.replaceChildren(...[
      ...(changes ?? []).map((change) => el("p", { class: "change", text: changeWords(change, lines) })),
      lines.length ? el("ul", { class: "lines" }, lines.map((line) => this.cartLine(line))) : el("p", { class: "quiet", text: "Nothing here yet. Ask for something you need." }),
      lines.length ? el("p", { class: "subtotal" }, "Subtotal ", el("strong", { text: money(subtotal) })) : null,
      lines.length ? el("button", { class: "primary wide", type: "button", text: "Check out", onclick: () => this.checkout() }) : null].filter(Boolean));
  }

  cartLine(line) {
    const path = `/cart/lines/${encodeURIComponent(line.line_id)}`;
    const change = (method, body) => this.attempt(async () => {
      this.showCart(await write(method, path, body));
      // What was proposed was another cart.
      this.consents.replaceChildren();
    });
    return el("li", {}, thumbnail(line),
      el("div", { class: "line-name" }, el("strong", { text: line.title }), optionWords(line), el("span", { class: "quiet", text: `${money(line.unit_price)} each` })),
      el("div", { class: "quantity", role: "group", "aria-label": `Quantity of ${line.title.slice(0, 60)}` },
        el("button", { type: "button", "aria-label": "One less", text: "−", onclick: () => (line.quantity > 1 ? change("PATCH", { quantity: line.quantity - 1 }) : change("DELETE")) }),
        el("output", { text: String(line.quantity) }),
        el("button", { type: "button", "aria-label": "One more", text: "+", onclick: () => change("PATCH", { quantity: line.quantity + 1 }) }),
        el("button", { type: "button", class: "plain", text: "Remove", onclick: () => change("DELETE") })),
      el("span", { class: "line-total", text: money(line.line_total) }));
  }

  checkout() {
    return this.attempt(async () => this.ask(this.consents, await write("POST", "/checkout", {})));
  }

  ask(place, pending) {
    place.replaceChildren(this.consentCard(pending));
    place.scrollIntoView({ block: "nearest" });
    place.querySelector("button").focus();
  }

  consentCard(pending) {
    const [question, yes, no] = WORDS[pending.action] ?? ["Needs your yes", "Yes, do it", "No, leave it"];
    const status = el("p", { class: "consent-status", role: "status" });
    const buttons = el("div", { class: "consent-buttons" });
    // One key an answer: asked again after a lost connection, the shop gives the first answer and does nothing twice.
    const keys = { true: newId(), false: newId() };
    const answer = async (accept) => {
      buttons.querySelectorAll("button").forEach((button) => { button.disabled = true; });
      status.textContent = "One moment…";
      try {
        const order = await write("POST", `/pending/${encodeURIComponent(pending.pending_id)}`, { accept }, keys[accept]);
        settle(pending.pending_id, accept ? doneWords(order) : "Left as it was. Nothing has been done.", accept && order);
      } catch (problem) {
        if ([404, 409].includes(problem.status) && !problem.retryAfter) return settle(pending.pending_id, problem.message);
        status.textContent = problem.status ? problem.message : "The shop cannot be reached. Try again: nothing is done twice.";
        buttons.querySelectorAll("button").forEach((button) => { button.disabled = false; });
        return null;
      }
      return this.refresh();
    };
    buttons.append(el("button", { class: "primary", type: "button", text: yes, onclick: () => answer(true) }),
      el("button", { type: "button", text: no, onclick: () => answer(false) }));
    return el("section", { class: "consent", "data-pending": pending.pending_id, "aria-label": "Needs your yes" },
      el("h4", { text: question }), el("p", { class: "consent-summary", text: pending.summary }), totals(pending.totals), buttons, status);
  }

  // What waits for a yes when the page is opened again.
  reminder(pending) {
    return el("article", { class: "turn" }, el("div", { class: "answer" }, el("p", { text: "This still waits for your answer:" }), this.consentCard(pending)));
  }

  // Only one thing waits at a time: cards of another, or of none, can no longer be answered.
  retire(pending) {
    document.querySelectorAll(".consent:not(.settled)").forEach((card) => {
      if (card.dataset.pending !== pending?.pending_id) settle(card.dataset.pending, "This is no longer open.");
    });
  }

  refresh() {
    return this.attempt(async () => {
      this.showCart(await get("/cart"));
      if (this.ordersDrawer.dialog.open) await this.drawOrders();
    });
  }

  // What a new session would not show any more, in words; empty when there is nothing.
  async leftBehind() {
    const orders = await get("/orders?limit=1").then((page) => page.orders, () => []);
    return [this.cart.lines.length ? "Your cart" : "", orders.length ? "your orders" : ""].filter(Boolean).join(" and ").replace(/^y/, "Y");
  }

  async openOrders() {
    this.orderConsents.clear();
    this.ordersDrawer.body.replaceChildren();
    await this.drawOrders();
    show(this.ordersDrawer);
  }

  async drawOrders() {
    let orders = [];
    const shown = await this.attempt(async () => { ({ orders } = await get("/orders?limit=20")); }, { signedOut: () => null });
    if (!shown && this.ordersDrawer.body.children.length) return;
    this.ordersDrawer.body.replaceChildren(...(orders.length ? orders.map((order) => this.orderCard(order)) : [el("p", { class: "quiet", text: "No orders yet." })]));
  }

  orderCard(order) {
    if (!this.orderConsents.has(order.order_id)) this.orderConsents.set(order.order_id, el("div", { class: "consents" }));
    const consents = this.orderConsents.get(order.order_id);
    const propose = (path, body) => this.attempt(async () =>
      this.ask(consents, await write("POST", `/orders/${encodeURIComponent(order.order_id)}/${path}`, body)));
    const sendBack = (line) => propose("returns", { lines: [{ line_id: line.line_id, quantity: line.returnable }] });
    return el("section", { class: "order", "data-order": order.order_id },
      orderHead(order),
      el("ul", { class: "lines" }, order.lines.map((line) => el("li", {}, thumbnail(line),
        el("div", { class: "line-name" }, el("strong", { text: `${line.quantity} × ${line.title}` }), optionWords(line),
          (line.returns ?? []).map((record) => el("span", { class: "quiet", text: `${record.kind} ${record.state}` }))),
        order.state === "delivered" && line.returnable
          ? el("button", { type: "button", text: "Return", "aria-label": `Return ${line.title.slice(0, 60)}`, onclick: () => sendBack(line) })
          : null))),
      el("p", { class: "subtotal" }, "Total ", el("strong", { text: money(order.total) })),
      order.tracking ? el("p", { class: "quiet", text: `Tracking: ${order.tracking}` }) : null,
      OPEN_STATES.includes(order.state)
        ? el("button", { type: "button", text: "Cancel order", onclick: () => propose("cancel", { reason: "no longer needed" }) })
        : null,
      consents);
  }

  // An order within the conversation: as it stood then, with the way to how it stands now.
  orderNote(order) {
    return el("section", { class: "order", "data-order": order.order_id }, orderHead(order),
      el("ul", { class: "lines" }, order.lines.map((line) => el("li", {}, thumbnail(line),
        el("div", { class: "line-name" }, el("strong", { text: `${line.quantity} × ${line.title}` }), optionWords(line)),
        el("span", { class: "line-total", text: money(line.line_total) })))),
      el("p", { class: "subtotal" }, "Total ", el("strong", { text: money(order.total) })),
      el("button", { type: "button", text: "See your orders", onclick: () => this.openOrders() }));
  }

  // Whether it was done; what went wrong is said where the shopper looks.
  async attempt(action, { signedOut = null } = {}) {
    try {
      await action();
      return true;
    } catch (problem) {
      if (problem.status === 401 && signedOut) signedOut();
      else this.tell(problem.status === undefined ? "The shop cannot be reached. Try again." : problem.message);
      return false;
    }
  }

  // A dialog covers the page, and what it covers is not read out.
  tell(text) {
    const notice = document.querySelector("dialog[open] .notice");
    if (notice) notice.textContent = text;
    this.announce(text);
  }
}

function drawer(id, title) {
  const dialog = document.getElementById(id);
  const notice = el("p", { class: "notice", role: "status" });
  const body = el("div", { class: "drawer-body" });
  dialog.append(el("header", {}, el("h2", { id: `${id}-title`, text: title }),
    el("button", { class: "close", type: "button", "aria-label": "Close", text: "×", onclick: () => dialog.close() })), notice, body);
  return { dialog, notice, body };
}

function show({ dialog, notice }) {
  if (dialog.open) return;
  notice.textContent = "";
  dialog.showModal();
}

// The same proposal may be shown in a drawer and in the conversation: answered once, it is answered everywhere.
function settle(pendingId, text, order = null) {
  document.querySelectorAll(`.consent[data-pending="${CSS.escape(pendingId)}"]`).forEach((card) => {
    card.classList.add("settled");
    card.querySelector(".consent-buttons")?.remove();
    const status = card.querySelector(".consent-status");
    status.textContent = text;
    const link = order?.payment?.approve_url;
    if (link?.startsWith("https://")) status.append(" ", el("a", { href: link, rel: "noopener noreferrer", text: "Approve the payment" }));
  });
}

function thumbnail(line) {
  const frame = el("span", { class: "thumbnail", "aria-hidden": "true" });
  details(line.product_id).then((product) => product && frame.append(picture(product)));
  return frame;
}

function optionWords(line) {
  const words = Object.entries(line.options ?? {}).map(([name, value]) => (name === "size" ? `Size ${value}` : value));
  return words.length ? el("span", { class: "quiet", text: words.join(", ") }) : null;
}

function orderHead(order) {
  const when = new Date(order.created_at).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
  return el("div", { class: "order-head" }, el("h4", { text: `Order ${order.order_id}` }),
    el("span", { class: `state state-${order.state}`, text: stateWords(order.state) }), el("span", { class: "quiet", text: when }));
}

// A yes to another default address comes to no order.
const doneWords = (order) => (order?.order_id ? `Done. Order ${order.order_id} is ${stateWords(order.state)}.` : "Done. Your default address is changed.");

const stateWords = (state) => state.replaceAll("_", " ");

function totals(values) {
  if (!values) return null;
  const rows = ["subtotal", "shipping", "tax", "total"].filter((name) => values[name]);
  return el("dl", { class: "totals" }, rows.map((name) => [el("dt", { text: name }), el("dd", { text: money(values[name]) })]));
}

function changeWords(change, lines) {
  const title = lines.find((line) => line.line_id === change.line_id)?.title ?? "An item";
  const word = (value) => (value && value.amount ? money(value) : String(value));
  return change.what === "price" ? `${title}: the price went from ${word(change.was)} to ${word(change.now)}.` : `${title}: ${word(change.now)} left now (was ${word(change.was)}).`;
}
