// Segments: kept ones with their sizes, buyers by fifths, frequent patterns; which of them is in the address.
import { address, get } from "./api.js";
import { byId, el, message, setText } from "./dom.js";
import * as format from "./format.js";
import { PeriodPicker, periodLabel } from "./period-picker.js";
import { isAboutRates, ratesForm } from "./rates-form.js";
import { shortcut } from "./shell.js";
import { loadBuyers, showBuyers } from "./segments/buyers.js";
import { hideChanges, showChanges } from "./segments/changes.js";
import { edit, takeUp, wire } from "./segments/editor.js";
import { SPANS, hideSizes, showSizes } from "./segments/over-time.js";
import { loadPatterns, showPatterns } from "./segments/patterns.js";

const VIEWS = ["segments", "buyers", "patterns"];
const PERIODS = { segments: "", buyers: "12mo", patterns: "30d" };
const USUAL = { view: "segments", id: "", period: "", start_time: "", end_time: "", order: "support", longest: "5", over: "30d" };
const maySee = "seesEvents" in document.body.dataset;

let asked = read();
let all = [];
let under = new AbortController();
const period = new PeriodPicker(byId("period"), choose);

function read() {
  const query = new URLSearchParams(location.search);
  const given = Object.fromEntries(Object.keys(USUAL).filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
  return { ...USUAL, ...given, view: VIEWS.includes(given.view) ? given.view : USUAL.view, over: given.over in SPANS ? given.over : USUAL.over };
}

const pageAddress = (part) => address("/segments", Object.fromEntries(Object.entries({ ...asked, ...part }).filter(([name, value]) => value !== USUAL[name])));

function choose(part) {
  history.pushState(null, "", pageAddress(part));
  asked = { ...asked, ...part };
  load();
}

const when = () => ({ period: asked.start_time || asked.end_time ? "" : asked.period || PERIODS[asked.view], start_time: asked.start_time, end_time: asked.end_time });

function span() {
  const { period: name, start_time, end_time } = when();
  return { period: name, start_date: start_time, end_date: end_time };
}

const SHOW = { segments, buyers, patterns };

async function load() {
  under.abort();
  under = new AbortController();
  const { signal } = under;
  for (const button of byId("views").children) button.setAttribute("aria-pressed", String(button.dataset.view === asked.view));
  for (const name of VIEWS) byId(`shown-${name}`).hidden ||= name !== asked.view;
  byId("period").hidden = asked.view === "segments";
  if (asked.view !== "segments") period.show(when());
  const node = byId(`shown-${asked.view}`);
  node.setAttribute("aria-busy", "true");
  setText(byId("progress"), "Loading…");
  byId("message").replaceChildren(...(node.hidden ? [message("Loading…")] : []));
  try {
    const nothing = await SHOW[asked.view](signal);
    byId("message").replaceChildren(...(nothing ? [nothing] : []));
    node.hidden = Boolean(nothing);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    if (!problem.body) throw problem;
    node.hidden = true;
    const rates = isAboutRates(problem) ? await ratesForm(problem, load).catch(() => null) : null;
    byId("message").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: rates ? null : "Try again", onAction: load }), rates ?? "");
  } finally {
    if (!signal.aborted) {
      node.removeAttribute("aria-busy");
      setText(byId("progress"), "");
    }
  }
}

/** Each view answers what to show in its place, null where it shows itself. */
async function segments(signal) {
  const told = await get("/api/v1/analytics/users/segments", {}, { signal });
  all = told.segments;
  if (!told.people) return empty("Nobody is here yet", "Segments are made of people, and people of their events. The overview has a line to send the first one with.", el("a", { class: "button", href: "/" }, "Send your first event"));
  if (!all.length && asked.id !== "new") {
    const make = maySee ? el("button", { type: "button", class: "primary", onclick: () => choose({ id: "new" }) }, "Make the first segment") : null;
    return empty("No segments yet", "A segment holds the people who did something, or did not, or of whom something is known. Every other question can then be asked of them alone.", make);
  }
  byId("list").replaceChildren(...all.map(entry));
  setText(byId("everybody"), `Of ${format.count(told.people)} people in all.`);
  showChosen(all.find(({ id }) => id === asked.id));
  return null;
}

function showChosen(chosen) {
  const isNew = maySee && asked.id === "new";
  byId("chosen").hidden = !chosen && !isNew;
  if (maySee && (chosen || isNew)) edit(chosen ?? null, all, (id) => choose({ id }));
  if (!chosen) {
    hideSizes();
    hideChanges();
    return;
  }
  showSizes(chosen, asked.over);
  showChanges(chosen.id, maySee ? takeUp : null);
}

function entry({ id, label, description, people, share, frozen, problem }) {
  const bar = el("i");
  bar.style.setProperty("--share", String(share ?? 0));
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose({ id });
  };
  const name = el("span", { class: "label" }, label, frozen ? el("span", { class: "badge" }, "frozen") : null);
  const size = el("span", { title: problem ?? (share === null ? null : format.percent(share)) }, problem ? format.UNKNOWN : format.count(people));
  return el("li", {}, el("a", { href: pageAddress({ id }), title: description || null, "aria-current": id === asked.id ? "true" : null, onclick: open }, name, size, el("span", { class: "bar-of", "aria-hidden": "true" }, bar), problem ? el("span", { class: "about" }, problem) : null));
}

async function buyers(signal) {
  const told = await loadBuyers(span(), signal);
  if (!told) return empty("Nobody bought in this period", `There is no order with an amount in ${periodLabel(when())}. Orders are purchase events with amount; another period may have some.`);
  byId("shown-buyers").hidden = false;
  showBuyers(told, span());
  return null;
}

async function patterns(signal) {
  byId("order").value = asked.order;
  byId("longest").value = asked.longest;
  const question = { ...span(), order: asked.order, max_length: asked.longest };
  const told = await loadPatterns(question, signal);
  if (!told) return empty("No patterns in this period", `No two events follow each other in enough sessions in ${periodLabel(when())}. Try a longer period.`);
  showPatterns(told, question);
  return null;
}

const empty = (title, text, ...ways) => el("div", { class: "panel nothing" }, el("h2", {}, title), el("p", {}, text), el("div", { class: "ways" }, ways));

async function listTypes() {
  const told = await get("/api/v1/events/stats", { start_time: "1970-01-01T00:00:00Z" }).catch(() => null);
  byId("types").replaceChildren(...Object.keys(told?.by_type ?? {}).map((value) => el("option", { value })));
}

for (const button of byId("views").children) button.addEventListener("click", () => choose({ view: button.dataset.view, period: "", start_time: "", end_time: "" }));
byId("new")?.addEventListener("click", () => choose({ id: "new" }));
for (const name of ["order", "longest", "over"]) byId(name).addEventListener("change", ({ target }) => choose({ [name]: target.value }));
addEventListener("popstate", () => {
  asked = read();
  load();
});
VIEWS.forEach((view, at) => shortcut(String(at + 1), () => choose({ view, period: "", start_time: "", end_time: "" })));
shortcut("r", load);
if (maySee) wire();
listTypes();
load();
