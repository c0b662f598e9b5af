// What must not come between steps, as lines of fields: its events, between which steps, and below them its filters.
import { el } from "../dom.js";
import { choiceFields, isMore, moreButton } from "./choice.js";
import { exclusionOf, isSomething } from "./question.js";

const MOST = 5;

/** list: the <ul>; add: the button for one more; change(exclusions): called with those that say something. */
export class Exclusions {
  #list;
  #add;
  #change;
  #rows = [];
  #steps = [];

  constructor(list, add, change) {
    this.#list = list;
    this.#add = add;
    this.#change = change;
    add.addEventListener("click", () => {
      this.#draw([...this.#read(), exclusionOf("")]);
      this.#rows.at(-1).event.focus();
    });
  }

  /** steps: what each is called. */
  show(exclusions, steps) {
    const isSame = JSON.stringify([this.#read().filter(isSomething), this.#steps]) === JSON.stringify([exclusions, steps]);
    this.#steps = steps;
    if (!isSame) this.#draw(exclusions);
  }

  #read() {
    return this.#rows.map(({ read }) => read());
  }

  #changed() {
    this.#change(this.#read().filter(isSomething));
  }

  #draw(exclusions) {
    this.#rows = exclusions.map((one, at) => this.#row(one, at));
    this.#list.replaceChildren(...this.#rows.map(({ node }) => node));
    this.#add.hidden = exclusions.length >= MOST;
  }

  #row(exclusion, at) {
    const name = `Exclusion ${at + 1}`;
    const changed = () => this.#changed();
    const fields = choiceFields(exclusion, name, changed);
    const names = this.#steps;
    const select = (words, from, to, chosen) => {
      const options = names.map((label, place) => [place + 1, label]).slice(from, to);
      const node = el("select", { "aria-label": `${name} ${words}`, onchange: changed }, options.map(([number, label]) => el("option", { value: number }, `${words} ${number}. ${label}`)));
      node.value = String(chosen);
      return node;
    };
    const first = select("after", 0, -1, exclusion.from_step ?? 1);
    const last = select("before", 1, names.length, exclusion.to_step ?? names.length);
    const more = el("div", { class: "more", hidden: !isMore(exclusion) }, fields.where, ...fields.filters);
    const remove = () => {
      this.#draw(this.#read().filter((_, place) => place !== at));
      this.#changed();
    };
    const line = el("div", { class: "line" }, fields.event, first, last, moreButton(name, more), el("button", { type: "button", class: "icon", "aria-label": `Remove ${name.toLowerCase()}`, title: "Remove", onclick: remove }, "×"));
    const read = () => ({ ...fields.read(), from_step: Number(first.value) > 1 ? Number(first.value) : null, to_step: Number(last.value) < names.length ? Number(last.value) || null : null });
    return { node: el("li", {}, line, more), event: fields.event, read };
  }
}
