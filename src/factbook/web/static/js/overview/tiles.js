// The live figures and what is on top now, redrawn at most once a frame from the newest overview.
import { get } from "../api.js";
import { byId, el, setText } from "../dom.js";
import * as format from "../format.js";
import { redraw } from "../frame.js";
import { today } from "../range.js";
import { currencyOf } from "./currency.js";
import { ranks } from "./ranks.js";

const CURRENCY_EVERY = 60_000;

const TILES = {
  active_users: (now) => [format.count(now.active_users), versus(now, "active_users", `vs. the ${format.span(now.active_seconds)} before`) ?? sessions(now)],
  events_per_second: (now) => [format.rate(now.events_per_second), `${format.count(now.events_today)} today`],
  orders_today: (now) => [format.count(now.orders_today), yesterday(now, "orders_today")],
  revenue_today: (now) => [format.money(now.revenue_today, now.currency), now.revenue_today === null ? "a currency has no rate" : yesterday(now, "revenue_today")],
  cart_value_avg: (now) => [format.money(now.cart_value_avg, now.currency), yesterday(now, "cart_value_avg")],
  conversion_rate: (now) => [format.percent(now.conversion_rate), yesterday(now, "conversion_rate")],
};

function versus(now, name, words) {
  const change = format.change(now[name], now.previous?.[name]);
  if (!change) return null;
  const tone = change.direction > 0 ? "good" : change.direction < 0 ? "bad" : "";
  return el("span", {}, el("span", { class: tone }, change.text), ` ${words}`);
}

const yesterday = (now, name) => versus(now, name, "vs. same time yesterday");
const sessions = (now) => `${format.count(now.active_sessions)} ${now.active_sessions === 1 ? "session" : "sessions"}`;

export class Tiles {
  #now = null;
  #currency = null;

  constructor() {
    this.#askCurrency();
    setInterval(() => document.hidden || this.#askCurrency(), CURRENCY_EVERY);
  }

  async #askCurrency() {
    // Amounts are in the tenant's currency, else in the one that all came in. Without an answer they stand without one, which is never wrong.
    const own = await get("/api/v1/settings").then(({ currency }) => currency, () => null);
    this.#currency = own ?? (await currencyOf({ start_time: today(), timezone: format.zone }).catch(() => null));
    if (this.#now) redraw(this.#draw);
  }

  async load() {
    // What fails here comes over the live connection a second later; its state says if it does not.
    const overview = await get("/realtime/overview").catch(() => null);
    if (overview && !(this.#now?.timestamp > overview.timestamp)) this.show(overview);
  }

  show(overview) {
    this.#now = overview;
    redraw(this.#draw);
  }

  #draw = () => {
    const now = { ...this.#now, currency: this.#currency };
    for (const [name, figures] of Object.entries(TILES)) {
      const tile = document.querySelector(`[data-tile="${name}"]`);
      const [figure, beside] = figures(now);
      const node = tile.querySelector(".figure");
      node.classList.remove("loading");
      setText(node, figure);
      const foot = tile.querySelector(".beside");
      const text = typeof beside === "string" ? beside : (beside?.textContent ?? "");
      if (foot.textContent !== text) foot.replaceChildren(beside ?? "\u00a0");
    }
    const window = now.active_seconds ? `last ${format.span(now.active_seconds)}` : "";
    for (const node of document.querySelectorAll("[data-window]")) setText(node, window);
    const types = (now.top_event_types ?? []).map(({ event_type: name, count }) => ({ name, count, href: { event_type: name } }));
    const content = (now.top_content ?? []).map(({ content_id, resource_type, resource_id, label, count }) => ({
      name: label ?? content_id,
      count,
      href: content_id ? { content_id } : { resource_type, resource_id },
    }));
    ranks(byId("types-now"), types.slice(0, 5), "No events just now");
    ranks(byId("content-now"), content.slice(0, 5), "No content or product just now");
  };
}
