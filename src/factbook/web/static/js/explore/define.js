// "Save as metric": a form for a filtered metric or a formula, tried before it is kept; what the service refuses stands at its field.
import { post } from "../api.js";
import { byId, el, message, toast } from "../dom.js";
import { OPERATORS } from "../events/query.js";
import { written } from "../figures.js";
import { sparkline } from "../sparkline.js";
import { filtered, idOf } from "./definition.js";

const FIELDS = ["id", "label", "description", "unit", "good", "decimals", "events", "measure", "where", "formula"];
const FORMULA = ["formula"];
const MEASURE = ["events", "measure", "where"];

/** done(id): called when a metric was kept. */
export class Define {
  #dialog = byId("define");
  #form = byId("define-form");
  #catalog = null;
  #asked = null;
  #abort = null;
  #done;

  constructor(done) {
    this.#done = done;
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#form.elements.kind.forEach((radio) => radio.addEventListener("change", () => this.#showKind()));
    this.#form.elements.base.addEventListener("change", () => this.#fillMeasure());
    this.#form.label.addEventListener("input", () => this.#followLabel());
    this.#form.elements.id.addEventListener("input", ({ target }) => (target.dataset.own = ""));
    byId("define-preview").addEventListener("click", () => this.#preview());
  }

  /** answer: the newest, null where there is none yet. */
  open(question, catalog, answer) {
    this.#catalog = catalog;
    this.#asked = { question, answer };
    const fields = this.#form.elements;
    this.#form.reset();
    delete fields.id.dataset.own;
    this.#clear();
    const measured = question.metrics.filter((id) => this.#measured(id));
    fields.base.replaceChildren(...measured.map((id) => el("option", { value: id }, catalog.label(id))));
    fields.base.closest("label").hidden = measured.length < 2;
    fields.formula.value = question.metrics.length > 1 ? question.metrics.slice(0, 2).join(" / ") : `${question.metrics[0]} / `;
    const [measure, formula] = fields.kind;
    measure.disabled = measured.length === 0;
    (measured.length === 0 || (question.metrics.length > 1 && question.filters.length === 0) ? formula : measure).checked = true;
    byId("define-filters").hidden = !(measured.length < question.metrics.length && question.filters.length);
    this.#fillMeasure();
    this.#showKind();
    this.#dialog.showModal();
    fields.label.focus();
  }

  #measured(id) {
    const answered = this.#asked.answer?.metrics.find((metric) => metric.id === id);
    return filtered(this.#catalog, id, answered, this.#asked.question.filters);
  }

  get #isFormula() {
    return this.#form.elements.kind.value === "formula";
  }

  #showKind() {
    for (const part of this.#form.querySelectorAll("[data-kind]")) part.hidden = part.dataset.kind !== this.#form.elements.kind.value;
    if (this.#isFormula) {
      this.#form.unit.value = "number";
      this.#form.decimals.value = 2;
    } else this.#fillMeasure();
  }

  #fillMeasure() {
    const fields = this.#form.elements;
    const base = fields.base.value;
    if (!base) return;
    const measure = this.#measured(base);
    fields.events.value = measure.events.join(", ");
    fields.measure.value = JSON.stringify(measure.measure);
    fields.where.value = measure.where ?? "";
    fields.unit.value = measure.unit;
    fields.good.value = measure.good;
    fields.decimals.value = measure.decimals;
    fields.window.value = measure.window_days;
    fields.label.value = [this.#catalog.label(base), ...this.#asked.question.filters.map(words)].join(", ");
    this.#followLabel();
  }

  #followLabel() {
    const { id, label } = this.#form.elements;
    if (!("own" in id.dataset)) id.value = idOf(label.value);
  }

  /** The definition that the form says. */
  #read() {
    const { id, label, description, unit, good, decimals, formula, events, measure, where, window } = this.#form.elements;
    const common = { id: id.value.trim(), label: label.value.trim(), description: description.value.trim() || label.value.trim(), unit: unit.value, good: good.value, decimals: Number.parseInt(decimals.value, 10) || 0 };
    if (this.#isFormula) return { ...common, formula: formula.value.trim() };
    const types = events.value.split(",").map((type) => type.trim()).filter(Boolean);
    return {
      ...common,
      measure: JSON.parse(measure.value),
      ...(types.length ? { events: types } : {}),
      ...(where.value.trim() ? { where: where.value.trim() } : {}),
      ...(window.value > 0 ? { window_days: Number(window.value) } : {}),
    };
  }

  async #preview() {
    this.#clear();
    const out = byId("define-answer");
    out.replaceChildren(message("Trying…"));
    this.#abort?.abort();
    this.#abort = new AbortController();
    try {
      const { answer, warnings } = await post("/api/v1/metrics/definitions/preview", this.#read(), this.#abort);
      const [metric] = answer.metrics;
      out.replaceChildren(
        el("p", {}, "Last 30 days: ", el("strong", {}, written(answer.total.values[metric.id], metric)), answer.events ? "" : " (nothing of the kind happened)"),
        sparkline(answer.total.series[metric.id]) ?? "",
        el("p", { class: "hint" }, el("code", {}, metric.formula)),
        ...warnings.map((warning) => el("p", { class: "note warn" }, warning)),
      );
    } catch (problem) {
      this.#refused(problem);
    }
  }

  async #submit(event) {
    event.preventDefault();
    this.#clear();
    const definition = this.#read();
    try {
      await post("/api/v1/metrics/definitions", definition);
    } catch (problem) {
      return this.#refused(problem);
    }
    this.#dialog.close();
    toast(`${definition.label} is a metric now`);
    this.#done(definition.id);
  }

  #clear() {
    byId("define-answer").replaceChildren();
    for (const field of FIELDS) {
      byId(`define-${field}-error`).textContent = "";
      this.#form.elements[field].removeAttribute("aria-invalid");
    }
  }

  /** Each problem at its field; those of no field of the form below it. */
  #refused(problem) {
    if (problem.name === "AbortError") return;
    if (!problem.body) throw problem;
    const told = problem.body.problems ?? [{ field: problem.body.field ?? "", message: problem.message, hint: problem.hint }];
    const shown = this.#isFormula ? MEASURE : FORMULA;
    const rest = [];
    for (const { field = "", message: said, hint } of told) {
      const name = field.split(".").reverse().find((part) => FIELDS.includes(part) && !shown.includes(part));
      const words = [said, hint].filter(Boolean).join(" ");
      if (!name) rest.push(words);
      else {
        const node = byId(`define-${name}-error`);
        node.textContent = [node.textContent, words].filter(Boolean).join(" ");
        this.#form.elements[name].setAttribute("aria-invalid", "true");
      }
    }
    byId("define-answer").replaceChildren(...rest.map((words) => message(words, { bad: true })));
    this.#form.querySelector("[aria-invalid=true]")?.focus();
  }
}

/** A filter in a few words. */
function words({ field, operator, value }) {
  return operator === "eq" ? value : `${field.replace(/^property\./, "")} ${OPERATORS[operator]} ${value}`;
}
