// The sessions of a journey, one below the other, the newest first.
import { el } from "../dom.js";
import * as format from "../format.js";

/** One session with its events and how long it was since the one before; zone: of the answer. */
export function sessionItem(session, zone) {
  const { started_at: start, duration_seconds: seconds, source, entry, exit, conversions, is_bounce: isBounce } = session;
  const about = [
    `from ${[source, session.utm_campaign].filter(Boolean).join(", ")}`,
    seconds ? format.span(seconds) : null,
    `${format.count(session.events)} ${session.events === 1 ? "event" : "events"}`,
    isBounce ? "bounced" : null,
    [session.device, session.browser, session.country].filter(Boolean).join(", ") || null,
    entry === exit ? entry : `${entry} → ${exit}`,
  ];
  const gap = session.seconds_since_previous;
  return el(
    "li",
    { class: conversions ? "converted" : null },
    el("h3", {}, el("time", { datetime: start }, format.time(start, "hour", zone)), conversions ? el("span", { class: "conversion" }, ` · ${format.count(conversions)} ${conversions === 1 ? "conversion" : "conversions"}`) : null),
    el("p", { class: "about" }, about.filter(Boolean).join(" · ")),
    el("details", { open: Boolean(conversions) }, el("summary", {}, "What happened"), el("ol", {}, session.timeline.map((event) => eventItem(event, zone))), session.events > session.timeline.length ? el("p", { class: "hint" }, `${format.count(session.events - session.timeline.length)} more`) : null),
    gap === null ? null : el("span", { class: "gap" }, `${format.span(gap)} before it, the session below ended`),
  );
}

function eventItem({ time, event_type: type, place, is_conversion: isConversion }, zone) {
  return el("li", {}, el("time", { datetime: time }, format.time(time, "second", zone)), el("span", { class: isConversion ? "conversion" : null }, type), el("span", { class: "place", title: place }, place));
}
