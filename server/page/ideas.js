// What can a shopper start with? Occasions that this catalogue can answer, then its own aisles, each with a picture.

import { get } from "./api.js";
import { el, money } from "./dom.js";

// What to say, and the aisle without which it is not offered.
const OCCASIONS = [
  ["I need something for a ski trip", "Ski Goggles"],
  ["Running shoes under $100 with good arch support", "Running Shoes"],
  ["I need shoes for hiking, what else should I get for my trip?", "Hiking Boots"],
  ["Comfortable sandals for a summer music festival", "Sandals"],
  ["Affordable gaming headset under $50", "Gaming Headsets"],
  ["A birthday gift for my dad who loves coffee", "Coffee Makers"],
];
const IDEAS = OCCASIONS.length;
const AISLES = 8;

export async function drawIdeas(say) {
  const { categories } = await get("/categories");
  const served = new Map(categories.map((category) => [category.name.toLowerCase(), category]));
  const occasions = OCCASIONS.filter(([, aisle]) => served.has(aisle.toLowerCase()));
  const taken = new Set(occasions.map(([, aisle]) => aisle.toLowerCase()));
  const others = spread(categories.filter((category) => !taken.has(category.name.toLowerCase())));
  const missing = IDEAS - occasions.length;
  const ideas = document.getElementById("starters");
  occasions.forEach(([text, aisle]) => ideas.append(idea(served.get(aisle.toLowerCase()), () => text, say)));
  others.slice(0, missing).forEach((category) => ideas.append(idea(category, underItsMiddlePrice, say)));
  const aisles = others.slice(missing, missing + AISLES);
  document.getElementById("aisles").append(...aisles.map((category) => aisleTile(category, say)));
  document.getElementById("aisles-box").hidden = !aisles.length;
}

// The fullest aisle of each department, then the second of each, and so on.
function spread(categories) {
  const seen = new Map();
  const ranked = categories.map((category) => {
    const rank = seen.get(category.path[0]) ?? 0;
    seen.set(category.path[0], rank + 1);
    return [rank, category];
  });
  return ranked.sort(([a], [b]) => a - b).map(([, category]) => category);
}

function idea(category, words, say) {
  const art = el("span", { class: "starter-art", "aria-hidden": "true" });
  const label = el("span", { text: words(category, []) });
  const item = el("li", {}, el("button", { type: "button", onclick: () => say(label.textContent) }, art, label));
  bestOf(category).then((products) => {
    show(art, products[0]);
    label.textContent = words(category, products);
  }).catch(() => null);
  return item;
}

function aisleTile(category, say) {
  const art = el("span", { class: "aisle-art", "aria-hidden": "true" });
  bestOf(category).then((products) => show(art, products[0])).catch(() => null);
  return el("li", {}, el("button", { type: "button", onclick: () => say(`Show me ${category.name.toLowerCase()}`) }, art, el("span", { text: category.name })));
}

async function bestOf(category) {
  const { products } = await get(`/search?category=${encodeURIComponent(category.name)}&q=${encodeURIComponent(category.name)}&in_stock=true&limit=9`);
  return products;
}

function underItsMiddlePrice(category, products) {
  const prices = products.filter((product) => product.price).sort((a, b) => a.price.amount - b.price.amount);
  const middle = prices[Math.floor(prices.length / 2)]?.price;
  if (!middle) return category.name;
  const step = middle.amount > 100 ? 50 : 10;
  const limit = { amount: String(Math.ceil(middle.amount / step) * step), currency: middle.currency };
  return `${category.name} under ${money(limit).replace(/\.00$/, "")}`;
}

function show(art, product) {
  if (product?.image_url) art.append(el("img", { src: product.image_url, alt: "", loading: "lazy", width: 160, height: 160, referrerpolicy: "no-referrer" }));
}
