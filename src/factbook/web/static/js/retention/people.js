// The people of one cell, in a dialog: who came back then and who stayed away, page by page.
import { address, get } from "../api.js";
import { byId, el, message } from "../dom.js";
import * as format from "../format.js";
import { plainTable } from "./table.js";

const PATH = "/api/v1/analytics/users/cohorts/people";
const PAGE = 50;
const HEADS = ["Person", "First seen", "Last seen", "Events", "Last event"];

let shown = null;
let found = [];

/** asked: the parameters of the table; cohort and at: of the cell; title: the cell in words. */
export function showPeople(asked, cohort, at, title) {
  shown = { ...asked, cohort, at, stayed_away: false };
  byId("people-title").textContent = title;
  byId("people").showModal();
  load();
}

async function load(cursor = null) {
  const about = shown;
  byId("came").setAttribute("aria-pressed", String(!about.stayed_away));
  byId("stayed-away").setAttribute("aria-pressed", String(about.stayed_away));
  byId("people-csv").href = address(PATH, { ...about, page_size: 10_000, format: "csv" });
  if (!cursor) byId("people-table").replaceChildren(message("Loading…"));
  try {
    const told = await get(PATH, { ...about, page_size: PAGE, cursor });
    if (about !== shown) return;
    found = cursor ? [...found, ...told.people] : told.people;
    byId("people-table").replaceChildren(found.length ? plainTable("People", HEADS, found.map(row)) : message("Nobody."));
    byId("people-more").hidden = !told.next_cursor;
    byId("people-more").onclick = () => load(told.next_cursor);
  } catch (problem) {
    byId("people-table").replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: () => load(cursor) }));
  }
}

function row({ user_id: user, anonymous_ids: visitors, first_seen: first, last_seen: last, events, last_event_type: type }) {
  const where = user ? { user_id: user } : { anonymous_id: visitors[0] };
  const link = el("a", { href: address("/events", { ...where, start_time: first }) }, user ?? visitors[0]);
  return [link, format.time(first, "date"), format.time(last, "date"), format.count(events), type];
}

function choose(stayed_away) {
  shown = { ...shown, stayed_away };
  load();
}

byId("came")?.addEventListener("click", () => choose(false));
byId("stayed-away")?.addEventListener("click", () => choose(true));
