// What the two lists offer: metrics by pack, cuts by what the chosen metrics allow; narrowed by the words typed.
import { byId } from "../dom.js";

/** Every word stands somewhere in `texts`; how well: 2 where the first text begins with them, 1 elsewhere, 0 not at all. */
function fit(words, texts) {
  const whole = texts.filter(Boolean).join(" ").toLowerCase();
  const wanted = words.toLowerCase();
  if (!wanted.split(/\s+/).every((word) => whole.includes(word))) return 0;
  return texts.slice(0, 2).some((text) => text?.toLowerCase().startsWith(wanted)) ? 2 : 1;
}

/** Keeps what fits the words; what fits best comes first, in the sections and among them. */
function narrowed(sections, words) {
  if (!words) return sections;
  const kept = sections.map(({ label, options }) => {
    const fitting = options.map((option) => ({ option, size: fit(words, option.texts) })).filter(({ size }) => size);
    fitting.sort((a, b) => b.size - a.size);
    return { label, options: fitting.map(({ option }) => option), size: fitting[0]?.size ?? 0 };
  });
  return kept.sort((a, b) => b.size - a.size);
}

/** Sections for the words typed into the list of metrics. types: event types that were ever sent. */
export function metricSections(catalog, question, types, words) {
  const chosen = new Set(question.metrics);
  const declared = catalog.packs.map(({ id, label }) => ({
    label,
    options: [...catalog.metrics.values()].filter(({ pack }) => pack === id).map((metric) => metricOption(metric, chosen)),
  }));
  const sent = types.map((type) => counted(`events.count.${type}`, `Events: ${type}`, chosen));
  const sections = narrowed([...declared, { label: "Event types, counted", options: sent }], words);
  const known = catalog.metrics.has(words) || types.some((type) => words === `events.count.${type}`);
  if (!known && /^\S+\.\S+$/.test(words)) sections.push({ label: "Undeclared", options: [typed(words, chosen)] });
  return sections;
}

function metricOption({ id, label, unit, description, formula, tier }, chosen) {
  const note = tier === "free" ? unit : `${unit} · ${tier}`;
  return { id, label, note, text: description, code: formula, chosen: chosen.has(id), texts: [label, id, unit, description, formula] };
}

function counted(id, label, chosen) {
  return { id, label, note: "count", chosen: chosen.has(id), texts: [label, id] };
}

function typed(words, chosen) {
  const text = "As it stands: events.count.TYPE, users.active.TYPE, sessions.TYPE, or TYPE.PROPERTY for the sum of a property.";
  return { id: words, label: words, note: "undeclared", text, chosen: chosen.has(words), texts: [words] };
}

/** The columns of events, by their labels. */
export const columns = () => [...byId("columns").options].map(({ value }) => value);

/** Sections for the words typed into the list of cuts. */
export function cutSections(catalog, question, words) {
  const chosen = new Set(question.dimensions);
  const allowed = catalog.dimensionsOf(question.metrics);
  const near = new Set(question.metrics.map((id) => catalog.metrics.get(id)?.pack));
  const packs = [...catalog.packs].sort((a, b) => near.has(b.id) - near.has(a.id));
  const declared = packs.map(({ id, label }) => ({
    label,
    options: allowed.map((one) => catalog.dimensions.get(one)).filter(({ pack }) => pack === id).map((one) => cutOption(one, chosen)),
  }));
  const free = catalog.isLimited(question.metrics) ? [] : columns().map((id) => ({ id, label: id, note: "column", chosen: chosen.has(id), texts: [id] }));
  const sections = narrowed([...declared, { label: "Columns of events", options: free }], words);
  const name = words.startsWith("property.") ? words : `property.${words}`;
  if (words && !/\s/.test(words)) sections.push({ label: "Properties", options: [{ id: name, label: name, note: "property", chosen: chosen.has(name), texts: [name] }] });
  return sections;
}

function cutOption({ id, label, description, field, time_part: part }, chosen) {
  return { id, label, note: part ? "time" : field, text: description, chosen: chosen.has(id), texts: [label, id, field, description] };
}
