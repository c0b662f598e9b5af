// Lineage: from the events to a number, and on to what stands on it.
import { get } from "./api.js";
import { byId, el } from "./dom.js";
import { load, table } from "./admin/office.js";

const form = byId("sought");

const show = () =>
  load(async () => {
    const thing = form.elements.thing.value.trim();
    const found = await get(`/api/v1/admin/lineage/${encodeURIComponent(thing)}`);
    history.replaceState(null, "", `?thing=${encodeURIComponent(thing)}`);
    byId("lineage-title").textContent = `${found.label} (${found.kind} ${found.id})`;
    const { pack, version, digest } = found.declared;
    byId("declared").textContent = `${pack}, version ${version}, ${digest.slice(0, 12)}…`;
    byId("picture").replaceChildren(...columns(found));
    const rows = found.read_from.map((one) => [one.measure, one.event_types.join(", ") || "every type", one.levels.length ? `${one.table}: ${one.levels.join(", ")}` : one.table, one.why]);
    byId("read").replaceChildren(table("Where it is read from", ["Measure", "Events", "Table", "Why"], rows));
  }, show);

/** Each place in the column after the last of what leads to it. */
function columns({ kind, id, ways, made_of: made }) {
  const self = `${kind}:${id}`;
  const depth = new Map([[self, 0]]);
  const places = new Set([self, ...ways.flatMap(({ from, to }) => [from, to])]);
  for (let round = 0; round < places.size; round += 1) for (const { from, to } of ways) depth.set(to, Math.max(depth.get(to) ?? 0, (depth.get(from) ?? 0) + 1));
  const last = Math.max(...depth.values());
  return Array.from({ length: last + 1 }, (_, at) => {
    const here = [...places].filter((one) => (depth.get(one) ?? 0) === at).sort();
    const properties = at === 0 && made.properties.length ? [el("p", { class: "hint" }, `Properties: ${made.properties.join(", ")}`)] : [];
    return el("li", {}, el("ul", {}, here.map((one) => el("li", one === self ? { "aria-current": "true" } : {}, chip(one)))), ...properties);
  });
}

function chip(place) {
  const [kind, ...rest] = place.split(":");
  const name = rest.join(":");
  const said = [el("span", { class: "muted" }, kind), el("span", {}, name)];
  return ["event", "benchmark"].includes(kind) ? el("span", { class: "chip" }, ...said) : el("a", { class: "chip", href: `?thing=${encodeURIComponent(place)}` }, ...said);
}

async function names() {
  const { metrics } = await get("/api/v1/metrics/catalog");
  byId("things").replaceChildren(...metrics.map(({ id, label }) => el("option", { value: id, label })));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
names().catch(() => {});
form.elements.thing.value = new URLSearchParams(location.search).get("thing") ?? "";
if (form.elements.thing.value) show();
