// The dead letters: what was dropped and why, and sending one in again.
import { get, post } from "../api.js";
import { byId, copy, el, message, toast } from "../dom.js";
import * as format from "../format.js";
import { jsonView } from "../json.js";
import { openable } from "./rows.js";

const PAGE = 50;

export class Letters {
  #cursor = null;
  #shown = 0;

  constructor() {
    byId("letters-older").addEventListener("click", () => this.#more());
  }

  async load() {
    this.#cursor = null;
    this.#shown = 0;
    byId("letter-rows").replaceChildren();
    byId("letters-message").replaceChildren(message("Loading…"));
    await this.#more();
  }

  async #more() {
    const older = byId("letters-older");
    older.disabled = true;
    try {
      const page = await get("/api/v1/dead-letters", { limit: PAGE, cursor: this.#cursor });
      byId("letter-rows").append(...page.dead_letters.flatMap((letter) => rowsOf(letter)));
      this.#cursor = page.next_cursor ?? null;
      this.#shown += page.dead_letters.length;
      older.hidden = this.#cursor === null;
      byId("letters-message").replaceChildren(...(this.#shown ? [] : [message("No dead letters: everything that was sent could be kept.")]));
    } catch (problem) {
      byId("letters-message").replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: () => this.load() }));
    }
    older.disabled = false;
  }
}

function rowsOf(letter) {
  const button = el("button", { type: "button", onclick: () => resubmit(letter, button) }, "Send again");
  const received = el("time", { datetime: letter.received_at, title: letter.received_at }, format.time(letter.received_at));
  return openable(
    `${letter.reason} at ${format.time(letter.received_at)}`,
    [received, el("span", { class: "reason" }, letter.reason), letter.field ?? "", letter.message, el("td", {}, button)],
    () => el("div", {}, bodyView(letter.body), el("div", { class: "details-actions" }, el("button", { type: "button", onclick: () => copy(letter.body) }, "Copy what was sent"))),
  );
}

function bodyView(body) {
  try {
    return jsonView(JSON.parse(body));
  } catch {
    return el("pre", { class: "json", tabindex: "0" }, body);
  }
}

async function resubmit(letter, button) {
  button.disabled = true;
  try {
    const answer = await post(`/api/v1/dead-letters/${encodeURIComponent(letter.letter_id)}/resubmit`);
    button.replaceWith("Sent again");
    toast(answer.result === "duplicate" ? "It was counted before" : "Sent in again and accepted");
  } catch (problem) {
    toast(problem.message);
    button.disabled = false;
  }
}
