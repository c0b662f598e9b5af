// What the page asks, in its address: any of it may be sent to somebody else.
import { address } from "../api.js";

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

export function read() {
  const query = new URLSearchParams(location.search);
  const given = Object.fromEntries(Object.keys(USUAL).filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
  return { ...USUAL, ...given, period: given.start_time || given.end_time ? "" : (given.period ?? USUAL.period) };
}

export const pageAddress = (asked) => address("/retention", Object.fromEntries(Object.entries(asked).filter(([name, value]) => value !== USUAL[name])));

const span = ({ period, start_time, end_time }) => ({ period, start_date: start_time, end_date: end_time });

/** The parameters of /cohort/analysis; what is about retention alone only where that is asked for. */
export function ofCohorts(asked) {
  const { period, start_time, end_time, show, ...rest } = asked;
  const kept = Object.entries(rest).filter(([name]) => asked.metric === "retention" || !OF_RETENTION.includes(name));
  const told = Object.fromEntries(kept);
  if (told.brackets) delete told.returns;
  return { ...span(asked), ...told };
}

/** The parameters of lifecycle and stickiness: the same time, buckets as long as the cohorts. */
export const ofLife = (asked) => ({ ...span(asked), granularity: LENGTHS[asked.cohort_type] });
export const ofDays = (asked) => ({ ...span(asked), granularity: asked.cohort_type === "acquisition_month" ? "1mo" : "1w" });
