// How a segment changed: who, when, and what it was before.
import { get } from "../api.js";
import { byId, el, message } from "../dom.js";
import * as format from "../format.js";

const WORDS = { created: "Made", changed: "Changed", removed: "Removed" };
const PARTS = { label: "Name", description: "Description", rule: "Rule", frozen: "Frozen" };

let shown = "";

/** takeUp(definition): called to have an earlier one in the form again; null for who may change nothing. */
export async function showChanges(id, takeUp) {
  shown = id;
  byId("changes").hidden = false;
  try {
    const { changes } = await get(`/api/v1/analytics/segments/${encodeURIComponent(id)}/history`);
    if (id === shown) byId("changes-list").replaceChildren(...changes.map((one, at) => entry(one, at === 0 ? null : takeUp)));
  } catch (problem) {
    if (id === shown) byId("changes-list").replaceChildren(el("li", {}, message(problem.message, { bad: true, action: "Try again", onAction: () => showChanges(id, takeUp) })));
  }
}

export function hideChanges() {
  shown = "";
  byId("changes").hidden = true;
}

function entry({ version, change, actor, changed_at: at, before, definition }, takeUp) {
  const differing = Object.keys(PARTS).filter((name) => written(before?.[name]) !== written(definition[name]));
  const what = change !== "changed" ? WORDS[change] : differing.length ? `${differing.map((name) => PARTS[name]).join(", ")} changed` : definition.frozen ? "Frozen anew" : "Saved again";
  const parts = change === "changed" ? differing : ["rule"];
  return el(
    "li",
    {},
    el("p", {}, el("strong", {}, what), ` · ${format.time(at)} · ${actor ?? "before changes were kept"}`, el("span", { class: "badge" }, `version ${version}`)),
    parts.length ? el("details", {}, el("summary", {}, "What it says"), parts.map((name) => told(name, change === "changed" ? before?.[name] : undefined, definition[name]))) : null,
    takeUp && change !== "removed" ? el("button", { type: "button", onclick: () => takeUp(definition) }, "Take this up again") : null,
  );
}

const written = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

function told(name, before, after) {
  const side = (when, value) => el("div", {}, el("span", { class: "about" }, when ? `${PARTS[name]}, ${when}` : PARTS[name]), el("pre", {}, written(value)));
  return el("div", { class: "change" }, before === undefined ? side("", after) : [side("before", before), side("after", after)]);
}
