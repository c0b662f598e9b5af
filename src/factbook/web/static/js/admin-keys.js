// The API keys of the tenant: made and shown once, replaced, revoked.
import { get, post, remove } from "./api.js";
import { byId, el, message, toast } from "./dom.js";
import { ABOUT_ROLES, load, onSubmit, seen, showOnce, sure, table, when } from "./admin/office.js";
import { View } from "./admin/view.js";
import { shortcut } from "./shell.js";

const PATH = "/api/v1/admin/api-keys";
const BOUND = ["viewer", "analyst", "content_manager"];
const DAY = 86_400_000;
const form = byId("key-form");
const dialog = byId("key");
const view = new View(form.querySelector("[data-view]"));

const isGood = ({ revoked_at: revoked, expires_at: expires }) => revoked === null && (expires === null || new Date(expires) > new Date());
const ends = ({ revoked_at: revoked, expires_at: expires }) => (revoked === null ? when(expires) : `revoked ${when(revoked)}`);

const list = () =>
  load(async () => {
    const { api_keys: every } = await get(PATH);
    const keys = byId("ended").checked ? every : every.filter(isGood);
    byId("keys").hidden = keys.length === 0;
    byId("nobody").replaceChildren(...(keys.length ? [] : [message("No key is good any more. Make one to send events or to ask from a program.")]));
    const rows = keys.map((key) => [
      el("span", { class: "named-by" }, el("strong", {}, key.name), el("code", { class: "muted" }, `${key.prefix}…`)),
      key.role.replace("_", " "),
      key.role === "writer" ? "nothing" : seen(key),
      when(key.created_at),
      when(key.last_used_at),
      ends(key),
      isGood(key) ? el("span", { class: "ways left" }, action(key, "Rotate", "Really rotate?", rotate), action(key, "Revoke", "Really revoke?", revoke)) : "",
    ]);
    byId("keys").replaceChildren(table("API keys", ["Key", "Role", "Sees", "Made", "Last used", "Ends", "Actions"], rows));
  }, list);

function action(key, name, question, work) {
  const button = el("button", { type: "button", "aria-label": `${name} ${key.name}` }, name);
  sure(button, question, async () => {
    try {
      await work(key);
    } catch (problem) {
      byId("message").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true }));
    }
  });
  return button;
}

async function rotate({ id }) {
  const made = await post(`${PATH}/${id}/rotate`);
  await list();
  show(made, "The old key has ended.");
}

async function revoke({ id }) {
  await remove(`${PATH}/${id}`);
  await list();
  toast("Revoked");
}

const show = ({ name, role, key }, more = "") => showOnce(`The key ${name}`, `Role ${role.replace("_", " ")}. Keep it now: only a digest of it is stored, and it is not shown again. ${more}`, key);

function about() {
  const role = form.elements.role.value;
  byId("role-about").textContent = ABOUT_ROLES[role];
  view.allowed = BOUND.includes(role);
}

byId("make").addEventListener("click", () => {
  form.reset();
  form.querySelector("[data-wrong]").textContent = "";
  view.show({ row_filter: [], masked: false });
  about();
  dialog.showModal();
});
onSubmit(form, async () => {
  const { name, role, days } = form.elements;
  const expires = days.value ? { expires_at: new Date(Date.now() + Number(days.value) * DAY).toISOString() } : {};
  const made = await post(PATH, { name: name.value, role: role.value, ...expires, ...view.value });
  dialog.close();
  await list();
  show(made);
});
form.elements.role.addEventListener("change", about);
byId("ended").addEventListener("change", list);
shortcut("r", list);
list();
