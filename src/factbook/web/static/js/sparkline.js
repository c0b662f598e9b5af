// A line the size of a word: the course of a series, with gaps where there is no number; the figures stand beside it.

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, EDGE] = [100, 24, 2];

/** An <svg> of `values` (null: a gap), hidden from those who cannot see it; null where there is nothing to draw. */
export function sparkline(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (known.length < 2) return null;
  const [low, high] = [Math.min(...known, 0), Math.max(...known, 0)];
  const x = (index) => EDGE + ((WIDTH - 2 * EDGE) * index) / (values.length - 1);
  const y = (value) => HEIGHT - EDGE - ((HEIGHT - 2 * EDGE) * (value - low)) / (high - low || 1);
  const svg = made("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "sparkline", preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const run of runs(values)) {
    const points = run.map((index) => `${x(index).toFixed(1)},${y(values[index]).toFixed(1)}`);
    // A number between two gaps is a short stroke, as one point draws no line.
    if (points.length === 1) points.push(`${(x(run[0]) + 0.5).toFixed(1)},${y(values[run[0]]).toFixed(1)}`);
    svg.append(made("polyline", { points: points.join(" "), "vector-effect": "non-scaling-stroke" }));
  }
  return svg;
}

function runs(values) {
  const found = [[]];
  values.forEach((value, index) => (value === null || value === undefined ? found.push([]) : found.at(-1).push(index)));
  return found.filter((run) => run.length);
}

function made(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
