// Numbers and times as the reader writes them: his locale, the tenant's time zone; what is unknown is a dash, never 0.

export const UNKNOWN = "–";
export const zone = document.body.dataset.zone || "UTC";
const locales = supported(navigator.languages);

function supported(languages) {
  try {
    return Intl.getCanonicalLocales([...languages]);
  } catch {
    return undefined;
  }
}

const known = (value) => value !== null && value !== undefined && Number.isFinite(Number(value));
const made = new Map();
function numbers(options) {
  const key = JSON.stringify(options);
  if (!made.has(key)) made.set(key, new Intl.NumberFormat(locales, options));
  return made.get(key);
}

/** 1234567 → "1,234,567"; from ten million on "12.3M". */
export function count(value) {
  if (!known(value)) return UNKNOWN;
  const long = Math.abs(value) >= 1e7;
  return numbers(long ? { notation: "compact", maximumFractionDigits: 1 } : { maximumFractionDigits: 0 }).format(value);
}

/** At most `digits` decimals; small rates keep two significant ones. */
export function decimal(value, digits = 2) {
  if (!known(value)) return UNKNOWN;
  if (Math.abs(value) >= 1e7) return count(value);
  return numbers({ maximumFractionDigits: digits }).format(value);
}

/** Per second: 0.03, 4.2, 1,250. */
export function rate(value) {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  return numbers({ maximumFractionDigits: size < 1 ? 2 : size < 100 ? 1 : 0 }).format(value);
}

/** An amount, with its currency where one is known: cents (where it has some) below ten thousand, whole units from there, "12.3M" from ten million. */
export function money(value, currency = null) {
  if (!known(value)) return UNKNOWN;
  const cents = currency ? numbers({ style: "currency", currency }).resolvedOptions().maximumFractionDigits : 2;
  const digits = Math.abs(value) < 1e4 ? cents : 0;
  const long = { notation: "compact", maximumFractionDigits: 1 };
  const size = Math.abs(value) >= 1e7 ? long : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return numbers(currency ? { style: "currency", currency, ...size } : size).format(value);
}

/** A share between 0 and 1 as percent. */
export function percent(share, digits = 1) {
  return known(share) ? numbers({ style: "percent", maximumFractionDigits: digits }).format(share) : UNKNOWN;
}

/** Short, for axes: 1.2K. */
export function short(value) {
  return known(value) ? numbers({ notation: "compact", maximumFractionDigits: 1 }).format(value) : UNKNOWN;
}

/** `value` of a unit of Intl (second, day, megabyte), as "4.2 sec". */
export function measured(value, unit, digits = 1) {
  return known(value) ? numbers({ style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits }).format(value) : UNKNOWN;
}

/** Short, for axes, with its currency: "€1.2K". */
export function shortMoney(value, currency = null) {
  if (!currency) return short(value);
  return known(value) ? numbers({ style: "currency", currency, notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 }).format(value) : UNKNOWN;
}

/** How `now` stands to `before`: {text: "+12%" or "14×", direction: 1 | 0 | -1}, null without anything to compare with. */
export function change(now, before) {
  if (!known(now) || !known(before) || Number(before) === 0) return null;
  const share = (now - before) / Math.abs(before);
  if (share >= 9) return { text: `${count(now / before)}×`, direction: 1 };
  const digits = Math.abs(share) < 0.1 ? 1 : 0;
  const text = numbers({ style: "percent", signDisplay: "exceptZero", maximumFractionDigits: digits }).format(share);
  return { text, direction: Math.sign(Number(share.toFixed(3))) };
}

/** The same for two shares: their difference in percentage points, "+1.5 pp". */
export function points(now, before) {
  if (!known(now) || !known(before)) return null;
  const difference = 100 * (now - before);
  const text = numbers({ signDisplay: "exceptZero", maximumFractionDigits: 1 }).format(difference);
  return { text: `${text} pp`, direction: Math.sign(Number(difference.toFixed(1))) };
}

const times = new Map();
function clock(options, timeZone) {
  const key = JSON.stringify([options, timeZone]);
  if (!times.has(key)) times.set(key, new Intl.DateTimeFormat(locales, { timeZone, ...options }));
  return times.get(key);
}

const SHAPES = {
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  minute: { hour: "2-digit", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
  weekday: { weekday: "short", day: "numeric", month: "short" },
  hour: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  month: { month: "short", year: "numeric" },
  date: { day: "numeric", month: "short", year: "numeric" },
  full: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** `moment` (ISO text, ms or Date) as one of SHAPES, in the tenant's zone or in `where`. */
export function time(moment, shape = "full", where = zone) {
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? UNKNOWN : clock(SHAPES[shape], where).format(date);
}

/** A part of the calendar as the reader calls it: name({weekday: "long"}, ms) → "Monday". */
export function name(part, ms) {
  return clock(part, "UTC").format(ms);
}

/** "4 s", "3 min", "2 h", "5 days". */
export function span(seconds) {
  const [size, unit] = seconds < 60 ? [1, "second"] : seconds < 3600 ? [60, "minute"] : seconds < 172800 ? [3600, "hour"] : [86400, "day"];
  return numbers({ style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 }).format(Math.round(seconds / size));
}
