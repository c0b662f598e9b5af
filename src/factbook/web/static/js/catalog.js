// The catalog of metrics and dimensions, as the pages look things up in it.
import { get } from "./api.js";

/** Asks for the catalog. */
export async function loadCatalog(options) {
  return new Catalog(await get("/api/v1/metrics/catalog", {}, options));
}

export class Catalog {
  #below = new Map();

  constructor({ metrics, dimensions, packs, kpi_groups: groups }) {
    this.metrics = new Map(metrics.map((metric) => [metric.id, metric]));
    this.dimensions = new Map(dimensions.map((dimension) => [dimension.id, dimension]));
    this.packs = packs;
    this.groups = Object.entries(groups).map(([id, label]) => ({ id, label }));
    for (const { id, used_by: above } of metrics) for (const one of above) this.#below.set(one, [...(this.#below.get(one) ?? []), id]);
  }

  /** What readers call it: its label where it is declared, else its id. */
  label(id) {
    return (this.metrics.get(id) ?? this.dimensions.get(id))?.label ?? id;
  }

  /** The metric and all that it stands on, where they measure something: undeclared names measure their event type. */
  #measured(id) {
    const found = [id, ...(this.#below.get(id) ?? [])].map((one) => this.metrics.get(one) ?? undeclared(one));
    return found.filter((metric) => metric.measure);
  }

  /** The event types that the metric looks at: a list of alternatives for each thing it measures; [] for all events. */
  events(id) {
    const lists = this.#measured(id).map(({ events }) => events).filter((events) => events.length);
    return [...new Map(lists.map((events) => [events.join(), events])).values()];
  }

  /** Ids of the declared dimensions that all of these metrics may be cut by. */
  dimensionsOf(ids) {
    const limits = ids.map((id) => this.metrics.get(id)?.dimensions).filter(Boolean);
    return [...this.dimensions.keys()].filter((id) => limits.every((allowed) => allowed.includes(id)));
  }

  /** Whether some of these metrics may be cut by nothing but what they name. */
  isLimited(ids) {
    return ids.some((id) => this.metrics.get(id)?.dimensions);
  }
}

const COUNTED = [
  ["events.count", "count"],
  ["users.active", { unique: "users" }],
  ["sessions", { unique: "sessions" }],
];

/** What an undeclared name measures, as far as the name alone can say; docs/metrics.md lists the forms. */
export function undeclared(id) {
  const about = { id, label: id, unit: "count", where: null, window_days: 0, dimensions: null };
  for (const [name, measure] of COUNTED) {
    if (id === name) return { ...about, measure, events: [] };
    if (id.startsWith(`${name}.`)) return { ...about, measure, events: [id.slice(name.length + 1)] };
  }
  const dot = id.lastIndexOf(".");
  const measure = dot > 0 ? { sum: id.slice(dot + 1) } : null;
  return { ...about, unit: "number", measure, events: dot > 0 ? [id.slice(0, dot)] : [] };
}
