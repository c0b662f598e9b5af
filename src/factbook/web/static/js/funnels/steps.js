// The steps as lines of fields: each its events and its name, and below them, where wanted, its filters and whether it may be left out.
import { el } from "../dom.js";
import { choiceFields, isMore, moreButton } from "./choice.js";
import { isSomething, stepOf } from "./question.js";

const LEAST = 2;
const MOST = 12;

/** list: the <ol>; add: the button for one more; change(steps): called with those that say something. */
export class Steps {
  #list;
  #add;
  #change;
  #rows = [];

  constructor(list, add, change) {
    this.#list = list;
    this.#add = add;
    this.#change = change;
    add.addEventListener("click", () => {
      this.#draw([...this.#read(), stepOf("")]);
      this.#rows.at(-1).event.focus();
    });
  }

  show(steps) {
    if (this.#rows.length && JSON.stringify(this.#read().filter(isSomething)) === JSON.stringify(steps)) return;
    this.#draw([...steps, ...Array(Math.max(0, LEAST - steps.length)).fill(stepOf(""))]);
  }

  #read() {
    return this.#rows.map(({ read }) => read());
  }

  #changed(steps = this.#read()) {
    const said = steps.filter(isSomething);
    if (said.length >= LEAST) this.#change(said);
  }

  #draw(steps) {
    const open = this.#rows.map(({ more }) => !more.hidden);
    this.#rows = steps.map((step, at) => this.#row(step, at, steps.length, open[at]));
    this.#list.replaceChildren(...this.#rows.map(({ node }) => node));
    this.#add.hidden = steps.length >= MOST;
  }

  #row(step, at, of, isOpen) {
    const name = `Step ${at + 1}`;
    const changed = () => this.#changed();
    const fields = choiceFields(step, name, changed);
    const label = el("input", { value: step.label, class: "name", "aria-label": `Name of step ${at + 1}`, placeholder: "name", maxlength: 200, autocomplete: "off", onchange: changed });
    const optional = el("input", { type: "checkbox", checked: step.optional, onchange: changed });
    const isEnd = at === 0 || at === of - 1;
    const more = el(
      "div",
      { class: "more", hidden: !(isOpen ?? isMore(step)) },
      fields.where,
      isEnd && !step.optional ? null : el("label", { class: "check" }, optional, "May be left out"),
      ...fields.filters,
    );
    const others = () => this.#read();
    const moved = (steps) => {
      this.#draw(steps);
      this.#changed(steps);
    };
    const up = () => {
      const all = others();
      [all[at - 1], all[at]] = [all[at], all[at - 1]];
      moved(all);
    };
    const icon = (text, words, onclick) => el("button", { type: "button", class: "icon", "aria-label": `${words} ${name.toLowerCase()}`, title: words, onclick }, text);
    const line = el(
      "div",
      { class: "line" },
      el("span", { class: "muted", "aria-hidden": "true" }, `${at + 1}.`),
      fields.event,
      label,
      moreButton(name, more),
      at > 0 ? icon("↑", "Move up", up) : el("span"),
      of > LEAST ? icon("×", "Remove", () => moved(others().filter((_, place) => place !== at))) : null,
    );
    return { node: el("li", {}, line, more), more, event: fields.event, read: () => ({ ...fields.read(), label: label.value.trim(), optional: optional.checked }) };
  }
}
