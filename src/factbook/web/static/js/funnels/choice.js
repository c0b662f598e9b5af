// Events that count as one thing, as fields: their types, an expression, filters.
import { el } from "../dom.js";
import { Conditions } from "../explore/conditions.js";

const PLAIN = { autocomplete: "off", spellcheck: "false" };

/** choice: {event, where, filters}; name: what it is called, "Step 2". Nodes, and read() for what they say. */
export function choiceFields(choice, name, change) {
  let filters = choice.filters;
  const event = el("input", { value: choice.event, list: "types", "aria-label": name, placeholder: "event type, or a|b", onchange: change, ...PLAIN });
  const where = el("input", { value: choice.where, placeholder: "amount > 100", onchange: change, ...PLAIN });
  const list = el("ul", { class: "conditions", "aria-label": `Filters, ${name.toLowerCase()}` });
  const conditions = new Conditions(list, (found) => {
    filters = found;
    change();
  });
  conditions.show(filters);
  return {
    event,
    where: el("label", {}, "Where ", where),
    filters: [list, el("button", { type: "button", onclick: () => conditions.add() }, "Add a filter")],
    read: () => ({ event: event.value.trim(), where: where.value.trim(), filters }),
  };
}

/** Whether there is more to it than its types and name. */
export const isMore = ({ where, filters, optional = false }) => Boolean(where || filters.length || optional);

/** A button that shows `more`, and hides it again. */
export function moreButton(name, more) {
  const button = el("button", { type: "button", class: "icon", "aria-label": `More about ${name.toLowerCase()}`, title: "Filters", "aria-expanded": String(!more.hidden), onclick: () => {
    more.hidden = !more.hidden;
    button.setAttribute("aria-expanded", String(!more.hidden));
  } }, "⋯");
  return button;
}
