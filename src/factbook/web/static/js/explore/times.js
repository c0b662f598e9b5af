// How the buckets of an answer are called, in the zone of the answer.
import * as format from "../format.js";

const MINUTES = ["1m", "5m", "15m", "30m"];
const FULL = { "1h": "hour", "4h": "hour", "1d": "weekday", "1w": "date", "1mo": "month", "1q": "month", "1y": "month" };
const AXIS = { "4h": "weekday", "1d": "day", "1w": "day", "1mo": "month", "1q": "month", "1y": "month" };
const EACH = { "1m": "minute", "5m": "5 minutes", "15m": "15 minutes", "30m": "30 minutes", "1h": "hour", "4h": "4 hours", "1d": "day", "1w": "week", "1mo": "month", "1q": "quarter", "1y": "year" };

const spansDays = (times) => times.length > 1 && Date.parse(times.at(-1)) - Date.parse(times[0]) > 86_400_000;

/** "day" for 1d. */
export const each = (granularity) => EACH[granularity] ?? granularity;

/** The whole name of a bucket: "Mon, 3 Mar". */
export function bucketName(time, { granularity, zone }) {
  return format.time(time, MINUTES.includes(granularity) ? "hour" : (FULL[granularity] ?? "date"), zone);
}

/** Its name on an axis, as short as the others allow. */
export function tick(time, { granularity, zone, times }) {
  const isFine = MINUTES.includes(granularity) || granularity === "1h";
  return format.time(time, isFine ? (spansDays(times) ? "weekday" : "minute") : (AXIS[granularity] ?? "day"), zone);
}
