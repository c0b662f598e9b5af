// The people of a segment, page by page, or a sample of those whom a rule would hold.
import { address, get } from "../api.js";
import { byId, el, message, setText } from "../dom.js";
import * as format from "../format.js";
import { table } from "./table.js";

const PAGE = 50;
const MOST = 10_000;
const HEADS = ["Person", "First seen", "Last seen", ["Events"], "Last event"];

let shown = "";
let found = [];

/** people: how many, null where they are not counted. */
export function showPeople({ id, people }) {
  shown = id;
  found = [];
  setText(byId("people-title"), "People");
  byId("people-csv").hidden = false;
  byId("people-csv").href = address(path(id), { limit: MOST, format: "csv" });
  setText(byId("people-csv"), people > MOST ? `Download CSV of ${format.count(MOST)}` : "Download CSV");
  byId("people").replaceChildren(message("Loading…"));
  load(id);
}

/** sample: some of `people`. */
export function showSample(sample, people) {
  shown = "";
  setText(byId("people-title"), people > sample.length ? `${sample.length} of these people` : "These people");
  byId("people-csv").hidden = true;
  byId("people-more").hidden = true;
  draw(sample);
}

const path = (id) => `/api/v1/analytics/segments/${encodeURIComponent(id)}/people`;

async function load(id, cursor = null) {
  try {
    const told = await get(path(id), { limit: PAGE, cursor });
    if (id !== shown) return;
    found = [...found, ...told.people];
    draw(found);
    byId("people-more").hidden = !told.next_cursor;
    byId("people-more").onclick = () => load(id, told.next_cursor);
  } catch (problem) {
    byId("people").replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: () => load(id, cursor) }));
  }
}

function draw(people) {
  byId("people").replaceChildren(people.length ? table("People", HEADS, people.map(row)) : message("Nobody fits these conditions yet."));
}

function row({ user_id: user, anonymous_ids: visitors, first_seen: first, last_seen: last, events, last_event_type: type }) {
  const where = user ? { user_id: user } : { anonymous_id: visitors[0] };
  const link = el("a", { href: address("/events", { ...where, start_time: first }) }, user ?? visitors[0]);
  return [link, format.time(first, "date"), format.time(last, "date"), format.count(events), el("span", { class: "type" }, type)];
}
