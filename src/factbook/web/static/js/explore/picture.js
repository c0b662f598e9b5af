// The chart of an answer: ECharts in the page's colours, with a legend of buttons beside it that switch series off and on.
import { el, setText } from "../dom.js";
import { brief, written } from "../figures.js";
import { MOST, unitsOf } from "./series.js";
import { bucketName, tick } from "./times.js";

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const series = Array.from({ length: MOST }, (_, index) => read(`series-${index + 1}`));
  return { series: [read("series-rest"), ...series], past: read("series-past"), grid: read("line"), text: read("ink-3"), strong: read("ink"), surface: read("surface"), face: read("face") };
}

/** node: where the canvas goes; legend: a list for the buttons. */
export class Picture {
  #chart;
  #node;
  #legend;
  #drawing = null;
  #hidden = new Set();

  constructor(node, legend) {
    this.#node = node;
    this.#legend = legend;
    this.#chart = globalThis.echarts.init(node, null, { renderer: "canvas" });
    new ResizeObserver(() => this.#chart.resize()).observe(node);
    document.addEventListener("theme", () => this.#drawing && this.#draw());
  }

  /** Draws what `drawing` of series.js tells. Series stay switched off while they are called the same. */
  show(drawing, label) {
    const names = new Set(drawing.series.map(({ name }) => name));
    const kept = this.#drawing?.series.filter(({ key, name }) => this.#hidden.has(key) && names.has(name)).map(({ name }) => name) ?? [];
    this.#drawing = { ...drawing, label };
    this.#hidden = new Set(drawing.series.filter(({ name }) => kept.includes(name)).map(({ key }) => key));
    this.#keepToTwoUnits();
    this.#draw();
  }

  /** An axis for each unit, two at most: the series of a third begin switched off. */
  #keepToTwoUnits() {
    const units = unitsOf(this.#drawing.series, this.#hidden);
    if (units.length < 2) return;
    for (const { key, metric } of this.#drawing.series) if (!units.includes(metric.unit)) this.#hidden.add(key);
  }

  #toggle(one) {
    const { series } = this.#drawing;
    if (!this.#hidden.delete(one.key)) this.#hidden.add(one.key);
    else {
      // A third unit takes the place of the second: those series are switched off.
      const units = [...new Set(series.filter(({ key }) => !this.#hidden.has(key)).map(({ metric }) => metric.unit))];
      const tooMany = units.length > 2 ? units.filter((unit) => unit !== one.metric.unit).at(-1) : null;
      for (const { key, metric } of series) if (metric.unit === tooMany) this.#hidden.add(key);
    }
    this.#draw();
  }

  #draw() {
    const drawing = this.#drawing;
    const seen = drawing.series.filter(({ key }) => !this.#hidden.has(key));
    const units = unitsOf(drawing.series, this.#hidden);
    const option = drawing.byTime ? timed(drawing, seen, units, colours()) : ranked(drawing, seen, colours());
    this.#node.classList.toggle("ranked", !drawing.byTime);
    if (!drawing.byTime) this.#node.style.height = `${Math.max(6, 2 + seen.length * (seen.some(({ past }) => past !== null) ? 2.5 : 1.9))}rem`;
    else this.#node.style.removeProperty("height");
    this.#chart.resize();
    this.#chart.setOption(option, { notMerge: true, lazyUpdate: true });
    this.#node.setAttribute("role", "img");
    this.#node.setAttribute("aria-label", describe(drawing, seen));
    this.#drawLegend(units);
  }

  #drawLegend(units) {
    const { series, byTime, whole } = this.#drawing;
    const hasPast = whole || series.some(({ key, past }) => past && !this.#hidden.has(key));
    if (!byTime) return this.#legend.replaceChildren(...(series.some((one) => one.past !== null) ? [el("li", {}, past("swatch past-bar"))] : []));
    const focused = [...this.#legend.querySelectorAll("button")].indexOf(document.activeElement);
    const button = (one) =>
      el(
        "button",
        { type: "button", class: "quiet", "aria-pressed": String(!this.#hidden.has(one.key)), onclick: () => this.#toggle(one) },
        el("i", { class: `swatch s${one.colour}`, "aria-hidden": "true" }),
        el("span", { class: "name", title: one.name }, one.name),
        units.length > 1 && one.metric.unit === units[1] ? el("span", { class: "muted" }, "right") : null,
      );
    const alone = series.length === 1 ? [] : series.map((one) => el("li", {}, button(one)));
    this.#legend.replaceChildren(...alone, ...(hasPast ? [el("li", { class: "past" }, past())] : []));
    this.#legend.querySelectorAll("button")[focused]?.focus();
  }
}

const past = (mark = "past-mark") => el("span", { class: "past-key" }, el("i", { class: mark, "aria-hidden": "true" }), "period before");

function describe({ label, times, byTime, ...about }, seen) {
  if (byTime && !times.length) return `${label}: no data`;
  const range = byTime ? `, ${bucketName(times[0], about)} to ${bucketName(times.at(-1), about)}` : "";
  const figures = seen.map(({ name, values, metric }) => {
    if (!byTime) return `${name} ${written(values, metric)}`;
    const known = values.filter((value) => value !== null && value !== undefined);
    return known.length ? `${name} between ${written(Math.min(...known), metric)} and ${written(Math.max(...known), metric)}` : `${name} without a value`;
  });
  return `${label}${range}: ${figures.join("; ")}`;
}

/** A name as rich text holds it: what looks like its markup is broken up. */
const plain = (text) => text.replaceAll("{", "{\u200b");

function common(colour, trigger) {
  return {
    animation: false,
    textStyle: { fontFamily: colour.face },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      backgroundColor: colour.surface,
      borderColor: colour.grid,
      textStyle: { color: colour.strong, fontSize: 12, fontFamily: colour.face },
      axisPointer: { type: trigger, shadowStyle: { color: colour.text, opacity: 0.1 } },
    },
  };
}

function valueAxis(metric, colour, position) {
  const isLeft = position !== "right";
  return {
    type: "value",
    position,
    minInterval: metric?.unit === "count" ? 1 : 0,
    splitNumber: 4,
    axisLabel: { color: colour.text, fontSize: 11, formatter: (value) => (metric ? brief(value, metric) : value) },
    splitLine: { show: isLeft, lineStyle: { color: colour.grid } },
  };
}

function timed(drawing, seen, units, colour) {
  const { times, kind, partial, whole } = drawing;
  const isBars = kind === "bar" || kind === "stacked";
  const base = common(colour, isBars ? "shadow" : "line");
  const tickAt = (time) => tick(time, drawing);
  const axes = units.map((unit, index) => valueAxis(seen.find(({ metric }) => metric.unit === unit).metric, colour, index ? "right" : "left"));
  return {
    ...base,
    tooltip: { ...base.tooltip, formatter: (points) => told(points, drawing, seen) },
    grid: { left: 8, right: units.length > 1 ? 8 : 16, top: 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "category",
      data: times,
      boundaryGap: isBars,
      axisLine: { lineStyle: { color: colour.grid } },
      axisTick: { show: false },
      axisLabel: {
        color: colour.text,
        fontSize: 11,
        hideOverlap: true,
        // Several buckets may share one label (six of 4 hours a day): only the first of them carries it.
        interval: (index) => index === 0 || tickAt(times[index]) !== tickAt(times[index - 1]),
        formatter: tickAt,
      },
    },
    yAxis: axes.length ? axes : [valueAxis(null, colour, "left")],
    series: [
      ...seen.flatMap((one) => drawn(one, kind, partial, colour, units)),
      ...(whole ? [pastLine({ key: "whole", name: "All", past: whole }, colour.past, 0)] : []),
    ],
  };
}

function drawn(one, kind, partial, colour, units) {
  const ink = colour.series[one.colour];
  const axis = Math.max(units.indexOf(one.metric.unit), 0);
  const before = one.past ? [pastLine(one, kind === "bar" || kind === "stacked" ? colour.past : ink, axis)] : [];
  const raw = one.raw ? [{ ...line(one, one.raw, ink, axis), lineStyle: { color: ink, width: 1, opacity: 0.35 }, silent: true }] : [];
  if (kind === "bar" || kind === "stacked") {
    const data = one.values.map((value, index) => (partial.has(index) ? { value, itemStyle: { opacity: 0.45 } } : value));
    const stack = kind === "stacked" ? { stack: "all" } : { barGap: "10%" };
    return [...before, { type: "bar", id: one.key, name: one.name, data, yAxisIndex: axis, barCategoryGap: "30%", itemStyle: { color: ink }, ...stack }, ...raw];
  }
  const fill = kind === "area" ? { areaStyle: { color: ink, opacity: 0.14 } } : {};
  return [...before, ...raw, ...stretches(one, partial, ink, axis, fill)];
}

/** The line of the whole buckets, and dotted the way to those that are cut: half a day is not a fall. */
function stretches(one, partial, ink, axis, fill) {
  const isCut = (index) => partial.has(index);
  if (!partial.size || one.values.length < 2) return [{ ...line(one, one.values, ink, axis), ...fill, id: one.key }];
  const solid = one.values.map((value, index) => (isCut(index) ? null : value));
  const dotted = one.values.map((value, index) => (isCut(index) || isCut(index + 1) || isCut(index - 1) ? value : null));
  const loose = line(one, dotted, ink, axis, isCut);
  return [
    { ...line(one, solid, ink, axis), ...fill, id: one.key },
    { ...loose, id: `${one.key}-cut`, lineStyle: { ...loose.lineStyle, type: [2, 3] } },
  ];
}

/** marked: which points are drawn as such; those that stand alone between gaps are, as no line leads to them. */
function line({ name }, values, ink, axis, marked = () => false) {
  const isKnown = (index) => values[index] !== null && values[index] !== undefined;
  const stands = (index) => isKnown(index) && (marked(index) || !(isKnown(index - 1) || isKnown(index + 1)));
  const data = values.map((value, index) => ({ value: value ?? null, symbol: stands(index) ? "circle" : "none" }));
  return { type: "line", name, data, yAxisIndex: axis, connectNulls: false, showSymbol: true, showAllSymbol: true, symbolSize: 5, lineStyle: { color: ink, width: 2 }, itemStyle: { color: ink } };
}

function pastLine({ key, name, past: values }, ink, axis) {
  const base = line({ name }, values, ink, axis);
  return { ...base, id: `${key}-past`, lineStyle: { color: ink, width: 1.5, type: [4, 3], opacity: 0.75 }, z: 1 };
}

/** The tooltip: the bucket, then a line for each series. */
function told(points, drawing, seen) {
  const at = points[0].dataIndex;
  const time = drawing.times[at];
  const head = time === undefined ? "" : `${bucketName(time, drawing)}${drawing.partial.has(at) ? " (in part)" : ""}`;
  const marker = (key) => points.find(({ seriesId }) => seriesId === key || seriesId === `${key}-cut`)?.marker ?? "";
  const lines = seen.map(({ key, name, metric, values, past: before }) => {
    const earlier = before ? `   before: ${written(before[at], metric)}` : "";
    return `${marker(key)} ${plain(name)}  ${written(values[at], metric)}${earlier}`;
  });
  if (drawing.whole) lines.push(`   before, all together: ${written(drawing.whole[at], drawing.metric)}`);
  return [head, ...lines].join("\n");
}

function ranked(drawing, seen, colour) {
  const metric = drawing.metric;
  const base = common(colour, "shadow");
  const rows = seen.map((one) => ({ value: one.values, itemStyle: { color: colour.series[one.colour ? 1 : 0] } }));
  const isCompared = seen.some(({ past: before }) => before !== null);
  const bars = { type: "bar", name: metric.label, data: rows, barCategoryGap: "35%", barGap: "15%" };
  return {
    ...base,
    tooltip: { ...base.tooltip, formatter: ([{ dataIndex }]) => toldRow(seen[dataIndex]) },
    grid: { left: 8, right: 56, top: 8, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: { ...valueAxis(metric, colour), position: "bottom" },
    yAxis: {
      type: "category",
      inverse: true,
      data: seen.map(({ name }) => name),
      axisLine: { lineStyle: { color: colour.grid } },
      axisTick: { show: false },
      axisLabel: { color: colour.strong, fontSize: 12, width: 150, overflow: "truncate", interval: 0 },
    },
    series: [
      { ...bars, id: "now", label: { show: true, position: "right", color: colour.text, fontSize: 11, formatter: ({ dataIndex }) => brief(seen[dataIndex].values, metric) } },
      ...(isCompared ? [{ ...bars, id: "before", data: seen.map(({ past: before }) => before), itemStyle: { color: colour.past, opacity: 0.55 } }] : []),
    ],
  };
}

function toldRow({ name, values, past: before, metric }) {
  return [plain(name), written(values, metric), before === null ? null : `before: ${written(before, metric)}`].filter(Boolean).join("\n");
}
