// The people of the tenant: who may sign in, as what, and which part of the data each sees.
import { get, post, put, remove } from "./api.js";
import { byId, el, toast } from "./dom.js";
import { ABOUT_ROLES, load, onSubmit, attempt, seen, showLink, sure, table, when } from "./admin/office.js";
import { View } from "./admin/view.js";
import { shortcut } from "./shell.js";

const PATH = "/api/v1/admin/users";
const BOUND = ["viewer", "analyst", "content_manager"];
const form = byId("person-form");
const dialog = byId("person");
const view = new View(form.querySelector("[data-view]"));
let shown = null;
let me = "";

const who = ({ name, email }) => name || email;
const shownRole = (role) => role.replace("_", " ");

const list = () =>
  load(async () => {
    const [{ users }, { actor }] = await Promise.all([get(PATH), get("/api/v1/auth/me")]);
    me = actor;
    byId("people").hidden = users.length === 0;
    byId("nobody").replaceChildren(...(users.length ? [] : [nobody()]));
    const rows = users.map((one) => [
      el("span", { class: "named-by" }, el("strong", {}, who(one)), one.name ? el("span", { class: "muted" }, one.email) : null),
      shownRole(one.role),
      el("span", { class: one.state === "active" ? null : "badge" }, one.state),
      seen(one),
      when(one.last_sign_in_at),
      el("button", { type: "button", onclick: () => open(one), "aria-label": `Change ${who(one)}` }, "Change"),
    ]);
    byId("people").replaceChildren(table("People", ["Who", "Role", "State", "Sees", "Last signed in", "Actions"], rows));
  }, list);

const nobody = () =>
  el("div", { class: "nothing" }, el("h2", {}, "Nobody yet"), el("p", {}, "So far keys and sign-in lines are used. Invite a person: you get a link to send, by which a password is set."));

function open(person) {
  shown = person;
  byId("person-title").textContent = person ? who(person) : "Invite a person";
  form.reset();
  const { email, name, role, disabled } = form.elements;
  email.value = person?.email ?? "";
  name.value = person?.name ?? "";
  role.value = person?.role ?? "viewer";
  disabled.checked = person?.state === "disabled";
  const own = person?.id === me;
  role.disabled = own;
  disabled.disabled = own;
  byId("disabled-line").hidden = !person || own;
  byId("new-link").hidden = !person || person.state === "disabled";
  byId("remove-person").hidden = !person || own;
  form.querySelector("[type=submit]").textContent = person ? "Save" : "Invite";
  form.querySelector("[data-wrong]").textContent = "";
  view.show(person ?? { row_filter: [], masked: false });
  about();
  dialog.showModal();
}

function about() {
  const role = form.elements.role.value;
  byId("role-about").textContent = ABOUT_ROLES[role];
  view.allowed = BOUND.includes(role) && shown?.id !== me;
}

function chosen() {
  const { email, name, role, disabled } = form.elements;
  const plain = { email: email.value, name: name.value };
  if (shown?.id === me) return plain;
  const all = { ...plain, role: role.value, ...view.value };
  return shown ? { ...all, disabled: disabled.checked } : all;
}

onSubmit(form, async () => {
  if (shown) {
    await put(`${PATH}/${shown.id}`, chosen());
    dialog.close();
    toast("Saved");
  } else {
    const made = await post(PATH, chosen());
    dialog.close();
    showLink(who(made), made.set_password);
  }
  await list();
});
byId("new-link").addEventListener("click", () =>
  attempt(form, async () => {
    const made = await post(`${PATH}/${shown.id}/reset`);
    dialog.close();
    showLink(who(made), made.set_password);
  }),
);
sure(byId("remove-person"), "Really remove?", () =>
  attempt(form, async () => {
    await remove(`${PATH}/${shown.id}`);
    dialog.close();
    toast("Removed");
    await list();
  }),
);
form.elements.role.addEventListener("change", about);
byId("invite").addEventListener("click", () => open(null));
shortcut("r", list);
list();
