// How does the page show how an answer came about? Plan, filters, proposal, checks and timings of one turn.

import { el } from "./dom.js";

const STAGES = ["plan", "formulate", "embed", "retrieve", "rank", "reply"];

export function howIGotHere(reply) {
  const details = el("details", { class: "how" }, el("summary", { text: "How I got here" }));
  const fill = () => details.append(el("div", { class: "how-body" }, plan(reply), proposal(reply), checks(reply), degraded(reply), timings(reply)));
  details.addEventListener("toggle", fill, { once: true });
  return details;
}

function block(title, ...content) {
  return el("section", {}, el("h5", { text: title }), ...content);
}

function plan(reply) {
  return block("Plan", el("ul", {}, reply.plan.map((task) => el("li", {},
    el("code", { text: task.kind }), ` ${task.request} `, filterChips(task.filters)))));
}

export function filterChips(filters) {
  return el("span", { class: "chips" }, filterWords(filters).map((text) => el("span", { class: "chip", text })));
}

export function filterWords(filters) {
  if (!filters) return [];
  const words = [];
  const sign = filters.currency === "USD" || !filters.currency ? "$" : `${filters.currency} `;
  if (filters.price_min && filters.price_max) words.push(`${sign}${filters.price_min} to ${sign}${filters.price_max}`);
  else if (filters.price_max) words.push(`up to ${sign}${filters.price_max}`);
  else if (filters.price_min) words.push(`from ${sign}${filters.price_min}`);
  if (filters.gender) words.push(filters.gender);
  if (filters.size) words.push(`size ${filters.size}`);
  if (filters.category) words.push(filters.category);
  for (const name of ["color", "brand", "material", "features"]) words.push(...(filters[name] ?? []));
  words.push(...(filters.exclude ?? []).map((word) => `no ${word}`));
  words.push(...(filters.lifted ?? []).map((name) => `any ${name.replace("_", " ")}`));
  return words;
}

function proposal(reply) {
  if (!reply.proposal?.length) return null;
  return block("Proposal", el("ul", {}, reply.proposal.map((category) => el("li", {},
    el("strong", { text: category.category }), el("p", { class: "quiet", text: category.products.join(" · ") })))));
}

function checks(reply) {
  if (!reply.checks?.length) return null;
  return block("Checks", el("ul", { class: "checks" }, reply.checks.map((check) => el("li", { class: check.passed ? "ok" : "bad" },
    el("span", { "aria-hidden": "true", text: check.passed ? "✓" : "!" }), ` ${check.name.replaceAll("_", " ")}`,
    el("span", { class: "visually-hidden", text: check.passed ? " passed" : " failed" }),
    check.reason ? el("span", { class: "quiet", text: ` ${check.reason}` }) : null))));
}

function degraded(reply) {
  if (!reply.degraded?.length) return null;
  return block("Stepped down", el("ul", {}, reply.degraded.map((step) =>
    el("li", { text: `${step.role}: ${step.used} instead of ${step.wanted} (${step.reason})` }))));
}

function timings(reply) {
  const times = reply.timings_ms ?? {};
  const total = times.total || 1;
  const rows = STAGES.filter((stage) => times[stage] !== undefined).map((stage) => {
    const meter = el("meter", { min: 0, max: total, value: times[stage], "aria-label": stage });
    return el("li", {}, el("span", { class: "stage", text: stage }), meter, el("span", { class: "ms", text: `${times[stage].toFixed(1)} ms` }));
  });
  const usage = reply.usage?.model_calls ? `, ${reply.usage.model_calls} model call, ${reply.usage.prompt_tokens} + ${reply.usage.completion_tokens} tokens` : ", no language model";
  return block("Time", el("ul", { class: "timings" }, rows), el("p", { class: "quiet", text: `${total.toFixed(0)} ms in total${usage}` }));
}
