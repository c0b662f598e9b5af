// The picture of the page as an option of ECharts: imports completed and failed, below them their rows.
import { written } from "../figures.js";
import * as format from "../format.js";
import { frame, valueAxis } from "../explore/ink.js";

const COUNT = { unit: "count" };

export function trend({ points, timezone }) {
  const times = points.map(({ time }) => time);
  const sides = { left: 64, right: 16 };
  const axis = (gridIndex, colour) => ({
    type: "category",
    gridIndex,
    data: times,
    axisLine: { lineStyle: { color: colour.grid } },
    axisTick: { show: false },
    axisLabel: { show: gridIndex === 1, color: colour.text, fontSize: 11, hideOverlap: true, formatter: (value) => format.time(value, "date", timezone) },
    axisPointer: { label: { show: false } },
  });
  const bar = (name, field, at, color) => ({ name, type: "bar", stack: String(at), xAxisIndex: at, yAxisIndex: at, data: points.map((point) => point[field]), barCategoryGap: "20%", itemStyle: { color } });
  return (colour) => ({
    ...frame(colour, "line", ([{ dataIndex: at }]) => [format.time(times[at], "date", timezone), ...[["Completed", "completed"], ["Failed", "failed"], ["Rows", "rows"], ["Rejected", "rows_rejected"]].map(([label, field]) => `${label}  ${written(points[at][field], COUNT)}`)].join("\n")),
    grid: [{ ...sides, top: 12, height: "38%" }, { ...sides, top: "52%", bottom: 24 }],
    xAxis: [axis(0, colour), axis(1, colour)],
    yAxis: [0, 1].map((gridIndex) => ({ ...valueAxis(COUNT, colour, "left"), gridIndex, min: 0, minInterval: 1 })),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    series: [
      bar("Completed", "completed", 0, colour.series[3]),
      bar("Failed", "failed", 0, colour.series[2]),
      bar("Rows", "rows", 1, colour.series[1]),
      bar("Rejected", "rows_rejected", 1, colour.series[2]),
    ],
  });
}
