// Cohorts and retention: the heat map with its curve, and beside them how people live on and how often they are there.
import { address, get } from "./api.js";
import { byId, el, message, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { KEYS, PeriodPicker, periodLabel } from "./period-picker.js";
import { isAboutRates, ratesForm } from "./rates-form.js";
import { today } from "./range.js";
import { shortcut } from "./shell.js";
import { Conditions } from "./explore/conditions.js";
import { showPeople } from "./retention/people.js";
import { Chart, STATES, curve, lifecycle, stickiness } from "./retention/pictures.js";
import { ofCohorts, ofDays, ofLife, pageAddress, read } from "./retention/question.js";
import { begun, cohortName, periodName, plainTable, table, views } from "./retention/table.js";

const COHORTS = "/cohort/analysis";
const LIFE = "/api/v1/analytics/users/lifecycle";
const DAYS = "/api/v1/analytics/users/stickiness";
const DAY = 86_400_000;
const SHARE = { unit: "percent", decimals: 1 };

let asked = read();
let answer = null;
let under = new AbortController();
let charts = null;
const form = byId("question");
const period = new PeriodPicker(byId("period"), choose);
const filters = new Conditions(byId("filters"), (chosen) => choose({ filters: chosen }));

function choose(part) {
  asked = { ...asked, ...part };
  history.pushState(null, "", pageAddress(asked));
  load();
}

function showQuestion() {
  period.show(asked);
  filters.show(asked.filters);
  for (const field of form.elements) if (field.name in asked) field.value = asked[field.name];
  for (const field of form.querySelectorAll("[data-of]")) field.hidden = asked.metric !== field.dataset.of;
}

async function load() {
  under.abort();
  under = new AbortController();
  const { signal } = under;
  showQuestion();
  byId("answer").setAttribute("aria-busy", "true");
  setText(byId("progress"), "Loading…");
  if (!answer) byId("message").replaceChildren(message("Loading…"));
  try {
    const parts = [get(COHORTS, ofCohorts(asked), { signal }), get(LIFE, ofLife(asked), { signal }), get(DAYS, ofDays(asked), { signal })];
    const [cohorts, life, days] = await Promise.all(parts);
    answer = begun(cohorts);
    byId("message").replaceChildren(...(cohorts.people ? [] : [await nobody(signal)]));
    byId("answer").hidden = !cohorts.people;
    if (cohorts.people) show(life, days);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    answer = null;
    byId("answer").hidden = true;
    const rates = isAboutRates(problem) ? await ratesForm(problem, load).catch(() => null) : null;
    byId("message").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: rates ? null : "Try again", onAction: load }), rates ?? "");
  } finally {
    if (!signal.aborted) {
      byId("answer").removeAttribute("aria-busy");
      setText(byId("progress"), "");
    }
  }
}

function show(life, days) {
  charts ??= { curve: new Chart(byId("curve")), lifecycle: new Chart(byId("lifecycle")), stickiness: new Chart(byId("stickiness")) };
  byId("shown").replaceChildren(...views(answer).map(([field, label]) => el("option", { value: field }, label)));
  byId("csv").href = address(COHORTS, { ...ofCohorts(asked), format: "csv" });
  byId("lifecycle-csv").href = address(LIFE, { ...ofLife(asked), format: "csv" });
  byId("stickiness-csv").href = address(DAYS, { ...ofDays(asked), format: "csv" });
  showTiles();
  showTable();
  showLife(life);
  showDays(days);
  const since = answer.complete_since ? ` Events before ${format.time(answer.complete_since, "date", answer.timezone)} may be gone: who came earlier counts as new.` : "";
  setText(byId("found"), `${format.count(answer.people)} members, ${format.time(answer.start_time, "date", answer.timezone)} to ${format.time(answer.until, "date", answer.timezone)}, ${answer.timezone}.${since}`);
}

function showTiles() {
  const days = Object.entries(answer.summary ?? {}).filter(([, told]) => told);
  byId("tiles").hidden = !days.length;
  byId("tiles").replaceChildren(...days.map(([name, { rate, count, of }]) => el("li", {}, el("span", { class: "muted" }, `Day ${name.slice(1)}`), el("span", { class: "figure" }, written(rate, SHARE)), el("span", { class: "hint" }, `${format.count(count)} of ${format.count(of)}`))));
}

function showTable() {
  const view = views(answer).find(([field]) => field === asked.show) ?? views(answer)[0];
  byId("shown").value = view[0];
  const what = answer.average.rates ? "Who came back" : byId("question").metric.selectedOptions[0].text.replace(/^./, (first) => first.toUpperCase());
  setText(byId("table-title"), `${what}, by ${form.cohort_type.selectedOptions[0].text}`);
  setText(byId("curve-title"), `${what}, ${view[1].toLowerCase()}`);
  const isSeen = byId("people") && answer.average.rates;
  const open = (line, at) => showPeople(ofCohorts(asked), line.cohort, answer.periods[at], `${cohortName(line, answer)}, ${periodName(answer.periods[at], answer)}`);
  if (byId("choose")) byId("choose").hidden = !isSeen;
  byId("table").replaceChildren(table(answer, view, isSeen ? open : null));
  const drawn = view[0] === "counts" || view[0] === "values" || view[0] === "cumulative" ? views(answer)[0] : view;
  const known = answer.average[drawn[0]].filter((value) => value !== null);
  charts.curve.show(curve(answer, drawn), `${drawn[1]}, average by period: ${known.map((value) => written(value, drawn[2])).join(", ") || "none is over yet"}`);
}

function showLife(told) {
  charts.lifecycle.show(lifecycle(told), `People by state: ${STATES.map(([name, label]) => `${label} ${told[name].map((value) => value ?? "unknown").join(", ")}`).join("; ")}`);
  byId("lifecycle-legend").replaceChildren(...STATES.map(([, label, ink]) => el("li", {}, el("i", { class: `swatch ${ink}`, "aria-hidden": "true" }), label)));
  const shape = { "1d": "weekday", "1w": "date", "1mo": "month" }[told.granularity];
  const rows = told.times.map((time, at) => [format.time(time, shape, told.timezone), ...STATES.map(([name]) => format.count(told[name][at]))]);
  byId("lifecycle-table").replaceChildren(plainTable("Lifecycle", ["From", ...STATES.map(([, label]) => label)], rows));
}

function showDays(told) {
  const { people, mean_days: mean, shares, counts } = told.average;
  const window = told.granularity === "1w" ? "week" : "month";
  charts.stickiness.show(stickiness(told), `People by active days in a ${window}: ${told.days.map((day, at) => `${day}: ${written(shares[at], SHARE)}`).join(", ")}`);
  const newest = told.daily.stickiness.findLast((value) => value !== null);
  setText(byId("stickiness-about"), people ? `Days on which people are there in a ${window}: ${format.decimal(mean)} on average. Of the people of 30 days, ${written(newest ?? null, SHARE)} were there on the last.` : `No ${window} of this period is over yet.`);
  byId("stickiness-table").replaceChildren(plainTable("Stickiness", [`Days in a ${window}`, "Share", "People"], told.days.map((day, at) => [String(day), written(shares[at], SHARE), format.count(counts[at])])));
}

/** Nobody began: what to do next. */
async function nobody(signal) {
  const ways = [asked.period === "12mo" ? null : el("button", { type: "button", onclick: () => choose({ period: "12mo", start_time: "", end_time: "" }) }, "Last 12 months")];
  if (asked.filters.length) ways.push(el("button", { type: "button", onclick: () => choose({ filters: [] }) }, "Without the filters"));
  let title = "Nobody began in this period";
  let text = `No one had ${asked.cohort_event || "an event"} for the first time then (${periodLabel(asked)})${asked.filters.length ? " among those who pass the filters" : ""}.`;
  if ("seesEvents" in document.body.dataset) {
    const { events } = await get("/api/v1/events", { limit: 1, start_time: "1970-01-01T00:00:00Z" }, { signal });
    if (events.length) {
      const last = Date.parse(events[0].timestamp);
      const dates = { period: "", start_time: today(last - 89 * DAY), end_time: today(last) };
      if (asked.start_time !== dates.start_time) ways.push(el("button", { type: "button", class: "primary", onclick: () => choose(dates) }, `The 90 days up to the newest event, of ${format.time(last, "date")}`));
    } else {
      title = "Nothing has come in yet";
      text = "Cohorts are made of people, and people of their events. The overview has a line to send the first one with.";
      ways.splice(0, ways.length, el("a", { class: "button", href: "/" }, "Send your first event"));
    }
  }
  return el("div", { class: "panel nothing" }, el("h2", {}, title), el("p", {}, text), el("div", { class: "ways" }, ways.filter(Boolean)));
}

async function listTypes() {
  const told = await get("/api/v1/events/stats", { start_time: "1970-01-01T00:00:00Z" }).catch(() => null);
  byId("types").replaceChildren(...Object.keys(told?.by_type ?? {}).map((value) => el("option", { value })));
}

form.addEventListener("change", ({ target }) => target.name && choose({ [target.name]: target.value.trim(), show: target.name === "metric" ? "" : asked.show }));
form.addEventListener("submit", (event) => event.preventDefault());
byId("add-filter").addEventListener("click", () => filters.add());
byId("shown").addEventListener("change", ({ target }) => {
  asked = { ...asked, show: target.value };
  history.replaceState(null, "", pageAddress(asked));
  showTable();
});
addEventListener("popstate", () => {
  asked = read();
  load();
});
shortcut("r", load);
KEYS.forEach((name, index) => shortcut(String(index + 1), () => choose({ period: name, start_time: "", end_time: "" })));
listTypes();
load();
