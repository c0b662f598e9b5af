// The chart of a cut without time as an option of ECharts: a bar a row, that of the period before below it.
import { brief, written } from "../figures.js";
import { frame, plain, valueAxis } from "./ink.js";

const isCompared = (rows) => rows.some(({ past }) => past !== null);

/** How high the chart has to be, in rem. */
export const height = (rows) => Math.max(6, 2 + rows.length * (isCompared(rows) ? 2.5 : 1.9));

export function ranked({ metric }, rows, colour) {
  const bars = { type: "bar", name: metric.label, barCategoryGap: "35%", barGap: "15%" };
  const data = rows.map((one) => ({ value: one.values, itemStyle: { color: colour.series[one.colour ? 1 : 0] } }));
  const label = { show: true, position: "right", color: colour.text, fontSize: 11, formatter: ({ dataIndex }) => brief(rows[dataIndex].values, metric) };
  return {
    ...frame(colour, "shadow", ([{ dataIndex }]) => told(rows[dataIndex])),
    grid: { left: 8, right: 56, top: 8, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: valueAxis(metric, colour, "bottom"),
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map(({ name }) => name),
      axisLine: { lineStyle: { color: colour.grid } },
      axisTick: { show: false },
      axisLabel: { color: colour.strong, fontSize: 12, width: 150, overflow: "truncate", interval: 0 },
    },
    series: [
      { ...bars, id: "now", data, label },
      ...(isCompared(rows) ? [{ ...bars, id: "before", data: rows.map(({ past }) => past), itemStyle: { color: colour.past, opacity: 0.55 } }] : []),
    ],
  };
}

function told({ name, values, past, metric }) {
  return [plain(name), written(values, metric), past === null ? null : `before: ${written(past, metric)}`].filter(Boolean).join("\n");
}
