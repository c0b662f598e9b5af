// What the rows of an answer are called.
import * as format from "../format.js";

const WORDS = { none: "(none)", other: "Other" };

// 2024 began on a Monday: its first days and months name any other year's.
const PARTS = {
  day_of_week: (value) => format.name({ weekday: "long" }, Date.UTC(2024, 0, Number(value))),
  month_of_year: (value) => format.name({ month: "long" }, Date.UTC(2024, Number(value) - 1, 1)),
  hour_of_day: (value) => `${value.padStart(2, "0")}:00`,
};

/** A row's value of one dimension ({id, part?}): (none) where the events lack it, Other for the rest together. */
export function nameOf(row, { id, part }, { none, other } = WORDS) {
  const named = row.dimensions ?? {};
  if (row.other && !(id in named)) return other;
  const value = named[id] ?? none;
  return part in PARTS && /^\d+$/.test(value) ? PARTS[part](value) : value;
}

/** A row's whole name: its values beside each other. */
export function title(row, dimensions) {
  if (row.other && !row.dimensions) return WORDS.other;
  return dimensions.map((dimension) => nameOf(row, dimension)).join(" · ");
}
