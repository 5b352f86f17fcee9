// How is one turn shown? The shopper's message, then text, sections, tables and suggestions as they arrive.

import { call } from "./api.js";
import { el, svg } from "./dom.js";
import { filterWords, howIGotHere } from "./panel.js";
import { details, picture, productCard, shortTitle } from "./product.js";

const ABOUT_PRODUCTS = new Set(["search", "refine", "similar", "preference"]);

export class TurnView {
  constructor(message, shop, say) {
    this.shop = shop;
    this.say = say;
    this.text = el("p", { class: "answer-text" });
    this.understood = el("p", { class: "understood", hidden: true });
    this.sections = el("div", { class: "sections" });
    this.extras = el("div", { class: "extras" });
    this.foot = el("div", { class: "foot" });
    this.waiting = el("p", { class: "waiting", "aria-label": "Looking" }, el("span"), el("span"), el("span"));
    this.answer = el("div", { class: "answer" }, this.understood, this.text, this.waiting, this.sections, this.extras, this.foot);
    this.node = el("article", { class: "turn" }, el("p", { class: "said", text: message }), this.answer);
  }

  // Empty again: what a broken-off answer had brought comes anew.
  begin(turnId) {
    this.turnId = turnId;
    this.text.textContent = "";
    this.understood.hidden = true;
    [this.sections, this.extras, this.foot].forEach((part) => part.replaceChildren());
    this.answer.insertBefore(this.waiting, this.sections);
  }

  on(name, data) {
    const handlers = { plan: () => this.plan(data), section: () => this.section(data), token: () => this.token(data.text),
      pending: () => this.pending(data), cart: () => this.shop.showCart(data), order: () => this.order(data), reply: () => this.finish(data) };
    handlers[name]?.();
  }

  plan(tasks) {
    const words = understood(tasks.filter((task) => ABOUT_PRODUCTS.has(task.kind)));
    this.understood.hidden = !words.length;
    this.understood.replaceChildren(el("span", { class: "visually-hidden", text: "Understood: " }), ...words.map((text) => el("span", { class: "chip", text })));
  }

  section(section) {
    this.waiting.remove();
    this.sections.append(el("section", { class: "aisle" },
      el("h3", { text: section.category }),
      el("p", { class: "explanation", text: section.explanation ?? "" }),
      el("div", { class: section.products.length > 4 ? "cards" : "cards few", role: "group", "aria-label": section.category, tabindex: "0" },
        section.products.map((product) => productCard(product, this.shop.forTurn(this.turnId))))));
  }

  token(text) {
    this.waiting.remove();
    this.text.textContent += text;
  }

  pending(pending) {
    if (this.extras.querySelector(`[data-pending="${pending.pending_id}"]`)) return;
    this.extras.append(this.shop.consentCard(pending));
  }

  order(order) {
    if (this.extras.querySelector(`[data-order="${order.order_id}"]`)) return;
    this.extras.append(this.shop.orderNote(order));
  }

  finish(reply) {
    this.show(reply);
    this.shop.retire(reply.pending);
  }

  show(reply) {
    this.waiting.remove();
    this.turnId = reply.turn_id;
    // The consent card below says word by word what will happen.
    this.text.textContent = reply.pending ? reply.text.replace(reply.pending.summary, "").trim() : reply.text;
    this.plan(reply.plan);
    const shown = this.sections.children.length;
    if (shown !== reply.sections.length) {
      this.sections.replaceChildren();
      reply.sections.forEach((section) => this.section(section));
    } else {
      reply.sections.forEach((section, i) => { this.sections.children[i].querySelector(".explanation").textContent = section.explanation ?? ""; });
    }
    if (reply.comparison) this.extras.append(comparisonTable(reply.comparison));
    reply.citations?.forEach((citation) => this.extras.append(citationQuote(citation)));
    if (reply.cart) this.shop.showCart(reply.cart);
    if (reply.order) this.order(reply.order);
    if (reply.pending) this.pending(reply.pending);
    this.foot.replaceChildren(...[suggestions(reply.suggestions ?? [], this.say), this.thumbs(reply), howIGotHere(reply)].filter(Boolean));
  }

  fail(message, retry) {
    this.waiting.remove();
    this.foot.replaceChildren(el("div", { class: "failure", role: "alert" }, el("p", { text: message }),
      el("button", { type: "button", text: "Try again", onclick: retry })));
  }

  thumbs(reply) {
    const group = el("div", { class: "thumbs", role: "group", "aria-label": "Was this helpful?" });
    for (const [value, label] of [[1, "Helpful"], [-1, "Not helpful"]]) {
      group.append(el("button", { type: "button", "aria-label": label, title: label, "aria-pressed": "false", class: value < 0 ? "down" : "", onclick: async (event) => {
        const button = event.currentTarget;
        await call("POST", "/feedback", { turn_id: reply.turn_id, kind: "thumb", value });
        group.querySelectorAll("button").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      } }, thumbIcon()));
    }
    return group;
  }
}

// What holds for all needs stands alone; what only one of several is asked to be is said of that one.
function understood(tasks) {
  const wordsOf = tasks.map((task) => filterWords(task.filters));
  const shared = (wordsOf[0] ?? []).filter((word) => wordsOf.every((words) => words.includes(word)));
  const own = tasks.flatMap((task, i) => {
    const rest = wordsOf[i].filter((word) => !shared.includes(word));
    return rest.length ? [`${task.request}: ${rest.join(", ")}`] : [];
  });
  return [...new Set([...shared, ...own])];
}

function thumbIcon() {
  return svg("svg", { viewBox: "0 0 24 24", width: 18, height: 18, "aria-hidden": "true" }, svg("path", {
    d: "M7 10v10H3V10zM7 11l4-8c1.5 0 2.6 1.2 2.4 2.7L13 9h6.2c1.3 0 2.2 1.2 1.9 2.4l-1.7 7A2 2 0 0 1 17.4 20H7",
    fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linejoin": "round", "stroke-linecap": "round" }));
}

function suggestions(texts, say) {
  if (!texts.length) return null;
  return el("div", { class: "suggestions", role: "group", "aria-label": "Suggestions" },
    texts.map((text) => el("button", { type: "button", text, onclick: () => say(text) })));
}

function citationQuote(citation) {
  return el("blockquote", { class: "citation" }, el("p", { text: citation.passage }),
    el("footer", { text: citation.source ? `From the shop’s information: ${citation.source.replaceAll("_", " ")}` : `From the listing: ${(citation.field ?? "").replaceAll("_", " ")}` }));
}

function comparisonTable(comparison) {
  const [names, rest] = [comparison.rows.find((row) => row.attribute === "title"), comparison.rows.filter((row) => row.attribute !== "title")];
  const heads = names?.values ?? comparison.product_ids;
  return el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Comparison" }, el("table", {},
    el("thead", {}, el("tr", {}, el("td"), heads.map((text, i) => comparedHead(comparison.product_ids[i], text)))),
    el("tbody", {}, rest.map((row) => el("tr", { class: row.differs ? "differs" : "" },
      el("th", { scope: "row", text: row.attribute.replaceAll("_", " ") }), row.values.map((value) => el("td", { text: value ?? "–" })))))));
}

function comparedHead(productId, title) {
  const name = el("span", { text: title ?? "" });
  const head = el("th", { scope: "col" }, name);
  details(productId).then((product) => {
    if (!product) return;
    name.textContent = shortTitle(product);
    head.prepend(el("span", { class: "compared-art" }, picture(product)));
  });
  return head;
}
