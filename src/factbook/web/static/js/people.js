// People: everybody together, how they are spread over scores and phases, and the list of them.
import { address, get } from "./api.js";
import { Asked } from "./asked.js";
import { byId, el, message, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { KEYS, PeriodPicker, periodLabel } from "./period-picker.js";
import { shortcut } from "./shell.js";
import { Chart } from "./retention/pictures.js";
import { plainTable } from "./retention/table.js";
import { scores } from "./people/pictures.js";

const PATH = "/api/v1/analytics/users";
const PAGE = new Asked("/people", { period: "30d", start_time: "", end_time: "", order: "-last_at" });
const PERCENT = { unit: "percent", decimals: 1 };
const COUNT = { unit: "count" };
const SECONDS = { unit: "seconds" };
const SCORE = { unit: "score", decimals: 0 };
const LIMIT = 50;
const HEADS = ["Person", "Phase", "Sessions", "Time", "Pages", "Orders", "Engagement", "Activity", "Loyalty", "Last seen"];

let asked = PAGE.read();
let under = new AbortController();
let chart = null;
let rows = [];
const question = byId("question");
const period = new PeriodPicker(byId("period"), choose);

function choose(part) {
  asked = { ...asked, ...part };
  history.pushState(null, "", PAGE.address(asked));
  load();
}

async function load(cursor) {
  under.abort();
  under = new AbortController();
  const { signal } = under;
  period.show(asked);
  question.elements.order.value = asked.order;
  byId("answer").setAttribute("aria-busy", "true");
  setText(byId("progress"), "Loading…");
  try {
    const told = await get(PATH, { ...PAGE.parameters(asked, "order"), limit: LIMIT, ...(cursor ? { cursor } : {}) }, { signal });
    byId("message").replaceChildren(...(told.people ? told.notes.map((note) => message(note)) : [nothing()]));
    byId("answer").hidden = !told.people;
    if (!told.people) return;
    rows = cursor ? [...rows, ...told.rows] : (told.rows ?? []);
    show(told);
    showPeople(told);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    byId("answer").hidden = true;
    byId("message").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: "Try again", onAction: () => load() }));
  } finally {
    if (!signal.aborted) {
      byId("answer").removeAttribute("aria-busy");
      setText(byId("progress"), "");
    }
  }
}

function show(told) {
  const each = told.per_person;
  const median = (name, unit) => (each ? `median ${written(each[name].median, unit)} a person` : "not told under this filter");
  const tiles = [
    ["People", told.people, COUNT, `${written(told.people_with_sessions, COUNT)} over their devices`],
    ["Sessions", told.sessions, COUNT, median("sessions", COUNT)],
    ["A session lasts", told.average_session_duration, SECONDS, median("total_session_duration", SECONDS)],
    ["Bounced", told.bounce_rate, PERCENT, `${written(told.return_visits, COUNT)} return visits`],
    ["Engagement", told.engagement_score, SCORE, median("engagement_score", SCORE)],
    ["Orders", told.conversion_metrics.orders, COUNT, `${written(told.conversion_metrics.conversion_rate, PERCENT)} of sessions`],
  ];
  byId("tiles").replaceChildren(...tiles.map(([name, value, unit, beside]) => el("li", {}, el("span", { class: "muted" }, name), el("span", { class: "figure" }, written(value, unit)), el("span", { class: "hint" }, beside))));
  if (told.distribution) {
    chart ??= new Chart(byId("scores"));
    chart.show(scores(told.distribution), `People by tenth of their scores; engagement is ${written(told.engagement_score, SCORE)} on average`);
  }
  const counts = Object.entries(told.user_segments ?? {});
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  byId("phases").replaceChildren(plainTable("Phases", ["Phase", "People", "Share", "Who"], counts.map(([name, count]) => [name, format.count(count), written(all ? count / all : null, PERCENT), told.user_segment_rules[name]])));
  setText(byId("found"), `${format.time(told.start_time, "full", told.timezone)} to ${format.time(told.end_time, "full", told.timezone)}, ${told.timezone}.`);
}

function showPeople(told) {
  byId("listed").hidden = told.rows === null;
  const lines = rows.map((one) => {
    const id = one.user_id || one.anonymous_id;
    return [el("a", { href: address("/journeys", { id }) }, id), one.user_segment, format.count(one.sessions), written(one.total_session_duration, SECONDS), format.count(one.pages_visited), format.count(one.orders), ...["engagement_score", "activity_score", "loyalty_score"].map((name) => written(one[name], SCORE)), format.time(one.last_at, "full", told.timezone)];
  });
  byId("people").replaceChildren(plainTable("People", HEADS, lines));
  byId("more").hidden = !told.next_cursor;
  byId("more").onclick = () => load(told.next_cursor);
  byId("csv").href = address(PATH, { ...PAGE.parameters(asked, "order"), limit: 1000, format: "csv" });
}

/** Nobody was there: what to do next. */
function nothing() {
  const ways = [asked.period === "12mo" ? null : el("button", { type: "button", onclick: () => choose({ period: "12mo", start_time: "", end_time: "" }) }, "Last 12 months")];
  if (asked.filters.length) ways.push(el("button", { type: "button", onclick: () => choose({ filters: [] }) }, "Without filters"));
  const text = `No event named anybody ${asked.period ? "in " : ""}${periodLabel(asked)}. Send user_id, or anonymous_id for visitors, with your events.`;
  return el("div", { class: "panel nothing" }, el("h2", {}, "Nobody was here"), el("p", {}, text), el("div", { class: "ways" }, ways.filter(Boolean)));
}

question.addEventListener("change", ({ target }) => target.name && choose({ [target.name]: target.value }));
question.addEventListener("submit", (event) => event.preventDefault());
addEventListener("popstate", () => {
  asked = PAGE.read();
  load();
});
shortcut("r", () => load());
KEYS.forEach((name, index) => shortcut(String(index + 1), () => choose({ period: name, start_time: "", end_time: "" })));
load();
