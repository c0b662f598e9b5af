// A ranked list: name, a bar for its share of the largest, the count and, where asked, the change.
import { address } from "../api.js";
import { el } from "../dom.js";
import * as format from "../format.js";

/**
 * rows: [{name, count, href: filters of the explorer, before?}]; `before` undefined: no comparison asked.
 * More of a type is neither good nor bad, so a change has no colour.
 */
export function ranks(list, rows, none) {
  const signature = JSON.stringify(rows);
  if (list.dataset.drawn === signature) return;
  list.dataset.drawn = signature;
  const largest = Math.max(1, ...rows.map(({ count }) => count));
  list.replaceChildren(...rows.map((row) => item(row, largest)));
  if (!rows.length) list.append(el("li", { class: "none" }, none));
}

function item({ name, count, href, before }, largest) {
  const share = el("span", { class: "share", "aria-hidden": "true" });
  share.style.setProperty("--share", (100 * count) / largest);
  return el(
    "li",
    {},
    share,
    el("a", { class: "name", href: address("/events", href), title: name }, name),
    before === undefined ? null : delta(count, before),
    el("span", { class: "number" }, format.count(count)),
  );
}

function delta(count, before) {
  const change = format.change(count, before);
  return el("span", { class: "delta muted" }, change ? change.text : before === 0 ? "new" : format.UNKNOWN);
}
