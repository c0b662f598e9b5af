// What goes with turning away before a step: asked for when it is opened, and again with every other question while it is open.
import { address, get } from "../api.js";
import { byId, el, message, setText } from "../dom.js";
import { written } from "../figures.js";
import * as format from "../format.js";
import { plainTable } from "../retention/table.js";

const PATH = "/funnel/drivers";
const SHARE = { unit: "percent", decimals: 1 };
const HEADS = ["Value", "People", "Turned away", "Odds ratio", "95 % interval", "p, adjusted"];

let shown = null;

/** asked: the parameters of the funnel; steps: as they were answered. */
export function showDrivers(asked, steps) {
  const before = byId("driver-step").value;
  byId("driver-step").replaceChildren(...steps.slice(1).map(({ step, label }) => el("option", { value: String(step) }, label)));
  const isThere = steps.slice(1).some(({ step }) => String(step) === before);
  const [most] = steps.slice(1).toSorted((one, other) => other.dropped - one.dropped);
  byId("driver-step").value = isThere ? before : String(most.step);
  shown = asked;
  if (byId("drivers").open) load();
}

async function load() {
  const about = shown;
  const step = byId("driver-step").value;
  byId("drivers-csv").href = address(PATH, { ...about, step, format: "csv" });
  byId("driver-table").replaceChildren(message("Loading…"));
  setText(byId("driver-about"), "");
  try {
    const told = await get(PATH, { ...about, step });
    if (about !== shown || step !== byId("driver-step").value) return;
    byId("driver-table").replaceChildren(told.drivers.length ? plainTable("What goes with turning away", HEADS, told.drivers.map(row)) : message(`No value is had by ${told.least_people} people and lacked by as many.`));
    setText(byId("driver-about"), `${format.count(told.dropped)} of ${format.count(told.people)} turned away. ${told.compared === 1 ? "1 value was" : `${format.count(told.compared)} values were`} compared, and p is adjusted for that${told.drivers.length < told.compared ? `; the surest ${told.drivers.length} are shown` : ""}. Over 1 goes with turning away, under 1 with going on. It goes together; it need not be why.`);
  } catch (problem) {
    if (about === shown) byId("driver-table").replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: load }));
  }
}

function row({ dimension, value, people, drop_rate: rate, odds_ratio: odds, confidence_interval: [low, high], adjusted_p_value: p, significant }) {
  const name = `${dimension.replace(/^property\./, "")}: ${value ?? "(none)"}`;
  return [significant ? el("strong", {}, name) : name, format.count(people), written(rate, SHARE), format.decimal(odds), `${format.decimal(low)} – ${format.decimal(high)}`, p < 0.001 ? "< 0.001" : format.decimal(p, 3)];
}

byId("drivers").addEventListener("toggle", () => byId("drivers").open && shown && load());
byId("driver-step").addEventListener("change", load);
