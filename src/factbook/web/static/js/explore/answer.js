// The answer: asked for, drawn as tiles, chart and tables; what is under way is ended when something else is asked.
import { Problem, post } from "../api.js";
import { byId, el, message, setText } from "../dom.js";
import * as format from "../format.js";
import { isAboutRates, ratesForm } from "../rates-form.js";
import { showExplain } from "./explain.js";
import { beginning, nothing } from "./nothing.js";
import { Picture } from "./picture.js";
import { request } from "./question.js";
import { KINDS, drawing } from "./series.js";
import { showByTime, showTotals } from "./table.js";
import { showTiles } from "./tiles.js";
import { each } from "./times.js";

const PARTS = ["tiles", "chart-panel", "table-panel", "explain", "found"];

export class Answer {
  #picture = new Picture(byId("chart"), byId("legend"));
  #change;
  #look;
  #abort = null;
  #question = null;
  /** The newest answer, null while there is none. */
  shown = null;
  catalog = null;

  constructor({ change, look }) {
    this.#change = change;
    this.#look = look;
    for (const button of byId("views").children) button.addEventListener("click", () => this.#showView(button.dataset.view));
    byId("lines").addEventListener("change", ({ target }) => look({ lines: target.value === "values" ? "" : target.value }));
  }

  async ask(question) {
    this.#abort?.abort();
    const { signal } = (this.#abort = new AbortController());
    this.#question = question;
    if (!question.metrics.length) return this.#say(beginning());
    this.#wait(true);
    try {
      const answer = await post("/dashboard/metrics", request(question), { signal });
      const empty = answer.events ? null : await nothing(question, this.catalog, this.#change, signal);
      this.#wait(false);
      this.shown = { ...answer, dimensions: answer.dimensions.map((one) => this.#known(one)) };
      this.draw(question);
      setText(byId("progress"), "Answered.");
      byId("message").replaceChildren(...(empty ? [empty] : []));
      byId("chart-panel").hidden ||= Boolean(empty);
      byId("table-panel").hidden ||= Boolean(empty);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.#wait(false);
      if (!(problem instanceof Problem)) throw problem;
      await this.#refused(problem, question);
    }
  }

  /** A dimension of the answer with what the catalog says of its values. */
  #known(dimension) {
    const { time_part: part, edges } = this.catalog.dimensions.get(dimension.id) ?? {};
    return { ...dimension, part, isOrdered: Boolean(part || edges) };
  }

  /** Draws the answer once more: what changed is how it is looked at. */
  draw(question) {
    this.#question = question;
    const answer = this.shown;
    if (!answer) return;
    const drawn = drawing(answer, question);
    for (const part of PARTS) byId(part).hidden = false;
    byId("chart-panel").hidden = drawn === null;
    byId("table-panel").hidden = false;
    const metric = drawn?.metric ?? answer.metrics[0];
    const pick = answer.rows && answer.metrics.length > 1 ? (id) => this.#look({ drawn: id }) : null;
    showTiles(answer, this.catalog, metric.id, pick);
    if (drawn) this.#drawChart(drawn, answer);
    showTotals(answer, question, metric, { sort: (order) => this.#change({ order }), only: (dimension, value) => this.#only(dimension, value) });
    showByTime(drawn);
    byId("views").hidden = !drawn?.byTime;
    if (!drawn?.byTime) this.#showView("totals");
    this.#drawFound(answer);
    if (question.explain) showExplain(answer);
  }

  #drawChart(drawn, answer) {
    const what = drawn.metric ? drawn.metric.label : answer.metrics.map(({ label }) => label).join(", ");
    const cut = answer.dimensions.map(({ label }) => label).join(" and ");
    const parts = [cut, drawn.byTime && each(answer.granularity)].filter(Boolean).map((part) => `by ${part}`);
    const title = `${what} ${parts.join(", ")}`;
    setText(byId("chart-title"), title);
    byId("kinds").hidden = drawn.kinds.length < 2;
    byId("kinds").replaceChildren(...drawn.kinds.map((kind) => el("button", { type: "button", "aria-pressed": String(kind === drawn.kind), onclick: () => this.#look({ chart: kind === drawn.kinds[0] ? "" : kind }) }, KINDS[kind])));
    byId("lines").hidden = drawn.lines.length < 2;
    byId("lines").replaceChildren(...drawn.lines.map((line) => el("option", { value: line, selected: line === drawn.line }, words(line))));
    setText(byId("undrawn"), drawn.left > 0 ? `The table has ${format.count(drawn.left)} more ${drawn.left === 1 ? "row" : "rows"}.` : "");
    this.#picture.show(drawn, title);
    setText(byId("view-by-time"), `By ${each(answer.granularity)}`);
  }

  #drawFound(answer) {
    const { cut, compare, source, complete_since: since, timezone } = answer;
    const day = (moment) => format.time(moment, "date", timezone);
    const last = (moment) => day(Date.parse(moment) - 1);
    const facts = [
      `${day(answer.start_time)} to ${last(answer.end_time)}, ${timezone}`,
      compare ? `compared with ${day(compare.start_time)} to ${last(compare.end_time)}` : null,
      `${format.count(answer.events)} events`,
      source.tables.length ? `read from ${source.tables.join(" and ")} (${source.levels.join(", ")})` : null,
    ];
    setText(byId("found"), facts.filter(Boolean).join(" · "));
    byId("incomplete").hidden = !since;
    if (since) setText(byId("incomplete"), `Complete since ${day(since)}: what is older was kept no longer.`);
    byId("cut-note").hidden = !cut?.is_cut;
    if (cut?.is_cut) {
      const more = Math.min(cut.limit * 5, 1000);
      const raise = more > cut.limit ? el("button", { type: "button", class: "link", onclick: () => this.#change({ limit: more }) }, `Raise the limit to ${format.count(more)}`) : null;
      byId("cut-note").replaceChildren(`${format.count(cut.shown)} of ${format.count(cut.of)} rows are shown; the rest together is “Other”. `, raise ?? "");
    }
  }

  /** A way to one row alone: a filter in place of the cut, where the row's name is what the events hold. */
  #only(dimension, value) {
    const declared = this.catalog.dimensions.get(dimension);
    if (declared && (!declared.field || declared.edges || declared.lookup)) return null;
    const field = declared?.field ?? dimension;
    return () => {
      const { dimensions, filters } = this.#question;
      this.#change({ dimensions: dimensions.filter((one) => one !== dimension), filters: [...filters, { field, operator: "eq", value }] });
    };
  }

  #showView(view) {
    for (const button of byId("views").children) button.setAttribute("aria-pressed", String(button.dataset.view === view));
    for (const name of ["totals", "by-time"]) byId(name).hidden = name !== view;
  }

  #wait(isWaiting) {
    byId("answer").toggleAttribute("data-waiting", isWaiting);
    byId("answer").setAttribute("aria-busy", String(isWaiting));
    setText(byId("progress"), isWaiting ? "Loading…" : "");
    if (isWaiting && !this.shown) byId("message").replaceChildren(message("Loading…"));
    document.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  }

  /** One thing in place of the answer. */
  #say(node) {
    this.shown = null;
    this.#wait(false);
    for (const part of PARTS) byId(part).hidden = true;
    for (const id of ["incomplete", "cut-note"]) byId(id).hidden = true;
    byId("message").replaceChildren(node);
  }

  async #refused(problem, question) {
    const again = () => this.ask(this.#question);
    const form = isAboutRates(problem) ? await ratesForm(problem, again).catch(() => null) : null;
    if (this.#question !== question) return;
    const meant = problem.hint.match(/^Did you mean '([^']+)'\?/)?.[1];
    this.#say(
      el(
        "div",
        { class: "panel nothing", role: "alert" },
        el("h2", { class: "bad" }, problem.message),
        problem.hint ? el("p", {}, problem.hint) : null,
        form,
        el("div", { class: "ways" }, this.#meant(problem, meant), el("button", { type: "button", onclick: again }, "Try again")),
      ),
    );
    byId("question").elements[problem.body.field]?.setAttribute?.("aria-invalid", "true");
  }

  /** Takes up the name that the service thinks was meant. */
  #meant({ message: said, body: { field } }, meant) {
    if (!meant || !["metrics", "dimensions"].includes(field)) return null;
    const swapped = this.#question[field].map((name) => (said.includes(`'${name}'`) ? meant : name));
    return el("button", { type: "button", class: "primary", onclick: () => this.#change({ [field]: [...new Set(swapped)] }) }, `Use ${this.catalog.label(meant)}`);
  }
}

function words(line) {
  if (line === "values") return "Values";
  return line === "running_total" ? "Running total" : `Mean of ${line.slice("moving_average_".length)}`;
}
