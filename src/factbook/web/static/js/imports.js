// Imports: how they went over time, what would make them better, jobs, sources with their quality, failures by cause.
import { address, get } from "./api.js";
import { AskingPage, tiles, told as period } from "./asking.js";
import { byId, el, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { Chart } from "./retention/pictures.js";
import { plainTable } from "./retention/table.js";
import { trend } from "./imports/pictures.js";

const PATH = "/api/v1/analytics/imports/";
const USUAL = { period: "30d", start_time: "", end_time: "", state: "" };
const PERCENT = { unit: "percent", decimals: 1 };
const COUNT = { unit: "count" };
const SECONDS = { unit: "seconds" };
const SCORE = { unit: "score", decimals: 0 };
const SHOWN = 20;

const page = new AskingPage("/imports", USUAL, draw);
let chart = null;

async function draw(signal) {
  const ask = (name, ...names) => get(PATH + name, page.parameters(...names), { signal });
  const [trends, jobs, quality, failures, advice] = await Promise.all([ask("trends"), ask("jobs", "state"), ask("quality"), ask("failures"), ask("optimization")]);
  const { jobs: began, completed, failed } = trends.total;
  const isEmpty = !began && !completed && !failed && !page.asked.state;
  byId("message").replaceChildren(...(isEmpty ? [nothing()] : []));
  byId("answer").hidden = isEmpty;
  if (isEmpty) return;
  show(trends, jobs, quality);
  showJobs(jobs);
  showSources(quality);
  showFailures(failures);
  showAdvice(advice);
}

function show(trends, { states }, quality) {
  const { total } = trends;
  tiles([
    ["Began", total.jobs, COUNT, `${format.count(states.running)} running, ${format.count(states.stale)} stale`],
    ["Succeeded", total.success_rate, PERCENT, `${format.count(total.failed)} failed`],
    ["Rows", total.rows, COUNT, `${written(total.rows_per_second, { unit: "number", decimals: 0 })} a second`],
    ["Rejected", total.rejection_rate, PERCENT, `${written(total.rows_rejected, COUNT)} rows`],
    ["Takes", total.average_duration, SECONDS, `p95 ${written(total.duration_p95, SECONDS)}`],
    ["Quality", quality.score, SCORE, Object.values(quality.missing)[0] ?? quality.formula],
  ]);
  chart ??= new Chart(byId("trend"));
  chart.show(trend(trends), `Imports over time: ${written(total.completed, COUNT)} completed, ${written(total.failed, COUNT)} failed, ${written(total.rows, COUNT)} rows`);
  setText(byId("found"), `${period(trends)}.`);
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
  byId(`${name}-csv`).href = address(PATH + name, { ...page.parameters(...names), ...(name === "trends" ? {} : { limit: 1000 }), format: "csv" });
}

/** Nothing came in: what to do next. */
function nothing() {
  const all = page.asked.filters.length ? el("button", { type: "button", onclick: () => page.choose({ filters: [] }) }, "Without filters") : null;
  return page.nothing("No imports", `No import began or ended ${page.when}. "factbook load FILE" is seen here, and whatever sends import_started, import_completed and import_failed.`, all);
}

page.begin();
