// What every signed-in page does: theme button, help, shortcuts.
import { byId } from "./dom.js";

const shortcuts = new Map();
let prefix = "";

/** Registers a shortcut: one key ("p") or two in a row ("g e"). */
export function shortcut(keys, action) {
  shortcuts.set(keys, action);
}

function typing(event) {
  return event.target.closest?.("input, select, textarea, [contenteditable]") || document.querySelector("dialog[open]");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = shortcuts.get(prefix + key) ?? shortcuts.get(key);
  prefix = key === "g" && prefix === "" ? "g " : "";
  if (!action) return;
  event.preventDefault();
  action(event);
});

const toggle = byId("theme-toggle");
const showTheme = () => toggle.setAttribute("aria-pressed", String(document.documentElement.dataset.theme === "dark"));
toggle.addEventListener("click", () => globalThis.factbookTheme.toggle());
document.addEventListener("theme", showTheme);
showTheme();

document.querySelector(".bar nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const help = byId("help");
byId("help-open").addEventListener("click", () => help.showModal());
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

shortcut("?", () => help.showModal());
shortcut("t", () => globalThis.factbookTheme.toggle());
for (const link of document.querySelectorAll("#help [data-key]")) shortcut(`g ${link.dataset.key}`, () => location.assign(link.href));
