// People: everybody together, how they are spread over scores and phases, and the list of them.
import { address, get } from "./api.js";
import { AskingPage, tiles, told as period } from "./asking.js";
import { byId, el, message, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { Chart } from "./retention/pictures.js";
import { plainTable } from "./retention/table.js";
import { scores } from "./people/pictures.js";

const PATH = "/api/v1/analytics/users";
const USUAL = { period: "30d", start_time: "", end_time: "", order: "-last_at" };
const PERCENT = { unit: "percent", decimals: 1 };
const COUNT = { unit: "count" };
const SECONDS = { unit: "seconds" };
const SCORE = { unit: "score", decimals: 0 };
const LIMIT = 50;
const HEADS = ["Person", "Phase", "Sessions", "Time", "Pages", "Orders", "Engagement", "Activity", "Loyalty", "Last seen"];

const page = new AskingPage("/people", USUAL, draw);
let chart = null;
let rows = [];

async function draw(signal, cursor) {
  const told = await get(PATH, { ...page.parameters("order"), limit: LIMIT, ...(cursor ? { cursor } : {}) }, { signal });
  byId("message").replaceChildren(...(told.people ? told.notes.map((note) => message(note)) : [nothing()]));
  byId("answer").hidden = !told.people;
  if (!told.people) return;
  rows = cursor ? [...rows, ...told.rows] : (told.rows ?? []);
  show(told);
  showPeople(told);
}

function show(told) {
  const each = told.per_person;
  const median = (name, unit) => (each ? `median ${written(each[name].median, unit)} a person` : "not told under this filter");
  tiles([
    ["People", told.people, COUNT, `${written(told.people_with_sessions, COUNT)} over their devices`],
    ["Sessions", told.sessions, COUNT, median("sessions", COUNT)],
    ["A session lasts", told.average_session_duration, SECONDS, median("total_session_duration", SECONDS)],
    ["Bounced", told.bounce_rate, PERCENT, `${written(told.return_visits, COUNT)} return visits`],
    ["Engagement", told.engagement_score, SCORE, median("engagement_score", SCORE)],
    ["Orders", told.conversion_metrics.orders, COUNT, `${written(told.conversion_metrics.conversion_rate, PERCENT)} of sessions`],
  ]);
  if (told.distribution) {
    chart ??= new Chart(byId("scores"));
    chart.show(scores(told.distribution), `People by tenth of their scores; engagement is ${written(told.engagement_score, SCORE)} on average`);
  }
  const counts = Object.entries(told.user_segments ?? {});
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  byId("phases").replaceChildren(plainTable("Phases", ["Phase", "People", "Share", "Who"], counts.map(([name, count]) => [name, format.count(count), written(all ? count / all : null, PERCENT), told.user_segment_rules[name]])));
  setText(byId("found"), `${period(told)}.`);
}

function showPeople(told) {
  byId("listed").hidden = told.rows === null;
  const lines = rows.map((one) => {
    const id = one.user_id || one.anonymous_id;
    return [el("a", { href: address("/journeys", { id }) }, id), one.user_segment, format.count(one.sessions), written(one.total_session_duration, SECONDS), format.count(one.pages_visited), format.count(one.orders), ...["engagement_score", "activity_score", "loyalty_score"].map((name) => written(one[name], SCORE)), format.time(one.last_at, "full", told.timezone)];
  });
  byId("people").replaceChildren(plainTable("People", HEADS, lines));
  byId("more").hidden = !told.next_cursor;
  byId("more").onclick = () => page.load(told.next_cursor);
  byId("csv").href = address(PATH, { ...page.parameters("order"), limit: 1000, format: "csv" });
}

/** Nobody was there: what to do next. */
function nothing() {
  const all = page.asked.filters.length ? el("button", { type: "button", onclick: () => page.choose({ filters: [] }) }, "Without filters") : null;
  return page.nothing("Nobody was here", `No event named anybody ${page.when}. Send user_id, or anonymous_id for visitors, with your events.`, all);
}

page.begin();
