// The empty state: waits until something has come in, then hands over to the dashboard.
import { post } from "../api.js";
import { byId, copy, setText, toast } from "../dom.js";

const PAUSE = 2000;

export class FirstEvent {
  #arrived;
  #timer;
  #stopped = true;

  constructor(arrived) {
    this.#arrived = arrived;
    byId("first-copy").addEventListener("click", () => copy(byId("first-curl").textContent));
    byId("first-key")?.addEventListener("click", makeKey);
  }

  /** Shows the card and asks `isEmpty` until it says no. */
  start(isEmpty) {
    this.#stopped = false;
    byId("first-event").hidden = false;
    const ask = async () => {
      // A question that fails is asked again: the status in the header says what is wrong.
      const empty = await isEmpty().catch(() => true);
      if (this.#stopped) return;
      if (empty) this.#timer = setTimeout(ask, PAUSE);
      else this.#arrived();
    };
    this.#timer = setTimeout(ask, PAUSE);
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    byId("first-event").hidden = true;
  }
}

/** Makes a write key and puts it into the curl line; it is shown this once. */
async function makeKey({ currentTarget: button }) {
  button.disabled = true;
  try {
    const { key } = await post("/api/v1/admin/api-keys", { name: "first event", role: "writer" });
    const line = byId("first-curl");
    setText(line, line.textContent.replace("YOUR_WRITE_KEY", key));
    byId("first-key-note").textContent = "The line holds a new write key. Keep it: it is not shown again.";
  } catch (problem) {
    toast(problem.message);
    button.disabled = false;
  }
}
