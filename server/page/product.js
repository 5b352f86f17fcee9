// How is a product shown? As a card in a section, and as a sheet with all that the listing says.

import { get, write } from "./api.js";
import { el, money, stars } from "./dom.js";

const SWATCHES = new Set(["black", "white", "red", "blue", "navy", "green", "olive", "gray", "grey", "brown", "tan", "beige",
  "pink", "purple", "yellow", "orange", "teal", "burgundy", "gold", "silver", "cream", "khaki", "charcoal", "lavender", "mint"]);

// Many titles name it last, where a card has no room for it.
const FOR_WHOM = { women: "Women’s", men: "Men’s", kids: "Kids’" };

export function productCard(product, shop) {
  const title = el("button", { class: "card-title", type: "button", text: shortTitle(product), title: product.title, onclick: () => openSheet(product, shop) });
  return el("article", { class: `card${product.in_stock === false ? " sold-out" : ""}`, "data-product": product.product_id },
    el("div", { class: "card-picture" }, picture(product),
      product.ordinal ? el("span", { class: "ordinal", title: `Say “the ${ordinalWord(product.ordinal)} one”`, text: String(product.ordinal) }) : null,
      product.in_stock === false ? el("span", { class: "badge", text: "Out of stock" }) : null),
    el("div", { class: "card-body" },
      el("p", { class: "card-brand", text: [product.brand, FOR_WHOM[product.gender]].filter(Boolean).join(" · ") }),
      el("h4", {}, title),
      stars(product.rating, product.rating_count),
      swatches(product),
      el("p", { class: "card-price", text: money(product.price) ?? "Price on request" }),
      product.why ? el("p", { class: "card-why", text: product.why }) : null,
      addButton(product, shop)));
}

// A card names the brand above the title already.
export function shortTitle({ title, brand }) {
  const rest = brand && title.startsWith(`${brand} `) ? title.slice(brand.length + 1) : "";
  return rest || title;
}

const known = new Map();

// One product as the catalogue has it now, asked for once; null where it cannot be had.
export function details(productId) {
  if (!known.has(productId)) known.set(productId, get(`/products/${encodeURIComponent(productId)}`).catch(() => null));
  return known.get(productId);
}

export function picture(product) {
  const fallback = () => el("div", { class: "no-picture", text: initials(product.title), "aria-hidden": "true" });
  if (!product.image_url) return fallback();
  const image = el("img", { src: product.image_url, alt: product.title.slice(0, 120), loading: "lazy", width: 400, height: 400, referrerpolicy: "no-referrer" });
  image.addEventListener("error", () => image.replaceWith(fallback()), { once: true });
  return image;
}

function swatches(product) {
  if (!product.colors?.length) return null;
  return el("p", { class: "swatches" }, product.colors.slice(0, 4).map((color) => {
    const base = color.toLowerCase().split(" ").reverse().find((word) => SWATCHES.has(word));
    return el("span", { class: `swatch${base ? ` swatch-${base === "grey" ? "gray" : base}` : ""}`, title: color });
  }), el("span", { class: "swatch-name", text: product.colors.slice(0, 2).join(", ") }));
}

function addButton(product, shop) {
  if (product.in_stock === false || !product.price) return null;
  return el("button", { class: "add", type: "button", "aria-label": `Add ${product.title.slice(0, 80)} to the cart`, text: "Add to cart",
    onclick: async ({ currentTarget: button }) => {
      if (needsChoice(product)) return openSheet(product, shop);
      button.disabled = true;
      if (await shop.add(product, product.variant_id)) button.textContent = "In your cart ✓";
      button.disabled = false;
    } });
}

const needsChoice = (product) => (product.variants?.length ?? 0) > 1 && !product.variant_id;
const initials = (title) => title.split(/\s+/).slice(0, 2).map((word) => word[0] ?? "").join("").toUpperCase();

function ordinalWord(n) {
  return ["first", "second", "third", "fourth", "fifth", "sixth"][n - 1] ?? `${n}th`;
}

async function openSheet(shown, shop) {
  const dialog = document.getElementById("product");
  shop.clicked?.(shown);
  const product = await get(`/products/${encodeURIComponent(shown.product_id)}`).catch(() => shown);
  dialog.replaceChildren(sheet({ ...product, why: shown.why, variant_id: shown.variant_id }, shop, dialog));
  dialog.showModal();
}

function sheet(product, shop, dialog) {
  const facts = Object.entries(product.attributes ?? {});
  const variants = (product.variants ?? []).filter((variant) => variant.size || variant.color);
  const choice = variants.length ? variantChoice(variants, product.variant_id) : null;
  return el("div", { class: "sheet-body" },
    el("button", { class: "close", type: "button", "aria-label": "Close", text: "×", onclick: () => dialog.close() }),
    el("div", { class: "sheet-picture" }, picture(product)),
    el("div", { class: "sheet-text" },
      product.brand ? el("p", { class: "card-brand", text: product.brand }) : null,
      el("h2", { id: "product-title", text: product.title }),
      stars(product.rating, product.rating_count),
      el("p", { class: "card-price", text: money(product.price) ?? "Price on request" }),
      product.in_stock === false ? el("p", { class: "badge inline", text: "Out of stock" }) : null,
      product.why ? el("p", { class: "card-why", text: product.why }) : null,
      el("p", { class: "description", text: product.description }),
      product.features?.length ? el("ul", { class: "features" }, product.features.map((feature) => el("li", { text: feature }))) : null,
      choice,
      facts.length ? el("dl", { class: "facts" }, facts.map(([name, value]) => [el("dt", { text: name.replaceAll("_", " ") }), el("dd", { text: value })])) : null,
      product.in_stock !== false && product.price
        ? el("button", { class: "primary wide", type: "button", text: "Add to cart", onclick: async () => {
            const picked = choice?.querySelector("input:checked")?.value;
            if (choice && !picked) {
              choice.querySelector("legend").classList.add("asked");
              return choice.querySelector("input:enabled")?.focus();
            }
            if (await shop.add(product, picked)) dialog.close();
          } })
        : null,
      el("p", { class: "notice", role: "status" })));
}

function variantChoice(variants, chosen) {
  return el("fieldset", { class: "variants" }, el("legend", { text: variants.some((v) => v.size) ? "Choose a size" : "Choose a version" }),
    variants.map((variant) => {
      const label = [variant.size, variants.some((v) => v.color !== variants[0].color) ? variant.color : null].filter(Boolean).join(" · ");
      const input = el("input", { type: "radio", name: "variant", value: variant.variant_id, disabled: variant.in_stock === false, checked: variant.variant_id === chosen });
      return el("label", { class: variant.in_stock === false ? "gone" : "" }, input, el("span", { text: label }));
    }));
}

export async function addToCart(product, variantId) {
  const body = { product_id: product.product_id, quantity: 1 };
  if (variantId) body.variant_id = variantId;
  return write("POST", "/cart/lines", body);
}
