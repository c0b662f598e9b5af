// How the answer was found: what was read, why there, how long it took, and the SQL.
import { byId, copy, el } from "../dom.js";
import * as format from "../format.js";

/** Fills the panel, where the answer was asked to explain itself. */
export function showExplain(answer) {
  const statements = answer.explain ?? [];
  const total = statements.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const kept = statements.length ? `${statements.length === 1 ? "One statement" : `${statements.length} statements`}, ${milliseconds(total)} together.` : "Nothing had to be read.";
  byId("explained").replaceChildren(el("p", { class: "hint" }, kept), ...statements.map(statement));
}

const milliseconds = (value) => format.measured(value, "millisecond", value < 10 ? 1 : 0);

function statement({ sql, tables, levels, reason, rows_read: rows, milliseconds: took }, index) {
  const facts = [
    ["Tables", tables.join(", ")],
    ["Levels", levels.join(", ")],
    ["Rows read", rows === null ? format.UNKNOWN : format.count(rows)],
    ["Time", milliseconds(took)],
  ];
  return el(
    "section",
    { "aria-label": `Statement ${index + 1}` },
    el("p", {}, reason),
    el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    el("pre", { class: "json", tabindex: "0", role: "region", "aria-label": `SQL of statement ${index + 1}` }, sql),
    el("button", { type: "button", class: "quiet", onclick: () => copy(sql) }, "Copy the SQL"),
  );
}
