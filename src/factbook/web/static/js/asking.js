// A page that asks about a domain: its period and question beside its address, one answer at a time, and what went wrong.
import { Asked } from "./asked.js";
import { byId, el, message, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { KEYS, PeriodPicker, periodLabel } from "./period-picker.js";
import { shortcut } from "./shell.js";

export const LONGEST = { period: "12mo", start_time: "", end_time: "" };

export class AskingPage {
  /** path, usual: as of Asked. draw(signal, more): asks and shows; more: what load() was given. forms: of its question,
   * their fields named as in `usual`. wayOut(problem): an element that gets past it, null for none. */
  constructor(path, usual, draw, { forms = [byId("question")], wayOut = async () => null } = {}) {
    this.address = new Asked(path, usual);
    this.asked = this.address.read();
    this.draw = draw;
    this.forms = forms;
    this.wayOut = wayOut;
    this.under = new AbortController();
    this.period = new PeriodPicker(byId("period"), (part) => this.choose(part));
  }

  /** Listens, and asks for the first time. */
  begin() {
    for (const form of this.forms) {
      form.addEventListener("change", ({ target }) => target.name && this.choose({ [target.name]: target.value.trim() }));
      form.addEventListener("submit", (event) => event.preventDefault());
    }
    addEventListener("popstate", () => {
      this.asked = this.address.read();
      this.load();
    });
    shortcut("r", () => this.load());
    KEYS.forEach((name, index) => shortcut(String(index + 1), () => this.choose({ period: name, start_time: "", end_time: "" })));
    this.load();
  }

  /** The parameters that every read takes, and `names` of the others. */
  parameters(...names) {
    return this.address.parameters(this.asked, ...names);
  }

  choose(part) {
    this.asked = { ...this.asked, ...part };
    history.pushState(null, "", this.address.address(this.asked));
    this.changed(part);
  }

  changed() {
    this.load();
  }

  showQuestion() {
    this.period.show(this.asked);
    for (const field of this.forms.flatMap((form) => [...form.elements])) if (field.name in this.asked) field.value = this.asked[field.name];
  }

  async load(more) {
    this.under.abort();
    this.under = new AbortController();
    const { signal } = this.under;
    this.showQuestion();
    byId("answer").setAttribute("aria-busy", "true");
    setText(byId("progress"), "Loading…");
    try {
      await this.draw(signal, more);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      byId("answer").hidden = true;
      const way = await this.wayOut(problem);
      byId("message").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: way ? null : "Try again", onAction: () => this.load() }), way ?? "");
    } finally {
      if (!signal.aborted) {
        byId("answer").removeAttribute("aria-busy");
        setText(byId("progress"), "");
      }
    }
  }

  /** Nothing came in: why that may be, a longer period, and `ways` beside it. */
  nothing(title, text, ...ways) {
    const longer = this.asked.period === LONGEST.period ? null : el("button", { type: "button", onclick: () => this.choose(LONGEST) }, "Last 12 months");
    return el("div", { class: "panel nothing" }, el("h2", {}, title), el("p", {}, text), el("div", { class: "ways" }, longer, ways));
  }

  /** The period as a part of a sentence. */
  get when() {
    return `${this.asked.period ? "in " : ""}${periodLabel(this.asked)}`;
  }
}

/** The summary: [name, value, unit, what stands beside it] each. */
export function tiles(rows) {
  byId("tiles").replaceChildren(...rows.map(([name, value, unit, beside]) => el("li", {}, el("span", { class: "muted" }, name), el("span", { class: "figure" }, written(value, unit)), el("span", { class: "hint" }, beside))));
}

/** The period of an answer; shape: "full" or "date". */
export const told = ({ start_time: start, end_time: end, timezone }, shape = "full") => `${format.time(start, shape, timezone)} to ${format.time(end, shape, timezone)}, ${timezone}`;
