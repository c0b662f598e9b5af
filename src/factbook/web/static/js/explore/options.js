// The rest of the question: buckets, comparison, order, limit, gaps and what is shown beside the values.
import { byId, el } from "../dom.js";

const GRANULARITIES = [
  ["auto", "automatic"],
  ["none", "none: totals alone"],
  ["1m", "minute"],
  ["5m", "5 minutes"],
  ["15m", "15 minutes"],
  ["30m", "30 minutes"],
  ["1h", "hour"],
  ["4h", "4 hours"],
  ["1d", "day"],
  ["1w", "week"],
  ["1mo", "month"],
  ["1q", "quarter"],
  ["1y", "year"],
];
const COMPARISONS = [
  ["", "nothing"],
  ["previous_period", "previous period"],
  ["previous_year", "previous year"],
];
const FILLS = [
  ["null", "shown as gaps"],
  ["zero", "zero"],
  ["previous", "the value before"],
  ["none", "left out"],
];
const BUCKETS = new Map(GRANULARITIES);

/** What one bucket is called: "day". */
export const bucket = (granularity) => BUCKETS.get(granularity) ?? granularity;

const form = () => byId("question");

function fill(select, options, value) {
  const known = options.some(([one]) => one === value) ? options : [...options, [value, value]];
  select.replaceChildren(...known.map(([one, label]) => el("option", { value: one }, label)));
  select.value = value;
}

/** Draws the fields for the question; fields that it has no use for are hidden. */
export function showOptions(question, catalog) {
  const fields = form().elements;
  const [isCut, isByTime] = [question.dimensions.length > 0, question.granularity !== "none"];
  fill(fields.granularity, GRANULARITIES, question.granularity);
  fill(fields.compare, COMPARISONS, question.compare);
  fill(fields.fill, FILLS, question.fill);
  fill(fields.order, orders(question, catalog), question.order);
  fill(fields.top_per, [["", "all rows together"], ...question.dimensions.map((id) => [id, `each ${catalog.label(id)}`])], question.top_per);
  fields.limit.value = question.limit;
  fields.timezone.value = question.timezone;
  fields.include_bots.checked = question.include_bots;
  fields.share.checked = question.show.includes("share");
  fields.running_total.checked = question.show.includes("running_total");
  const moving = movingOf(question);
  fields.moving.checked = moving !== null;
  if (moving) fields.moving_buckets.value = moving;
  for (const [name, isOf] of [["order", isCut], ["limit", isCut], ["share", isCut], ["top_per", question.dimensions.length > 1], ["fill", isByTime], ["running_total", isByTime], ["moving", isByTime]]) {
    (fields[name].closest(".pair") ?? fields[name].closest("label")).hidden = !isOf;
  }
}

function orders(question, catalog) {
  const either = (id, [down, up]) => [[`-${id}`, `${catalog.label(id)}, ${down}`], [id, `${catalog.label(id)}, ${up}`]];
  const metrics = question.metrics.flatMap((id) => either(id, ["largest first", "smallest first"]));
  const dimensions = question.dimensions.flatMap((id) => either(id, ["Z to A", "A to Z"]).reverse());
  return [["", "automatic"], ...metrics, ...dimensions];
}

function movingOf({ show }) {
  const name = show.find((one) => one.startsWith("moving_average_"));
  return name ? Number(name.slice("moving_average_".length)) : null;
}

/** What the fields say, as parts of the question. */
export function readOptions() {
  const fields = form().elements;
  const isByTime = fields.granularity.value !== "none";
  const buckets = Math.min(Math.max(Number.parseInt(fields.moving_buckets.value, 10) || 7, 1), 999);
  const show = [
    fields.share.checked ? "share" : null,
    isByTime && fields.running_total.checked ? "running_total" : null,
    isByTime && fields.moving.checked ? `moving_average_${buckets}` : null,
  ];
  return {
    granularity: fields.granularity.value,
    compare: fields.compare.value,
    order: fields.order.value,
    limit: Number.parseInt(fields.limit.value, 10) || 10,
    top_per: fields.top_per.value,
    fill: fields.fill.value,
    timezone: fields.timezone.value.trim(),
    include_bots: fields.include_bots.checked,
    show: show.filter(Boolean),
  };
}
