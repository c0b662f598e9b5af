// The live connection: opens, listens, notices silence, comes back by itself, and says in which state it is.

import { toSignIn } from "./api.js";

const SILENCE = 12_000; // ms without a message (heartbeats come every 5 s): the line is dead
const LONGEST_WAIT = 30_000;

const SIGNED_OUT = 4401;
const NOT_ALLOWED = 4403;

/**
 * Events: "state" (detail: {state: connecting|live|waiting|refused, retryAt, lostAt}) and "message" (detail: the JSON).
 * `refused`: this role has no live connection, so trying again is no use. A session that has ended leads to the sign-in.
 */
export class Live extends EventTarget {
  #path;
  #socket = null;
  #attempt = 0;
  #retryTimer;
  #silenceTimer;
  #lostAt = null;
  #refused = false;
  live = false;

  constructor(path) {
    super();
    this.#path = path;
    addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.retryNow());
  }

  open() {
    clearTimeout(this.#retryTimer);
    this.#announce("connecting");
    const socket = new WebSocket(new URL(this.#path, location.href.replace(/^http/, "ws")));
    this.#socket = socket;
    this.#listen(socket);
    socket.addEventListener("message", (message) => {
      if (socket !== this.#socket) return;
      this.#listen(socket);
      if (this.#attempt !== 0 || this.#lostAt !== null || !this.live) this.#up();
      this.dispatchEvent(new CustomEvent("message", { detail: JSON.parse(message.data) }));
    });
    socket.addEventListener("close", ({ code }) => socket === this.#socket && this.#closed(code));
  }

  /** Tries again at once instead of at the announced time; does nothing while connected. */
  retryNow() {
    if (this.#socket === null && !this.#refused) this.open();
  }

  #closed(code) {
    if (code === SIGNED_OUT) toSignIn();
    if (code === NOT_ALLOWED) this.refuse();
    else this.#down();
  }

  /** Gives up: for a role that may not listen. */
  refuse() {
    clearTimeout(this.#silenceTimer);
    this.#refused = true;
    this.#socket = null;
    this.live = false;
    this.#announce("refused");
  }

  #listen(socket) {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => {
      if (socket !== this.#socket) return;
      socket.close();
      this.#down();
    }, SILENCE);
  }

  #up() {
    this.live = true;
    this.#attempt = 0;
    this.#lostAt = null;
    this.#announce("live");
  }

  #down() {
    clearTimeout(this.#silenceTimer);
    this.#socket = null;
    this.live = false;
    this.#lostAt ??= Date.now();
    const wait = Math.min(LONGEST_WAIT, 1000 * 2 ** this.#attempt++) * (0.75 + Math.random() / 4);
    this.#retryTimer = setTimeout(() => this.open(), wait);
    this.#announce("waiting", Date.now() + wait);
  }

  #announce(state, retryAt = null) {
    this.dispatchEvent(new CustomEvent("state", { detail: { state, retryAt, lostAt: this.#lostAt } }));
  }
}
