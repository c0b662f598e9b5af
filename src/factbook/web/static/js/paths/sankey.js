// The paths as a Sankey diagram: a column a layer; what leaves a column without an edge is where paths end.
import { frame, plain } from "../explore/ink.js";
import * as format from "../format.js";

const LONGEST = 22;

export const nameOf = ({ label, other }) => (other ? "(other)" : label);

const short = (name) => (name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name);

/** The option of ECharts, a function of the page's colours. */
export function sankey(answer) {
  const isBack = answer.direction === "backward";
  const last = answer.layers.length - 1;
  const nodes = answer.layers.flatMap(({ layer, nodes: found }) => found.map((node) => ({ ...node, layer })));
  const inks = new Map([...new Set(nodes.filter(({ other }) => !other).map(({ label }) => label))].map((label, at) => [label, 1 + (at % 8)]));
  const about = ({ count, share, converted, conversion_rate: rate, dropped, drop_off_rate: left }) =>
    [`${format.count(count)} paths, ${format.percent(share)} of all`, `${format.count(converted)} converted, ${format.percent(rate)}`, dropped ? `${format.count(dropped)} ${isBack ? "began" : "ended"} here, ${format.percent(left)}` : null].filter(Boolean);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return (colour) => ({
    ...frame(colour, "line"),
    tooltip: {
      ...frame(colour, "line").tooltip,
      trigger: "item",
      formatter: ({ dataType, data }) => {
        if (dataType === "node") return [plain(nameOf(byId.get(data.name))), ...about(byId.get(data.name))].join("\n");
        const [from, to] = [byId.get(data.edge.source), byId.get(data.edge.target)];
        return [`${plain(nameOf(from))} ${isBack ? "←" : "→"} ${plain(nameOf(to))}`, `${format.count(data.edge.count)} paths, ${format.percent(data.edge.share)} of ${plain(nameOf(from))}`].join("\n");
      },
    },
    series: [
      {
        type: "sankey",
        left: 8,
        right: 140,
        top: 12,
        bottom: 12,
        nodeWidth: 12,
        nodeGap: 10,
        draggable: false,
        layoutIterations: 24,
        emphasis: { focus: "adjacency" },
        label: { color: colour.strong, fontSize: 12, fontFamily: colour.face, formatter: ({ name }) => `${plain(short(nameOf(byId.get(name))))}  ${format.short(byId.get(name).count)}` },
        lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
        data: nodes.map((node) => ({ name: node.id, value: node.count, depth: isBack ? last - node.layer : node.layer, itemStyle: { color: node.other ? colour.series[0] : colour.series[inks.get(node.label)], borderWidth: 0 } })),
        links: answer.edges.map((edge) => ({ source: isBack ? edge.target : edge.source, target: isBack ? edge.source : edge.target, value: edge.count, edge })),
      },
    ],
  });
}

/** The picture in words. */
export function described(answer) {
  const names = new Map(answer.layers.flatMap(({ nodes }) => nodes.map((node) => [node.id, nameOf(node)])));
  const steps = answer.edges.slice(0, 12).map(({ source, target, count }) => `${names.get(source)} to ${names.get(target)} ${count}`);
  return `Paths: ${steps.join("; ") || "no step was taken"}`;
}
