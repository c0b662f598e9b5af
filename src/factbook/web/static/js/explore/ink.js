// What all charts of an answer share: the page's colours, the axis of a metric, the tooltip's frame.
import { brief } from "../figures.js";
import { MOST } from "./series.js";

/** The colours as they are now, in the theme of the page: series[0] is for the rest. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const series = Array.from({ length: MOST }, (_, index) => read(`series-${index + 1}`));
  return { series: [read("series-rest"), ...series], past: read("series-past"), grid: read("line"), text: read("ink-3"), strong: read("ink"), surface: read("surface"), face: read("face") };
}

/** pointer: "line" or "shadow". */
export function frame(colour, pointer, formatter) {
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
      axisPointer: { type: pointer, shadowStyle: { color: colour.text, opacity: 0.1 } },
      formatter,
    },
  };
}

/** The axis for values of `metric`, null for one of nothing. */
export function valueAxis(metric, colour, position) {
  return {
    type: "value",
    position,
    minInterval: metric?.unit === "count" ? 1 : 0,
    splitNumber: 4,
    axisLabel: { color: colour.text, fontSize: 11, formatter: (value) => (metric ? brief(value, metric) : value) },
    splitLine: { show: position !== "right", lineStyle: { color: colour.grid } },
  };
}

/** A name as rich text holds it: what looks like its markup is broken up. */
export const plain = (text) => text.replaceAll("{", "{\u200b");
