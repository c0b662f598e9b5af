// Paths and attribution: what people do after a point or before it, and what their conversions are owed to.
import { address, get } from "./api.js";
import { byId, el, message, setText } from "./dom.js";
import * as format from "./format.js";
import { KEYS, PeriodPicker, periodLabel } from "./period-picker.js";
import { shortcut } from "./shell.js";
import { Chart } from "./retention/pictures.js";
import { ofAttribution, ofPaths, pageAddress, read } from "./paths/question.js";
import { described, sankey } from "./paths/sankey.js";
import { shareTable, stepTable } from "./paths/tables.js";

const PATHS = "/api/v1/analytics/paths";
const ATTRIBUTION = "/api/v1/analytics/attribution";

let asked = read();
let shares = null;
let chart = null;
let under = new AbortController();
const forms = [byId("question"), byId("credit")];
const period = new PeriodPicker(byId("period"), choose);

function choose(part) {
  asked = { ...asked, ...part };
  history.pushState(null, "", pageAddress(asked));
  load();
}

function showQuestion() {
  period.show(asked);
  for (const field of forms.flatMap(({ elements }) => [...elements])) if (field.name in asked) field.value = asked[field.name];
}

async function load() {
  under.abort();
  under = new AbortController();
  const { signal } = under;
  showQuestion();
  byId("answer").setAttribute("aria-busy", "true");
  setText(byId("progress"), "Loading…");
  if (!shares) byId("message").replaceChildren(message("Loading…"));
  try {
    const [paths, credit] = await Promise.all([get(PATHS, ofPaths(asked), { signal }), get(ATTRIBUTION, ofAttribution(asked), { signal })]);
    shares = credit;
    byId("message").replaceChildren(...(paths.paths ? [] : [nobody()]));
    byId("answer").hidden = !paths.paths;
    if (paths.paths) show(paths);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    byId("answer").hidden = true;
    byId("message").replaceChildren(message([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, action: "Try again", onAction: load }));
  } finally {
    if (!signal.aborted) {
      byId("answer").removeAttribute("aria-busy");
      setText(byId("progress"), "");
    }
  }
}

function show(paths) {
  const notes = [...new Set([...paths.notes, ...shares.notes])];
  byId("notes").hidden = !notes.length;
  setText(byId("notes"), notes.join(" "));
  const widest = Math.max(...paths.layers.map(({ nodes }) => nodes.length));
  byId("sankey").style.height = `${Math.max(16, 3 + widest * 3.25)}rem`;
  byId("sankey").style.minWidth = `${paths.layers.length * 9.5}rem`;
  chart ??= new Chart(byId("sankey"));
  chart.show(sankey(paths), described(paths));
  byId("edges").replaceChildren(stepTable(paths));
  byId("paths-csv").href = address(PATHS, { ...ofPaths(asked), format: "csv" });
  byId("attribution-csv").href = address(ATTRIBUTION, { ...ofAttribution(asked), format: "csv" });
  const what = paths.by === "session" ? "sessions" : "people";
  setText(byId("about"), `${format.count(paths.paths)} ${what}${paths.point ? ` with ${paths.point}` : ""}, ${format.count(paths.converted)} with ${paths.conversion_event} (${format.percent(paths.conversion_rate)}). What leaves a column without a band ${paths.direction === "backward" ? "began" : "ended"} there.`);
  showShares();
}

function showShares() {
  const { conversions, conversion_event: event, touchpoints, lookback_days: days } = shares;
  byId("shares").replaceChildren(conversions ? shareTable(shares, asked.told) : message(`No ${event} in this period.`));
  setText(byId("shares-about"), conversions ? `${format.count(conversions)} of ${event}, each owed to ${format.decimal(touchpoints, 1)} sessions on average that began within ${format.count(days)} days before it.` : "");
}

/** Nothing to show: what to do next. */
function nobody() {
  const all = asked.point ? el("button", { type: "button", onclick: () => choose({ point: "" }) }, "From the session’s edge") : null;
  const year = asked.period === "12mo" ? null : el("button", { type: "button", onclick: () => choose({ period: "12mo", start_time: "", end_time: "" }) }, "Last 12 months");
  return el(
    "div",
    { class: "panel nothing" },
    el("h2", {}, "No path in this period"),
    el("p", {}, `Nobody did ${asked.point || (asked.nodes === "page" ? "anything on a page" : "anything")} in ${periodLabel(asked)}. Paths are made of events that name a user or a visitor${asked.nodes === "page" ? " and a page: content_id, or the property path or url" : ""}.`),
    el("div", { class: "ways" }, [all, year, el("a", { class: "button", href: "/" }, "Send events")].filter(Boolean)),
  );
}

async function listTypes() {
  const told = await get("/api/v1/events/stats", { start_time: "1970-01-01T00:00:00Z" }).catch(() => null);
  byId("types").replaceChildren(...Object.keys(told?.by_type ?? {}).map((value) => el("option", { value })));
}

for (const form of forms) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({ target }) => {
    if (target.name !== "told") return choose({ [target.name]: target.value.trim() });
    asked = { ...asked, told: target.value };
    history.replaceState(null, "", pageAddress(asked));
    showShares();
  });
}
addEventListener("popstate", () => {
  asked = read();
  load();
});
shortcut("r", load);
KEYS.forEach((name, index) => shortcut(String(index + 1), () => choose({ period: name, start_time: "", end_time: "" })));
listTypes();
load();
