// One segment: its rule as lines or as JSON, how many people it holds while it is being changed, and who they are.
import { address, post, put, remove } from "../api.js";
import { byId, el, setText, toast } from "../dom.js";
import * as format from "../format.js";
import { linesOf } from "./lines.js";
import { showPeople, showSample } from "./people.js";
import { EMPTY, toLines, toRule } from "./rule.js";

const PATH = "/api/v1/analytics/segments";
const NEW = { id: "", label: "", rule: { did: "purchase", within: "30d" }, frozen: false };

/** What a page is asked of the segment's people. */
const ASKED = { "/explore": { metrics: "events.count,users.active" } };

let form = null;
let kept = null;
let others = [];
let rule = null;
let asText = false;
let done = () => {};
let under = new AbortController();

/** segment: as it is kept, null for a new one. all: every segment. saved(id): called when it was kept, or removed (""). */
export function edit(segment, all, saved) {
  form = byId("editor");
  kept = segment;
  others = all.filter(({ id }) => id !== segment?.id);
  done = saved;
  const shown = segment ?? NEW;
  rule = shown.rule;
  asText = toLines(rule) === null;
  form.label.value = shown.label;
  form.id.value = shown.id;
  form.id.readOnly = Boolean(segment);
  form.frozen.checked = shown.frozen;
  byId("delete").hidden = !segment;
  byId("ask").hidden = !segment;
  for (const link of byId("ask").children) link.href = address(link.dataset.page, { ...ASKED[link.dataset.page], segment: segment?.id });
  setText(byId("editor-title"), segment ? segment.label : "New segment");
  setText(byId("wrong"), "");
  draw();
  if (segment) showPeople(segment);
  preview(Boolean(segment));
}

/** An earlier definition in the form again, not saved yet. */
export function takeUp(definition) {
  rule = definition.rule;
  asText = toLines(rule) === null;
  form.label.value = definition.label;
  form.frozen.checked = definition.frozen;
  draw();
  preview();
  form.scrollIntoView({ block: "start" });
  toast("Taken up: save to keep it");
}

function draw() {
  const lines = asText ? null : toLines(rule);
  const change = (found) => {
    rule = toRule({ joined: lines.joined, lines: found });
    draw();
    preview();
  };
  if (!lines) {
    const area = el("textarea", { "aria-label": "Rule as JSON", spellcheck: "false", onchange: ({ target }) => read(target.value) });
    area.value = JSON.stringify(rule, null, 2);
    const isPlain = toLines(rule) !== null;
    byId("rule").replaceChildren(area, el("div", { class: "ways" }, isPlain ? el("button", { type: "button", onclick: () => switchTo(false) }, "As conditions") : el("span", { class: "hint" }, "This rule is deeper than conditions can show.")));
    return;
  }
  const joined = el("select", { "aria-label": "How conditions are joined", onchange: ({ target }) => { rule = toRule({ joined: target.value, lines: lines.lines }); draw(); preview(); } }, el("option", { value: "all" }, "all of these"), el("option", { value: "any" }, "any of these"));
  joined.value = lines.joined;
  byId("rule").replaceChildren(
    ...(lines.lines.length > 1 ? [el("label", { class: "joined" }, "Whoever fits ", joined)] : []),
    ...linesOf(lines.lines, others, change),
    el("div", { class: "ways" }, el("button", { type: "button", onclick: () => change([...lines.lines, EMPTY]) }, "Add a condition"), el("button", { type: "button", onclick: () => switchTo(true) }, "As JSON")),
  );
}

function switchTo(text) {
  asText = text;
  draw();
}

function read(text) {
  try {
    rule = JSON.parse(text);
    setText(byId("wrong"), "");
    preview();
  } catch (error) {
    setText(byId("wrong"), `That is no JSON: ${error.message}.`);
  }
}

/** How many it holds now; isKept: its people are listed already. */
async function preview(isKept = false) {
  under.abort();
  under = new AbortController();
  const { signal } = under;
  setText(byId("size"), "Counting…");
  try {
    const { people, of, share, sample } = await post(`${PATH}/preview`, { rule: isKept && kept.frozen ? { segment: kept.id } : rule }, { signal });
    setText(byId("wrong"), "");
    byId("size").replaceChildren(el("strong", {}, format.count(people)), ` of ${format.count(of)} people`, share === null ? "" : `, ${format.percent(share)}`);
    if (!isKept) showSample(sample, people);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    setText(byId("size"), "");
    tell(problem);
  }
}

const tell = (problem) => setText(byId("wrong"), [problem.message, problem.hint].filter(Boolean).join(" "));

async function save(event) {
  event.preventDefault();
  const body = { id: form.id.value, label: form.label.value, description: kept?.description ?? "", rule, frozen: form.frozen.checked };
  byId("save").disabled = true;
  try {
    const { id } = kept ? await put(`${PATH}/${kept.id}`, body) : await post(PATH, body);
    toast("Saved");
    done(id);
  } catch (problem) {
    tell(problem);
  } finally {
    byId("save").disabled = false;
  }
}

async function removeIt() {
  if (!confirm(`Remove ${kept.label}?`)) return;
  try {
    await remove(`${PATH}/${kept.id}`);
    done("");
  } catch (problem) {
    tell(problem);
  }
}

/** Wires the form, once. */
export function wire() {
  byId("editor").addEventListener("submit", save);
  byId("delete").addEventListener("click", removeIt);
  byId("editor").label.addEventListener("input", ({ target }) => {
    if (!kept) byId("editor").id.value = target.value.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "");
  });
}
