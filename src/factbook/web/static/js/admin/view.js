// The choice of the part of the data that somebody sees: conditions on events, and whether personal data is hidden.
import { el } from "../dom.js";

const OPERATORS = [
  ["eq", "is"],
  ["ne", "is not"],
  ["in", "is one of"],
  ["contains", "contains"],
  ["gt", ">"],
  ["gte", "≥"],
  ["lt", "<"],
  ["lte", "≤"],
  ["exists", "exists (true, false)"],
];

export class View {
  #lines;
  #masked;
  #node;

  /** node: what the macro `view` draws. */
  constructor(node) {
    this.#node = node;
    this.#lines = node.querySelector("[data-conditions]");
    this.#masked = node.querySelector("[data-masked]");
    node.querySelector("[data-add]").addEventListener("click", () => this.#add({ field: "", operator: "eq", value: "" }).querySelector("input").focus());
  }

  show({ row_filter: rows, masked }) {
    this.#lines.replaceChildren();
    for (const row of rows) this.#add(row);
    this.#masked.checked = masked;
    this.#say();
  }

  /** Only some roles may see a part. */
  set allowed(is) {
    this.#node.hidden = !is;
    this.#node.disabled = !is;
  }

  get value() {
    if (this.#node.disabled) return { row_filter: [], masked: false };
    const rows = [...this.#lines.children].map((line) => {
      const [field, operator, value] = ["field", "operator", "value"].map((name) => line.querySelector(`[data-part=${name}]`).value.trim());
      return { field, operator, value: operator === "in" ? value.split(",").map((one) => one.trim()).filter(Boolean) : value };
    });
    return { row_filter: rows, masked: this.#masked.checked };
  }

  #add({ field, operator, value }) {
    const number = () => `condition ${[...this.#lines.children].indexOf(line) + 1}`;
    const line = el(
      "div",
      { class: "condition" },
      el("input", { data: { part: "field" }, list: `fields-${this.#node.dataset.view}`, required: true, autocomplete: "off", spellcheck: "false", placeholder: "country", "aria-label": "Field" }),
      el("select", { data: { part: "operator" }, "aria-label": "Operator" }, OPERATORS.map(([name, label]) => el("option", { value: name }, label))),
      el("input", { data: { part: "value" }, required: true, autocomplete: "off", spellcheck: "false", placeholder: "DE", "aria-label": "Value" }),
      el("button", { type: "button", class: "quiet", onclick: () => (line.remove(), this.#say()) }, "Remove"),
    );
    this.#lines.append(line);
    line.querySelector("[data-part=field]").value = field;
    line.querySelector("[data-part=operator]").value = operator;
    line.querySelector("[data-part=value]").value = Array.isArray(value) ? value.join(", ") : String(value);
    line.querySelector("button").setAttribute("aria-label", `Remove ${number()}`);
    this.#say();
    return line;
  }

  #say() {
    this.#node.querySelector("[data-everything]").hidden = this.#lines.children.length > 0;
  }
}
