// The chart over time as an option of ECharts: lines, an area or bars; gaps stay gaps, what is cut is drawn as such, the period before is dashed.
import { written } from "../figures.js";
import { frame, plain, valueAxis } from "./ink.js";
import { bucketName, tick } from "./times.js";

/** seen: the series that are not switched off; units: those of the axes. */
export function timed(drawing, seen, units, colour) {
  const { times, kind, whole } = drawing;
  const isBars = kind === "bar" || kind === "stacked";
  const tickAt = (time) => tick(time, drawing);
  const axes = units.map((unit, index) => valueAxis(seen.find(({ metric }) => metric.unit === unit).metric, colour, index ? "right" : "left"));
  return {
    ...frame(colour, isBars ? "shadow" : "line", (points) => told(points, drawing, seen)),
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
    series: [...seen.flatMap((one) => drawn(one, drawing, colour, units)), ...(whole ? [pastLine({ key: "whole", name: "All", past: whole }, colour.past, 0)] : [])],
  };
}

function drawn(one, { kind, partial }, colour, units) {
  const ink = colour.series[one.colour];
  const axis = Math.max(units.indexOf(one.metric.unit), 0);
  const isBars = kind === "bar" || kind === "stacked";
  const before = one.past ? [pastLine(one, isBars ? colour.past : ink, axis)] : [];
  const raw = one.raw ? [{ ...line(one, one.raw, ink, axis), lineStyle: { color: ink, width: 1, opacity: 0.35 }, silent: true }] : [];
  return [...before, ...raw, ...(isBars ? [bars(one, kind, partial, ink, axis)] : stretches(one, kind, partial, ink, axis))];
}

function bars({ key, name, values }, kind, partial, ink, axis) {
  const data = values.map((value, index) => (partial.has(index) ? { value, itemStyle: { opacity: 0.45 } } : value));
  const beside = kind === "stacked" ? { stack: "all" } : { barGap: "10%" };
  return { type: "bar", id: key, name, data, yAxisIndex: axis, barCategoryGap: "30%", itemStyle: { color: ink }, ...beside };
}

/** The line of the whole buckets, and dotted the way to those that are cut: half a day is not a fall. */
function stretches(one, kind, partial, ink, axis) {
  const isCut = (index) => partial.has(index);
  const fill = kind === "area" ? { areaStyle: { color: ink, opacity: 0.14 } } : {};
  if (!partial.size || one.values.length < 2) return [{ ...line(one, one.values, ink, axis), ...fill, id: one.key }];
  const solid = one.values.map((value, index) => (isCut(index) ? null : value));
  const dotted = one.values.map((value, index) => (isCut(index) || isCut(index + 1) || isCut(index - 1) ? value : null));
  const loose = line(one, dotted, ink, axis, isCut);
  return [
    { ...line(one, solid, ink, axis, (index) => isAlone(one.values, index)), ...fill, id: one.key },
    { ...loose, id: `${one.key}-cut`, lineStyle: { ...loose.lineStyle, type: [2, 3] } },
  ];
}

const isKnown = (value) => value !== null && value !== undefined;

/** A value between two gaps: no line leads to it. */
const isAlone = (values, index) => isKnown(values[index]) && !isKnown(values[index - 1]) && !isKnown(values[index + 1]);

/** marked: which points are drawn as such. */
function line({ name }, values, ink, axis, marked = (index) => isAlone(values, index)) {
  const data = values.map((value, index) => ({ value: value ?? null, symbol: isKnown(value) && marked(index) ? "circle" : "none" }));
  return { type: "line", name, data, yAxisIndex: axis, connectNulls: false, showSymbol: true, showAllSymbol: true, symbolSize: 5, lineStyle: { color: ink, width: 2 }, itemStyle: { color: ink } };
}

function pastLine({ key, name, past }, ink, axis) {
  return { ...line({ name }, past, ink, axis), id: `${key}-past`, lineStyle: { color: ink, width: 1.5, type: [4, 3], opacity: 0.75 }, z: 1 };
}

/** The tooltip: the bucket, then a line for each series. */
function told(points, drawing, seen) {
  const at = points[0].dataIndex;
  const marker = (key) => points.find(({ seriesId }) => seriesId === key || seriesId === `${key}-cut`)?.marker ?? "";
  const lines = seen.map(({ key, name, metric, values, past }) => {
    const earlier = past ? `   before: ${written(past[at], metric)}` : "";
    return `${marker(key)} ${plain(name)}  ${written(values[at], metric)}${earlier}`;
  });
  const whole = drawing.whole ? [`   before, all together: ${written(drawing.whole[at], drawing.metric)}`] : [];
  return [`${bucketName(drawing.times[at], drawing)}${drawing.partial.has(at) ? " (in part)" : ""}`, ...lines, ...whole].join("\n");
}
