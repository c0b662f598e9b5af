// Says how the live connection stands: a word in the header, and a notice with the age of the numbers once they are old.
import { byId, el, setText } from "../dom.js";
import * as format from "../format.js";

const QUIET = 3000; // a gap shorter than this is not worth a notice

export class Status {
  #live;
  #detail = null;
  #ticker = null;

  constructor(live) {
    this.#live = live;
    live.addEventListener("state", ({ detail }) => this.#show(detail));
  }

  #show(detail) {
    this.#detail = detail;
    clearInterval(this.#ticker);
    this.#ticker = ["live", "refused"].includes(detail.state) ? null : setInterval(() => this.#draw(), 1000);
    this.#draw();
  }

  #draw() {
    const { state, retryAt, lostAt } = this.#detail;
    const node = byId("status");
    node.dataset.state = state;
    setText(node.querySelector(".words"), words(state, retryAt));
    const stale = byId("stale");
    const old = ["connecting", "waiting"].includes(state) && lostAt !== null && Date.now() - lostAt > QUIET;
    byId("now").toggleAttribute("data-stale", old);
    if (!old) {
      stale.hidden = true;
      stale.replaceChildren();
      return;
    }
    if (stale.hidden) {
      const retry = el("button", { type: "button", class: "link", onclick: () => this.#live.retryNow() }, "Connect now");
      stale.replaceChildren(`The live connection was lost at ${format.time(lostAt, "second")}. The numbers below are from then.`, retry);
      stale.hidden = false;
    }
  }
}

function words(state, retryAt) {
  if (state === "live") return "Live";
  if (state === "connecting") return "Connecting…";
  if (state === "refused") return "Every 5 s";
  const seconds = Math.max(0, Math.round((retryAt - Date.now()) / 1000));
  return `Reconnecting in ${format.span(seconds)}`;
}
