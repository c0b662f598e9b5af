// The explorer page: two tabs, the accepted events with their filters, and the dead letters.
import { byId } from "./dom.js";
import { shortcut } from "./shell.js";
import { Explorer } from "./events/explorer.js";
import { Letters } from "./events/letters.js";
import { step, toggleHere } from "./events/rows.js";

const explorer = new Explorer();
let letters = null;

const tabs = { events: byId("tab-events"), letters: byId("tab-letters") };

function show(name) {
  for (const [key, tab] of Object.entries(tabs)) {
    const chosen = key === name;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    byId(`panel-${key}`).hidden = !chosen;
  }
  if (name === "letters") (letters ??= new Letters()).load();
  else explorer.load();
}

function choose(name) {
  history.pushState(null, "", name === "letters" ? "/events?tab=letters" : explorer.address());
  show(name);
}

const asked = () => (new URLSearchParams(location.search).get("tab") === "letters" ? "letters" : "events");

for (const [name, tab] of Object.entries(tabs)) {
  tab.addEventListener("click", () => choose(name));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = name === "events" ? "letters" : "events";
    choose(other);
    tabs[other].focus();
  });
}
addEventListener("popstate", () => {
  explorer.read();
  show(asked());
});

shortcut("/", () => {
  choose("events");
  byId("filters").event_type.focus();
});
shortcut("r", () => show(asked()));
shortcut("j", () => step(1));
shortcut("k", () => step(-1));
shortcut("Enter", (event) => event.target.closest("button, a") ? event.target.click() : toggleHere());

show(asked());
