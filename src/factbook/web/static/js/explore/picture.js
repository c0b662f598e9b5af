// The chart of an answer: ECharts in the page's colours, with a legend of buttons beside it that switch series off and on.
import { el } from "../dom.js";
import { written } from "../figures.js";
import { colours } from "./ink.js";
import { height, ranked } from "./ranked.js";
import { unitsOf } from "./series.js";
import { timed } from "./timed.js";
import { bucketName } from "./times.js";

/** node: where the canvas goes; legend: a list for the buttons. */
export class Picture {
  #chart;
  #node;
  #legend;
  #drawing = null;
  #hidden = new Set();
  #size;
  #over = new AbortController();

  constructor(node, legend) {
    this.#node = node;
    this.#legend = legend;
    this.#chart = globalThis.echarts.init(node, null, { renderer: "canvas" });
    this.#size = new ResizeObserver(() => this.#chart.resize());
    this.#size.observe(node);
    document.addEventListener("theme", () => this.#drawing && this.#draw(), { signal: this.#over.signal });
  }

  /** Lets go of everything: the picture is shown no longer. */
  end() {
    this.#over.abort();
    this.#size.disconnect();
    this.#chart.dispose();
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
    this.#node.style.height = drawing.byTime ? "" : `${height(seen)}rem`;
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
