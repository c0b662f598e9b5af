// Content: what there is in any order, what rises, what led to it; and of one piece all that is known.
import { address, get } from "./api.js";
import { AskingPage, told as period, tiles } from "./asking.js";
import { byId, el, message, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { Chart } from "./retention/pictures.js";
import { plainTable } from "./retention/table.js";
import { WAYS, hours, traffic } from "./content/pictures.js";

const PATH = "/api/v1/analytics/content";
const USUAL = { period: "30d", start_time: "", end_time: "", order: "-total_views", content: "" };
const PERCENT = { unit: "percent", decimals: 1 };
const NUMBER = { unit: "number", decimals: 1 };
const SECONDS = { unit: "seconds" };
const COUNT = { unit: "count" };
const SCORE = { unit: "score", decimals: 0 };
const [SHOWN, DRAWN] = [50, 12];

const page = new AskingPage("/content", USUAL, draw);
const charts = {};

async function draw(signal) {
  const all = get(PATH, { ...page.parameters("order"), limit: SHOWN }, { signal });
  const [told, rising, piece] = await Promise.all([all, risen(signal), page.asked.content ? loadOne(signal) : null]);
  byId("message").replaceChildren(...(told.content.length ? told.notes.map((note) => message(note)) : [nobody()]));
  byId("answer").hidden = false;
  byId("results").hidden = !told.content.length;
  byId("one").hidden = !piece;
  if (piece) showOne(...piece);
  if (told.content.length) showAll(told, rising);
  setText(byId("found"), `${period(told, "date")}; ${format.count(told.of)} pieces.`);
}

/** What rises; nothing where the period is too short to know what is usual. */
async function risen(signal) {
  try {
    return await get(`${PATH}/trending`, { ...page.parameters(), limit: 10 }, { signal });
  } catch (problem) {
    if (problem.status === 422 && problem.body.field === "window_hours") return { content: [], new: [] };
    throw problem;
  }
}

function loadOne(signal) {
  const piece = `${PATH}/${page.asked.content.split("/").map(encodeURIComponent).join("/")}`;
  return Promise.all(["", "/insights", "/audience", "/journey"].map((part) => get(piece + part, page.parameters(), { signal })));
}

const opens = (id) => el("button", { type: "button", onclick: () => page.choose({ content: id }) }, id);

function showAll(told, rising) {
  byId("known").replaceChildren(...told.content.map(({ content_id: id }) => el("option", { value: id })));
  const heads = ["Piece", "Views", "Viewers", "Completion", "Time a view", "Engagement", "Trend a day", "Popularity", "Engaging", "Quality"];
  const rows = told.content.map((one) => [
    opens(one.content_id),
    format.count(one.total_views),
    format.count(one.unique_views),
    written(one.completion_rate, PERCENT),
    written(one.average_view_duration, SECONDS),
    written(one.engagement_rate, PERCENT),
    written(one.daily_trend === null ? null : one.daily_trend / 100, PERCENT),
    written(one.popularity_score, SCORE),
    written(one.engagement_score, SCORE),
    written(one.quality_score, SCORE),
  ]);
  byId("list").replaceChildren(plainTable("Content", heads, rows));
  byId("csv").href = address(PATH, { ...page.parameters("order"), limit: 1000, format: "csv" });
  const risers = [...rising.content, ...rising.new];
  byId("rising-panel").hidden = !risers.length;
  byId("rising").replaceChildren(plainTable("Rising", ["Piece", "Views", "Usual", "Times"], risers.map((one) => [opens(one.content_id), format.count(one.views), one.expected === null ? "new" : written(one.expected, NUMBER), written(one.ratio, NUMBER)])));
  charts.traffic ??= new Chart(byId("traffic"));
  const drawn = told.content.slice(0, DRAWN);
  const sums = WAYS.map(([field, label]) => `${label} ${format.count(drawn.reduce((sum, one) => sum + one[field], 0))}`);
  charts.traffic.show(traffic(drawn), `Views of ${format.count(drawn.length)} pieces by what led to them: ${sums.join(", ")}`);
}

function showOne(record, found, audience, journey) {
  tiles([
    [record.content_id, record.total_views, COUNT, `views by ${format.count(record.unique_views)}`],
    ["Completion", record.completion_rate, PERCENT, `${format.count(record.completions)} times`],
    ["Time a view", record.average_view_duration, SECONDS, `${written(record.watch_time, SECONDS)} in all`],
    ["Engagement", record.engagement_rate, PERCENT, `${format.count(record.likes)} likes, ${format.count(record.shares)} shares`],
    ["Popularity", record.popularity_score, SCORE, "of 100"],
    ["Engaging", record.engagement_score, SCORE, "of 100"],
    ["Quality", record.quality_score, SCORE, "of 100"],
  ]);
  const sentences = [...found.insights.map((one) => el("li", { class: one.severity }, one.sentence)), ...found.notes.map((note) => el("li", { class: "info" }, note))];
  byId("insights").replaceChildren(...(sentences.length ? sentences : [el("li", {}, "Nothing differs from what is usual beyond chance.")]));
  charts.hours ??= new Chart(byId("hours"));
  const [hour, most] = Object.entries(record.hourly_distribution).reduce((best, one) => (one[1] > best[1] ? one : best));
  charts.hours.show(hours(record), `Views by hour of day, most at ${hour}:00 with ${format.count(most)}`);
  byId("hours-table").replaceChildren(plainTable("Views by hour", ["Hour", "Views"], Object.entries(record.hourly_distribution).map(([name, count]) => [`${name}:00`, format.count(count)])));
  setText(byId("audience"), `${format.count(audience.viewers)} people, ${format.count(audience.new_viewers)} of them new to it; ${format.count(audience.came_again)} came again.`);
  const parts = [...Object.entries(audience.countries).slice(0, 8), ...Object.entries(audience.devices), ...audience.segments.map((one) => [`Segment ${one.label}`, one.views])];
  byId("countries").replaceChildren(plainTable("Countries and devices", ["Where and on what", "Views"], parts.map(([name, count]) => [name, format.count(count)])));
  for (const way of ["before", "after"]) {
    const next = journey[way].layers[1]?.nodes ?? [];
    const first = journey[way].layers[0]?.nodes[0];
    const rows = next.map((node) => [node.other ? "other" : node.label, format.count(node.count), written(node.share, PERCENT)]);
    if (first?.dropped) rows.push([way === "before" ? "nothing: it came first" : "nothing: it came last", format.count(first.dropped), written(first.drop_off_rate, PERCENT)]);
    byId(way).replaceChildren(plainTable(way, ["What", "Sessions", "Share"], rows));
  }
}

/** Nothing was viewed: what to do next. */
const nobody = () => page.nothing("No content was viewed", `Views are content_view events with a content_id; none came in ${page.when}.`, el("a", { class: "button", href: "/docs" }, "How to send events"));

page.begin();
