// Privacy: what is kept about people, one person told of, consenting or erased, and what is decided.
import { get, put, remove } from "./api.js";
import { byId, el, message, toast } from "./dom.js";
import { attempt, load, onSubmit, sure, table, when } from "./admin/office.js";
import * as format from "./format.js";
import { jsonView } from "./json.js";
import { shortcut } from "./shell.js";

const PATH = "/api/v1/privacy";
const CLASSES = ["public", "internal", "confidential", "personal"];
const OPEN = ["waiting", "running"];
const PAUSE = 2000;
const person = byId("person");
const settings = byId("settings");
let timer = 0;

const place = () => `${PATH}/users/${encodeURIComponent(person.elements.id.value)}`;

const start = () =>
  load(async () => {
    const [report] = await Promise.all([get(`${PATH}/report`), requests()]);
    tiles(report);
    for (const name of ["consent", "ids", "erased"]) settings.elements[name].value = report.settings[name];
    settings.elements.signals.checked = report.settings.signals;
    for (const name of CLASSES) settings.elements[`class-${name}`].value = report.retention.classes[name] ?? "";
  }, start);

function tiles({ kept, consents, erasures, exports, retention }) {
  const events = kept.reduce((sum, row) => sum + row.events, 0);
  const tracking = consents.purposes.analytics ?? { given: 0, withheld: 0 };
  const shown = [
    ["Events kept", format.count(events), `for ${format.count(retention.raw_events)} days at most`],
    ["Consents", format.count(consents.people), `${format.count(tracking.given)} agree to analytics, ${format.count(tracking.withheld)} do not`],
    ["Erasures", format.count(erasures.requests), erasures.last_finished_at ? `the last one ${when(erasures.last_finished_at)}` : "none done yet"],
    ["Exports", format.count(exports.requests), exports.last_finished_at ? `the last one ${when(exports.last_finished_at)}` : "none done yet"],
  ];
  byId("tiles").replaceChildren(...shown.map(([name, value, beside]) => el("li", {}, el("span", { class: "muted" }, name), el("span", { class: "figure" }, value), el("span", { class: "hint" }, beside))));
}

async function requests() {
  const { requests: found } = await get(`${PATH}/requests`);
  const rows = found.map((one) => [
    el("button", { type: "button", class: "quiet", onclick: () => receipt(one) }, one.kind),
    el("code", {}, one.subject.slice(0, 12)),
    OPEN.includes(one.state) ? el("progress", { max: Math.max(1, one.progress.total), value: one.progress.done, "aria-label": "Progress" }) : one.state,
    when(one.created_at),
    one.finished_at ? when(one.finished_at) : "not yet",
    one.kind === "export" && one.state === "done" ? el("a", { href: `${PATH}/requests/${one.id}/file`, download: "" }, "Download") : removed(one),
  ]);
  byId("requests").hidden = rows.length === 0;
  byId("nobody").replaceChildren(...(rows.length ? [] : [message("Nobody has been erased or told of in a file yet.")]));
  byId("requests").replaceChildren(table("Erasures and exports", ["Request", "Person", "State", "Asked", "Done", "What came of it"], rows));
  clearTimeout(timer);
  if (found.some(({ state }) => OPEN.includes(state))) timer = setTimeout(() => requests().catch(() => {}), PAUSE);
}

const removed = ({ removed: gone }) => (gone ? `${format.count(Object.values(gone).reduce((sum, rows) => sum + rows, 0))} rows went` : "");

function receipt(request) {
  byId("receipt-body").replaceChildren(jsonView(request));
  byId("receipt").showModal();
}

function told({ purposes, updated_at: at }) {
  const parts = Object.entries(purposes).map(([name, given]) => `${name}: ${given ? "given" : "withdrawn"}`);
  byId("consent").textContent = parts.length ? `${parts.join(", ")} (${when(at)})` : "Nothing was ever said.";
}

/** A button of the form about one person; the field is checked first. */
const about = (work) => () => {
  if (person.reportValidity()) attempt(person, work);
};
const consenting = (given) =>
  about(async () => {
    told(await put(`${place()}/consent`, { purposes: { analytics: given } }));
    toast(given ? "Consent is given" : "Consent is withdrawn");
  });

onSubmit(person, async () => told(await get(`${place()}/consent`)));
byId("give").addEventListener("click", consenting(true));
byId("withdraw").addEventListener("click", consenting(false));
byId("export").addEventListener(
  "click",
  about(async () => {
    const found = await get(place());
    if (found.kind === "export") {
      await requests();
      toast("A file is being written");
      return;
    }
    const link = el("a", { href: URL.createObjectURL(new Blob([JSON.stringify(found, null, 2)], { type: "application/json" })), download: "person.json" });
    link.click();
    URL.revokeObjectURL(link.href);
    toast(`${format.count(found.events.length)} events`);
  }),
);
sure(
  byId("erase"),
  "Really erase for good?",
  about(async () => {
    await remove(place());
    await requests();
    toast("The person is being erased");
  }),
);
onSubmit(settings, async () => {
  const { consent, signals, ids, erased } = settings.elements;
  await put(`${PATH}/settings`, { consent: consent.value, signals: signals.checked, ids: ids.value, erased: erased.value });
  const classes = Object.fromEntries(CLASSES.map((name) => [name, Number(settings.elements[`class-${name}`].value) || null]));
  await put(`${PATH}/retention`, { classes });
  await start();
  toast("Saved");
});
shortcut("r", start);
start();
