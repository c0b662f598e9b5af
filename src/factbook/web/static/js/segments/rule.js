// A rule as lines of a form: one level of all or any, each line one thing; what is deeper is edited as JSON.

/** What the newest value is compared by: operator of the API, in words. */
export const TESTS = { eq: "is", ne: "is not", in: "is one of", contains: "contains", gt: ">", gte: "≥", lt: "<", lte: "≤", exists: "is known" };
export const NUMBERS = { gte: "at least", gt: "more than", eq: "exactly", lte: "at most", lt: "less than", ne: "other than" };
export const FIGURES = { sum: "sum", avg: "average", min: "least", max: "most" };

/** A new line. */
export const EMPTY = Object.freeze({ kind: "did", event: "", operator: "gte", number: "1", within: "", where: "" });

const numeric = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));

/** The text of a value as JSON: numbers and true or false for what they are. */
function value(text, operator) {
  if (operator === "in") return text.split(",").map((part) => numeric(part.trim()));
  if (operator === "exists") return text !== "false";
  return numeric(text);
}

function chosen({ event, where }) {
  const types = event.split("|").map((part) => part.trim()).filter(Boolean);
  if (!where.trim()) return types.length ? types.join("|") : {};
  return { ...(types.length ? { events: types } : {}), where: where.trim() };
}

const span = ({ within }) => (within.trim() ? { within: within.trim() } : {});

function ruleOf(line) {
  switch (line.kind) {
    case "did":
      return { did: chosen(line), ...(line.operator === "gte" && line.number === "1" ? {} : { count: { [line.operator]: numeric(line.number) } }), ...span(line) };
    case "did_not":
      return { did_not: chosen(line), ...span(line) };
    case "property":
      return { property: line.property.trim(), [line.operator]: value(line.value, line.operator) };
    case "aggregate":
      return { aggregate: line.figure, of: line.property.trim(), over: chosen(line), [line.operator]: numeric(line.number), ...span(line) };
    case "outside":
      return { not: { segment: line.segment } };
  }
  return { segment: line.segment };
}

/** joined: all or any. One line stands for itself. */
export function toRule({ joined, lines }) {
  const rules = lines.map(ruleOf);
  return rules.length === 1 ? rules[0] : { [joined]: rules };
}

/** {joined, lines} of a rule, null where lines cannot tell it. */
export function toLines(rule) {
  const joined = rule.any ? "any" : "all";
  const lines = (rule[joined] ?? [rule]).map(lineOf);
  return lines.every((line, at) => line && same(ruleOf(line), (rule[joined] ?? [rule])[at])) ? { joined, lines } : null;
}

function lineOf(rule) {
  const picked = (one) => (typeof one === "string" ? { event: one, where: "" } : { event: [one.events ?? one.event ?? []].flat().join("|"), where: one.where ?? "" });
  const within = rule.within ?? "";
  if ("did" in rule) {
    const [operator, number] = Object.entries(rule.count ?? { gte: 1 })[0] ?? ["gte", 1];
    return { ...EMPTY, ...picked(rule.did), operator, number: String(number), within };
  }
  if ("did_not" in rule) return { ...EMPTY, kind: "did_not", ...picked(rule.did_not), within };
  if ("segment" in rule) return { ...EMPTY, kind: "inside", segment: rule.segment };
  if (rule.not?.segment) return { ...EMPTY, kind: "outside", segment: rule.not.segment };
  const operator = Object.keys(rule).find((key) => Object.hasOwn(TESTS, key));
  if ("property" in rule && operator) return { ...EMPTY, kind: "property", property: rule.property, operator, value: [rule[operator]].flat().join(",") };
  if ("aggregate" in rule && operator) return { ...EMPTY, kind: "aggregate", figure: rule.aggregate, property: rule.of, ...picked(rule.over ?? {}), operator, number: String(rule[operator]), within };
  return null;
}

const sorted = (one) => (Array.isArray(one) ? one.map(sorted) : one && typeof one === "object" ? Object.fromEntries(Object.keys(one).sort().map((key) => [key, sorted(one[key])])) : one);
const same = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
