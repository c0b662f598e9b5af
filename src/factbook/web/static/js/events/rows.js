// Rows that open: a summary row with a button, and below it a row with the details, made when first opened.
import { el } from "../dom.js";

const SVG = "http://www.w3.org/2000/svg";

function chevron() {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [name, value] of Object.entries({ viewBox: "0 0 20 20", width: "14", height: "14", "aria-hidden": "true" })) svg.setAttribute(name, value);
  path.setAttribute("d", "M8 5l5 5-5 5");
  svg.append(path);
  return svg;
}

let made = 0;

/** [summary row, details row]. cells: what the summary shows; details(): the node for the second row. */
export function openable(label, cells, details) {
  const id = `details-${made++}`;
  const button = el("button", { type: "button", class: "expand", "aria-expanded": "false", "aria-controls": id, "aria-label": `Details of ${label}` }, chevron());
  const summary = el("tr", { class: "row" }, el("td", {}, button), cells.map((cell) => (cell?.tagName === "TD" ? cell : el("td", {}, cell))));
  const below = el("tr", { class: "details", id, hidden: true }, el("td", { colspan: cells.length + 1 }));
  const toggle = () => {
    below.hidden = !below.hidden;
    button.setAttribute("aria-expanded", String(!below.hidden));
    summary.classList.toggle("open", !below.hidden);
    if (!below.firstChild.hasChildNodes()) below.firstChild.append(details());
  };
  summary.addEventListener("click", (event) => {
    const other = event.target.closest("button, a") ?? button;
    if (other === button && !getSelection().toString()) toggle();
  });
  return [summary, below];
}

const buttons = () => [...document.querySelectorAll("[role=tabpanel]:not([hidden]) .expand")];

/** Moves the focus to the next (1) or previous (-1) row. */
export function step(by) {
  const all = buttons();
  const at = all.indexOf(document.activeElement);
  all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

export function toggleHere() {
  buttons().find((button) => button === document.activeElement)?.click();
}
