// The question: read from and written to the page's address, and put to the service; one frozen record with the service's own names.
import { OPERATORS } from "../events/query.js";

/** filters: [{field, operator, value}]; chart, drawn and lines say how the answer is drawn. */
export const EMPTY = Object.freeze({
  metrics: [],
  dimensions: [],
  filters: [],
  period: "30d",
  start_time: "",
  end_time: "",
  granularity: "auto",
  timezone: "",
  compare: "",
  order: "",
  limit: 10,
  top_per: "",
  fill: "null",
  show: [],
  include_bots: false,
  explain: false,
  chart: "",
  drawn: "",
  lines: "",
});
const VIEW = ["chart", "drawn", "lines"];
const ALIASES = { by: "dimensions", interval: "granularity", start_date: "start_time", end_date: "end_time", metric: "metrics", metric_name: "metrics", last: "period" };

const listed = (text) => text.split(/(?<!\\),/).map((part) => part.trim().replaceAll("\\,", ",")).filter(Boolean);
const joined = (names) => names.map((name) => name.replaceAll(",", "\\,")).join(",");

/** From the page's query string; what is no part of the question is a filter, for the service to judge. */
export function parse(search) {
  const question = { ...EMPTY, filters: [] };
  for (const [key, text] of new URLSearchParams(search)) {
    const name = Object.hasOwn(ALIASES, key) ? ALIASES[key] : key;
    if (!Object.hasOwn(EMPTY, name) || name === "filters") question.filters.push(filter(key, text));
    else if (Array.isArray(EMPTY[name])) question[name] = [...new Set([...question[name], ...listed(text)])];
    else if (typeof EMPTY[name] === "boolean") question[name] = text === "true";
    else if (name === "limit") question.limit = /^\d+$/.test(text) ? Number(text) : EMPTY.limit;
    else question[name] = text;
  }
  if (question.start_time || question.end_time) question.period = "";
  return question;
}

function filter(key, value) {
  const dot = key.lastIndexOf(".");
  const [field, operator] = [key.slice(0, dot), key.slice(dot + 1)];
  return dot > 0 && field !== "property" && Object.hasOwn(OPERATORS, operator) ? { field, operator, value } : { field: key, operator: "eq", value };
}

/** The filter's name in the API: `country`, `property.price.gte`; `eq` is left out where that can be read only one way. */
function key({ field, operator }) {
  const plain = operator === "eq" && ![[OPERATORS, field.split(".").at(-1)], [EMPTY, field], [ALIASES, field]].some(([names, one]) => Object.hasOwn(names, one));
  return plain ? field : `${field}.${operator}`;
}

const isWhole = ({ field, operator, value }) => field !== "" && (value !== "" || operator === "exists");

/** [[key, value], …] of the filters that are filled in. */
export function conditions(question) {
  return question.filters.filter(isWhole).map((one) => [key(one), one.value === "" ? "true" : one.value]);
}

/** The page's own address for this question. */
export function address(question) {
  const query = new URLSearchParams();
  for (const [name, usual] of Object.entries(EMPTY)) {
    const value = question[name];
    if (name === "filters") for (const [field, text] of conditions(question)) query.append(field, text);
    else if (Array.isArray(usual)) value.length && query.set(name, joined(value));
    else if (value !== usual && value !== "") query.set(name, value);
  }
  const text = query.toString().replaceAll("%2C", ",");
  return text ? `/explore?${text}` : "/explore";
}

/** What is sent to POST /dashboard/metrics: nothing that says what would hold anyway. */
export function request(question) {
  const asked = {};
  for (const [name, usual] of Object.entries(EMPTY)) {
    const value = question[name];
    const isUsual = Array.isArray(usual) ? value.length === 0 : value === usual || value === "";
    if (VIEW.includes(name) || name === "filters" || name === "granularity" || name === "period" || isUsual) continue;
    asked[name] = value;
  }
  const given = conditions(question);
  if (given.length) asked.filters = filters(question, given);
  if (question.period) asked.period = question.period;
  if (question.granularity !== "none") asked.granularity = question.granularity;
  return { metrics: asked.metrics, ...asked };
}

/** As an object, the shorter form; as a list where one key stands there twice. */
function filters(question, given) {
  const isUnique = new Set(given.map(([name]) => name)).size === given.length;
  if (isUnique) return Object.fromEntries(given);
  return question.filters.filter(isWhole).map(({ field, operator, value }) => ({ field, operator, value: value === "" ? "true" : value }));
}
