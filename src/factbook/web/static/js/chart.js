// ECharts in the page's own colours: one option made from series, redrawn on resize and when the theme changes.
import * as format from "./format.js";
import { el } from "./dom.js";

const SHAPE = { "1m": "minute", "1h": "hour", "4h": "hour", "1d": "weekday", "1w": "date", "1mo": "month" };
const AXIS = { "1m": "minute", "1h": "minute", "4h": "weekday", "1d": "day", "1w": "day", "1mo": "month" };

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    series: read("series"),
    past: read("series-past"),
    line: read("series-line"),
    grid: read("line"),
    text: read("ink-3"),
    strong: read("ink"),
    surface: read("surface"),
    face: read("face"),
  };
}

/**
 * A chart over time. show({interval, times, series, label, open}): series are {name, kind: bar|line|past, values, format, right?};
 * values stand at the same index as times; open: the last of them is still growing, and is drawn so. `table` (a <div>) gets the same numbers as a table for those who cannot see the picture.
 */
export class TimeChart {
  #chart;
  #node;
  #table;
  #shown = null;

  constructor(node, table = null) {
    this.#node = node;
    this.#table = table;
    this.#chart = globalThis.echarts.init(node, null, { renderer: "canvas" });
    new ResizeObserver(() => this.#chart.resize()).observe(node);
    document.addEventListener("theme", () => this.#shown && this.#draw());
  }

  show(shown) {
    this.#shown = shown;
    this.#draw();
  }

  #draw() {
    const shown = this.#shown;
    this.#chart.setOption(option(shown, colours()), { notMerge: true, lazyUpdate: true });
    this.#node.setAttribute("role", "img");
    this.#node.setAttribute("aria-label", describe(shown));
    if (this.#table && !this.#table.hidden) this.fillTable();
  }

  /** Writes the numbers into the table. */
  fillTable() {
    if (!this.#shown) return;
    const { interval, times, series, label } = this.#shown;
    const head = el("tr", {}, el("th", { scope: "col" }, "Time"), series.map(({ name }) => el("th", { scope: "col" }, name)));
    const rows = times.map((time, index) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, format.time(time, SHAPE[interval])),
        series.map((one) => el("td", {}, (one.format ?? format.decimal)(one.values[index]))),
      ),
    );
    this.#table.replaceChildren(el("table", {}, el("caption", { class: "away" }, label), el("thead", {}, head), el("tbody", {}, rows)));
  }
}

function describe({ interval, times, series, label }) {
  if (!times.length) return `${label}: no data`;
  const range = `${format.time(times[0], SHAPE[interval])} to ${format.time(times.at(-1), SHAPE[interval])}`;
  const figures = series.map(({ name, values, format: as = format.decimal }) => {
    const known = values.filter((value) => value !== null && value !== undefined);
    return known.length ? `${name} between ${as(Math.min(...known))} and ${as(Math.max(...known))}` : `${name} unknown`;
  });
  return `${label}, ${range}: ${figures.join("; ")}`;
}

function option({ interval, times, series, open }, colour) {
  const tick = (time) => format.time(time, interval === "1h" && times.length > 30 ? "weekday" : AXIS[interval]);
  const axis = (position) => ({
    type: "value",
    position,
    minInterval: series.some(({ whole }) => whole) ? 1 : 0,
    splitNumber: 4,
    axisLabel: { color: colour.text, fontSize: 11, formatter: (value) => format.short(value) },
    splitLine: { show: position === "left", lineStyle: { color: colour.grid } },
  });
  const right = series.some((one) => one.right);
  return {
    animation: false,
    textStyle: { fontFamily: colour.face },
    grid: { left: 8, right: right ? 8 : 16, top: 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      backgroundColor: colour.surface,
      borderColor: colour.grid,
      textStyle: { color: colour.strong, fontSize: 12, fontFamily: colour.face },
      axisPointer: { type: series.some(({ kind }) => kind === "bar") ? "shadow" : "line", shadowStyle: { color: colour.text, opacity: 0.1 } },
      formatter: (points) => {
        const at = points[0].dataIndex;
        const lines = series.map((one) => `${one.name}  ${(one.format ?? format.decimal)(one.values[at])}`);
        return [format.time(times[at], SHAPE[interval]), ...lines].join("\n");
      },
    },
    xAxis: {
      type: "category",
      data: times,
      boundaryGap: series.some(({ kind }) => kind === "bar"),
      axisLine: { lineStyle: { color: colour.grid } },
      axisTick: { show: false },
      axisLabel: {
        color: colour.text,
        fontSize: 11,
        hideOverlap: true,
        // Several buckets may share one label (six of 4 hours a day): only the first of them carries it.
        interval: (index) => index === 0 || tick(times[index]) !== tick(times[index - 1]),
        formatter: tick,
      },
    },
    yAxis: right ? [axis("left"), axis("right")] : [axis("left")],
    series: series.flatMap((one) => drawn(one, colour, open)),
  };
}

function drawn({ name, kind, values, right }, colour, open) {
  const common = { name, data: values, yAxisIndex: right ? 1 : 0 };
  const last = values.length - 1;
  if (kind === "bar") {
    const data = values.map((value, index) => (open && index === last ? { value, itemStyle: { opacity: 0.45 } } : value));
    return { ...common, data, type: "bar", barCategoryGap: "30%", itemStyle: { color: colour.series, borderRadius: [1.5, 1.5, 0, 0] } };
  }
  const line = { ...common, type: "line", showSymbol: values.length === 1, symbol: "circle", symbolSize: 6 };
  if (kind === "past") {
    return { ...line, lineStyle: { color: colour.past, width: 1.5, type: [4, 3] }, itemStyle: { color: colour.past } };
  }
  if (right) return { ...line, lineStyle: { color: colour.line, width: 1.5 }, itemStyle: { color: colour.line } };
  const whole = {
    ...line,
    lineStyle: { color: colour.series, width: 2 },
    itemStyle: { color: colour.series },
    areaStyle: { color: colour.series, opacity: 0.08 },
  };
  if (!open || last < 1) return whole;
  // The way to the growing value is dotted: a half day is not a fall.
  const growing = { ...whole, data: values.map((value, index) => (index < last - 1 ? null : value)), lineStyle: { ...whole.lineStyle, type: [2, 3] } };
  return [{ ...whole, data: values.slice(0, last) }, { ...growing, areaStyle: undefined }];
}
