// What a service promises (all of them where none is chosen): told to everybody, kept by admins.
import { get, put, remove } from "../api.js";
import { el } from "../dom.js";
import * as format from "../format.js";

const PATH = "/api/v1/analytics/objectives";
const EVERY = "*";
const FIELDS = [
  ["slo", "Answered, %", 100],
  ["latency_slo", "Fast, %", 100],
  ["latency_ms", "Fast within, ms", 1],
  ["apdex_ms", "Apdex at, ms", 1],
  ["days", "Over days", 1],
];

/** Numbers as they are shown and given: shares in per cent. */
const shown = (value, times) => Number((value * times).toPrecision(12));

/** The promise of `service` as a form or a sentence; done() once another is kept. */
export async function promise(service, done, signal) {
  const { default: usual, objectives } = await get(PATH, {}, { signal });
  const name = service || EVERY;
  const kept = objectives.find((one) => one.service_name === name);
  const holds = kept ?? usual;
  if (!("isAdmin" in document.body.dataset)) return [sentence(holds)];
  const own = new Set(kept?.own ?? []);
  const error = el("p", { class: "bad", role: "alert" });
  const path = `${PATH}/${encodeURIComponent(name)}`;
  const attempt = async (change) => {
    try {
      await change();
      done();
    } catch (refused) {
      error.textContent = [refused.message, refused.hint].filter(Boolean).join(" ");
    }
  };
  const inputs = FIELDS.map(([field, label, times]) => el("label", {}, `${label} `, el("input", { name: field, data: { times }, inputmode: "decimal", autocomplete: "off", size: "6", value: own.has(field) ? shown(holds[field], times) : "", placeholder: String(shown(holds[field], times)) })));
  const submit = (event) => {
    event.preventDefault();
    const given = [...event.target.elements].filter((input) => input.name && input.value.trim() !== "");
    attempt(() => put(path, Object.fromEntries(given.map((input) => [input.name, Number(input.value) / Number(input.dataset.times)]))));
  };
  const forget = el("button", { type: "button", onclick: () => attempt(() => remove(path)) }, "Promise nothing of its own");
  return [el("form", { "aria-label": "Promise", onsubmit: submit }, inputs, el("button", { type: "submit", class: "primary" }, "Keep"), kept ? forget : "", error), el("p", { class: "hint" }, service ? "Empty fields are as all services promise." : "Of every service that promises nothing of its own.")];
}

function sentence(holds) {
  const per = (share) => `${format.decimal(shown(share, 100), 6)} %`;
  return el("p", {}, `${per(holds.slo)} of requests answered, ${per(holds.latency_slo)} within ${format.decimal(holds.latency_ms)} ms, over ${holds.days} days; Apdex at ${format.decimal(holds.apdex_ms)} ms.`);
}
