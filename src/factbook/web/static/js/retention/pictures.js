// The pictures of the page as options of ECharts: the curve, people by state, people by active days.
import { written } from "../figures.js";
import * as format from "../format.js";
import { colours, frame, plain, valueAxis } from "../explore/ink.js";
import { cohortName, periodName } from "./table.js";

const GRID = { left: 8, right: 16, top: 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
const SHAPES = { "1d": "day", "1w": "day", "1mo": "month" };

/** The states of a life: name, label, colour of the page. Dormant ones hang below. */
export const STATES = [
  ["new", "New", "s1"],
  ["returning", "Returning", "s3"],
  ["resurrecting", "Resurrecting", "s2"],
  ["dormant", "Dormant", "rest"],
];
const INK = { s1: 1, s2: 2, s3: 3, rest: 0 };
const COUNT = { unit: "count" };

/** A chart that is drawn again when its size or the theme changes. */
export class Chart {
  #chart;
  #node;
  #option = null;

  constructor(node) {
    this.#node = node;
    this.#chart = globalThis.echarts.init(node, null, { renderer: "canvas" });
    new ResizeObserver(() => this.#chart.resize()).observe(node);
    document.addEventListener("theme", () => this.#option && this.#draw());
  }

  /** option: a function of the page's colours. about: the picture in words. */
  show(option, about) {
    this.#option = option;
    this.#node.setAttribute("role", "img");
    this.#node.setAttribute("aria-label", about);
    this.#draw();
  }

  #draw() {
    this.#chart.setOption(this.#option(colours()), { notMerge: true });
  }
}

const categories = (data, colour, formatter = (value) => value) => ({
  type: "category",
  data,
  axisLine: { lineStyle: { color: colour.grid } },
  axisTick: { show: false },
  axisLabel: { color: colour.text, fontSize: 11, hideOverlap: true, formatter },
});

/** The average, thick, among the cohorts; what is not over is left out, so that it is no fall. */
export function curve(answer, [field, , metric]) {
  const names = answer.periods.map((name) => periodName(name, answer));
  const over = (line) => line[field].map((value, at) => (line.incomplete[at] ? null : value));
  return (colour) => ({
    ...frame(colour, "line", (points) => {
      const known = points.filter(({ value }) => value !== null && value !== undefined).slice(0, 12);
      return [names[points[0].dataIndex], ...known.map(({ seriesName, value }) => `${plain(seriesName)}  ${written(value, metric)}`)].join("\n");
    }),
    grid: GRID,
    xAxis: { ...categories(names, colour), boundaryGap: false },
    yAxis: [{ ...valueAxis(metric, colour, "left"), min: 0, ...(answer.reference === "period_0" && metric.unit === "percent" ? { max: 1, interval: 0.25 } : {}) }],
    series: [
      { name: "Average", type: "line", data: answer.average[field], symbolSize: 6, lineStyle: { width: 3, color: colour.series[1] }, itemStyle: { color: colour.series[1] }, z: 3 },
      ...answer.cohorts
        .filter(({ size }) => size)
        .map((line) => ({ name: cohortName(line, answer), type: "line", data: over(line), showSymbol: false, lineStyle: { width: 1, color: colour.past, opacity: 0.5 }, itemStyle: { color: colour.past } })),
    ],
  });
}

export function lifecycle(told) {
  const tick = (time) => format.time(time, SHAPES[told.granularity], told.timezone);
  return (colour) => ({
    ...frame(colour, "shadow", (points) => {
      const at = points[0].dataIndex;
      const lines = STATES.map(([name, label]) => `${label}  ${format.count(told[name][at])}`);
      return [`${tick(told.times[at])}${told.incomplete[at] ? ", not over yet" : ""}`, ...lines].join("\n");
    }),
    grid: GRID,
    xAxis: categories(told.times, colour, tick),
    yAxis: [valueAxis(COUNT, colour, "left")],
    series: STATES.map(([name, label, ink]) => ({
      name: label,
      type: "bar",
      stack: "all",
      barCategoryGap: "30%",
      itemStyle: { color: colour.series[INK[ink]] },
      data: told[name].map((value, at) => ({ value: name === "dormant" && value ? -value : value, itemStyle: told.incomplete[at] ? { opacity: 0.45 } : {} })),
    })),
  });
}

export function stickiness({ days, average }) {
  const share = { unit: "percent", decimals: 1 };
  return (colour) => ({
    ...frame(colour, "shadow", ([{ dataIndex: at }]) => `${format.measured(days[at], "day")}\n${written(average.shares[at], share)}  ${format.count(average.counts[at])}`),
    grid: GRID,
    xAxis: categories(days, colour),
    yAxis: [valueAxis(share, colour, "left")],
    series: [{ type: "bar", barCategoryGap: "25%", data: average.shares, itemStyle: { color: colour.series[1], borderRadius: [1.5, 1.5, 0, 0] } }],
  });
}
