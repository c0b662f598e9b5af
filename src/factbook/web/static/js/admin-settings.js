// The tenant's own settings: name and look, time and money, days to keep, what each role sees; and what is used.
import { get, put } from "./api.js";
import { byId, el, toast } from "./dom.js";
import { load, onSubmit, seen } from "./admin/office.js";
import { View } from "./admin/view.js";
import * as format from "./format.js";
import { shortcut } from "./shell.js";

const PATH = `/api/v1/admin/tenants/${encodeURIComponent(document.body.dataset.tenant)}`;
const LEVELS = ["raw_events", "minute_aggregates", "hour_aggregates", "daily_aggregates"];
const EVERYTHING = { row_filter: [], masked: false };
const form = byId("settings");
const roles = [...form.querySelectorAll("details[data-role]")].map((node) => ({ node, role: node.dataset.role, view: new View(node.querySelector("[data-view]")) }));

byId("zones").replaceChildren(...Intl.supportedValuesOf("timeZone").map((name) => el("option", { value: name })));

const start = () =>
  load(async () => {
    const [tenant, usage] = await Promise.all([get(PATH), get(`${PATH}/usage`)]);
    show(tenant);
    const tiles = [
      ["Tier", tenant.tier, ""],
      ["Events kept", format.count(usage.events_kept), `for ${format.count(tenant.retention.raw_events)} days`],
      ["Events this month", format.count(usage.events_this_month), usage.month],
      ["Keys", format.count(usage.keys), "that are good"],
      ["People", format.count(usage.people), ""],
      ["Queries", format.count(usage.queries), "since this server started"],
    ];
    byId("tiles").replaceChildren(...tiles.map(([name, value, beside]) => el("li", {}, el("span", { class: "muted" }, name), el("span", { class: "figure" }, value), el("span", { class: "hint" }, beside))));
  }, start);

function show(tenant) {
  const fields = form.elements;
  for (const name of ["name", "zone", "week_start", "fiscal_year_start"]) fields[name].value = tenant[name];
  fields.currency.value = tenant.currency ?? "";
  fields.brand.value = tenant.branding.name ?? "";
  fields.colour.value = tenant.branding.colour ?? "";
  fields.logo_url.value = tenant.branding.logo_url ?? "";
  for (const level of LEVELS) fields[level].value = tenant.retention[level];
  for (const { node, role, view } of roles) {
    const rule = tenant.role_rules[role] ?? EVERYTHING;
    view.show(rule);
    node.querySelector("[data-said]").textContent = seen(rule);
  }
  tenantShown = tenant;
}

let tenantShown = null;

/** What differs alone, so that defaults stay defaults. */
function changes() {
  const fields = form.elements;
  const number = (name) => Number(fields[name].value);
  const flat = { name: fields.name.value, zone: fields.zone.value, currency: fields.currency.value || null, week_start: number("week_start"), fiscal_year_start: number("fiscal_year_start") };
  const changed = Object.fromEntries(Object.entries(flat).filter(([name, value]) => value !== tenantShown[name]));
  const days = Object.fromEntries(LEVELS.map((level) => [level, number(level)]).filter(([level, value]) => value !== tenantShown.retention[level]));
  return {
    ...changed,
    ...(Object.keys(days).length ? { retention: days } : {}),
    branding: { name: fields.brand.value || null, colour: fields.colour.value || null, logo_url: fields.logo_url.value || null },
    role_rules: Object.fromEntries(roles.map(({ role, view }) => [role, view.value])),
  };
}

onSubmit(form, async () => {
  show(await put(PATH, changes()));
  toast("Saved");
});
shortcut("r", start);
start();
