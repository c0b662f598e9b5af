// A field with a list to choose several from: typing narrows it, arrows walk through it, Enter takes or leaves what is marked.
import { el } from "../dom.js";

let made = 0;

/**
 * input, list: the elements. sections(words) → [{label, options: [{id, label, code?, note?, text?, chosen}]}] for the words typed;
 * pick(id): takes what is not chosen, leaves what is.
 */
export class Combobox {
  #input;
  #list;
  #sections;
  #pick;
  #at = -1;

  constructor({ input, list, sections, pick }) {
    this.#input = input;
    this.#list = list;
    this.#sections = sections;
    this.#pick = pick;
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, autocomplete: "off", spellcheck: "false" })) {
      input.setAttribute(name, value);
    }
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-multiselectable", "true");
    input.addEventListener("focus", () => this.#open());
    input.addEventListener("click", () => this.#open());
    input.addEventListener("input", () => this.#open(0));
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => this.#key(event));
    // The field keeps the focus while the list is clicked or scrolled.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", ({ target }) => this.#take(target.closest("[role=option]")));
  }

  /** Draws the list anew where it is open: what is chosen has changed. */
  refresh() {
    if (!this.#list.hidden) this.#draw();
  }

  close() {
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
    this.#at = -1;
  }

  #options() {
    return [...this.#list.querySelectorAll("[role=option]")];
  }

  #open(at = this.#at) {
    this.#at = at;
    this.#draw();
  }

  #draw() {
    const words = this.#input.value.trim();
    const sections = this.#sections(words).filter(({ options }) => options.length);
    this.#list.replaceChildren(...sections.map((section) => group(section)));
    if (!sections.length) this.#list.replaceChildren(el("div", { role: "option", "aria-disabled": "true", class: "none" }, "Nothing is called so."));
    this.#list.hidden = false;
    this.#input.setAttribute("aria-expanded", "true");
    this.#mark(Math.min(this.#at, this.#options().length - 1));
  }

  #mark(at) {
    const options = this.#options();
    this.#at = at;
    options.forEach((option, index) => option.classList.toggle("marked", index === at));
    const marked = options[at];
    if (!marked) return this.#input.removeAttribute("aria-activedescendant");
    this.#input.setAttribute("aria-activedescendant", marked.id);
    marked.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const last = this.#options().length - 1;
    const moves = { ArrowDown: this.#at + 1, ArrowUp: this.#at - 1, PageDown: this.#at + 8, PageUp: this.#at - 8 };
    if (event.key in moves) {
      event.preventDefault();
      if (this.#list.hidden) return this.#open(0);
      this.#mark(Math.min(Math.max(moves[event.key], 0), last));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!this.#list.hidden) this.#take(this.#options()[this.#at]);
    } else if (event.key === "Escape" && !this.#list.hidden) {
      event.preventDefault();
      this.#input.value = "";
      this.close();
    } else if (event.key === "Tab") this.close();
  }

  #take(option) {
    if (!option?.dataset.id) return;
    if (this.#input.value) {
      this.#input.value = "";
      this.#at = -1;
    }
    this.#pick(option.dataset.id);
  }
}

function group({ label, options }) {
  const id = `group-${made++}`;
  return el("div", { role: "group", "aria-labelledby": id }, el("div", { class: "group", id, role: "presentation" }, label), options.map(line));
}

function line({ id, label, code, note, text, chosen }) {
  return el(
    "div",
    { role: "option", id: `option-${made++}`, "aria-selected": String(Boolean(chosen)), data: { id } },
    el("span", { class: "first" }, el("span", { class: "label" }, label), note ? el("span", { class: "note-end" }, note) : null),
    text ? el("span", { class: "text" }, text) : null,
    code ? el("code", {}, code) : null,
  );
}
