// Buyers by fifths: the picture of recency and frequency, what each score means, and the groups.
import { address, get } from "../api.js";
import { byId, setText } from "../dom.js";
import * as format from "../format.js";
import { Chart } from "../retention/pictures.js";
import { share, table } from "./table.js";

const PATH = "/api/v1/analytics/users/rfm";
const FIFTHS = [1, 2, 3, 4, 5];

let chart = null;

/** Null where nobody bought. */
export async function loadBuyers(span, signal) {
  const told = await get(PATH, span, { signal });
  return told.people ? told : null;
}

export function showBuyers(told, span) {
  chart ??= new Chart(byId("heat"));
  const cells = FIFTHS.flatMap((f) => FIFTHS.map((r) => [r - 1, f - 1, count(told.cells, r, f)]));
  const words = cells.filter(([, , people]) => people).map(([r, f, people]) => `recency ${r + 1}, frequency ${f + 1}: ${people}`);
  chart.show(heat(cells), `People by recency and frequency: ${words.join("; ")}`);
  const money = (value) => format.money(value, told.currency);
  const days = (value) => (value === null ? format.UNKNOWN : format.decimal(value, 1));
  byId("scores").replaceChildren(
    table("Scores", ["Score", "Days since the last order", "Orders", told.currency ? `Money, ${told.currency}` : "Money"], [...FIFTHS].reverse().map((score) => [String(score), range(told, "recency", score, days), range(told, "frequency", score, format.count), range(told, "monetary", score, money)])),
  );
  byId("groups").replaceChildren(
    table(
      "Groups",
      ["Group", "People", ["Orders each"], ["Money each"], ["Days since last"], "Share of money", "What to do"],
      told.groups.map((one) => [one.label, share(one.share, format.count(one.people)), format.decimal(one.mean_frequency, 1), money(one.mean_monetary), days(one.mean_recency_days), share(one.monetary_share, format.percent(one.monetary_share)), { text: one.advice, class: "about" }]),
    ),
  );
  byId("groups-csv").href = address(PATH, { ...span, format: "csv" });
  setText(byId("buyers-about"), `${format.count(told.people)} buyers with ${format.count(told.orders)} orders, ${format.time(told.start_time, "date", told.timezone)} to ${format.time(told.end_time, "date", told.timezone)}, ${told.timezone}.`);
}

const count = (cells, r, f) => cells.filter(({ recency, frequency }) => recency === r && frequency === f).reduce((sum, { people }) => sum + people, 0);

function range(told, name, score, words) {
  const { people, least, most } = told.scores[name].find((one) => one.score === score);
  if (!people) return format.UNKNOWN;
  return words(least) === words(most) ? words(least) : `${words(least)} to ${words(most)}`;
}

const heat = (cells) => (colour) => {
  const axis = (name) => ({ type: "category", data: FIFTHS, name, nameLocation: "middle", nameGap: 28, nameTextStyle: { color: colour.text }, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: colour.text } });
  const most = Math.max(...cells.map(([, , people]) => people));
  return {
    animation: false,
    textStyle: { fontFamily: colour.face },
    grid: { left: 48, right: 12, top: 8, bottom: 44 },
    xAxis: axis("Recency"),
    yAxis: axis("Frequency"),
    visualMap: { show: false, min: 0, max: most, inRange: { color: [colour.series[1], colour.series[1]], colorAlpha: [0, 0.6] } },
    series: [{ type: "heatmap", data: cells, label: { show: true, color: colour.strong, formatter: ({ value }) => (value[2] ? format.short(value[2]) : "") }, itemStyle: { borderColor: colour.grid, borderWidth: 1 } }],
  };
};
