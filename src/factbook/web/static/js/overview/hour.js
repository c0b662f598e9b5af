// The last hour by minute: events as bars, active users as a line, read from the roll-ups every few seconds.
import { get } from "../api.js";
import { byId, message } from "../dom.js";
import { TimeChart } from "../chart.js";
import * as format from "../format.js";

const EVERY = 5000;
const MINUTE = 60_000;

export class Hour {
  #chart = new TimeChart(byId("hour-chart"), byId("hour-table"));
  #timer;
  #abort;

  constructor() {
    byId("hour-table").addEventListener("shown", () => this.#chart.fillTable());
    document.addEventListener("visibilitychange", () => document.hidden || this.load());
    this.load();
  }

  async load() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    try {
      const end = Math.ceil((Date.now() + 1) / MINUTE) * MINUTE;
      const asked = { metric_name: "events.count", interval: "1m", start_time: iso(end - 60 * MINUTE), end_time: iso(end) };
      const [events, users] = await Promise.all([
        get("/api/v1/metrics", asked, abort),
        get("/realtime/active-users", {}, abort),
      ]);
      this.#show(events.points, users.series);
      byId("hour-message").replaceChildren();
    } catch (problem) {
      if (problem.name === "AbortError") return;
      byId("hour-message").replaceChildren(message(problem.message, { bad: true, action: "Try again", onAction: () => this.load() }));
    }
    if (!document.hidden) this.#timer = setTimeout(() => this.load(), EVERY);
  }

  #show(points, users) {
    const active = new Map(users.map(({ time, count }) => [Date.parse(time), count]));
    this.#chart.show({
      interval: "1m",
      label: "Last hour by minute",
      open: true,
      times: points.map(({ time }) => time),
      series: [
        { name: "Events", kind: "bar", whole: true, format: format.count, values: points.map((point) => point.value ?? point.count) },
        { name: "Active users", kind: "line", right: true, whole: true, format: format.count, values: points.map(({ time }) => active.get(Date.parse(time)) ?? null) },
      ],
    });
  }
}

const iso = (ms) => new Date(ms).toISOString().replace(".000", "");
