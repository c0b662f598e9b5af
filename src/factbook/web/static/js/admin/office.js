// What the pages of the administration share: tables with actions, forms in dialogs, second thoughts, what is shown once.
import { byId, copy, el, message } from "../dom.js";
import * as format from "../format.js";

export const ABOUT_ROLES = {
  writer: "Sends events and reads nothing.",
  viewer: "Reads every figure; no single events or people.",
  analyst: "Reads everything, single events and people too; defines segments, funnels and benchmarks.",
  content_manager: "Reads what a viewer reads, and tries out definitions of metrics.",
  admin: "Everything of this tenant: people, keys, settings, definitions.",
  owner: "As an admin; also makes owners.",
};

export const when = (value, never = "never") => (value === null ? never : format.time(value, "full", format.zone));

/** What a part of the data is, in words. */
export function seen({ row_filter: rows, masked }) {
  const parts = [rows.length ? `${rows.length} ${rows.length === 1 ? "condition" : "conditions"}` : "every event"];
  if (masked) parts.push("personal data hidden");
  return parts.join(", ");
}

/** A table of rows: each a list of cells (texts or nodes), the first one its heading. */
export function table(caption, heads, rows) {
  const body = rows.map(([name, ...cells]) => el("tr", {}, el("th", { scope: "row" }, name), cells.map((cell) => el("td", {}, cell))));
  return el("table", {}, el("caption", { class: "away" }, caption), el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))), el("tbody", {}, body));
}

/** Shows what was loaded, or why it was not. */
export async function load(work, again) {
  try {
    await work();
    byId("message").replaceChildren();
    for (const id of ["listed", "answer"]) if (byId(id)) byId(id).hidden = false;
  } catch (problem) {
    byId("message").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: "Try again", onAction: again }));
  }
}

/** A button that asks once more before it does what cannot be undone. */
export function sure(button, question, action) {
  const [said, label] = [button.textContent, button.getAttribute("aria-label")];
  const say = (text, name) => {
    button.textContent = text;
    if (label) button.setAttribute("aria-label", name);
  };
  const calm = () => {
    say(said, label);
    delete button.dataset.asked;
  };
  button.addEventListener("blur", calm);
  button.addEventListener("click", async () => {
    if (!("asked" in button.dataset)) {
      button.dataset.asked = "";
      say(question, `${question} ${label}`);
      return;
    }
    calm();
    await action();
  });
}

/** Submits a form: its problem is said beside the button, under the field where it is about one. */
export function onSubmit(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await attempt(form, work);
  });
}

export async function attempt(form, work) {
  const wrong = form.querySelector("[data-wrong]");
  const button = form.querySelector("button[type=submit]");
  wrong.textContent = "";
  button.disabled = true;
  try {
    await work();
  } catch (problem) {
    wrong.textContent = [problem.message, problem.hint].filter(Boolean).join(" ");
    form.elements[problem.body?.field]?.focus?.();
  } finally {
    button.disabled = false;
  }
}

/** Shows what nobody will see again. */
export function showOnce(title, about, text) {
  byId("once-title").textContent = title;
  byId("once-about").textContent = about;
  byId("once-text").textContent = text;
  byId("once-copy").onclick = () => copy(text);
  byId("once").showModal();
}

export const showLink = (who, { path, expires_at: until }) =>
  showOnce(`A password for ${who}`, `Send this link to ${who}: it sets a password, once, until ${when(until)}. It is not shown again.`, location.origin + path);

for (const button of document.querySelectorAll("dialog [data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
