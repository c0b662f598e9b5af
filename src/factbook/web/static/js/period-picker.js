// The choice of a period: presets, other named ones, and dates; in the names that the API has for them.
import { el, setText } from "./dom.js";
import { today } from "./range.js";

const PRESETS = [
  ["today", "Today"],
  ["24h", "24 h"],
  ["7d", "7 days"],
  ["30d", "30 days"],
  ["90d", "90 days"],
  ["12mo", "12 months"],
];
const OTHERS = [
  ["yesterday", "Yesterday"],
  ["this_week", "This week"],
  ["last_week", "Last week"],
  ["this_month", "This month"],
  ["last_month", "Last month"],
  ["this_quarter", "This quarter"],
  ["last_quarter", "Last quarter"],
  ["this_year", "This year"],
  ["last_year", "Last year"],
  ["fiscal_year", "Fiscal year so far"],
  ["last_fiscal_year", "Last fiscal year"],
];
const LABELS = new Map([...PRESETS, ...OTHERS]);
const DATES = "dates";
const DAY = 86_400_000;

/** The presets' names, in the order of their keys 1 to 6. */
export const KEYS = PRESETS.map(([id]) => id);

/** What a period is called, in a sentence: "the last 30 days". */
export function periodLabel({ period, start_time: start, end_time: end }) {
  const label = LABELS.get(period)?.toLowerCase() ?? period.replaceAll("_", " ");
  if (period) return /^\d/.test(label) ? `the last ${label}` : label;
  return [start && `from ${start}`, end && `to ${end}`].filter(Boolean).join(" ");
}

/** Fills `node`; change({period, start_time, end_time}) is called with what is chosen. */
export class PeriodPicker {
  #change;
  #presets;
  #others;
  #dates;
  #error;

  constructor(node, change) {
    this.#change = change;
    this.#presets = el("div", { class: "segments", role: "group", "aria-label": "Period" }, PRESETS.map(([id, label]) => el("button", { type: "button", data: { period: id }, onclick: () => this.#name(id) }, label)));
    this.#others = el("select", { "aria-label": "Other period", onchange: ({ target }) => this.#other(target.value) });
    this.#error = el("span", { class: "bad", role: "alert" });
    this.#dates = el(
      "form",
      { class: "custom", hidden: true, onsubmit: (event) => this.#submit(event) },
      el("label", {}, "From ", el("input", { type: "date", name: "from", required: true })),
      el("label", {}, "to ", el("input", { type: "date", name: "to", required: true })),
      el("button", { type: "submit" }, "Show"),
      this.#error,
    );
    node.replaceChildren(this.#presets, this.#others, this.#dates);
  }

  show({ period, start_time: start = "", end_time: end = "" }) {
    const isDates = !period;
    for (const button of this.#presets.children) button.setAttribute("aria-pressed", String(button.dataset.period === period));
    const isOther = !isDates && !KEYS.includes(period);
    const named = isOther && !LABELS.has(period) ? [...OTHERS, [period, period.replaceAll("_", " ")]] : OTHERS;
    const options = [["", "Other…"], ...named, [DATES, "From … to …"]];
    this.#others.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
    this.#others.value = isDates ? DATES : isOther ? period : "";
    this.#others.toggleAttribute("data-chosen", isDates || isOther);
    this.#dates.hidden = !isDates;
    this.#dates.from.value = start.slice(0, 10) || this.#dates.from.value || today(Date.now() - 6 * DAY);
    this.#dates.to.value = end.slice(0, 10) || this.#dates.to.value || today();
    setText(this.#error, "");
  }

  #name(period) {
    this.#change({ period, start_time: "", end_time: "" });
  }

  #other(value) {
    if (value === DATES) {
      this.#dates.hidden = false;
      this.#dates.from.focus();
    } else if (value) this.#name(value);
  }

  #submit(event) {
    event.preventDefault();
    const { from, to } = this.#dates;
    const isBackwards = from.value > to.value;
    setText(this.#error, isBackwards ? "The first day is after the last." : "");
    if (!isBackwards) this.#change({ period: "", start_time: from.value, end_time: to.value });
  }
}
