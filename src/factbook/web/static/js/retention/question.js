// What the page asks, in its address: any of it may be sent to somebody else.
import { address } from "../api.js";
import { OPERATORS } from "../events/query.js";

export const USUAL = {
  period: "90d",
  start_time: "",
  end_time: "",
  cohort_type: "acquisition_week",
  metric: "retention",
  cohort_event: "",
  return_event: "",
  occurrence: "first_time",
  returns: "on",
  brackets: "",
  reference: "period_0",
  show: "",
};
const OF_RETENTION = ["return_event", "returns", "reference"];
const LENGTHS = { acquisition_day: "1d", acquisition_week: "1w", acquisition_month: "1mo", acquisition_channel: "1w" };

/** Filters are those parameters that are no field of the question, as in the API. */
export function read() {
  const query = new URLSearchParams(location.search);
  const given = Object.fromEntries(Object.keys(USUAL).filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
  const filters = [...query].filter(([name]) => !(name in USUAL)).map(([name, value]) => ({ ...parted(name), value }));
  return { ...USUAL, ...given, filters, period: given.start_time || given.end_time ? "" : (given.period ?? USUAL.period) };
}

/** "property.price.gte" is the field property.price with an operator; without one it is eq. */
function parted(name) {
  const [, field, operator] = name.match(/^(.+)\.([a-z]+)$/) ?? [];
  return operator in OPERATORS ? { field, operator } : { field: name, operator: "eq" };
}

/** By parameter; the same one several times is a list. */
function filtered({ filters }) {
  const found = {};
  for (const { field, operator, value } of filters) {
    const name = operator === "eq" && !(field.split(".").at(-1) in OPERATORS) ? field : `${field}.${operator}`;
    (found[name] ??= []).push(value);
  }
  return found;
}

export const pageAddress = ({ filters, ...asked }) => address("/retention", { ...Object.fromEntries(Object.entries(asked).filter(([name, value]) => value !== USUAL[name])), ...filtered({ filters }) });

const span = ({ period, start_time, end_time, filters }) => ({ period, start_date: start_time, end_date: end_time, ...filtered({ filters }) });

/** The parameters of /cohort/analysis; what is about retention alone only where that is asked for. */
export function ofCohorts(asked) {
  const { period, start_time, end_time, show, filters, ...rest } = asked;
  const kept = Object.entries(rest).filter(([name]) => asked.metric === "retention" || !OF_RETENTION.includes(name));
  const told = Object.fromEntries(kept);
  if (told.brackets) delete told.returns;
  return { ...span(asked), ...told };
}

/** The parameters of lifecycle and stickiness: the same time, buckets as long as the cohorts. */
export const ofLife = (asked) => ({ ...span(asked), granularity: LENGTHS[asked.cohort_type] });
export const ofDays = (asked) => ({ ...span(asked), granularity: asked.cohort_type === "acquisition_month" ? "1mo" : "1w" });
