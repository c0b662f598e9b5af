// Dashboards: the one of the address, every tile of it asked for together; others are a click away with the same period.
import { address, get } from "./api.js";
import { Asked } from "./asked.js";
import { loadCatalog } from "./catalog.js";
import { byId, el, message, setText } from "./dom.js";
import * as format from "./format.js";
import { jsonView } from "./json.js";
import { KEYS, PeriodPicker, periodLabel } from "./period-picker.js";
import { shortcut } from "./shell.js";
import { sharing } from "./dashboards/sharing.js";
import { tile } from "./dashboards/tile.js";

const PATH = "/api/v1/analytics/dashboards";
const PAGE = new Asked("/dashboards", { period: "", start_time: "", end_time: "" });

let listed = [];
let catalog;
let asked = PAGE.read();
let under = new AbortController();
const pictures = [];
const period = new PeriodPicker(byId("period"), choose);

const chosen = () => decodeURIComponent(location.pathname.split("/")[2] ?? "") || listed[0]?.id;
const addressOf = (id) => PAGE.address(asked).replace("/dashboards", `/dashboards/${encodeURIComponent(id)}`);
const SPAN = ["period", "start_date", "end_date"];
const filters = () => Object.fromEntries(Object.entries(PAGE.parameters(asked)).filter(([name]) => !SPAN.includes(name)));

function choose(part) {
  asked = { ...asked, ...part };
  history.pushState(null, "", addressOf(chosen()));
  load();
}

function open(id) {
  history.pushState(null, "", addressOf(id));
  load();
}

function showList(id) {
  const led = (event, one) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(one);
  };
  byId("boards").replaceChildren(...listed.map((one) => el("a", { href: addressOf(one.id), "aria-current": one.id === id ? "page" : null, onclick: (event) => led(event, one.id) }, one.label)));
}

async function load() {
  under.abort();
  under = new AbortController();
  const { signal } = under;
  const id = chosen();
  const about = listed.find((one) => one.id === id);
  const span = asked.period || asked.start_time || asked.end_time ? asked : { ...asked, period: about?.period ?? "30d" };
  showList(id);
  period.show(span);
  setText(byId("about"), about?.description ?? "");
  setText(byId("title"), about?.label ?? "Dashboards");
  if (about) document.title = `${about.label} · Factbook`;
  byId("board").setAttribute("aria-busy", "true");
  setText(byId("progress"), "Loading…");
  try {
    const told = await get(`${PATH}/${encodeURIComponent(id)}/data`, PAGE.parameters(asked), { signal });
    byId("message").replaceChildren(...(told.is_empty ? [nothing(told, span)] : []));
    show(told.is_empty ? [] : told.tiles, periodLabel(span));
    showFound(told);
    if ("isAdmin" in document.body.dataset) await sharing(`${PATH}/${encodeURIComponent(id)}`, byId("sharing"), { signal });
  } catch (problem) {
    if (problem.name === "AbortError") return;
    show([]);
    setText(byId("found"), "");
    byId("message").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: "Try again", onAction: load }));
  } finally {
    if (!signal.aborted) {
      byId("board").removeAttribute("aria-busy");
      setText(byId("progress"), "");
    }
  }
}

function show(tiles, label) {
  for (const picture of pictures.splice(0)) picture.end();
  const first = tiles.find(({ error }) => error?.field === "rates");
  byId("board").replaceChildren(...tiles.map((one) => tile(one, { catalog, label, filters: filters(), pictures, again: one === first ? load : null })));
}

function showFound({ tiles }) {
  const answer = tiles.find((one) => one.answer)?.answer;
  const at = (moment) => format.time(moment, "full", answer.timezone);
  setText(byId("found"), answer ? `${at(answer.start_time)} to ${at(answer.end_time)}, ${answer.timezone}.` : "");
}

/** Nothing that the dashboard looks at happened: what to send first. */
function nothing({ label, send_first: events }, span) {
  const first = events.length ? el("div", { class: "send" }, el("p", {}, "Send the first ones to POST /api/v1/events, for example:"), ...events.map(jsonView)) : null;
  const ways = [
    span.period === "12mo" ? null : el("button", { type: "button", onclick: () => choose({ period: "12mo", start_time: "", end_time: "" }) }, "Last 12 months"),
    asked.filters.length ? el("button", { type: "button", onclick: () => choose({ filters: [] }) }, "Without the filters") : null,
    el("a", { class: "button", href: "/" }, "Send your first event"),
  ];
  return el("div", { class: "panel nothing" }, el("h2", {}, `Nothing of ${label} came in`), el("p", {}, `There is no event in ${periodLabel(span)} that this dashboard is drawn from.`), first, el("div", { class: "ways" }, ways.filter(Boolean)), el("p", { class: "hint" }, "Or look around with demo data first: ", el("code", {}, "factbook demo")));
}

function turn(step) {
  const at = listed.findIndex(({ id }) => id === chosen());
  open(listed.at((at + step) % listed.length).id);
}

addEventListener("popstate", () => {
  asked = PAGE.read();
  load();
});
shortcut("r", load);
shortcut("n", () => turn(1));
shortcut("p", () => turn(-1));
KEYS.forEach((name, index) => shortcut(String(index + 1), () => choose({ period: name, start_time: "", end_time: "" })));

async function begin() {
  byId("message").replaceChildren(message("Loading…"));
  try {
    const [found, known] = await Promise.all([get(PATH), loadCatalog()]);
    listed = found.dashboards;
    catalog = known;
  } catch (problem) {
    byId("message").replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: begin }));
    return;
  }
  if (location.pathname === "/dashboards") history.replaceState(null, "", addressOf(chosen()));
  load();
}

begin();
