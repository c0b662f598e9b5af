// What the page asks, in its address: any of it may be sent to somebody else. `over` is what is asked instead of what the named funnel says.
import { address } from "../api.js";
import { OPERATORS } from "../events/query.js";

export const USUAL = { period: "30d", start_time: "", end_time: "", funnel_name: "", breakdown: "", attribution: "first", limit: "10", granularity: "auto" };
/** What a funnel is made of, and what holds where it does not say. */
export const DEFINED = { steps: [], order: "ordered", window: "14d", exclusions: [], hold_constant: "", count: "people" };
const LISTS = ["steps", "exclusions"];

/** Filters are those parameters that are no field of the question, as in the API. */
export function read() {
  const query = new URLSearchParams(location.search);
  const given = Object.fromEntries(Object.keys(USUAL).filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
  const over = Object.fromEntries(Object.keys(DEFINED).filter((name) => query.has(name)).map((name) => [name, LISTS.includes(name) ? listed(query.get(name), name) : query.get(name)]));
  const filters = [...query].filter(([name]) => !(name in USUAL || name in DEFINED)).map(([name, value]) => ({ ...parted(name), value }));
  return { ...USUAL, ...given, over, filters, period: given.start_time || given.end_time ? "" : (given.period ?? USUAL.period) };
}

export function pageAddress({ over, filters, ...asked }) {
  const usual = Object.fromEntries(Object.entries(asked).filter(([name, value]) => value !== USUAL[name]));
  const lists = Object.fromEntries(LISTS.filter((name) => over[name]).map((name) => [name, shortest(over[name].map(WRITTEN[name]))]));
  const found = address("/funnels", { ...usual, ...over, ...lists, ...filtered(filters) });
  return over.exclusions?.length === 0 || over.hold_constant === "" ? withNone(found, over) : found;
}

/** Nothing in place of what the funnel says is told too. */
function withNone(found, over) {
  const none = ["exclusions", "hold_constant"].filter((name) => over[name]?.length === 0);
  return `${found}${found.includes("?") ? "&" : "?"}${none.map((name) => `${name}=`).join("&")}`;
}

/** What is asked, with all that the funnel called so says. */
export function whole({ over }, funnel) {
  const said = funnel ? { ...funnel, steps: funnel.steps.map(stepOf), exclusions: (funnel.exclusions ?? []).map(exclusionOf) } : {};
  return Object.fromEntries(Object.keys(DEFINED).map((name) => [name, over[name] ?? said[name] ?? DEFINED[name]]));
}

/** `part` asked instead; what the funnel says anyway is not told. */
export function changed({ over }, funnel, part) {
  const said = whole({ over: {} }, funnel);
  return Object.fromEntries(Object.entries({ ...over, ...part }).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(said[name])));
}

/** As a funnel is kept. */
export function definition(told) {
  return { ...told, steps: told.steps.map(WRITTEN.steps), exclusions: told.exclusions.map(WRITTEN.exclusions) };
}

/** The parameters of /funnel/analysis: the whole question as one. */
export function ofFunnel({ start_time, end_time, period, over, filters, funnel_name, limit, ...asked }) {
  const lists = Object.fromEntries(LISTS.filter((name) => over[name]).map((name) => [name, over[name].map(WRITTEN[name])]));
  const when = period ? { period } : { start_date: start_time || undefined, end_date: end_time || undefined };
  return { question: JSON.stringify({ ...(funnel_name ? { funnel_name } : {}), ...over, ...lists, ...when, ...asked, limit: Number(limit), filters: told(filters) }) };
}

/** A step of an answer or of the address, every part of it said. */
export const stepOf = (given) => ({ ...choiceOf(given), label: given.label ?? "", optional: given.optional ?? false });
export const exclusionOf = (given) => ({ ...choiceOf(given), from_step: given.from_step ?? null, to_step: given.to_step ?? null });

export const choiceOf = (given) =>
  typeof given === "string"
    ? { event: given, where: "", filters: [] }
    : { event: [given.events ?? given.event ?? []].flat().join("|"), where: given.where ?? "", filters: filtersOf(given.filters ?? []) };

/** Whether it names any events. */
export const isSomething = ({ event, where, filters }) => Boolean(event || where || filters.length);

const WRITTEN = {
  steps: ({ label, optional, ...choice }) => short({ ...chosen(choice), ...(label ? { label } : {}), ...(optional ? { optional } : {}) }),
  exclusions: ({ from_step, to_step, ...choice }) => short({ ...chosen(choice), ...(from_step ? { from_step } : {}), ...(to_step ? { to_step } : {}) }),
};

function chosen({ event, where, filters }) {
  const events = event.split("|").map((part) => part.trim()).filter(Boolean);
  return { ...(events.length ? { events } : {}), ...(where ? { where } : {}), ...(filters.length ? { filters: told(filters) } : {}) };
}

const short = (one) => (Object.keys(one).join() === "events" ? one.events.join("|") : one);
const shortest = (list) => (list.every((one) => typeof one === "string" && !one.includes(",")) ? list.join(",") : JSON.stringify(list));

function listed(text, name) {
  const read = name === "steps" ? stepOf : exclusionOf;
  if (!text.startsWith("[")) return text.split(",").map((part) => part.trim()).filter(Boolean).map(read);
  try {
    return JSON.parse(text).map(read);
  } catch {
    return [];
  }
}

const told = (filters) => filters.map(({ field, operator, value }) => ({ field, operator, value: value === "" ? "true" : value }));

function filtersOf(given) {
  const texts = (value) => [value].flat().map(String).join(",");
  if (Array.isArray(given)) return given.map(({ field, operator = "eq", value }) => ({ field, operator, value: texts(value) }));
  return Object.entries(given).map(([name, value]) => (Array.isArray(value) ? { field: name, operator: "in", value: texts(value) } : { ...parted(name), value: texts(value) }));
}

/** "property.price.gte" is the field property.price with an operator; without one it is eq. */
function parted(name) {
  const [, field, operator] = name.match(/^(.+)\.([a-z]+)$/) ?? [];
  return operator in OPERATORS ? { field, operator } : { field: name, operator: "eq" };
}

/** By parameter; the same one several times is a list. */
function filtered(filters) {
  const found = {};
  for (const { field, operator, value } of filters) {
    const isPlain = operator === "eq" && !(field.split(".").at(-1) in OPERATORS) && !(field in USUAL) && !(field in DEFINED);
    (found[isPlain ? field : `${field}.${operator}`] ??= []).push(value === "" ? "true" : value);
  }
  return found;
}
