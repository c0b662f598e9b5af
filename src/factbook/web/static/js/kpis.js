// The KPI page: every group by itself, so that one that cannot be answered leaves the others standing; sparklines follow once the figures are there.
import { address, get, post } from "./api.js";
import { loadCatalog } from "./catalog.js";
import { byId, el, message, setText } from "./dom.js";
import * as format from "./format.js";
import { KEYS, PeriodPicker } from "./period-picker.js";
import { isAboutRates, ratesForm } from "./rates-form.js";
import { shortcut } from "./shell.js";
import { card, lacking, lockedCard } from "./kpis/card.js";

const COMPARISONS = ["previous_period", "previous_year"];
const MOST = 50; // metrics of one question
const EVER = { start_time: "1970-01-01T00:00:00Z" };
const USUAL = { period: "30d", start_time: "", end_time: "", compare: "previous_period", only_data: "" };

let catalog;
let seen = new Set();
let choice = read();
let under = new AbortController();
const period = new PeriodPicker(byId("period"), choose);

function read() {
  const query = new URLSearchParams(location.search);
  const given = Object.fromEntries(Object.keys(USUAL).filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
  const isDates = given.start_time || given.end_time;
  return { ...USUAL, ...given, period: isDates ? "" : (given.period ?? USUAL.period) };
}

const pageAddress = () => address("/kpis", Object.fromEntries(Object.entries(choice).filter(([name, value]) => value !== USUAL[name])));

function choose(part) {
  choice = { ...choice, ...part };
  history.pushState(null, "", pageAddress());
  load();
}

/** The groups that hold KPIs, each with those of the catalog: first what there are events for. */
function groups() {
  const metrics = [...catalog.metrics.values()];
  const isLacking = ({ id }) => lacking(id, catalog, seen).length > 0;
  const ordered = [...metrics.filter((metric) => !isLacking(metric)), ...metrics.filter(isLacking)];
  return catalog.groups.map((group) => ({ ...group, kpis: ordered.filter(({ kpi }) => kpi === group.id) })).filter(({ kpis }) => kpis.length);
}

function section({ id, label, kpis }) {
  const cards = el("ul", { class: "cards", id: `cards-${id}`, "aria-labelledby": `title-${id}` }, kpis.map((metric) => card(metric, null, choice, catalog, seen)));
  return el("section", { id: `group-${id}`, "aria-labelledby": `title-${id}`, "aria-busy": "true" }, el("h2", { id: `title-${id}` }, label, el("a", { class: "anchor", href: `#group-${id}`, "aria-label": `Link to ${label}` }, "#")), el("div", { class: "group-message" }), cards);
}

async function load() {
  if (!catalog) return;
  under.abort();
  under = new AbortController();
  const { signal } = under;
  period.show(choice);
  byId("compare").value = choice.compare;
  showOnly();
  const all = groups();
  for (const group of all) {
    const node = byId(`group-${group.id}`);
    if (node) node.setAttribute("aria-busy", "true");
    else byId("groups").append(section(group));
  }
  try {
    const answers = [];
    for (const group of all) answers.push({ group, kpis: await loadGroup(group, signal) });
    setText(byId("progress"), "");
    for (const { group, kpis } of answers) await drawCourses(group, kpis, signal);
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

/** The KPIs of a group with their values; [] where it cannot be answered, which is said in its place. */
async function loadGroup(group, signal) {
  const node = byId(`group-${group.id}`);
  const place = node.querySelector(".group-message");
  setText(byId("progress"), `Loading ${group.label}…`);
  try {
    const { period: name, start_time, end_time, compare } = choice;
    const asked = { period: name, start_date: start_time, end_date: end_time, compare, group: group.id, breakdowns: false };
    const told = await get("/api/v1/analytics/kpis", asked, { signal });
    const kpis = told.groups[0]?.kpis ?? [];
    const values = new Map(kpis.map((kpi) => [kpi.id, kpi]));
    const locked = new Set(told.locked.map(({ id }) => id));
    place.replaceChildren();
    const cards = group.kpis.map((metric) => (locked.has(metric.id) ? lockedCard(metric) : card(metric, values.get(metric.id), choice, catalog, seen)));
    const isEmpty = ({ classList }) => classList.contains("empty");
    byId(`cards-${group.id}`).replaceChildren(...cards.filter((one) => !isEmpty(one)), ...cards.filter(isEmpty));
    if (told.compare) showPeriod(told);
    return kpis;
  } catch (problem) {
    if (problem.name === "AbortError" || !problem.body) throw problem;
    const form = isAboutRates(problem) ? await ratesForm(problem, load).catch(() => null) : null;
    place.replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: form ? null : "Try again", onAction: load }), form ?? "");
    return [];
  } finally {
    if (!signal.aborted) node.removeAttribute("aria-busy");
  }
}

function showPeriod({ start_time: start, end_time: end, timezone, compare }) {
  const day = (moment) => format.time(moment, "date", timezone);
  const last = (moment) => day(Date.parse(moment) - 1);
  setText(byId("found"), `${day(start)} to ${last(end)}, ${timezone}, compared with ${day(compare.start_time)} to ${last(compare.end_time)}`);
}

/** The course of each KPI that has a value, in one question for the group. */
async function drawCourses({ id }, kpis, signal) {
  const names = kpis.filter(({ value }) => value).map((kpi) => kpi.id).slice(0, MOST);
  if (!names.length) return;
  const span = choice.period ? { period: choice.period } : { start_time: choice.start_time || null, end_time: choice.end_time || null };
  // A course is a picture beside the figure: without it the card says the same.
  const told = await post("/dashboard/metrics", { metrics: names, granularity: "auto", ...span }, { signal }).catch((problem) => {
    if (problem.name === "AbortError") throw problem;
    return null;
  });
  for (const name of told ? names : []) byId(`cards-${id}`).querySelector(`[data-kpi="${CSS.escape(name)}"]`)?.dispatchEvent(new CustomEvent("course", { detail: told.total.series[name] }));
}

/** Leaves out the cards without a value, or takes them in again. */
function showOnly() {
  const isOnly = choice.only_data === "true";
  byId("only-data").checked = isOnly;
  byId("groups").toggleAttribute("data-only", isOnly);
}

byId("compare").addEventListener("change", ({ target }) => choose({ compare: target.value }));
byId("only-data").addEventListener("change", ({ target }) => {
  choice = { ...choice, only_data: target.checked ? "true" : "" };
  history.replaceState(null, "", pageAddress());
  showOnly();
});
addEventListener("popstate", () => {
  choice = read();
  load();
});
shortcut("c", () => choose({ compare: COMPARISONS[1 - COMPARISONS.indexOf(choice.compare)] ?? COMPARISONS[0] }));
shortcut("r", load);
KEYS.forEach((name, index) => shortcut(String(index + 1), () => choose({ period: name, start_time: "", end_time: "" })));

async function open() {
  byId("opening").replaceChildren(message("Loading…"));
  try {
    const ever = () => get("/api/v1/events/stats", EVER);
    const [found, stats] = await Promise.all([loadCatalog(), ever()]);
    catalog = found;
    seen = new Set(Object.keys(stats.by_type));
  } catch (problem) {
    byId("opening").replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: open }));
    return;
  }
  byId("opening").remove();
  byId("kpis").hidden = false;
  byId("nothing-yet").hidden = seen.size > 0;
  load();
}

open();
