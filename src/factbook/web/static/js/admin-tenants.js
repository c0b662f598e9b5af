// The tenants of the server, for whoever operates it: made, renamed, suspended, removed; and what each uses.
import { address, get, post, put, remove } from "./api.js";
import { byId, el, toast } from "./dom.js";
import { load, onSubmit, showLink, table, when } from "./admin/office.js";
import * as format from "./format.js";
import { shortcut } from "./shell.js";

const PATH = "/api/v1/admin/tenants";
const COUNTS = ["events_kept", "events_this_month", "keys", "people", "queries"];
const form = byId("tenant-form");
const removal = byId("removal");
const dialog = byId("tenant");
let shown = null;

const list = () =>
  load(async () => {
    const { tenants } = await get(PATH);
    const rows = tenants.map((one) => [
      el("span", { class: "named-by" }, el("strong", {}, one.name), el("code", { class: "muted" }, one.id)),
      one.tier,
      el("span", { class: one.state === "active" ? null : "badge" }, one.state),
      ...COUNTS.map((name) => el("span", { data: { count: name, tenant: one.id } }, "…")),
      when(one.created_at),
      one.state === "removing" ? "" : el("button", { type: "button", onclick: () => open(one), "aria-label": `Change ${one.name}` }, "Change"),
    ]);
    byId("tenants").replaceChildren(table("Tenants", ["Tenant", "Tier", "State", "Events kept", "This month", "Keys", "People", "Queries", "Made", "Actions"], rows));
    Promise.all(tenants.map(count));
  }, list);

async function count({ id }) {
  const usage = await get(`${PATH}/${id}/usage`).catch(() => ({}));
  for (const name of COUNTS) for (const node of document.querySelectorAll(`[data-count="${name}"][data-tenant="${CSS.escape(id)}"]`)) node.textContent = format.count(usage[name]);
}

function open(tenant) {
  shown = tenant;
  byId("tenant-title").textContent = tenant ? tenant.name : "New tenant";
  form.reset();
  removal.reset();
  const { id, name, tier, suspended } = form.elements;
  id.value = tenant?.id ?? "";
  id.readOnly = Boolean(tenant);
  name.value = tenant?.name ?? "";
  tier.value = tenant?.tier ?? "free";
  suspended.checked = tenant?.state === "suspended";
  byId("owner-line").hidden = Boolean(tenant);
  byId("id-about").hidden = Boolean(tenant);
  byId("suspended-line").hidden = !tenant || tenant.is_operating;
  removal.hidden = !tenant || tenant.is_operating;
  for (const wrong of dialog.querySelectorAll("[data-wrong]")) wrong.textContent = "";
  dialog.showModal();
}

onSubmit(form, async () => {
  const { id, name, tier, suspended, owner_email: owner } = form.elements;
  if (shown) {
    const isNew = suspended.checked !== (shown.state === "suspended");
    await put(`${PATH}/${shown.id}`, { name: name.value, tier: tier.value, ...(isNew ? { suspended: suspended.checked } : {}) });
    dialog.close();
    toast("Saved");
  } else {
    const made = await post(PATH, { id: id.value, name: name.value, tier: tier.value, ...(owner.value ? { owner_email: owner.value } : {}) });
    dialog.close();
    if (made.owner) showLink(made.owner.email, made.owner.set_password);
  }
  await list();
});
onSubmit(removal, async () => {
  await remove(address(`${PATH}/${shown.id}`, { confirm: removal.elements.confirm.value }));
  dialog.close();
  toast("It is being removed");
  await list();
});
byId("make").addEventListener("click", () => open(null));
shortcut("r", list);
list();
