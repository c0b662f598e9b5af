// The filter rows of the question: field, operator, value; each change is told once the row says something.
import { el } from "../dom.js";
import { OPERATORS } from "../events/query.js";

const FLAGS = ["true", "false"];

/** list: the <ul>; change(filters): called with every row. */
export class Conditions {
  #list;
  #change;
  #shown = "";

  constructor(list, change) {
    this.#list = list;
    this.#change = change;
  }

  show(filters) {
    // Rows that are being filled in stay as they are while what they say so far is what is asked.
    if (JSON.stringify(this.#read().filter(isWhole)) === JSON.stringify(filters) && this.#list.children.length) return;
    this.#list.replaceChildren(...filters.map((one) => this.#row(one)));
    this.#shown = JSON.stringify(filters);
  }

  add() {
    this.#list.append(this.#row({ field: "", operator: "eq", value: "" }));
    this.#list.lastElementChild.querySelector("input").focus();
  }

  #read() {
    return [...this.#list.children].map((item) => {
      const part = (name) => item.querySelector(`[data-part=${name}]`).value.trim();
      return { field: part("field"), operator: part("operator"), value: part("value") };
    });
  }

  #changed() {
    const filters = this.#read().filter(isWhole);
    const text = JSON.stringify(filters);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#change(filters);
  }

  #row({ field, operator, value }) {
    const onchange = () => this.#changed();
    const onkeydown = (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#changed();
    };
    const operators = Object.entries(OPERATORS).map(([name, label]) => el("option", { value: name, selected: name === operator }, label));
    const common = { autocomplete: "off", spellcheck: "false", onchange, onkeydown };
    const valued = () => item.querySelector("[data-part=value]");
    const shape = () => {
      const isFlag = item.querySelector("[data-part=operator]").value === "exists";
      valued().setAttribute("placeholder", isFlag ? "true or false" : "value");
      if (isFlag && !FLAGS.includes(valued().value)) valued().value = "true";
    };
    const item = el(
      "li",
      {},
      el("input", { data: { part: "field" }, value: field, list: "filter-fields", "aria-label": "Field", placeholder: "field", ...common }),
      el("select", { data: { part: "operator" }, "aria-label": "Operator", onchange: () => (shape(), this.#changed()) }, operators),
      el("input", { data: { part: "value" }, value, "aria-label": "Value", placeholder: "value", ...common }),
      el("button", { type: "button", class: "icon", "aria-label": "Remove this filter", title: "Remove", onclick: () => (item.remove(), this.#changed()) }, "×"),
    );
    return item;
  }
}

const isWhole = ({ field, operator, value }) => field !== "" && (value !== "" || operator === "exists");
