// The numbers of the page as tables: each step, and each touchpoint by every model.
import { el } from "../dom.js";
import * as format from "../format.js";
import { nameOf } from "./sankey.js";

const MODELS = { first: "First", last: "Last", last_non_direct: "Last, not direct", linear: "Linear", time_decay: "Time decay", position: "Position" };

function table(caption, heads, rows, foot = null) {
  const cells = ([name, ...values], tag = "tr") => el(tag, {}, el("th", { scope: "row" }, name), values.map((value) => el("td", { class: "number" }, value)));
  return el("table", {}, el("caption", { class: "away" }, caption), el("thead", {}, el("tr", {}, heads.map((head, at) => el("th", { scope: "col", class: at ? "number" : null }, head)))), el("tbody", {}, rows.map((row) => cells(row))), foot ? el("tfoot", {}, cells(foot)) : null);
}

export function stepTable(answer) {
  const names = new Map(answer.layers.flatMap(({ nodes }) => nodes.map((node) => [node.id, nameOf(node)])));
  const arrow = answer.direction === "backward" ? "←" : "→";
  const rows = answer.edges.map(({ layer, source, target, count, share, converted }) => [`${names.get(source)} ${arrow} ${names.get(target)}`, String(layer + 1), format.count(count), format.percent(share), format.count(converted)]);
  return table("Steps", ["Step", "Layer", "Paths", "Share", "Converted"], rows);
}

export function shareTable(answer, part) {
  const written = part === "revenue" ? (value) => format.money(value, answer.currency) : (value) => format.decimal(value);
  const whole = part === "revenue" ? answer.revenue : answer.conversions;
  const rows = answer.rows.map((row) => [row.other ? "(other)" : row.value, ...answer.models.map((model) => bar(row[model][part], whole, written))]);
  return table("Attribution", ["Touchpoint", ...answer.models.map((model) => MODELS[model])], rows, ["Total", ...answer.models.map(() => written(whole))]);
}

function bar(value, whole, written) {
  const share = whole ? value / whole : 0;
  return el("span", { class: "share", title: format.percent(share) }, el("meter", { min: 0, max: 1, value: share.toFixed(4), "aria-hidden": "true" }), written(Math.abs(value) < 1e-9 ? 0 : value));
}
