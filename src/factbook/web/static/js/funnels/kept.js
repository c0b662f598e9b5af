// Funnels with a name of one's own: kept as they are asked, renamed, removed.
import { post, put, remove } from "../api.js";
import { byId, setText, toast } from "../dom.js";
import { DEFINED, definition } from "./question.js";

const PATH = "/api/v1/analytics/funnels";
const OWN = "own";

let shown = { funnel: null, told: null };
let done = () => {};

/** funnel: the named one, null for none. told: all that is asked of it. isChanged: whether that is what it says. */
export function showKept(funnel, told, isChanged) {
  if (!byId("keep")) return;
  shown = { funnel, told };
  const isOwn = funnel?.pack === OWN;
  byId("keep").hidden = told.steps.length < 2;
  byId("save").hidden = !(isOwn && isChanged);
  byId("rename").hidden = byId("delete").hidden = !isOwn;
  setText(byId("kept-as"), !funnel ? "Not kept" : isChanged ? `${funnel.label}, changed` : funnel.label);
}

const body = (told, about) => ({ ...about, ...definition(told) });

/** What keeping a funnel says of it beside its definition. */
const about = ({ id, label, description }) => ({ id, label, ...(description ? { description } : {}) });

async function tried(act) {
  setText(byId("keep-error"), "");
  try {
    await act();
  } catch (problem) {
    const text = [problem.message, problem.hint].filter(Boolean).join(" ");
    setText(byId(byId("naming").open ? "naming-error" : "keep-error"), text);
  }
}

function save() {
  return tried(async () => {
    const { id } = await put(`${PATH}/${shown.funnel.id}`, body(shown.told, about(shown.funnel)));
    toast("Saved");
    await done(id);
  });
}

function name(isNew) {
  const form = byId("naming-form");
  setText(byId("naming-title"), isNew ? "Keep this funnel" : "Rename this funnel");
  setText(byId("naming-error"), "");
  form.label.value = isNew ? "" : shown.funnel.label;
  form.id.value = isNew ? "" : shown.funnel.id;
  form.id.readOnly = !isNew;
  form.dataset.isNew = isNew ? "yes" : "";
  byId("naming").showModal();
  form.label.focus();
}

function named(event) {
  event.preventDefault();
  const { label, id, dataset } = byId("naming-form");
  const { id: own, label: _, description, pack, version, ...said } = shown.funnel ?? {};
  return tried(async () => {
    const names = about({ id: id.value, label: label.value, description: dataset.isNew ? "" : shown.funnel.description });
    const kept = dataset.isNew ? await post(PATH, body(shown.told, names)) : await put(`${PATH}/${shown.funnel.id}`, { ...said, ...names });
    byId("naming").close();
    toast("Saved");
    await done(kept.id, { isRenamed: !dataset.isNew });
  });
}

function removeIt() {
  if (!confirm(`Remove ${shown.funnel.label}?`)) return;
  tried(async () => {
    await remove(`${PATH}/${shown.funnel.id}`);
    await done("");
  });
}

/** Wires the buttons, once. saved(id): called when one was kept, or removed (""). */
export function wireKept(saved) {
  if (!byId("keep")) return;
  done = saved;
  byId("save").addEventListener("click", save);
  byId("save-as").addEventListener("click", () => name(true));
  byId("rename").addEventListener("click", () => name(false));
  byId("delete").addEventListener("click", removeIt);
  const form = byId("naming-form");
  form.addEventListener("submit", named);
  form.label.addEventListener("input", () => {
    if (form.dataset.isNew) form.id.value = form.label.value.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "").slice(0, 64);
  });
}
