// Systems: how they are, requests over time, services with their budgets, errors and statements as groups, endpoints.
import { address, get } from "./api.js";
import { AskingPage, tiles, told as period } from "./asking.js";
import { byId, el, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { Chart } from "./retention/pictures.js";
import { plainTable } from "./retention/table.js";
import { requests } from "./systems/pictures.js";
import { promise } from "./systems/promise.js";

const PATH = "/api/v1/analytics/";
const USUAL = { period: "24h", start_time: "", end_time: "", service: "", apdex_ms: "", slo: "" };
const LISTS = { services: "services", errors: "system/errors", endpoints: "api/endpoints", database: "database/performance" };
const PERCENT = { unit: "percent", decimals: 2 };
const NUMBER = { unit: "number", decimals: 2 };
const TIME = { unit: "milliseconds" };
const COUNT = { unit: "count" };
const SHOWN = 20;

const page = new AskingPage("/systems", USUAL, draw);
let chart = null;

async function draw(signal) {
  const ask = (path, ...names) => get(PATH + path, page.parameters("service", ...names), { signal });
  const [whole, health, services, errors] = await Promise.all([ask("system/performance", "apdex_ms"), ask("system/health", "apdex_ms"), ask(LISTS.services, "apdex_ms", "slo"), ask(LISTS.errors)]);
  const isEmpty = !whole.events && !errors.errors && !services.events;
  byId("message").replaceChildren(...(isEmpty ? [nothing()] : []));
  byId("answer").hidden = isEmpty;
  if (isEmpty) return;
  show(whole, health);
  showServices(services, health);
  showErrors(errors);
  showEndpoints(await ask(LISTS.endpoints, "apdex_ms"));
  showStatements(await ask(LISTS.database));
  await showPromises(signal);
  setText(byId("promise-title"), page.asked.service ? `What ${page.asked.service} promises` : "What services promise");
  byId("promise").replaceChildren(...(await promise(page.asked.service, () => page.load(), signal)));
}

function show(whole, health) {
  const { total, apdex } = whole;
  tiles([
    ["Health", health.score, NUMBER, health.status],
    ["Requests", total.request_count, COUNT, `${format.rate(total.requests_per_second)} a second`],
    ["Failed", total.failure_rate, PERCENT, `${format.count(total.error_count)} requests`],
    ["p95", total.p95, TIME, `median ${written(total.p50, TIME)}`],
    ["Apdex", apdex.score, NUMBER, `at ${format.decimal(apdex.threshold_ms)} ms`],
    ["Database queries", total.db_query_count, COUNT, `${written(total.db_avg_query_time, TIME)} each`],
    ["Calls of others", total.external_api_calls, COUNT, `${format.count(total.external_api_errors)} failed`],
    ["CPU", health.cpu_usage_avg === null ? null : health.cpu_usage_avg / 100, { unit: "percent", decimals: 1 }, "on average"],
  ]);
  chart ??= new Chart(byId("requests"));
  chart.show(requests(whole), `Requests over time: ${written(total.request_count, COUNT)}, ${written(total.failure_rate, PERCENT)} failed, p95 ${written(total.p95, TIME)}`);
  const rows = whole.times.map((time, at) => [format.time(time, "full", whole.timezone), ...["request_count", "error_count"].map((field) => format.count(whole.series[field][at])), ...["p50", "p95", "p99"].map((field) => written(whole.series[field][at], TIME))]);
  byId("requests-table").replaceChildren(plainTable("Requests", ["From", "Requests", "Failed", "Median", "p95", "p99"], rows));
  setText(byId("score"), `Health is ${health.formula}.`);
  setText(byId("found"), `${period(whole)}.`);
}

/** A name that asks for one service alone. */
const chosen = (name) => (name ? el("button", { type: "button", class: "quiet", onclick: () => page.choose({ service: name }) }, name) : "none named");

function showServices({ services }, health) {
  const states = new Map(health.services.map((one) => [one.service_name, one.status]));
  const listed = [...services, ...health.services.filter((one) => one.status === "silent" && !services.some(({ service_name: name }) => name === one.service_name))];
  const rows = listed.slice(0, SHOWN).map((one) => [chosen(one.service_name), states.get(one.service_name) ?? "not in the last hour", format.count(one.request_count), written(one.failure_rate, PERCENT), written(one.p95, TIME), written(one.apdex, NUMBER), written(one.error_budget_left, PERCENT)]);
  byId("services").replaceChildren(plainTable("Services", ["Service", "Now", "Requests", "Failed", "p95", "Apdex", "Budget left"], rows));
  byId("known").replaceChildren(...services.map(({ service_name: value }) => el("option", { value })));
  link("services", "apdex_ms", "slo");
}

function showErrors({ groups, timezone }) {
  const rows = groups.slice(0, SHOWN).map((one) => [one.fingerprint || one.error_type || "no message", one.error_type ?? "", format.count(one.count), one.is_new ? "new" : format.count(one.previous), format.count(one.users), format.time(one.last_seen, "full", timezone)]);
  byId("errors").replaceChildren(rows.length ? plainTable("Errors", ["Message", "Kind", "Times", "Before", "People", "Last"], rows) : el("p", { class: "hint" }, "None came in."));
  link("errors");
}

function showEndpoints({ endpoints }) {
  const rows = endpoints.slice(0, SHOWN).map((one) => [`${one.method} ${one.endpoint}`.trim() || "none named", format.count(one.request_count), written(one.failure_rate, PERCENT), written(one.p95, TIME)]);
  byId("endpoints").replaceChildren(rows.length ? plainTable("Endpoints", ["Endpoint", "Requests", "Failed", "p95"], rows) : el("p", { class: "hint" }, "None came in."));
  link("endpoints", "apdex_ms");
}

function showStatements({ groups }) {
  const rows = groups.slice(0, SHOWN).map((one) => [one.fingerprint || "no statement", format.count(one.count), written(one.average_time, TIME), written(one.p95, TIME), format.count(one.slow)]);
  byId("database").replaceChildren(rows.length ? plainTable("Database queries", ["Statement", "Times", "Average", "p95", "Slow"], rows) : el("p", { class: "hint" }, "None came in."));
  link("database");
}

/** The budgets of the one service that is chosen. */
async function showPromises(signal) {
  byId("promises").hidden = true;
  if (!page.asked.service) return;
  const told = await get(`${PATH}services/${encodeURIComponent(page.asked.service)}/slo`, page.asked.slo ? { slo: page.asked.slo } : {}, { signal }).catch((problem) => {
    if (problem.name === "AbortError") throw problem;
    return null;
  });
  if (!told) return;
  const rate = (value) => (value === null ? format.UNKNOWN : `${format.decimal(value)}×`);
  const rows = [["Availability", told.availability], [`Within ${format.decimal(told.latency.threshold_ms)} ms`, told.latency]].map(([name, one]) => [name, written(one.objective, PERCENT), written(one.reached, { unit: "percent", decimals: 3 }), written(one.budget_left, PERCENT), ...["1h", "6h", "3d"].map((window) => rate(one.burn_rates[window]))]);
  byId("budgets").replaceChildren(plainTable("Error budgets", ["Promise", "Objective", "Reached", "Budget left", "Burns, 1 h", "6 h", "3 days"], rows));
  const firing = [told.availability, told.latency].flatMap(({ rules }) => rules).filter((rule) => rule.is_firing);
  setText(byId("burning"), firing.length ? `Burning too fast: ${firing.map((rule) => `${rule.severity} (${rule.long_window} and ${rule.short_window})`).join(", ")}.` : "No rule goes off.");
  setText(byId("promises-title"), `Error budget of ${told.days} days`);
  byId("promises").hidden = false;
}

function link(name, ...names) {
  byId(`${name}-csv`).href = address(PATH + LISTS[name], { ...page.parameters("service", ...names), limit: 1000, format: "csv" });
}

/** Nothing came in: what to do next. */
function nothing() {
  const { service, filters } = page.asked;
  const all = service || filters.length ? el("button", { type: "button", onclick: () => page.choose({ service: "", filters: [] }) }, "All services") : null;
  const text = `No requests, queries or errors came in ${page.when}. Point an OpenTelemetry exporter or Prometheus here: set OTEL_EXPORTER_OTLP_ENDPOINT to ${location.origin} and send the write key as x-api-key.`;
  return page.nothing("Nothing of systems came in", text, all);
}

page.begin();
