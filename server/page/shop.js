// What can the shopper buy and has bought? Cart drawer, consent cards and orders, where the server offers them.

import { get, write, call } from "./api.js";
import { el, money } from "./dom.js";
import { addToCart } from "./product.js";

const RETURNABLE = "delivered";

export class Shop {
  constructor(announce) {
    this.announce = announce;
    this.open = false;
    this.cart = null;
    this.cartDialog = document.getElementById("cart");
    this.ordersDialog = document.getElementById("orders");
    document.getElementById("cart-open").addEventListener("click", () => this.openCart());
    document.getElementById("orders-open").addEventListener("click", () => this.openOrders());
  }

  enable() {
    this.open = true;
    document.getElementById("cart-open").hidden = false;
    document.getElementById("orders-open").hidden = false;
  }

  forTurn(turnId) {
    return {
      add: async (product, variantId) => {
        await this.attempt(async () => this.showCart(await addToCart(product, variantId), `${product.title.slice(0, 60)} is in your cart.`));
        this.feedback(turnId, "add_to_cart", product);
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
    if (said) this.announce(said);
    if (this.cartDialog.open) this.drawCart();
  }

  async openCart() {
    await this.attempt(async () => this.showCart(await get("/cart")), { signedOut: () => this.showCart({ lines: [], subtotal: null, changes: [] }) });
    this.drawCart();
    if (!this.cartDialog.open) this.cartDialog.showModal();
  }

  drawCart() {
    const { lines, subtotal, changes } = this.cart;
    this.cartDialog.replaceChildren(el("div", { class: "drawer-body" },
      head("cart-title", "Your cart", this.cartDialog),
      (changes ?? []).map((change) => el("p", { class: "change", text: changeWords(change, lines) })),
      lines.length ? el("ul", { class: "lines" }, lines.map((line) => this.cartLine(line))) : el("p", { class: "quiet", text: "Nothing here yet. Ask for something you need." }),
      lines.length ? el("p", { class: "subtotal" }, "Subtotal ", el("strong", { text: money(subtotal) })) : null,
      lines.length ? el("button", { class: "primary wide", type: "button", text: "Check out", onclick: () => this.checkout() }) : null,
      el("div", { class: "consents" })));
  }

  cartLine(line) {
    const path = `/cart/lines/${encodeURIComponent(line.line_id)}`;
    const change = (method, body) => this.attempt(async () => this.showCart(await write(method, path, body)));
    return el("li", {},
      el("div", { class: "line-name" }, el("strong", { text: line.title }), el("span", { class: "quiet", text: ` ${money(line.unit_price)} each` })),
      el("div", { class: "quantity", role: "group", "aria-label": `Quantity of ${line.title.slice(0, 60)}` },
        el("button", { type: "button", "aria-label": "One less", text: "−", onclick: () => (line.quantity > 1 ? change("PATCH", { quantity: line.quantity - 1 }) : change("DELETE")) }),
        el("output", { text: String(line.quantity) }),
        el("button", { type: "button", "aria-label": "One more", text: "+", onclick: () => change("PATCH", { quantity: line.quantity + 1 }) }),
        el("button", { type: "button", class: "plain", text: "Remove", onclick: () => change("DELETE") })),
      el("span", { class: "line-total", text: money(line.line_total) }));
  }

  async checkout() {
    await this.attempt(async () => {
      const pending = await write("POST", "/checkout", {});
      this.cartDialog.querySelector(".consents").replaceChildren(this.consentCard(pending));
      this.cartDialog.querySelector(".consent button").focus();
    });
  }

  consentCard(pending) {
    const status = el("p", { class: "consent-status", role: "status" });
    const buttons = el("div", { class: "consent-buttons" });
    const answer = (accept) => this.attempt(async () => {
      const order = await write("POST", `/pending/${encodeURIComponent(pending.pending_id)}`, { accept });
      buttons.remove();
      status.textContent = accept ? `Done. Order ${order.order_id} is ${order.state.replace("_", " ")}.` : "Left as it was. Nothing has been done.";
      const link = accept && order.payment?.approve_url;
      if (link && link.startsWith("https://")) status.append(" ", el("a", { href: link, rel: "noopener noreferrer", text: "Approve the payment" }));
      await this.refresh();
    }, { on: status });
    buttons.append(el("button", { class: "primary", type: "button", text: "Yes, do it", onclick: () => answer(true) }),
      el("button", { type: "button", text: "No, leave it", onclick: () => answer(false) }));
    return el("section", { class: "consent", "data-pending": pending.pending_id, "aria-label": "Needs your yes" },
      el("h4", { text: "Needs your yes" }), el("p", { class: "consent-summary", text: pending.summary }), totals(pending.totals), buttons, status);
  }

  async refresh() {
    this.showCart(await get("/cart"));
    if (this.ordersDialog.open) await this.drawOrders();
  }

  async openOrders() {
    await this.drawOrders();
    if (!this.ordersDialog.open) this.ordersDialog.showModal();
  }

  async drawOrders() {
    let orders = [];
    await this.attempt(async () => { ({ orders } = await get("/orders?limit=20")); }, { signedOut: () => null });
    this.ordersDialog.replaceChildren(el("div", { class: "drawer-body" }, head("orders-title", "Your orders", this.ordersDialog),
      orders.length ? orders.map((order) => this.orderCard(order)) : el("p", { class: "quiet", text: "No orders yet." })));
  }

  orderCard(order) {
    const consents = el("div", { class: "consents" });
    const propose = (path, body) => this.attempt(async () => {
      consents.replaceChildren(this.consentCard(await write("POST", `/orders/${encodeURIComponent(order.order_id)}/${path}`, body)));
      consents.querySelector("button").focus();
    });
    const returns = (line) => (line.returns ?? []).map((record) => `${record.kind} ${record.state}`).join(", ");
    return el("section", { class: "order" },
      el("h4", {}, `Order ${order.order_id} `, el("span", { class: `state state-${order.state}`, text: order.state.replace("_", " ") })),
      el("ul", { class: "lines" }, order.lines.map((line) => el("li", {},
        el("div", { class: "line-name" }, el("strong", { text: `${line.quantity} × ${line.title}` }), el("span", { class: "quiet", text: ` ${returns(line)}` })),
        order.state === RETURNABLE && !(line.returns ?? []).length
          ? el("button", { type: "button", text: "Return", onclick: () => propose("returns", { lines: [{ line_id: line.line_id, quantity: line.quantity }] }) })
          : null))),
      el("p", { class: "subtotal" }, "Total ", el("strong", { text: money(order.total) })),
      ["pending_payment", "paid"].includes(order.state)
        ? el("button", { type: "button", text: "Cancel order", onclick: () => propose("cancel", { reason: "no longer needed" }) })
        : null,
      consents);
  }

  async attempt(action, { on = null, signedOut = null } = {}) {
    try {
      await action();
    } catch (problem) {
      if (problem.status === 401 && signedOut) return signedOut();
      if (on) on.textContent = problem.message;
      this.announce(problem.message);
    }
    return null;
  }
}

function head(id, title, dialog) {
  return el("header", {}, el("h2", { id, text: title }), el("button", { class: "close", type: "button", "aria-label": "Close", text: "×", onclick: () => dialog.close() }));
}

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
