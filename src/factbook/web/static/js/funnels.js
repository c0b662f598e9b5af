// Funnels: who goes on from step to step, how long it takes, and who turns away.
import { address, get } from "./api.js";
import { loadCatalog } from "./catalog.js";
import { byId, el, message, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { KEYS, PeriodPicker, periodLabel } from "./period-picker.js";
import { shortcut } from "./shell.js";
import { Chart } from "./retention/pictures.js";
import { plainTable } from "./retention/table.js";
import { showDrivers } from "./funnels/drivers.js";
import { showPeople } from "./funnels/people.js";
import { SHARE, barName, bars, course, durations, pointName } from "./funnels/pictures.js";
import { ofFunnel, pageAddress, read } from "./funnels/question.js";

const PATH = "/funnel/analysis";
const SECONDS = { unit: "seconds" };
const LEAST = 2;
const MOST = 12;

let asked = read();
let answer = null;
let named = [];
let under = new AbortController();
let charts = null;
const form = byId("question");
const period = new PeriodPicker(byId("period"), choose);

function choose(part) {
  asked = { ...asked, ...part };
  history.pushState(null, "", pageAddress(asked));
  load();
}

/** The event types of each step, of the named funnel or as typed. */
function stepNames() {
  const funnel = named.find(({ id }) => id === asked.funnel_name);
  return funnel ? funnel.steps.map(({ events }) => events.join("|")) : asked.steps.split(",").map((name) => name.trim());
}

function typed() {
  return [...byId("steps").querySelectorAll("input")].map(({ value }) => value.trim());
}

function showQuestion() {
  period.show(asked);
  for (const field of form.elements) if (field.name in asked) field.value = asked[field.name];
  showSteps(stepNames());
}

function showSteps(names) {
  const all = [...names, ...Array(Math.max(0, LEAST - names.length)).fill("")];
  const step = (value, at) =>
    el(
      "li",
      {},
      el("input", { value, list: "types", "aria-label": `Step ${at + 1}`, placeholder: "event type", autocomplete: "off", spellcheck: "false", onchange: useTyped }),
      all.length > LEAST ? el("button", { type: "button", class: "icon", "aria-label": `Remove step ${at + 1}`, onclick: () => without(at) }, "×") : null,
    );
  byId("steps").replaceChildren(...all.map(step));
  byId("add-step").hidden = all.length >= MOST;
}

function useTyped() {
  const names = typed().filter(Boolean);
  if (names.length >= LEAST) choose({ funnel_name: "", steps: names.join(",") });
}

function without(at) {
  const names = typed().filter((_, place) => place !== at);
  showSteps(names);
  if (names.filter(Boolean).length >= LEAST) choose({ funnel_name: "", steps: names.filter(Boolean).join(",") });
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
    if (!asked.funnel_name && !asked.steps) {
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
  byId("csv").href = address(PATH, { ...ofFunnel(asked), format: "csv" });
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
  const { points } = answer.trend;
  charts.trend.show(course(answer), `Conversion by when they entered: ${points.map((point) => `${pointName(point, answer)} ${written(point.conversion, SHARE)}`).join("; ")}`);
  byId("trend-table").replaceChildren(plainTable("Trend", ["Entered", "People", "Converted", "Conversion", "May yet"], points.map((point) => [pointName(point, answer), format.count(point.entered), format.count(point.converted), written(point.conversion, SHARE), format.count(point.incomplete)])));
  charts.histogram.show(durations(answer), answer.histogram.length ? `Time to convert: ${answer.histogram.map((bar) => `${barName(bar)}: ${format.count(bar.count)}`).join("; ")}` : "Time to convert: nobody converted");
  byId("histogram-table").replaceChildren(plainTable("Time to convert", ["Time", "Converted"], answer.histogram.map((bar) => [barName(bar), format.count(bar.count)])));
}

function nothing(title, text, ways = []) {
  return el("div", { class: "panel nothing" }, el("h2", {}, title), el("p", {}, text), el("div", { class: "ways" }, ways));
}

/** Nobody entered: what to do next. */
function nobody() {
  const first = answer.steps[0].events.join(" or ") || "one of the steps";
  const longer = asked.period === "12mo" ? [] : [el("button", { type: "button", onclick: () => choose({ period: "12mo", start_time: "", end_time: "" }) }, "Last 12 months")];
  return nothing("Nobody entered in this period", `There was no ${first} in ${periodLabel(asked)}. Another first step may fit what you send.`, [...longer, el("a", { class: "button", href: "/" }, "Send events")]);
}

form.addEventListener("change", ({ target }) => choose(target.name === "funnel_name" && target.value ? { funnel_name: target.value, steps: "", order: "", window: "" } : target.name === "funnel_name" ? { funnel_name: "", steps: stepNames().filter(Boolean).join(",") } : { [target.name]: target.value.trim() }));
form.addEventListener("submit", (event) => event.preventDefault());
byId("add-step").addEventListener("click", () => {
  showSteps([...typed(), ""]);
  byId("steps").querySelector("li:last-child input").focus();
});
addEventListener("popstate", () => {
  asked = read();
  load();
});
shortcut("r", load);
KEYS.forEach((name, index) => shortcut(String(index + 1), () => choose({ period: name, start_time: "", end_time: "" })));

async function open() {
  const [funnels, stats, catalog] = await Promise.all([
    get("/api/v1/analytics/funnels").catch(() => ({ funnels: [] })),
    get("/api/v1/events/stats", { start_time: "1970-01-01T00:00:00Z" }).catch(() => ({ by_type: {} })),
    loadCatalog().catch(() => null),
  ]);
  named = funnels.funnels;
  const seen = Object.keys(stats.by_type);
  byId("types").replaceChildren(...seen.map((value) => el("option", { value })));
  byId("dimensions").replaceChildren(...[...(catalog?.dimensions.values() ?? [])].map(({ id, label }) => el("option", { value: id }, label)));
  form.funnel_name.append(...named.map(({ id, label }) => el("option", { value: id }, label)));
  if (!asked.funnel_name && !asked.steps) {
    const fits = ({ steps }) => steps[0].events.some((name) => seen.includes(name));
    asked = { ...asked, funnel_name: (named.find(fits) ?? named[0])?.id ?? "" };
  }
  load();
}

open();
