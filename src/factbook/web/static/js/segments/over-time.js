// The size of a segment over time, as a line and as a table.
import { address, get } from "../api.js";
import { byId, message, setText } from "../dom.js";
import * as format from "../format.js";
import { frame, valueAxis } from "../explore/ink.js";
import { Chart } from "../retention/pictures.js";
import { share, table } from "./table.js";

/** What may be chosen: id, period, granularity, shape of a bucket's name. */
export const SPANS = {
  "30d": { period: "last_30_days", granularity: "1d", shape: "day" },
  "12w": { period: "last_12_weeks", granularity: "1w", shape: "day" },
  "12mo": { period: "last_12_months", granularity: "1mo", shape: "month" },
};
const COUNT = { unit: "count" };

let chart = null;
let under = new AbortController();

/** over: one of SPANS. */
export async function showSizes(segment, over) {
  under.abort();
  under = new AbortController();
  const { signal } = under;
  const { period, granularity, shape } = SPANS[over];
  const path = `/api/v1/analytics/segments/${encodeURIComponent(segment.id)}/sizes`;
  byId("over-time").hidden = false;
  byId("over").value = over;
  byId("sizes-csv").href = address(path, { period, granularity, format: "csv" });
  try {
    const told = await get(path, { period, granularity }, { signal });
    setText(byId("sizes-about"), about(told));
    byId("sizes-problem").replaceChildren();
    byId("sizes").hidden = false;
    draw(told, (time) => format.time(time, shape, told.timezone));
  } catch (problem) {
    if (problem.name === "AbortError") return;
    byId("sizes").hidden = true;
    byId("sizes-problem").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: "Try again", onAction: () => showSizes(segment, over) }));
  }
}

export function hideSizes() {
  under.abort();
  byId("over-time").hidden = true;
}

function about(told) {
  if (told.frozen) return "A frozen segment has the size it was frozen with.";
  const since = told.complete_since ? ` Events are kept since ${format.time(told.complete_since, "date", told.timezone)}: earlier ones count no more.` : "";
  return `Whom the rule of today held at the end of each ${{ "1d": "day", "1w": "week", "1mo": "month" }[told.granularity]}, looking at what had happened until then.${since}`;
}

function draw(told, name) {
  chart ??= new Chart(byId("sizes-chart"));
  const first = told.sizes[0];
  const last = told.sizes.at(-1);
  chart.show(line(told, name), `Size over time: ${format.count(first.people)} at ${name(first.time)}, ${format.count(last.people)} at ${name(last.time)}`);
  const rows = [...told.sizes].reverse().map(({ time, people, of, incomplete }) => [name(time) + (incomplete ? " (so far)" : ""), format.count(people), format.count(of), told.frozen || !of ? format.UNKNOWN : share(people / of, format.percent(people / of))]);
  byId("sizes-table").replaceChildren(table("Sizes", ["As of the end of", ["People"], ["Of"], "Share"], rows));
}

const line = ({ sizes, frozen }, name) => (colour) => ({
  ...frame(colour, "line", ([{ dataIndex }]) => {
    const { time, people, of, incomplete } = sizes[dataIndex];
    return `${name(time)}${incomplete ? ", so far" : ""}\n${format.count(people)}${frozen ? "" : ` of ${format.count(of)}`} people`;
  }),
  grid: { left: 8, right: 16, top: 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
  xAxis: { type: "category", boundaryGap: false, data: sizes.map(({ time }) => name(time)), axisLine: { lineStyle: { color: colour.grid } }, axisTick: { show: false }, axisLabel: { color: colour.text, fontSize: 11, hideOverlap: true } },
  yAxis: { ...valueAxis(COUNT, colour, "left"), min: 0 },
  series: [{ type: "line", data: sizes.map(({ people }) => people), showSymbol: sizes.length < 15, symbolSize: 6, lineStyle: { width: 2, color: colour.series[1] }, itemStyle: { color: colour.series[1] }, areaStyle: { color: colour.series[1], opacity: 0.08 } }],
});
