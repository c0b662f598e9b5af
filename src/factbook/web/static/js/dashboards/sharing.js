// Who sees a dashboard: told and changed by admins, below it.
import { get, put, remove } from "../api.js";
import { el, toast } from "../dom.js";

const ROLES = ["viewer", "analyst", "content_manager"];
const PEOPLE = "/api/v1/admin/users";

export async function sharing(path, place, { signal }) {
  const [kept, { users }] = await Promise.all([get(`${path}/permissions`, {}, { signal }), get(PEOPLE, {}, { signal })]);
  const people = users.filter(({ role }) => ROLES.includes(role));
  const wrong = el("p", { class: "bad", role: "alert" });
  const everybody = el("input", { type: "checkbox", name: "everybody" });
  everybody.checked = kept.everybody;
  const box = (name, value, text) => {
    const input = el("input", { type: "checkbox", name, value });
    input.checked = kept[name].includes(value);
    return el("label", { class: "check" }, input, text);
  };
  const some = el("fieldset", {}, el("legend", {}, "Shared with"), ...ROLES.map((role) => box("roles", role, `every ${role.replace("_", " ")}`)), ...people.map(({ id, name, email }) => box("people", id, name || email)));
  const form = el("form", { class: "sharing" }, el("label", { class: "check" }, everybody, "Everybody who may read"), some, el("button", { type: "submit" }, "Save"), wrong);
  const follow = () => (some.hidden = everybody.checked);
  everybody.addEventListener("change", follow);
  follow();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    const given = new FormData(form);
    try {
      await (everybody.checked ? remove(`${path}/permissions`) : put(`${path}/permissions`, { roles: given.getAll("roles"), people: given.getAll("people") }));
      summary.textContent = told(everybody.checked);
      toast("Saved.");
    } catch (problem) {
      wrong.textContent = problem.message;
    }
  });
  const summary = el("summary", {}, told(kept.everybody));
  place.replaceChildren(el("details", { class: "panel sharing-panel" }, summary, form));
}

const told = (everybody) => (everybody ? "Everybody who may read sees this dashboard" : "This dashboard is shared with some; admins and owners see it always");
