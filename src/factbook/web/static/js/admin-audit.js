// The audit trail: searched, read entry by entry, its chain checked.
import { address, get } from "./api.js";
import { byId, el, message } from "./dom.js";
import { load, table, when } from "./admin/office.js";
import { jsonView } from "./json.js";
import { shortcut } from "./shell.js";

const PATH = "/api/v1/admin/audit";
const form = byId("sought");
let shown = [];
let following = null;

/** What was asked for, times as the API takes them. */
function sought() {
  const fields = Object.fromEntries(new FormData(form));
  for (const name of ["from", "to"]) if (fields[name]) fields[name] = new Date(fields[name]).toISOString();
  return fields;
}

const list = () =>
  load(async () => {
    shown = [];
    following = null;
    byId("file").href = address("/api/v1/admin/audit.csv", sought());
    await older();
  }, list);

async function older() {
  const { entries, next_cursor: next } = await get(PATH, { ...sought(), cursor: following, limit: 100 });
  shown.push(...entries);
  following = next;
  show();
}

function show() {
  const rows = shown.map((entry) => [
    el("button", { type: "button", class: "quiet", "aria-label": `Entry ${entry.number}`, onclick: () => open(entry) }, `${entry.number}`),
    when(entry.at),
    entry.actor ? el("code", {}, entry.actor) : el("span", { class: "muted" }, "nobody known"),
    entry.action,
    el("span", { class: "named-by" }, entry.thing ?? ""),
    entry.result === "done" ? "done" : el("span", { class: "badge" }, entry.detail.count > 1 ? `${entry.result}, ${entry.detail.count} times` : entry.result),
  ]);
  byId("entries").hidden = rows.length === 0;
  byId("more").hidden = following === null;
  byId("nobody").replaceChildren(...(rows.length ? [] : [message("Nothing of the kind was entered.")]));
  byId("entries").replaceChildren(table("Audit trail", ["Entry", "When", "Actor", "Action", "Thing", "Result"], rows));
  const known = new Set([...byId("actions").children].map((one) => one.value));
  byId("actions").append(...[...new Set(shown.map((one) => one.action))].filter((one) => !known.has(one)).map((value) => el("option", { value })));
}

function open(entry) {
  byId("entry-title").textContent = `${entry.action} ${entry.thing ?? ""}`;
  const { number, at, actor, result, detail, previous, hash } = entry;
  byId("entry-body").replaceChildren(jsonView({ number, at, actor, result, ...detail, previous, hash }));
  byId("entry").showModal();
}

async function check() {
  byId("head").textContent = "Reading the chain…";
  try {
    const { number, hash, sound, broken } = await get(`${PATH}/head`);
    byId("head").textContent = sound ? `${number} entries, each follows the one before; the newest is ${hash.slice(0, 12)}…` : `Broken: entry ${broken.number} ${broken.why}.`;
  } catch (problem) {
    byId("head").textContent = problem.message;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  list();
});
byId("more").addEventListener("click", () => load(older, list));
byId("check").addEventListener("click", check);
shortcut("r", list);
list();
