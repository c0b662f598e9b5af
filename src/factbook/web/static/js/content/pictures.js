// The pictures of the page as options of ECharts: views by hour of day, and where views came from, piece by piece.
import * as format from "../format.js";
import { frame, plain, valueAxis } from "../explore/ink.js";

const COUNT = { unit: "count" };
const GRID = { left: 8, right: 16, top: 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
export const WAYS = [
  ["direct_traffic", "Direct"],
  ["search_traffic", "Search"],
  ["recommendation_traffic", "Recommendations"],
  ["external_traffic", "Elsewhere"],
];

/** Each piece a bar, its views stacked by what led to them. */
export function traffic(rows) {
  const names = rows.map(({ content_id: id }) => plain(id));
  return (colour) => ({
    ...frame(colour, "shadow", ([{ dataIndex: at }]) => [names[at], ...WAYS.map(([field, label]) => `${label}  ${format.count(rows[at][field])}`)].join("\n")),
    grid: GRID,
    xAxis: [valueAxis(COUNT, colour, "bottom")],
    yAxis: {
      type: "category",
      inverse: true,
      data: names,
      axisLine: { lineStyle: { color: colour.grid } },
      axisTick: { show: false },
      axisLabel: { color: colour.text, fontSize: 11, width: 120, overflow: "truncate" },
    },
    series: WAYS.map(([field, label], at) => ({ name: label, type: "bar", stack: "all", barCategoryGap: "30%", itemStyle: { color: colour.series[at + 1] }, data: rows.map((row) => row[field]) })),
  });
}

/** Views by hour of day, on the wall clock of the answer. */
export function hours({ hourly_distribution: counts }) {
  const names = Object.keys(counts).map(Number);
  return (colour) => ({
    ...frame(colour, "shadow", ([{ dataIndex: at }]) => `${names[at]}:00 to ${names[at] + 1}:00\n${format.count(counts[names[at]])} views`),
    grid: GRID,
    xAxis: { type: "category", data: names, axisLine: { lineStyle: { color: colour.grid } }, axisTick: { show: false }, axisLabel: { color: colour.text, fontSize: 11 } },
    yAxis: [valueAxis(COUNT, colour, "left")],
    series: [{ type: "bar", barCategoryGap: "25%", data: names.map((hour) => counts[hour]), itemStyle: { color: colour.series[1], borderRadius: [1.5, 1.5, 0, 0] } }],
  });
}
