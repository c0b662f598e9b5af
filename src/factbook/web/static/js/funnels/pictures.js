// The pictures of the page as options of ECharts: bars from step to step, conversion over time, time to convert.
import { written } from "../figures.js";
import * as format from "../format.js";
import { frame, plain, valueAxis } from "../explore/ink.js";

const GRID = { left: 8, right: 16, top: 28, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
const COUNT = { unit: "count" };
export const SHARE = { unit: "percent", decimals: 1 };
const SHAPES = { "1h": "hour", "4h": "hour", "1d": "day", "1w": "day", "1mo": "month", "1q": "month", "1y": "month" };

const categories = (data, colour, formatter = (value) => value) => ({
  type: "category",
  data,
  axisLine: { lineStyle: { color: colour.grid } },
  axisTick: { show: false },
  axisLabel: { color: colour.text, fontSize: 11, hideOverlap: true, width: 120, overflow: "truncate", formatter },
});

/** Who did each step, and in pale who turned away before it. */
export function bars({ steps }) {
  return (colour) => ({
    ...frame(colour, "shadow", ([{ dataIndex: at }]) => {
      const { label, count, conversion, dropped } = steps[at];
      return [plain(label), `Went on  ${format.count(count)}  ${written(conversion, SHARE)}`, ...(at ? [`Turned away  ${format.count(dropped)}`] : [])].join("\n");
    }),
    grid: GRID,
    xAxis: categories(steps.map(({ label }) => plain(label)), colour),
    yAxis: [valueAxis(COUNT, colour, "left")],
    series: [
      {
        name: "Went on",
        type: "bar",
        stack: "all",
        barCategoryGap: "35%",
        data: steps.map(({ count }) => count),
        itemStyle: { color: colour.series[1] },
      },
      {
        name: "Turned away",
        type: "bar",
        stack: "all",
        data: steps.map(({ dropped }) => Math.max(dropped, 0)),
        itemStyle: { color: colour.series[1], opacity: 0.18 },
        label: { show: true, position: "top", opacity: 1, color: colour.strong, fontSize: 12, formatter: ({ dataIndex: at }) => written(steps[at].overall, SHARE) },
      },
    ],
  });
}

export const pointName = ({ time }, { trend, timezone }) => format.time(time, SHAPES[trend.granularity] ?? "minute", timezone);

/** How many entered, and what share of them converted. */
export function course(told) {
  const { points } = told.trend;
  return (colour) => ({
    ...frame(colour, "shadow", ([{ dataIndex: at }]) => {
      const { entered, converted, conversion, incomplete } = points[at];
      const lines = [pointName(points[at], told), `Entered  ${format.count(entered)}`, `Converted  ${format.count(converted)}  ${written(conversion, SHARE)}`];
      return [...lines, ...(incomplete ? [`May yet convert  ${format.count(incomplete)}`] : [])].join("\n");
    }),
    grid: GRID,
    xAxis: categories(points.map((point) => pointName(point, told)), colour),
    yAxis: [valueAxis(COUNT, colour, "left"), { ...valueAxis(SHARE, colour, "right"), min: 0, max: 1, interval: 0.25, splitLine: { show: false } }],
    series: [
      { name: "Entered", type: "bar", barCategoryGap: "30%", data: points.map(({ entered, incomplete }) => ({ value: entered, itemStyle: incomplete ? { opacity: 0.25 } : {} })), itemStyle: { color: colour.past, opacity: 0.45 } },
      { name: "Conversion", type: "line", yAxisIndex: 1, data: points.map(({ conversion }) => conversion), symbolSize: 5, lineStyle: { color: colour.series[1], width: 2 }, itemStyle: { color: colour.series[1] } },
    ],
  });
}

export const barName = ({ from_seconds: from, to_seconds: to }) => (to === null ? `from ${format.span(from)}` : `${format.span(from)} – ${format.span(to)}`);

/** How many took how long. */
export function durations({ histogram }) {
  return (colour) => ({
    ...frame(colour, "shadow", ([{ dataIndex: at }]) => `${barName(histogram[at])}\n${format.count(histogram[at].count)}`),
    grid: GRID,
    xAxis: categories(histogram.map(({ from_seconds: from }) => format.span(from)), colour),
    yAxis: [valueAxis(COUNT, colour, "left")],
    series: [{ type: "bar", barCategoryGap: "8%", data: histogram.map(({ count }) => count), itemStyle: { color: colour.series[1], borderRadius: [1.5, 1.5, 0, 0] } }],
  });
}
