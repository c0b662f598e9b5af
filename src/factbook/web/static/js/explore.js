// The metric explorer: the question lives in the address; every change of it asks anew and ends what was still under way.
import { get } from "./api.js";
import { loadCatalog } from "./catalog.js";
import { byId, copy, el, message } from "./dom.js";
import { KEYS, PeriodPicker } from "./period-picker.js";
import { shortcut } from "./shell.js";
import { Answer } from "./explore/answer.js";
import { showChosen } from "./explore/chosen.js";
import { columns, cutSections, metricSections } from "./explore/choices.js";
import { Combobox } from "./explore/combobox.js";
import { Conditions } from "./explore/conditions.js";
import { csv } from "./explore/csv.js";
import { Define } from "./explore/define.js";
import { readOptions, showOptions } from "./explore/options.js";
import { address, parse } from "./explore/question.js";
import { curl, queryLine, yaml } from "./explore/texts.js";

const COMPARISONS = ["", "previous_period", "previous_year"];
const base = byId("address").textContent;
let catalog;
let types = [];
let question = parse(location.search);

/** What no longer belongs to anything in the question is left out. */
function tidy(next) {
  const named = new Set([...next.metrics, ...next.dimensions]);
  const isOrdered = named.has(next.order.replace(/^-/, "")) && next.dimensions.length > 0;
  const isGrouped = next.dimensions.length > 1 && next.dimensions.includes(next.top_per);
  const show = next.show.filter((one) => next.dimensions.length || one !== "share");
  return { ...next, show, order: isOrdered ? next.order : "", top_per: isGrouped ? next.top_per : "", drawn: next.metrics.includes(next.drawn) ? next.drawn : "" };
}

/** Changes part of the question: asks anew, and the way back leads to the question before. */
function change(part) {
  if (!catalog) return;
  const next = tidy({ ...question, ...part });
  if (address(next) === address(question)) return show();
  question = next;
  history.pushState(null, "", address(question));
  show();
  answer.ask(question);
}

/** Changes how the answer is looked at: nothing is asked. */
function look(part) {
  question = { ...question, ...part };
  history.replaceState(null, "", address(question));
  answer.draw(question);
}

const toggled = (list, id) => (list.includes(id) ? list.filter((one) => one !== id) : [...list, id]);
const pickMetric = (id) => change({ metrics: toggled(question.metrics, id) });
const pickCut = (id) => change({ dimensions: toggled(question.dimensions, id) });

const answer = new Answer({ change, look });
const period = new PeriodPicker(byId("period"), change);
const conditions = new Conditions(byId("filters"), (filters) => change({ filters }));
const metricList = new Combobox({ input: byId("metric-search"), list: byId("metric-list"), sections: (words) => metricSections(catalog, question, types, words), pick: pickMetric });
const cutList = new Combobox({ input: byId("cut-search"), list: byId("cut-list"), sections: (words) => cutSections(catalog, question, words), pick: pickCut });
const define = byId("define") ? new Define(defined) : null;

/** Draws the question. */
function show() {
  showChosen(byId("metrics"), question.metrics.map((id) => ({ id, label: catalog.label(id) })), pickMetric);
  showChosen(byId("cuts"), question.dimensions.map((id) => ({ id, label: catalog.label(id) })), pickCut);
  conditions.show(question.filters);
  period.show(question);
  showOptions(question, catalog);
  metricList.refresh();
  cutList.refresh();
  for (const button of document.querySelectorAll("[data-needs-metrics]")) button.disabled = question.metrics.length === 0;
}

async function defined(id) {
  catalog = await loadCatalog();
  answer.catalog = catalog;
  change({ metrics: [id], filters: [], order: "", chart: "", drawn: "" });
}

function title() {
  const words = question.metrics.map((id) => catalog.label(id)).join(", ");
  return question.dimensions.length ? `${words} by ${question.dimensions.map((id) => catalog.label(id)).join(", ")}` : words;
}

const COPIES = {
  curl: () => curl(question, base),
  query: () => queryLine(question, base),
  yaml: () => yaml(question, title()),
  csv: () => answer.shown && csv(answer.shown),
};
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => {
    const text = COPIES[button.dataset.copy]();
    if (text) copy(text);
  });
}
byId("download").addEventListener("click", () => {
  if (!answer.shown) return;
  const url = URL.createObjectURL(new Blob([csv(answer.shown)], { type: "text/csv" }));
  el("a", { href: url, download: `${question.metrics[0].replaceAll(/[^\w.-]/g, "_")}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
});
byId("add-filter").addEventListener("click", () => conditions.add());
byId("define-open")?.addEventListener("click", () => define.open(question, catalog, answer.shown));
byId("question").addEventListener("submit", (event) => event.preventDefault());
byId("options").addEventListener("change", () => change(readOptions()));
byId("include-bots").addEventListener("change", () => change(readOptions()));
byId("explain").addEventListener("toggle", ({ target }) => target.open !== question.explain && change({ explain: target.open }));
addEventListener("popstate", () => {
  question = parse(location.search);
  byId("explain").open = question.explain;
  show();
  answer.ask(question);
});

shortcut("/", () => byId("metric-search").focus());
shortcut("b", () => byId("cut-search").focus());
shortcut("f", () => conditions.add());
shortcut("c", () => change({ compare: COMPARISONS[(COMPARISONS.indexOf(question.compare) + 1) % COMPARISONS.length] }));
shortcut("r", () => answer.ask(question));
KEYS.forEach((name, index) => shortcut(String(index + 1), () => change({ period: name, start_time: "", end_time: "" })));

async function open() {
  byId("options").open = matchMedia("(min-width: 1101px)").matches;
  byId("explain").open = question.explain;
  byId("opening").replaceChildren(message("Loading…"));
  try {
    catalog = await loadCatalog();
  } catch (problem) {
    byId("opening").replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: open }));
    return;
  }
  byId("opening").remove();
  byId("explorer").hidden = false;
  answer.catalog = catalog;
  const fields = [...new Set([...columns(), ...[...catalog.dimensions.values()].map(({ field }) => field)])].filter(Boolean);
  byId("filter-fields").replaceChildren(...fields.map((value) => el("option", { value })));
  show();
  answer.ask(question);
  // Only suggestions: without them the list takes any name all the same.
  const stats = await get("/api/v1/events/stats", { start_time: "1970-01-01T00:00:00Z" }).catch(() => ({ by_type: {} }));
  types = Object.keys(stats.by_type).sort();
  metricList.refresh();
}

open();
