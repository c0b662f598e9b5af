// The accepted events: loads a page for the filters, appends older ones, keeps the address, offers curl and exports.
import { Problem, address, get } from "../api.js";
import { byId, copy, el, message, setText } from "../dom.js";
import * as format from "../format.js";
import { jsonView } from "../json.js";
import { actor, details, filled, subject } from "../summary.js";
import * as form from "./filters.js";
import { pageAddress, parameters, parse } from "./query.js";
import { openable } from "./rows.js";

const PAGE = 100;

export class Explorer {
  #filters = parse(location.search);
  #cursor = null;
  #shown = 0;
  #asked = {};
  #abort;

  constructor() {
    form.write(this.#filters);
    byId("filters").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#apply(form.read());
    });
    byId("filters").include_bots.addEventListener("change", () => this.#apply(form.read()));
    byId("filters").range.addEventListener("change", ({ target }) => target.value === "custom" || this.#apply(form.read()));
    byId("add-property").addEventListener("click", () => form.addProperty());
    byId("clear").addEventListener("click", () => this.#apply(parse("")));
    byId("older").addEventListener("click", () => this.#more());
    byId("copy-curl").addEventListener("click", () => copy(curl(this.#asked)));
    this.#offerTypes();
  }

  address() {
    return pageAddress(this.#filters);
  }

  /** Takes the filters from the address (going back, a shared link). */
  read() {
    this.#filters = parse(location.search);
    form.write(this.#filters);
  }

  #apply(filters) {
    this.#filters = filters;
    form.write(filters);
    history.pushState(null, "", pageAddress(filters));
    this.load();
  }

  async load() {
    this.#asked = parameters(this.#filters);
    this.#cursor = null;
    this.#shown = 0;
    for (const link of document.querySelectorAll("[data-export]")) {
      link.href = address("/api/v1/events/export", { format: link.dataset.export, ...this.#asked });
    }
    byId("rows").replaceChildren();
    byId("events-message").replaceChildren(message("Loading…"));
    await this.#more();
  }

  async #more() {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    const older = byId("older");
    older.disabled = true;
    try {
      const page = await get("/api/v1/events", { ...this.#asked, limit: PAGE, cursor: this.#cursor }, abort);
      byId("rows").append(...page.events.flatMap((event) => rowsOf(event)));
      this.#cursor = page.next_cursor ?? null;
      this.#shown += page.events.length;
      older.hidden = this.#cursor === null;
      setText(byId("found"), `${format.count(this.#shown)} ${this.#shown === 1 ? "event" : "events"}${this.#cursor ? ", and older ones" : ""}, newest first, times in ${format.zone}`);
      byId("events-message").replaceChildren(...(this.#shown ? [] : [this.#nothing()]));
    } catch (problem) {
      if (!(problem instanceof Problem)) {
        if (problem.name === "AbortError") return;
        throw problem;
      }
      setText(byId("found"), "");
      byId("events-message").replaceChildren(
        message(problem.message, { bad: true, action: "Try again", onAction: () => (this.#shown ? this.#more() : this.load()) }),
      );
    }
    older.disabled = false;
  }

  #nothing() {
    if (this.#filters.range === "all") return message("No events match these filters.");
    return message("No events match these filters in this time.", {
      action: "Look in all time",
      onAction: () => this.#apply({ ...this.#filters, range: "all" }),
    });
  }

  async #offerTypes() {
    // Only suggestions: without them the field takes any name all the same.
    const stats = await get("/api/v1/events/stats", { start_time: "1970-01-01T00:00:00Z" }).catch(() => ({ by_type: {} }));
    byId("types").replaceChildren(...Object.keys(stats.by_type).sort().map((type) => el("option", { value: type })));
  }
}

function rowsOf(event) {
  const properties = el("td", {});
  for (const [name, value] of details(event, 5)) {
    properties.append(properties.hasChildNodes() ? el("span", { class: "sep" }, " · ") : "", el("b", {}, `${name} `), value);
  }
  const type = el("td", {}, el("span", { class: "type" }, event.event_type), event.is_bot ? el("span", { class: "bot" }, "bot") : null);
  const when = el("time", { datetime: event.timestamp, title: event.timestamp }, format.time(event.timestamp));
  return openable(
    `${event.event_type} at ${format.time(event.timestamp)}`,
    [when, type, actor(event), event.session_id ?? "", subject(event), properties],
    () => detailsOf(event),
  );
}

function detailsOf(event) {
  const only = (label, ...names) => {
    if (!event[names.at(-1)]) return null;
    const filters = Object.fromEntries(names.map((name) => [name, event[name]]));
    return el("a", { class: "button", href: address("/events", { range: "all", ...filters }) }, label);
  };
  return el(
    "div",
    {},
    jsonView(filled(event)),
    el(
      "div",
      { class: "details-actions" },
      el("button", { type: "button", onclick: () => copy(JSON.stringify(event, null, 2)) }, "Copy JSON"),
      only("All of this user", "user_id"),
      only("All of this session", "session_id"),
      only("All of this content", "content_id"),
      only("All of this resource", "resource_type", "resource_id"),
    ),
  );
}

function curl(asked) {
  const base = byId("address").textContent;
  const url = address("/api/v1/events", { ...asked, limit: PAGE });
  return `curl -H "Authorization: Bearer $FACTBOOK_KEY" '${base}${url.replaceAll("'", "%27")}'`;
}
