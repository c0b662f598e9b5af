// Periods: presets and their predecessors, on the wall clock of the tenant's zone.
// Times go to the service without an offset, which it reads in that zone; so daylight-saving days need no arithmetic here.
import { zone } from "./format.js";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;

export const PRESETS = [
  { id: "today", label: "Today", days: 1, interval: "1h" },
  { id: "24h", label: "24 h", hours: 24, interval: "1h" },
  { id: "7d", label: "7 days", days: 7, interval: "4h" },
  { id: "30d", label: "30 days", days: 30, interval: "1d" },
  { id: "90d", label: "90 days", days: 90, interval: "1d" },
  { id: "12mo", label: "12 months", months: 12, interval: "1mo" },
];

const parts = new Intl.DateTimeFormat("en-CA", {
  timeZone: zone,
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** The wall clock of the zone at `instant`, held as if it were UTC (ms): good for calendar arithmetic. */
export function wall(instant) {
  const read = Object.fromEntries(parts.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(read.year, read.month - 1, read.day, read.hour, read.minute, read.second);
}

const text = (wallTime) => new Date(wallTime).toISOString().slice(0, 19);
const floor = (value, step) => Math.floor(value / step) * step;
const ceil = (value, step) => Math.ceil(value / step) * step;

/** The step an open period ends on: whole hours for long ones, as minutes of a year ago are not kept to compare with. */
const fine = (days) => (days < 30 ? MINUTE : HOUR);

/** Today's date in the zone, as in a date field. */
export const today = (now = Date.now()) => text(wall(now)).slice(0, 10);

function monthsBack(wallTime, months) {
  const date = new Date(wallTime);
  const day = date.getUTCDate();
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months, 1);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months + 1, 0)).getUTCDate();
  return first + (Math.min(day, last) - 1) * DAY + (wallTime - floor(wallTime, DAY));
}

/** The interval that draws `days` days with 24 to 120 points or so. */
export function intervalFor(days) {
  if (days <= 2) return "1h";
  if (days <= 14) return "4h";
  if (days <= 120) return "1d";
  return days <= 731 ? "1w" : "1mo";
}

/**
 * A choice ({preset} or {from, to}: dates, both included) as
 * {start, end, previous: {start, end}, interval, open}: `open` while it reaches to now. The previous period
 * ends as far into its last day as this one does, so that a half day is compared with a half day.
 */
export function period(choice, now = Date.now()) {
  const preset = PRESETS.find(({ id }) => id === choice.preset);
  if (preset?.hours) return rolling(preset, now);
  const here = wall(now);
  if (preset) {
    const start = preset.months ? monthsBack(floor(here, DAY), preset.months - 1) : floor(here, DAY) - (preset.days - 1) * DAY;
    const first = preset.months ? start - (new Date(start).getUTCDate() - 1) * DAY : start;
    const end = ceil(here + 1, fine(preset.months ? 365 : preset.days));
    const back = (moment) => (preset.months ? monthsBack(moment, preset.months) : moment - preset.days * DAY);
    return { ...bounds(first, end, back), interval: preset.interval, open: true };
  }
  const start = Date.parse(choice.from);
  const days = Math.max(1, Math.round((Date.parse(choice.to) - start) / DAY) + 1);
  const open = start + days * DAY > here;
  const end = open && start < here ? ceil(here + 1, fine(days)) : start + days * DAY;
  return { ...bounds(start, end, (moment) => moment - days * DAY), interval: intervalFor(days), open };
}

function bounds(start, end, back) {
  return { start: text(start), end: text(end), previous: { start: text(back(start)), end: text(back(end)) } };
}

function rolling({ hours, interval }, now) {
  const start = floor(now, HOUR) - (hours - 1) * HOUR;
  const end = ceil(now + 1, MINUTE);
  const iso = (moment) => `${text(moment)}Z`;
  const length = hours * HOUR;
  return {
    start: iso(start),
    end: iso(end),
    previous: { start: iso(start - length), end: iso(end - length) },
    interval,
    open: true,
  };
}
