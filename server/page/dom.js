// How is the page's DOM made? Elements from data; text is always text, never markup.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

export function money(value) {
  if (!value) return null;
  try {
    return new Intl.NumberFormat("en-US", { style: "currency", currency: value.currency }).format(Number(value.amount));
  } catch {
    return `${value.amount} ${value.currency}`;
  }
}

export function stars(rating, count) {
  if (rating === null || rating === undefined) return null;
  const text = `${rating.toFixed(1)} out of 5${count ? `, ${count} ratings` : ""}`;
  const meter = svg("svg", { viewBox: "0 0 100 20", width: 76, height: 15, "aria-hidden": "true" });
  for (let i = 0; i < 5; i += 1) {
    const share = Math.max(0, Math.min(1, rating - i));
    meter.append(star(i, "star-off", 1));
    if (share > 0) meter.append(star(i, "star-on", share));
  }
  return el("span", { class: "stars", title: text }, meter, el("span", { class: "visually-hidden", text }),
    count ? el("span", { class: "rating-count", "aria-hidden": "true", text: `(${count})` }) : null);
}

function star(index, name, share) {
  const x = index * 20;
  const points = [];
  for (let i = 0; i < 10; i += 1) {
    const radius = i % 2 ? 4 : 9;
    const angle = (Math.PI / 5) * i - Math.PI / 2;
    points.push([x + 10 + radius * Math.cos(angle), 10 + radius * Math.sin(angle)]);
  }
  const clipped = points.map(([px, py]) => `${Math.min(px, x + 20 * share).toFixed(1)},${py.toFixed(1)}`).join(" ");
  return svg("polygon", { points: clipped, class: name });
}
