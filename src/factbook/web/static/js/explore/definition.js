// From a question to the definition of a metric: its filters as a condition, in the words of docs/metrics.md.
import { undeclared } from "../catalog.js";

const PLAIN = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
const KEYWORDS = new Set(["and", "or", "not", "in", "is", "null", "between", "true", "false"]);
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;
const SIGNS = { gt: ">", gte: ">=", lt: "<", lte: "<=" };

const isWord = (name) => PLAIN.test(name) && !name.split(".").some((part) => KEYWORDS.has(part.toLowerCase()));

/** A column or property as an expression names it. */
export const name = (field) => (isWord(field) ? field : `"${field.replaceAll('"', '""')}"`);

const text = (value) => `'${value.replaceAll("'", "''")}'`;
const number = (value) => String(Number(value));

/** Text that reads as a number equals that number and that text, as in filters; columns hold text alone. */
function equals(field, value) {
  if (field === "is_bot") return value === "true" ? "true" : "false";
  return field.startsWith("property.") && NUMBER.test(value) ? `${number(value)}, ${text(value)}` : text(value);
}

function among(field, values) {
  const listed = values.map((value) => equals(field, value)).join(", ");
  return listed.includes(", ") ? `${name(field)} in (${listed})` : `${name(field)} = ${listed}`;
}

const parts = (value) => value.split(",").map((part) => part.trim()).filter(Boolean);

function condition({ field, operator, value }) {
  if (operator === "exists") return `${name(field)} is ${value === "false" ? "" : "not "}null`;
  if (operator === "contains") return `contains(${name(field)}, ${text(value)})`;
  if (operator in SIGNS) return `${name(field)} ${SIGNS[operator]} ${field.startsWith("property.") && NUMBER.test(value) ? number(value) : text(value)}`;
  if (operator === "ne") return `not ${bracketed(among(field, [value]))}`;
  return among(field, operator === "in" || field === "event_type" ? parts(value) : [value]);
}

const bracketed = (expression) => `(${expression})`;

/** The filters of a question as one condition; the same field with `eq` twice means either. "" without a filter. */
export function where(filters) {
  const equal = new Map();
  const found = [];
  for (const one of filters) {
    if (one.operator === "eq" && one.field !== "event_type") equal.set(one.field, [...(equal.get(one.field) ?? []), one.value]);
    else found.push(condition(one));
  }
  return [...[...equal].map(([field, values]) => among(field, values)), ...found].join(" and ");
}

const both = (one, other) => (one && other ? `${/\bor\b/i.test(one) ? bracketed(one) : one} and ${other}` : one || other);

/** What `metric` of the catalog measures, with `filters` on top; null for a formula, whose parts would have to be filtered. */
export function filtered(catalog, id, answered, filters) {
  const declared = catalog.metrics.get(id);
  const base = declared ?? { ...undeclared(id), ...summed(answered) };
  if (!base.measure) return null;
  return { events: base.events, measure: base.measure, where: both(base.where, where(filters)), window_days: base.window_days, unit: base.unit, decimals: base.decimals ?? 0, good: base.good ?? "neither" };
}

/** TYPE.PROPERTY as the service read it: where both hold dots, the name alone does not say where they part. */
function summed(answered) {
  const found = answered?.formula.match(/^sum\((.+)\) of (.+)$/);
  return found ? { measure: { sum: name(`property.${found[1]}`) }, events: [found[2]], decimals: 2 } : {};
}

/** An id made from a label: small letters, digits and _. */
export function idOf(label) {
  const found = label.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "");
  return found.slice(0, 100);
}
