// The picture of the page as an option of ECharts: requests that were answered and that failed, below them how long they took.
import { written } from "../figures.js";
import * as format from "../format.js";
import { frame, valueAxis } from "../explore/ink.js";

const COUNT = { unit: "count" };
const MILLISECONDS = { unit: "milliseconds" };
const SHAPES = { m: "minute", h: "hour", d: "weekday", w: "date" };
const LINES = [["p50", "Median", 3], ["p95", "p95", 1], ["p99", "p99", 4]];

export function requests({ times, series, granularity, timezone }) {
  const shape = granularity.endsWith("mo") ? "month" : (SHAPES[granularity.at(-1)] ?? "date");
  const tick = (value) => format.time(value, shape === "hour" ? "minute" : shape, timezone);
  const sides = { left: 64, right: 16 };
  const axis = (gridIndex, colour) => ({
    type: "category",
    gridIndex,
    data: times,
    axisLine: { lineStyle: { color: colour.grid } },
    axisTick: { show: false },
    axisLabel: { show: gridIndex === 1, color: colour.text, fontSize: 11, hideOverlap: true, formatter: tick },
    axisPointer: { label: { show: false } },
  });
  const bar = (name, data, color) => ({ name, type: "bar", stack: "requests", data, barCategoryGap: "20%", itemStyle: { color } });
  return (colour) => ({
    ...frame(colour, "line", ([{ dataIndex: at }]) => {
      const counts = [["Answered", "success_count"], ["Failed", "error_count"]].map(([label, field]) => `${label}  ${written(series[field][at], COUNT)}`);
      return [format.time(times[at], "full", timezone), ...counts, ...LINES.map(([field, label]) => `${label}  ${written(series[field][at], MILLISECONDS)}`)].join("\n");
    }),
    grid: [{ ...sides, top: 12, height: "38%" }, { ...sides, top: "52%", bottom: 24 }],
    xAxis: [axis(0, colour), axis(1, colour)],
    yAxis: [{ ...valueAxis(COUNT, colour, "left"), gridIndex: 0 }, { ...valueAxis(MILLISECONDS, colour, "left"), gridIndex: 1, min: 0 }],
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    series: [
      bar("Answered", series.success_count, colour.series[3]),
      bar("Failed", series.error_count, colour.series[2]),
      ...LINES.map(([field, label, ink]) => ({ name: label, type: "line", xAxisIndex: 1, yAxisIndex: 1, data: series[field], showSymbol: times.length < 3, connectNulls: false, lineStyle: { width: 1.5, color: colour.series[ink] }, itemStyle: { color: colour.series[ink] } })),
    ],
  });
}
