// Imports: how they went over time, what would make them better, jobs, sources with their quality, failures by cause.
import { address, get } from "./api.js";
import { Asked } from "./asked.js";
import { byId, el, message, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { KEYS, PeriodPicker, periodLabel } from "./period-picker.js";
import { shortcut } from "./shell.js";
import { Chart } from "./retention/pictures.js";
import { plainTable } from "./retention/table.js";
import { trend } from "./imports/pictures.js";

const PATH = "/api/v1/analytics/imports/";
const PAGE = new Asked("/imports", { period: "30d", start_time: "", end_time: "", state: "" });
const PERCENT = { unit: "percent", decimals: 1 };
const COUNT = { unit: "count" };
const SECONDS = { unit: "seconds" };
const SCORE = { unit: "score", decimals: 0 };
const SHOWN = 20;

let asked = PAGE.read();
let under = new AbortController();
let chart = null;
const question = byId("question");
const period = new PeriodPicker(byId("period"), choose);

function choose(part) {
  asked = { ...asked, ...part };
  history.pushState(null, "", PAGE.address(asked));
  load();
}

async function load() {
  under.abort();
  under = new AbortController();
  const { signal } = under;
  period.show(asked);
  question.elements.state.value = asked.state;
  byId("answer").setAttribute("aria-busy", "true");
  setText(byId("progress"), "Loading…");
  try {
    const ask = (name, ...names) => get(PATH + name, PAGE.parameters(asked, ...names), { signal });
    const [trends, jobs, quality, failures, advice] = await Promise.all([ask("trends"), ask("jobs", "state"), ask("quality"), ask("failures"), ask("optimization")]);
    const { jobs: began, completed, failed } = trends.total;
    const isEmpty = !began && !completed && !failed && !asked.state;
    byId("message").replaceChildren(...(isEmpty ? [nothing()] : []));
    byId("answer").hidden = isEmpty;
    if (isEmpty) return;
    show(trends, jobs, quality);
    showJobs(jobs);
    showSources(quality);
    showFailures(failures);
    showAdvice(advice);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    byId("answer").hidden = true;
    byId("message").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: "Try again", onAction: load }));
  } finally {
    if (!signal.aborted) {
      byId("answer").removeAttribute("aria-busy");
      setText(byId("progress"), "");
    }
  }
}

function show(trends, { states }, quality) {
  const { total } = trends;
  const tiles = [
    ["Began", total.jobs, COUNT, `${format.count(states.running)} running, ${format.count(states.stale)} stale`],
    ["Succeeded", total.success_rate, PERCENT, `${format.count(total.failed)} failed`],
    ["Rows", total.rows, COUNT, `${written(total.rows_per_second, { unit: "number", decimals: 0 })} a second`],
    ["Rejected", total.rejection_rate, PERCENT, `${written(total.rows_rejected, COUNT)} rows`],
    ["Takes", total.average_duration, SECONDS, `p95 ${written(total.duration_p95, SECONDS)}`],
    ["Quality", quality.score, SCORE, Object.values(quality.missing)[0] ?? quality.formula],
  ];
  byId("tiles").replaceChildren(...tiles.map(([name, value, unit, beside]) => el("li", {}, el("span", { class: "muted" }, name), el("span", { class: "figure" }, written(value, unit)), el("span", { class: "hint" }, beside))));
  chart ??= new Chart(byId("trend"));
  chart.show(trend(trends), `Imports over time: ${written(total.completed, COUNT)} completed, ${written(total.failed, COUNT)} failed, ${written(total.rows, COUNT)} rows`);
  setText(byId("found"), `${format.time(trends.start_time, "full", trends.timezone)} to ${format.time(trends.end_time, "full", trends.timezone)}, ${trends.timezone}.`);
  link("trends");
}

function showJobs({ jobs, stale_after_hours: hours, timezone }) {
  const time = (value) => (value === null ? format.UNKNOWN : format.time(value, "full", timezone));
  const rows = jobs.slice(0, SHOWN).map((job) => [job.file ?? job.job_id, job.state, job.origin ?? "", time(job.started_at ?? job.ended_at), written(job.duration_seconds, SECONDS), written(job.rows, COUNT), written(job.rows_rejected, COUNT), job.reason ?? ""]);
  byId("jobs").replaceChildren(tableOf("Jobs", ["Job", "State", "Source", "Began", "Took", "Rows", "Rejected", "Last reason"], rows));
  setText(byId("stale"), `Who began and says nothing for ${format.decimal(hours)} hours is stale.`);
  link("jobs", "state");
}

function showSources({ rows, timezone }) {
  const lines = rows.map((one) => [one.import_origin ?? "none named", written(one.rows, COUNT), written(one.score, SCORE), written(one.parts.validity, PERCENT), one.last_completed_at ? format.time(one.last_completed_at, "full", timezone) : format.UNKNOWN, one.overdue === null ? format.UNKNOWN : one.overdue ? "overdue" : "yes"]);
  byId("sources").replaceChildren(tableOf("Sources", ["Source", "Rows", "Quality", "Valid", "Last came in", "On time"], lines));
  link("quality");
}

function showFailures({ causes, timezone }) {
  const rows = causes.slice(0, SHOWN).map((one) => [one.cause ?? "no reason told", format.count(one.failures), one.origins.join(", "), format.time(one.last_at, "full", timezone)]);
  byId("failures").replaceChildren(tableOf("Failures", ["Cause", "Times", "Sources", "Last"], rows));
  link("failures");
}

function showAdvice({ advice }) {
  byId("advice").hidden = !advice.length;
  const saved = ({ seconds, rows }) => [seconds ? written(seconds, SECONDS) : "", rows ? `${format.count(rows)} rows` : ""].filter(Boolean).join(", ");
  const rows = advice.slice(0, SHOWN).map((one) => [one.message, one.job_id ?? "", one.origin ?? "", saved(one.saving)]);
  byId("advised").replaceChildren(tableOf("Advice", ["Advice", "Job", "Source", "Saves"], rows));
}

const tableOf = (name, heads, rows) => (rows.length ? plainTable(name, heads, rows) : el("p", { class: "hint" }, "None."));

function link(name, ...names) {
  byId(`${name}-csv`).href = address(PATH + name, { ...PAGE.parameters(asked, ...names), ...(name === "trends" ? {} : { limit: 1000 }), format: "csv" });
}

/** Nothing came in: what to do next. */
function nothing() {
  const ways = [asked.period === "12mo" ? null : el("button", { type: "button", onclick: () => choose({ period: "12mo", start_time: "", end_time: "" }) }, "Last 12 months")];
  if (asked.filters.length) ways.push(el("button", { type: "button", onclick: () => choose({ filters: [] }) }, "Without filters"));
  const text = `No import began or ended ${asked.period ? "in " : ""}${periodLabel(asked)}. "factbook load FILE" is seen here, and whatever sends import_started, import_completed and import_failed.`;
  return el("div", { class: "panel nothing" }, el("h2", {}, "No imports"), el("p", {}, text), el("div", { class: "ways" }, ways.filter(Boolean)));
}

question.addEventListener("change", ({ target }) => target.name && choose({ [target.name]: target.value }));
question.addEventListener("submit", (event) => event.preventDefault());
addEventListener("popstate", () => {
  asked = PAGE.read();
  load();
});
shortcut("r", load);
KEYS.forEach((name, index) => shortcut(String(index + 1), () => choose({ period: name, start_time: "", end_time: "" })));
load();
