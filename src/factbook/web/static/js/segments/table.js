// A plain table: heads, then rows whose first cell names them.
import { el } from "../dom.js";

/** heads: texts; one in a list is over numbers. A cell may be {text, class}. */
export function table(caption, heads, rows) {
  const kinds = heads.map((head) => (Array.isArray(head) ? "number" : null));
  const head = el("tr", {}, heads.map((name, at) => el("th", { scope: "col", class: kinds[at] }, [name].flat()[0])));
  const body = rows.map(([name, ...cells]) => el("tr", {}, el("th", { scope: "row" }, name), cells.map((cell, at) => el("td", { class: cell?.class ?? kinds[at + 1] }, cell?.class ? cell.text : cell))));
  return el("table", {}, el("caption", { class: "away" }, caption), el("thead", {}, head), el("tbody", {}, body));
}

/** A bar beside its share in words. */
export function share(part, words) {
  const bar = el("i");
  bar.style.setProperty("--share", String(Math.max(0, Math.min(1, part ?? 0))));
  return [el("span", { class: "of", "aria-hidden": "true" }, bar), words];
}
