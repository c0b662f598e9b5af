// The currency of amounts: the one that every purchase of a span names, else none, so that no sum gets a wrong sign.
import { get } from "../api.js";

/** ISO code of the currency of all purchases in {start_time, end_time?, …}; null for none, several, or a span not fully kept. */
export async function currencyOf(bounds, options) {
  const asked = { metric_name: "purchase.amount", interval: "1mo", dimensions: "property.currency", limit: 2, ...bounds };
  const { series, complete_since: since } = await get("/api/v1/metrics", asked, options);
  const codes = series.map(({ dimensions }) => dimensions?.["property.currency"] ?? "");
  return codes.length === 1 && !since && /^[A-Z]{3}$/.test(codes[0]) ? codes[0] : null;
}
