// Frequent patterns: what follows what within sessions, in how many of them, and how far from chance.
import { address, get } from "../api.js";
import { byId, el, setText } from "../dom.js";
import * as format from "../format.js";
import { share, table } from "./table.js";

const PATH = "/api/v1/analytics/users/behavior-patterns";

/** Null where there are none. */
export async function loadPatterns(asked, signal) {
  const told = await get(PATH, asked, { signal });
  return told.patterns.length ? told : null;
}

export function showPatterns(told, asked) {
  const rows = told.patterns.map(({ events, sessions, support, people, lift }) => [steps(events), share(support, format.percent(support)), format.count(sessions), format.count(people), `${format.decimal(lift, 1)} ×`]);
  byId("patterns").replaceChildren(table("Patterns", ["Events in a row", "Share of sessions", ["Sessions"], ["People"], ["Against chance"]], rows));
  byId("patterns-csv").href = address(PATH, { ...asked, format: "csv" });
  setText(byId("patterns-about"), [`${format.count(told.sessions)} sessions; patterns in at least ${format.percent(told.min_support)} of them.`, ...told.notes].join(" "));
}

const steps = (events) => el("span", { class: "steps" }, events.flatMap((name, at) => [at ? " → " : null, el("span", { class: "type" }, name)]));
