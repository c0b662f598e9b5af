// JSON as readable, coloured text, built from elements so that no value can become markup.
import { el } from "./dom.js";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A <pre> of `value`, indented, keys and values told apart. */
export function jsonView(value) {
  const text = JSON.stringify(value, null, 2);
  const view = el("pre", { class: "json", tabindex: "0", "aria-label": "JSON" });
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    view.append(text.slice(end, match.index));
    const [token, string, colon] = match;
    if (string && colon) view.append(el("span", { class: "key" }, string), colon);
    else view.append(el("span", { class: string ? "text" : "other" }, token));
    end = match.index + token.length;
  }
  view.append(text.slice(end));
  return view;
}
