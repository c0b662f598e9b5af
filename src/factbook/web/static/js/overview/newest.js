// The newest events as they arrive: a short list that is redrawn once a frame, can be paused, and is announced in summary.
import { get } from "../api.js";
import { byId, el, setText } from "../dom.js";
import * as format from "../format.js";
import { redraw } from "../frame.js";
import { jsonView } from "../json.js";
import { actor, details, filled, subject } from "../summary.js";

const KEPT = 30;
const ROW = 42; // px, as in overview.css
const SAY_EVERY = 10_000;

export class Newest {
  #events = [];
  #rows = new Map();
  #paused = false;
  #behind = 0;
  #missed = 0;
  #unsaid = 0;

  constructor() {
    byId("newest-pause").addEventListener("click", () => this.togglePause());
    setInterval(() => this.#say(), SAY_EVERY);
    this.load();
  }

  /** The events of before the connection, so that the list does not start empty. */
  async load() {
    // What fails here arrives by itself over the live connection.
    const page = await get("/api/v1/events", { limit: KEPT, include_bots: true }).catch(() => ({ events: [] }));
    const known = new Set(this.#events.map(identity));
    const older = page.events.filter((event) => !known.has(identity(event)));
    this.#events = [...this.#events, ...older].slice(0, KEPT);
    redraw(this.#draw);
  }

  add(event) {
    this.#events.unshift(event);
    this.#events.length = Math.min(this.#events.length, KEPT);
    this.#unsaid += 1;
    if (this.#paused) this.#behind += 1;
    redraw(this.#draw);
  }

  /** The service left out `count` more events: they come faster than anyone reads. */
  missed(count) {
    this.#missed += count;
    redraw(this.#draw);
  }

  togglePause() {
    this.#paused = !this.#paused;
    this.#behind = 0;
    redraw(this.#draw);
  }

  #draw = () => {
    const button = byId("newest-pause");
    button.setAttribute("aria-pressed", String(this.#paused));
    setText(button, this.#paused ? (this.#behind ? `Go on (${format.count(this.#behind)} new)` : "Go on") : "Pause");
    setText(byId("newest-missed"), this.#missed ? `${format.count(this.#missed)} more than fit here` : "");
    if (this.#paused) return;
    const list = byId("newest");
    const wanted = new Set(this.#events.map(identity));
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    this.#events.forEach((event, index) => {
      const id = identity(event);
      if (!this.#rows.has(id)) {
        const row = rowOf(event);
        this.#rows.set(id, row);
        list.prepend(row);
      }
      this.#rows.get(id).style.top = `${index * ROW}px`;
    });
    if (!this.#events.length && !list.children.length) list.append(el("li", { class: "message none" }, "Waiting for events…"));
    else list.querySelector(".none")?.remove();
  };

  #say() {
    if (!this.#unsaid || this.#paused || document.hidden) return;
    const latest = this.#events[0];
    byId("newest-said").textContent = `${format.count(this.#unsaid)} new events, the latest ${latest.event_type}`;
    this.#unsaid = 0;
  }
}

const identity = (event) => event.id ?? event.event_id;

function rowOf(event) {
  const about = el("span", { class: "about" }, subject(event) || actor(event));
  for (const [name, value] of details(event, 3)) about.append(about.textContent ? " · " : "", el("b", {}, `${name} `), value);
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", onclick: () => openEvent(event) },
      el("time", { datetime: event.timestamp, title: format.time(event.timestamp) }, moment(event.timestamp)),
      el("span", { class: "line" }, el("span", { class: "type what" }, event.event_type), about),
    ),
  );
}

/** The time of day, of another day the day: what is loaded from the past is told from what happens now. */
function moment(timestamp) {
  const near = Math.abs(Date.now() - Date.parse(timestamp)) < 12 * 3_600_000;
  return format.time(timestamp, near ? "second" : "day");
}

function openEvent(event) {
  byId("event-title").textContent = event.event_type;
  byId("event-body").replaceChildren(jsonView(filled(event)));
  byId("event").showModal();
}
