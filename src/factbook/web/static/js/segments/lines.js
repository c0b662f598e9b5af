// The lines of a rule as fields of a form; every change is told at once.
import { el } from "../dom.js";
import { EMPTY, FIGURES, NUMBERS, TESTS } from "./rule.js";

const KINDS = { did: "did", did_not: "did not do", property: "has", aggregate: "has a figure", inside: "is in", outside: "is not in" };
const STARTS = {
  did: {},
  did_not: {},
  property: { property: "country", operator: "eq", value: "" },
  aggregate: { figure: "sum", property: "amount", event: "purchase", operator: "gte", number: "100" },
};

/** segments: those that may be named. change(lines): called with all of them after every change. */
export function linesOf(lines, segments, change) {
  const set = (at, part) => change(lines.map((line, place) => (place === at ? { ...line, ...part } : line)));
  return lines.map((line, at) => {
    const text = (name, label, more = {}) => el("input", { value: line[name] ?? "", "aria-label": label, placeholder: label, autocomplete: "off", spellcheck: "false", onchange: ({ target }) => set(at, { [name]: target.value }), ...more });
    const choice = (name, label, among) => {
      const node = el("select", { "aria-label": label, onchange: ({ target }) => set(at, { [name]: target.value }) }, Object.entries(among).map(([value, words]) => el("option", { value }, words)));
      node.value = line[name];
      return node;
    };
    const kind = el("select", { "aria-label": "Condition", onchange: ({ target }) => set(at, { ...EMPTY, ...(STARTS[target.value] ?? { segment: segments[0]?.id ?? "" }), kind: target.value }) }, Object.entries(KINDS).filter(([name]) => segments.length || !["inside", "outside"].includes(name)).map(([value, words]) => el("option", { value }, words)));
    kind.value = line.kind;
    const event = () => text("event", "any event", { list: "types" });
    const within = () => text("within", "ever, or within 30d", { title: "30d, 12w, 6mo, this_month; empty is ever" });
    const where = () => text("where", "where amount > 20", { class: "long" });
    const number = () => text("number", "number", { class: "short", inputmode: "decimal" });
    const fields = {
      did: () => [event(), choice("operator", "How often", NUMBERS), number(), "times", within(), where()],
      did_not: () => [event(), within(), where()],
      property: () => [text("property", "country or property.plan", { class: "long" }), choice("operator", "Test", TESTS), text("value", line.operator === "exists" ? "true or false" : "value")],
      aggregate: () => [choice("figure", "Figure", FIGURES), "of", text("property", "amount"), "over", event(), choice("operator", "Compared", NUMBERS), number(), within(), where()],
      inside: () => [choice("segment", "Segment", Object.fromEntries(segments.map(({ id, label }) => [id, label])))],
    };
    fields.outside = fields.inside;
    const away = el("button", { type: "button", class: "icon", "aria-label": "Remove this condition", title: "Remove this condition", disabled: lines.length === 1, onclick: () => change(lines.filter((_, place) => place !== at)) }, "×");
    return el("div", { class: "line" }, el("div", { class: "fields" }, kind, fields[line.kind]()), away);
  });
}
