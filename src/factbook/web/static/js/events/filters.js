// The filter form: reads into and writes from the filters record of query.js.
import { byId, el } from "../dom.js";
import { FIELDS, OPERATORS } from "./query.js";

const form = byId("filters");
const list = byId("properties");

export function write(filters) {
  form.range.value = filters.range;
  if (!form.range.value) form.range.value = "24h";
  form.start_time.value = filters.start_time.slice(0, 19);
  form.end_time.value = filters.end_time.slice(0, 19);
  for (const name of FIELDS) form[name].value = filters[name];
  for (const label of form.querySelectorAll(".rare")) label.hidden = !label.querySelector("input").value;
  form.include_bots.checked = filters.include_bots;
  list.replaceChildren(...filters.properties.map(row));
  showTimes();
}

export function read() {
  const properties = [...list.children].map((item) => ({
    name: item.querySelector("[data-part=name]").value.trim(),
    operator: item.querySelector("[data-part=operator]").value,
    value: item.querySelector("[data-part=value]").value.trim(),
  }));
  const fields = Object.fromEntries(FIELDS.map((name) => [name, form[name].value.trim()]));
  return {
    range: form.range.value,
    start_time: form.start_time.value,
    end_time: form.end_time.value,
    include_bots: form.include_bots.checked,
    ...fields,
    properties,
  };
}

export function addProperty(property = { name: "", operator: "eq", value: "" }) {
  list.append(row(property));
  list.lastElementChild.querySelector("input").focus();
}

function row({ name, operator, value }) {
  const options = Object.entries(OPERATORS).map(([key, label]) => el("option", { value: key, selected: key === operator }, label));
  const item = el(
    "li",
    {},
    el("input", { data: { part: "name" }, value: name, "aria-label": "Property", placeholder: "property, as in price", autocomplete: "off", spellcheck: "false" }),
    el("select", { data: { part: "operator" }, "aria-label": "Operator" }, options),
    el("input", { data: { part: "value" }, value, "aria-label": "Value", placeholder: "value", autocomplete: "off", spellcheck: "false" }),
    el("button", { type: "button", class: "quiet", onclick: () => item.remove() }, "Remove"),
  );
  return item;
}

function showTimes() {
  form.toggleAttribute("data-custom", form.range.value === "custom");
}

form.range.addEventListener("change", showTimes);
