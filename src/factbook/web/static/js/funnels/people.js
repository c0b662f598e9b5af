// Who did a step, or turned away before it, in a dialog, page by page.
import { address, get } from "../api.js";
import { byId, el, message } from "../dom.js";
import * as format from "../format.js";
import { plainTable } from "../retention/table.js";

const PATH = "/funnel/people";
const PAGE = 50;
const MOST = 1000;

let shown = null;
let found = [];

/** asked: the parameters of the funnel; place: step and dropped; title: the same in words. */
export function showPeople(asked, place, title) {
  shown = { ...asked, ...place, limit: PAGE };
  byId("people-title").textContent = title;
  byId("people").showModal();
  load();
}

async function load(cursor = null) {
  const about = shown;
  byId("people-csv").href = address(PATH, { ...about, limit: MOST, format: "csv" });
  if (!cursor) byId("people-table").replaceChildren(message("Loading…"));
  try {
    const told = await get(PATH, { ...about, cursor });
    if (about !== shown) return;
    found = cursor ? [...found, ...told.people] : told.people;
    byId("people-table").replaceChildren(found.length ? plainTable("People", ["Person", "Entered", "Steps done", "Last step"], found.map(row)) : message("Nobody."));
    byId("people-more").hidden = !told.next_cursor;
    byId("people-more").onclick = () => load(told.next_cursor);
  } catch (problem) {
    byId("people-table").replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: () => load(cursor) }));
  }
}

function row({ user_id: user, anonymous_ids: visitors, steps_done: done, times }) {
  const name = user ?? visitors[0] ?? "unknown";
  const known = times.filter(Boolean);
  const where = user ? { user_id: user } : { anonymous_id: visitors[0] };
  const link = user || visitors.length ? el("a", { href: address("/events", { ...where, start_time: known[0] }) }, name) : name;
  return [link, format.time(known[0]), String(done), format.time(known.at(-1))];
}
