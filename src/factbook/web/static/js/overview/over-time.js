// The chosen period: five measures with their change, one of them drawn, and the event types; the choice lives in the address.
import { get } from "../api.js";
import { TimeChart } from "../chart.js";
import { byId, el, message, setText } from "../dom.js";
import * as format from "../format.js";
import { PRESETS, period, today } from "../range.js";
import { currencyOf } from "./currency.js";
import { ranks } from "./ranks.js";

const MEASURES = [
  { id: "events", label: "Events", metric: "events.count", of: (point) => point.value ?? point.count, format: format.count, whole: true },
  { id: "users", label: "Active users", metric: "users.active", of: (point) => point.value, format: format.count, whole: true },
  { id: "sessions", label: "Sessions", metric: "sessions", of: (point) => point.value, format: format.count, whole: true },
  { id: "orders", label: "Purchases", metric: "events.count.purchase", of: (point) => point.value ?? point.count, format: format.count, whole: true },
  { id: "revenue", label: "Purchase amount", metric: "purchase.amount", of: (point) => point.sum, format: format.money, amount: true },
];
const REFRESH = 20_000;
const WHILE_EMPTY = 2000;

export class OverTime {
  #chart = new TimeChart(byId("series-chart"), byId("series-table"));
  #choice = remembered();
  #abort;
  #timer;
  #currency = null;
  #currencyFor = null;

  constructor() {
    byId("series-table").addEventListener("shown", () => this.#chart.fillTable());
    const buttons = [...PRESETS, { id: "custom", label: "Custom" }].map(({ id, label }) =>
      el("button", { type: "button", data: { preset: id }, onclick: () => (id === "custom" ? this.#openCustom() : this.choose({ preset: id })) }, label),
    );
    byId("presets").replaceChildren(...buttons);
    byId("measures").replaceChildren(...MEASURES.map((measure) => this.#measureButton(measure)));
    byId("compare").addEventListener("change", (event) => this.choose({ compare: event.target.checked }));
    byId("custom").addEventListener("submit", (event) => this.#submitCustom(event));
    document.addEventListener("visibilitychange", () => document.hidden || this.load());
    this.#showChoice();
    this.load();
  }

  /** Changes part of {preset, from, to, compare, measure}, remembers it, and loads. */
  choose(part) {
    if (part.preset && part.preset !== "custom") byId("custom").hidden = true;
    this.#choice = { ...this.#choice, ...part };
    remember(this.#choice);
    this.#showChoice();
    this.load();
  }

  toggleCompare() {
    this.choose({ compare: !this.#choice.compare });
  }

  async load() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    const range = period(this.#choice);
    let pause = REFRESH;
    byId("period").setAttribute("aria-busy", "true");
    try {
      const spans = [range, ...(this.#choice.compare ? [range.previous] : [])];
      const measures = await Promise.all(
        MEASURES.map(async (measure) => ({ measure, answers: await Promise.all(spans.map((span) => series(measure, span, range.interval, abort))) })),
      );
      const stats = await Promise.all(spans.map((span) => get("/api/v1/events/stats", bounds(span), abort)));
      if (this.#choice !== this.#currencyFor) {
        this.#currencyFor = this.#choice;
        this.#currency = await currencyOf(bounds({ start: spans.at(-1).start, end: range.end }), abort);
      }
      for (const { measure, answers } of measures) this.#showMeasure(measure, answers);
      this.#showSeries(measures.find(({ measure }) => measure.id === this.#choice.measure), range);
      showTypes(stats);
      showKept(measures.map(({ answers }) => answers));
      byId("series-message").replaceChildren();
      // The first events may have come in between the two questions, so either may still say none.
      const [events] = measures[0].answers;
      if (!stats[0].total_events || !events.total.count) pause = WHILE_EMPTY;
      if (!stats[0].total_events) await this.#offerNewest(abort, stats[0].start_time);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      byId("series-message").replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: () => this.load() }));
    }
    byId("period").removeAttribute("aria-busy");
    if (range.open && !document.hidden) this.#timer = setTimeout(() => this.load(), pause);
  }

  /** An empty period in a service that has events: says where they are and leads there. */
  async #offerNewest(abort, start) {
    if (!("seesEvents" in document.body.dataset)) return;
    const { events } = await get("/api/v1/events", { limit: 1, end_time: start }, abort);
    if (!events.length) return;
    const last = Date.parse(events[0].timestamp);
    const choice = { preset: "custom", from: today(last - 29 * 86_400_000), to: today(last) };
    const text = `No events in this period. The newest is of ${format.time(last, "date")}.`;
    byId("series-message").replaceChildren(message(text, { action: "Show the 30 days up to it", onAction: () => this.choose(choice) }));
  }

  #measureButton(measure) {
    return el(
      "button",
      { type: "button", data: { measure: measure.id }, onclick: () => this.choose({ measure: measure.id }) },
      el("span", { class: "label" }, measure.label),
      el("span", { class: "figure" }, format.UNKNOWN),
      el("span", { class: "beside" }, "\u00a0"),
    );
  }

  #showChoice() {
    const { preset, compare, measure, from, to } = this.#choice;
    for (const button of byId("presets").children) button.setAttribute("aria-pressed", String(button.dataset.preset === preset));
    for (const button of byId("measures").children) button.setAttribute("aria-pressed", String(button.dataset.measure === measure));
    byId("compare").checked = compare;
    const form = byId("custom");
    if (preset === "custom") form.hidden = false;
    form.from.value ||= from ?? today(Date.now() - 6 * 86_400_000);
    form.to.value ||= to ?? today();
    if (preset === "custom") [form.from.value, form.to.value] = [from, to];
  }

  #openCustom() {
    const form = byId("custom");
    form.hidden = false;
    form.from.focus();
  }

  #submitCustom(event) {
    event.preventDefault();
    const { from, to } = event.target;
    const backwards = from.value > to.value;
    setText(byId("custom-error"), backwards ? "The first day is after the last." : "");
    if (!backwards) this.choose({ preset: "custom", from: from.value, to: to.value });
  }

  /** How the measure's values are written, with the currency of this choice. */
  #write(measure) {
    return measure.amount ? (value) => format.money(value, this.#currency) : measure.format;
  }

  #showMeasure(measure, answers) {
    const write = this.#write(measure);
    const [now, before] = answers.map(({ total }) => measure.of(total));
    const button = byId("measures").querySelector(`[data-measure="${measure.id}"]`);
    setText(button.querySelector(".figure"), write(now));
    const change = answers.length > 1 ? format.change(now, before) : null;
    const beside = button.querySelector(".beside");
    if (answers.length < 2) beside.replaceChildren("\u00a0");
    else if (!change) beside.replaceChildren(`before: ${write(before)}`);
    else {
      const tone = change.direction > 0 ? "good" : change.direction < 0 ? "bad" : "";
      beside.replaceChildren(el("span", { class: tone }, change.text), ` from ${write(before)}`);
    }
  }

  #showSeries({ measure, answers }, range) {
    const [now, before] = answers.map(({ points }) => points);
    const times = (now.length >= (before?.length ?? 0) ? now : before).map(({ time }, index) => now[index]?.time ?? time);
    const one = (name, kind, points) => ({ name, kind, whole: measure.whole, format: this.#write(measure), values: times.map((_, index) => (points[index] ? (measure.of(points[index]) ?? null) : null)) });
    const lines = [one(measure.label, "line", now), ...(before ? [one("Previous period", "past", before)] : [])];
    setText(byId("series-title"), `${measure.label} ${EACH[range.interval]}`);
    byId("series-legend").replaceChildren(
      ...(before ? [el("i", { class: "area-mark" }), "This period", el("i", { class: "past-mark" }), "Previous period"] : []),
    );
    this.#chart.show({ interval: range.interval, label: measure.label, times, series: lines, open: range.open });
  }
}

const EACH = { "1h": "by hour", "4h": "by 4 hours", "1d": "by day", "1w": "by week", "1mo": "by month" };
const bounds = ({ start, end }) => ({ start_time: start, end_time: end, timezone: format.zone });

async function series(measure, span, interval, abort) {
  return get("/api/v1/metrics", { metric_name: measure.metric, interval, ...bounds(span) }, abort);
}

/** Says where the answers lack what is past its retention. */
function showKept(answers) {
  const latest = (index) => answers.map((one) => one[index]?.complete_since).filter(Boolean).sort((a, b) => Date.parse(b) - Date.parse(a))[0];
  const [now, before] = [latest(0), latest(1)];
  const note = byId("series-kept");
  note.hidden = !now && !before;
  if (now) setText(note, `Complete since ${format.time(now, "date")}: what is older was kept no longer.`);
  else if (before) setText(note, `The previous period is complete only since ${format.time(before, "date")}, so the comparison is not exact.`);
}

function showTypes([now, before]) {
  const rows = Object.entries(now.by_type)
    .map(([name, count]) => ({ name, count, href: { event_type: name }, before: before ? (before.by_type[name] ?? 0) : undefined }))
    .sort((a, b) => b.count - a.count)
    .slice(0, 12);
  let list = byId("types").querySelector("ol");
  if (!list) byId("types").append((list = el("ol", { class: "ranks" })));
  ranks(list, rows, "No events in this period");
}

const NAMES = ["preset", "from", "to", "compare", "measure"];

function remembered() {
  const query = new URLSearchParams(location.search);
  const stored = query.has("preset") ? Object.fromEntries(query) : JSON.parse(localStorage.getItem("factbook.period") ?? "{}");
  const choice = { preset: stored.preset, from: stored.from, to: stored.to, measure: stored.measure };
  const dates = /^\d{4}-\d\d-\d\d$/;
  const custom = choice.preset === "custom" && dates.test(choice.from) && dates.test(choice.to);
  if (!custom && !PRESETS.some(({ id }) => id === choice.preset)) choice.preset = "7d";
  if (!MEASURES.some(({ id }) => id === choice.measure)) choice.measure = "events";
  return { ...choice, compare: stored.compare === undefined ? true : String(stored.compare) === "true" };
}

function remember(choice) {
  const kept = Object.fromEntries(NAMES.filter((name) => choice[name] !== undefined && (choice.preset === "custom" || !["from", "to"].includes(name))).map((name) => [name, choice[name]]));
  localStorage.setItem("factbook.period", JSON.stringify(kept));
  history.replaceState(null, "", `${location.pathname}?${new URLSearchParams(kept)}`);
}
