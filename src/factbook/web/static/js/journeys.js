// One person's journey: where he came from, what he did in each session, when he converted.
import { address, get } from "./api.js";
import { byId, el, message, setText } from "./dom.js";
import * as format from "./format.js";
import { KEYS, PeriodPicker, periodLabel } from "./period-picker.js";
import { shortcut } from "./shell.js";
import { sessionItem } from "./journeys/timeline.js";

const USUAL = { id: "", period: "90d", start_time: "", end_time: "" };

let asked = read();
let under = new AbortController();
const period = new PeriodPicker(byId("period"), choose);

function read() {
  const query = new URLSearchParams(location.search);
  const given = Object.fromEntries(Object.keys(USUAL).filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
  return { ...USUAL, ...given, period: given.start_time || given.end_time ? "" : (given.period ?? USUAL.period) };
}

const pageAddress = (what) => address("/journeys", Object.fromEntries(Object.entries(what).filter(([name, value]) => value !== USUAL[name])));
const path = () => `/api/v1/analytics/users/${encodeURIComponent(asked.id)}/journey`;
const span = () => ({ period: asked.period, start_date: asked.start_time, end_date: asked.end_time });

function choose(part) {
  asked = { ...asked, ...part };
  history.pushState(null, "", pageAddress(asked));
  load();
}

async function load(cursor = null) {
  under.abort();
  under = new AbortController();
  const { signal } = under;
  period.show(asked);
  byId("id").value = asked.id;
  document.title = `${asked.id || "Journeys"} · Factbook`;
  if (!cursor) byId("answer").hidden = true;
  setText(byId("progress"), "Loading…");
  try {
    if (!asked.id) {
      byId("message").replaceChildren(await somebody(signal));
      return;
    }
    if (!cursor) byId("message").replaceChildren(message("Loading…"));
    const told = await get(path(), { ...span(), cursor }, { signal });
    byId("message").replaceChildren(...(told.summary.sessions ? [] : [noSessions(told)]));
    byId("answer").hidden = !told.summary.sessions;
    show(told, cursor);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    byId("message").replaceChildren(problem.status === 404 ? await somebody(signal, problem.message) : message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: "Try again", onAction: () => load() }));
  } finally {
    if (!signal.aborted) setText(byId("progress"), "");
  }
}

function show(told, cursor) {
  const { summary, engagement, timezone: zone } = told;
  const touch = (one) => [one?.source ?? format.UNKNOWN, one ? format.time(one.time, "date", zone) : ""];
  const tiles = [
    ["Sessions", format.count(summary.sessions), `${format.count(summary.bounces)} bounced`],
    ["Conversions", format.count(summary.conversions), told.conversion_event],
    ["Engagement", format.decimal(engagement.score, 0), "of 100", `${engagement.formula}\n${Object.entries(engagement.parts).map(([name, value]) => `${name} ${format.decimal(value)}: ${engagement.meanings[name]}`).join("\n")}`],
    ["First touch", ...touch(told.first_touch)],
    ["Last touch", ...touch(told.last_touch)],
    ["Between sessions", summary.seconds_between_sessions === null ? format.UNKNOWN : format.span(summary.seconds_between_sessions), "on average"],
  ];
  byId("tiles").replaceChildren(...tiles.map(([name, figure, hint, title]) => el("li", { title: title ?? null }, el("span", { class: "muted" }, name), el("span", { class: "figure" }, figure), el("span", { class: "hint" }, hint))));
  byId("notes").hidden = !told.notes.length;
  setText(byId("notes"), told.notes.join(" "));
  const items = told.sessions.map((session) => sessionItem(session, zone));
  if (cursor) byId("sessions").append(...items);
  else byId("sessions").replaceChildren(...items);
  byId("more").hidden = !told.next_cursor;
  byId("more").onclick = () => load(told.next_cursor);
  byId("csv").href = address(path(), { ...span(), limit: 100, format: "csv" });
  const ids = [...told.user_ids.map((id) => `user ${id}`), ...told.anonymous_ids.map((id) => `visitor ${id}`)];
  setText(byId("found"), `One person: ${ids.join(", ")}. Sessions that began from ${format.time(told.start_time, "date", zone)} to ${format.time(Date.parse(told.end_time) - 1, "date", zone)}, ${zone}.`);
}

function noSessions(told) {
  const ids = [...told.user_ids, ...told.anonymous_ids].join(", ");
  const year = asked.period === "12mo" ? null : el("button", { type: "button", class: "primary", onclick: () => choose({ period: "12mo", start_time: "", end_time: "" }) }, "Last 12 months");
  return el("div", { class: "panel nothing" }, el("h2", {}, "No session in this period"), el("p", {}, `${ids} began no session in ${periodLabel(asked)}.`), el("div", { class: "ways" }, [year].filter(Boolean)));
}

/** No person yet: some of the newest to begin with. */
async function somebody(signal, problem = "") {
  const { events } = await get("/api/v1/events", { limit: 200, start_time: "1970-01-01T00:00:00Z" }, { signal });
  const ids = [...new Set(events.map(({ user_id: user, anonymous_id: visitor }) => user || visitor).filter(Boolean))].slice(0, 12);
  const text = ids.length ? "Give the id of a user or a visitor, or begin with one of those seen last." : "Nobody was seen yet: journeys are made of events that name a user or a visitor.";
  const ways = ids.length ? ids.map((id) => el("a", { class: "button", href: pageAddress({ ...asked, id }) }, id)) : [el("a", { class: "button", href: "/" }, "Send your first event")];
  return el("div", { class: "panel nothing" }, el("h2", { class: problem ? "bad" : null }, problem || "Whose journey?"), el("p", {}, text), el("div", { class: "ways" }, ways));
}

byId("whose").addEventListener("submit", (event) => {
  event.preventDefault();
  choose({ id: byId("id").value.trim() });
});
addEventListener("popstate", () => {
  asked = read();
  load();
});
shortcut("/", () => byId("id").focus());
KEYS.forEach((name, index) => shortcut(String(index + 1), () => choose({ period: name, start_time: "", end_time: "" })));
load();
