// The overview page: decides between the first-event card and the dashboard, and wires the live connection to the parts.
import { get } from "./api.js";
import { byId, message, toast } from "./dom.js";
import { Live } from "./live.js";
import { shortcut } from "./shell.js";
import { Hour } from "./overview/hour.js";
import { Newest } from "./overview/newest.js";
import { OverTime } from "./overview/over-time.js";
import { FirstEvent } from "./overview/first-event.js";
import { Status } from "./overview/status.js";
import { Tiles } from "./overview/tiles.js";

const ASKED_EVERY = 5000; // ms, for a role without the live connection: the same numbers, asked for
const seesEvents = "seesEvents" in document.body.dataset;
const live = new Live("/api/v1/events/stream?overview=1");
const first = new FirstEvent(() => showDashboard());
let parts = null;

/** Whether anything ever came in, bots too: the question that tells an empty service from a quiet one. */
async function isEmpty() {
  const ever = { start_time: "1970-01-01T00:00:00Z" };
  const { total_events: total } = await get("/api/v1/events/stats", ever);
  // The second question reads raw events, so it is asked only where the first, from the roll-ups, finds none.
  return total === 0 && (await get("/api/v1/events/stats", { ...ever, include_bots: true })).total_events === 0;
}

function showDashboard() {
  if (parts) return;
  first.stop();
  byId("opening").hidden = true;
  byId("dashboard").hidden = false;
  parts = { tiles: new Tiles(), hour: new Hour(), newest: seesEvents ? new Newest() : null, overTime: new OverTime() };
  parts.tiles.load();
}

async function open() {
  const opening = byId("opening");
  opening.replaceChildren("Loading…");
  try {
    if (await isEmpty()) {
      opening.hidden = true;
      first.start(isEmpty);
    } else showDashboard();
  } catch (problem) {
    opening.replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: open }));
    return;
  }
  new Status(live);
  if (seesEvents) live.open();
  else live.refuse();
}

live.addEventListener("message", ({ detail }) => {
  if (detail.type === "event") {
    showDashboard();
    parts.newest.add(detail.event);
  } else if (detail.type === "missed") parts?.newest.missed(detail.count);
  else if (detail.type === "overview") parts?.tiles.show(detail);
});
live.addEventListener("state", ({ detail }) => {
  if (detail.state === "refused") setInterval(() => document.hidden || parts?.tiles.load(), ASKED_EVERY);
  if (detail.state === "live" && parts) {
    parts.hour.load();
    parts.newest?.load();
  }
});

shortcut("p", () => parts?.newest?.togglePause());
shortcut("c", () => parts?.overTime.toggleCompare());
shortcut("r", () => {
  live.retryNow();
  parts?.hour.load();
  parts?.overTime.load();
  toast("Loading again");
});
["today", "24h", "7d", "30d", "90d", "12mo"].forEach((preset, index) =>
  shortcut(String(index + 1), () => parts?.overTime.choose({ preset })),
);

for (const button of document.querySelectorAll("[data-table]")) {
  button.addEventListener("click", () => {
    const table = byId(button.dataset.table);
    table.hidden = !table.hidden;
    button.setAttribute("aria-pressed", String(!table.hidden));
    table.dispatchEvent(new CustomEvent("shown"));
  });
}

open();
