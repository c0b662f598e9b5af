// What stands where there is no answer to draw: where to begin, that nothing came in yet, or that nothing happened in this period.
import { get, post } from "../api.js";
import { el } from "../dom.js";
import * as format from "../format.js";
import { periodLabel } from "../period-picker.js";
import { today } from "../range.js";
import { EMPTY, address } from "./question.js";

const DAY = 86_400_000;
const BEGINNINGS = [
  ["How many people, and is it more than before?", { metrics: ["active_users", "sessions"], compare: "previous_period" }],
  ["What is done most?", { metrics: ["events.count"], dimensions: ["event_type"], period: "7d" }],
  ["What comes in, and how do orders change?", { metrics: ["revenue", "orders"], compare: "previous_period", period: "90d", granularity: "1w" }],
  ["On which weekdays is bought most?", { metrics: ["orders"], dimensions: ["day_of_week"], granularity: "none", period: "90d" }],
];

/** No metric is chosen: questions to begin with. */
export function beginning() {
  const questions = BEGINNINGS.map(([text, part]) => el("li", {}, el("a", { href: address({ ...EMPTY, ...part }) }, text)));
  return el("div", { class: "panel nothing" }, el("h2", {}, "Choose a metric"), el("p", {}, "Everything Factbook counts is in the list under Metrics. Or begin with one of these:"), el("ul", { class: "beginnings" }, questions));
}

/** The answer holds no event. change(part): asks something else. */
export async function nothing(question, catalog, change, signal) {
  if (await nothingEver(signal)) return firstEvent();
  const types = [...new Set(question.metrics.flatMap((id) => catalog.events(id)).flat())];
  const names = types.length ? types.join(", ") : "any event";
  const actions = [
    await newest(question, types, change, signal),
    question.filters.length ? el("button", { type: "button", onclick: () => change({ filters: [] }) }, "Without the filters") : null,
    question.period === "12mo" ? null : el("button", { type: "button", onclick: () => change({ period: "12mo", start_time: "", end_time: "" }) }, "Last 12 months"),
  ];
  return el(
    "div",
    { class: "panel nothing" },
    el("h2", {}, "Nothing of the kind happened"),
    el("p", {}, `There is no event that these metrics look at (${names}) ${question.filters.length ? "and that passes the filters " : ""}in this period (${periodLabel(question)}).`),
    el("div", { class: "ways" }, actions),
  );
}

async function nothingEver(signal) {
  const asked = { metrics: ["events.count"], start_time: "1970-01-01", include_bots: true };
  const { total } = await post("/dashboard/metrics", { ...asked, include_bots: false }, { signal });
  // The second question reads single events, so it is asked only where the roll-ups know none.
  return !total.values["events.count"] && !(await post("/dashboard/metrics", asked, { signal })).total.values["events.count"];
}

function firstEvent() {
  return el(
    "div",
    { class: "panel nothing" },
    el("h2", {}, "Nothing has come in yet"),
    el("p", {}, "Metrics are computed from events. The overview has a line to send the first one with."),
    el("div", { class: "ways" }, el("a", { class: "button", href: "/" }, "Send your first event")),
    el("p", { class: "hint" }, "Or look around with demo data first: ", el("code", {}, "factbook demo")),
  );
}

/** A way to the newest event of these types; null where there is none, or for those who may not see events. */
async function newest(question, types, change, signal) {
  if (!("seesEvents" in document.body.dataset)) return null;
  const { events } = await get("/api/v1/events", { limit: 1, start_time: "1970-01-01T00:00:00Z", event_type: types.join(",") }, { signal });
  if (!events.length) return null;
  const last = Date.parse(events[0].timestamp);
  const dates = { period: "", start_time: today(last - 29 * DAY), end_time: today(last) };
  const isNow = question.start_time === dates.start_time && question.end_time === dates.end_time;
  return isNow ? null : el("button", { type: "button", class: "primary", onclick: () => change(dates) }, `The 30 days up to the newest, of ${format.time(last, "date")}`);
}
