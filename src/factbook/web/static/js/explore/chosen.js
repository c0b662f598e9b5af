// What is chosen from a list, each with a button that leaves it.
import { el } from "../dom.js";

/** leave(id): called for the one that is taken away. */
export function showChosen(list, chosen, leave) {
  const buttons = [...list.querySelectorAll("button")];
  const focused = buttons.indexOf(document.activeElement);
  list.replaceChildren(...chosen.map(({ id, label }) => el("li", { title: id }, el("span", {}, label), el("button", { type: "button", class: "icon", "aria-label": `Leave out ${label}`, onclick: () => leave(id) }, "×"))));
  // The next one takes the focus of the one that is gone, the search field that of the last.
  if (focused >= 0) (list.querySelectorAll("button")[Math.min(focused, chosen.length - 1)] ?? list.parentElement.querySelector("input"))?.focus();
}
