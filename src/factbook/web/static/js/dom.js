// Building elements: text always goes in as text, so nothing an event holds can become markup.

/** el("p", {class: "x", onclick: f, data: {id: 1}}, "text", child) → element. Null attributes and children are left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Sets text only where it differs, so that unchanged numbers cost no layout. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A message in place of content: what happened and, where there is one, the way on. */
export function message(text, { bad = false, action = null, onAction = null } = {}) {
  return el(
    "div",
    { class: bad ? "message bad" : "message", role: bad ? "alert" : "status" },
    text,
    action ? el("button", { type: "button", onclick: onAction }, action) : null,
  );
}

let toastTimer;
/** Says one short thing at the foot of the page (announced politely). */
export function toast(text) {
  const node = byId("toast");
  node.textContent = text;
  node.dataset.shown = "";
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => delete node.dataset.shown, 2500);
}

/** Copies `text`; also on plain-HTTP addresses, where the clipboard API is missing. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { class: "away", readonly: true });
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast("Copied");
}
