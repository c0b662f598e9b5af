// Funnels: who goes on from step to step, how long it takes, and who turns away.
import { address, get } from "./api.js";
import { loadCatalog } from "./catalog.js";
import { byId, el, message, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { KEYS, PeriodPicker, periodLabel } from "./period-picker.js";
import { shortcut } from "./shell.js";
import { Conditions } from "./explore/conditions.js";
import { Chart } from "./retention/pictures.js";
import { plainTable } from "./retention/table.js";
import { showDrivers } from "./funnels/drivers.js";
import { showPeople } from "./funnels/people.js";
import { Exclusions } from "./funnels/exclusions.js";
import { showKept, wireKept } from "./funnels/kept.js";
import { SHARE, barName, bars, course, durations, pointName } from "./funnels/pictures.js";
import { DEFINED, USUAL, changed, ofFunnel, pageAddress, read, whole } from "./funnels/question.js";
import { Steps } from "./funnels/steps.js";

const PATH = "/funnel/analysis";
const FUNNELS = "/api/v1/analytics/funnels";
const SECONDS = { unit: "seconds" };

let asked = read();
let answer = null;
let named = [];
let under = new AbortController();
let charts = null;
const form = byId("question");
const period = new PeriodPicker(byId("period"), choose);
const filters = new Conditions(byId("filters"), (chosen) => choose({ filters: chosen }));
const steps = new Steps(byId("steps"), byId("add-step"), (chosen) => define({ steps: chosen }));
const exclusions = new Exclusions(byId("exclusions"), byId("add-exclusion"), (chosen) => define({ exclusions: chosen }));

const funnel = () => named.find(({ id }) => id === asked.funnel_name) ?? null;

function choose(part) {
  asked = { ...asked, ...part };
  history.pushState(null, "", pageAddress(asked));
  load();
}

/** Something of the funnel itself, in place of what it says. */
const define = (part) => choose({ over: changed(asked, funnel(), part) });

/** Another funnel as it says; without one what was asked becomes one's own. */
const useFunnel = (id) => choose(id ? { funnel_name: id, over: {} } : { funnel_name: "", over: changed({ over: {} }, null, whole(asked, funnel())) });

function showQuestion() {
  const told = whole(asked, funnel());
  const names = told.steps.map(({ label, event }) => label || event.replaceAll("|", " or ") || "any event");
  period.show(asked);
  filters.show(asked.filters);
  steps.show(told.steps);
  exclusions.show(told.exclusions, names);
  form.attribution.replaceChildren(...[["first", "first event that has one"], ["last", "last event that has one"], ...names.map((name, at) => [`step:${at + 1}`, `step ${at + 1}, ${name}`])].map(([value, label]) => el("option", { value }, label)));
  for (const field of form.elements) if (field.name) field.value = field.name in DEFINED ? told[field.name] : asked[field.name];
  for (const field of form.querySelectorAll("[data-of]")) field.hidden = !asked[field.dataset.of];
  byId("add-exclusion").disabled = told.order !== "ordered" || names.length < 2;
  showKept(funnel(), told, Object.keys(asked.over).length > 0);
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
    if (!asked.funnel_name && !asked.over.steps) {
      byId("answer").hidden = true;
      byId("message").replaceChildren(nothing("No steps yet", "Choose a funnel, or type the events of two steps or more."));
      return;
    }
    answer = await get(PATH, ofFunnel(asked), { signal });
    byId("message").replaceChildren(...(answer.entered ? [] : [nobody()]));
    byId("answer").hidden = !answer.entered;
    if (answer.entered) show();
  } catch (problem) {
    if (problem.name === "AbortError") return;
    answer = null;
    byId("answer").hidden = true;
    byId("message").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: "Try again", onAction: load }));
  } finally {
    if (!signal.aborted) {
      byId("answer").removeAttribute("aria-busy");
      setText(byId("progress"), "");
    }
  }
}

function show() {
  charts ??= { funnel: new Chart(byId("funnel")), trend: new Chart(byId("trend")), histogram: new Chart(byId("histogram")) };
  for (const table of ["steps", "breakdown", "trend", "times"]) byId(`${table}-csv`).href = address(PATH, { ...ofFunnel(asked), format: "csv", table });
  const { steps } = answer;
  charts.funnel.show(bars(answer), `From step to step: ${steps.map(({ label, count, overall }) => `${label} ${format.count(count)}, ${written(overall, SHARE)}`).join("; ")}`);
  showTiles();
  byId("table").replaceChildren(table());
  showRows();
  showTimes();
  showDrivers(ofFunnel(asked), steps);
  const since = answer.complete_since ? ` Events before ${format.time(answer.complete_since, "date", answer.timezone)} may be gone.` : "";
  const open = answer.incomplete ? ` ${format.count(answer.incomplete)} may yet convert: their window is not over.` : "";
  setText(byId("found"), `Entered from ${format.time(answer.start_time, "date", answer.timezone)} to ${format.time(Date.parse(answer.end_time) - 1, "date", answer.timezone)}, ${answer.timezone}; ${format.span(answer.window_seconds)} for all steps.${open}${since}`);
}

function showTiles() {
  const tile = (label, figure, hint) => el("li", {}, el("span", { class: "muted" }, label), el("span", { class: "figure" }, figure), el("span", { class: "hint" }, hint));
  byId("tiles").replaceChildren(
    tile("Entered", format.count(answer.entered), form.count.selectedOptions[0].text),
    tile("Converted", format.count(answer.converted), answer.incomplete ? `${format.count(answer.incomplete)} may yet` : "no window is open"),
    tile("Conversion", written(answer.conversion, SHARE), "from the first step to the last"),
    tile("Median time", answer.median_seconds === null ? format.UNKNOWN : written(answer.median_seconds, SECONDS), answer.mean_seconds === null ? "nobody converted" : `mean ${written(answer.mean_seconds, SECONDS)}`),
  );
}

function table() {
  const seconds = (value) => (value === null ? "" : written(value, SECONDS));
  const people = (step, dropped) => {
    const count = dropped ? step.dropped : step.count;
    if (!byId("people") || count <= 0) return dropped && step.step === 1 ? "" : format.count(count);
    const title = dropped ? `Turned away before ${step.label}` : `Did ${step.label}`;
    return el("button", { type: "button", class: dropped ? "dropped" : null, "aria-label": `${title}: ${format.count(count)}`, onclick: () => showPeople(ofFunnel(asked), { step: step.step, dropped }, title) }, format.count(count));
  };
  const row = (step) => [`${step.step}. ${step.label}${step.optional ? " (optional)" : ""}`, people(step, false), written(step.conversion, SHARE), written(step.overall, SHARE), people(step, true), seconds(step.median_seconds), seconds(step.mean_seconds)];
  return plainTable("Steps", ["Step", "Did it", "Of the step before", "Of all", "Turned away", "Median time", "Mean time"], answer.steps.map(row));
}

function showRows() {
  const told = answer.breakdown;
  byId("breakdown-panel").hidden = !told;
  if (!told) return;
  setText(byId("breakdown-title"), `By ${told.label}`);
  const row = (one) => [one.other ? "Other" : (one.value ?? "(none)"), ...one.steps.map(format.count), written(one.conversion, SHARE), one.median_seconds === null ? "" : written(one.median_seconds, SECONDS)];
  byId("breakdown").replaceChildren(plainTable(`By ${told.label}`, [told.label, ...answer.steps.map(({ label }) => label), "Conversion", "Median time"], told.rows.map(row)));
  setText(byId("breakdown-cut"), told.cut.is_cut ? `${told.cut.shown} of ${format.count(told.cut.of)} values; the others together.` : "");
}

function showTimes() {
  byId("trend-panel").hidden = !answer.trend;
  if (answer.trend) showTrend();
  charts.histogram.show(durations(answer), answer.histogram.length ? `Time to convert: ${answer.histogram.map((bar) => `${barName(bar)}: ${format.count(bar.count)}`).join("; ")}` : "Time to convert: nobody converted");
  byId("histogram-table").replaceChildren(plainTable("Time to convert", ["Time", "Converted"], answer.histogram.map((bar) => [barName(bar), format.count(bar.count)])));
}

function showTrend() {
  const { points } = answer.trend;
  charts.trend.show(course(answer), `Conversion by when they entered: ${points.map((point) => `${pointName(point, answer)} ${written(point.conversion, SHARE)}`).join("; ")}`);
  byId("trend-table").replaceChildren(plainTable("Trend", ["Entered", "People", "Converted", "Conversion", "May yet"], points.map((point) => [pointName(point, answer), format.count(point.entered), format.count(point.converted), written(point.conversion, SHARE), format.count(point.incomplete)])));
}

function nothing(title, text, ways = []) {
  return el("div", { class: "panel nothing" }, el("h2", {}, title), el("p", {}, text), el("div", { class: "ways" }, ways));
}

/** Nobody entered: what to do next. */
function nobody() {
  const first = answer.steps[0].events.join(" or ") || "one of the steps";
  const longer = asked.period === "12mo" ? [] : [el("button", { type: "button", onclick: () => choose({ period: "12mo", start_time: "", end_time: "" }) }, "Last 12 months")];
  const unfiltered = asked.filters.length ? [el("button", { type: "button", onclick: () => choose({ filters: [] }) }, "Without the filters")] : [];
  const among = asked.filters.length ? " among what passes the filters" : "";
  return nothing("Nobody entered in this period", `There was no ${first} in ${periodLabel(asked)}${among}. Another first step may fit what you send.`, [...longer, ...unfiltered, el("a", { class: "button", href: "/" }, "Send events")]);
}

form.addEventListener("change", ({ target }) => {
  const value = target.value.trim();
  if (target.name === "funnel_name") useFunnel(value);
  else if (target.name in DEFINED) define({ [target.name]: value || DEFINED[target.name] });
  else choose({ [target.name]: value || USUAL[target.name] });
});
form.addEventListener("submit", (event) => event.preventDefault());
byId("add-filter").addEventListener("click", () => filters.add());
addEventListener("popstate", () => {
  asked = read();
  load();
});
shortcut("r", load);
KEYS.forEach((name, index) => shortcut(String(index + 1), () => choose({ period: name, start_time: "", end_time: "" })));

async function listFunnels() {
  ({ funnels: named } = await get(FUNNELS).catch(() => ({ funnels: [] })));
  form.funnel_name.replaceChildren(el("option", { value: "" }, "own steps"), ...named.map(({ id, label }) => el("option", { value: id }, label)));
}

async function open() {
  const [stats, catalog, kept] = await Promise.all([
    get("/api/v1/events/stats", { start_time: "1970-01-01T00:00:00Z" }).catch(() => ({ by_type: {} })),
    loadCatalog().catch(() => null),
    get("/api/v1/analytics/segments").catch(() => ({ segments: [] })),
    listFunnels(),
  ]);
  const seen = Object.keys(stats.by_type);
  byId("types").replaceChildren(...seen.map((value) => el("option", { value })));
  byId("dimensions").replaceChildren(...[...(catalog?.dimensions.values() ?? [])].map(({ id, label }) => el("option", { value: id }, label)));
  if (kept.segments.length) byId("filter-fields").append(el("option", { value: "segment" }, kept.segments.map(({ id }) => id).join(", ")));
  if (!asked.funnel_name && !asked.over.steps) {
    const fits = ({ steps: [{ events }] }) => [events].flat().some((name) => seen.includes(name));
    asked = { ...asked, funnel_name: (named.find(fits) ?? named[0])?.id ?? "" };
  }
  load();
}

wireKept(async (id, { isRenamed = false } = {}) => {
  const own = whole(asked, funnel());
  await listFunnels();
  choose(id ? { funnel_name: id, over: isRenamed ? asked.over : {} } : { funnel_name: "", over: changed({ over: {} }, null, own) });
});
open();
