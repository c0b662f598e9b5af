// The way out where amounts came in a currency that nobody gave a rate for: names the tenant's currency, or the missing rates.
import { get, put } from "./api.js";
import { el } from "./dom.js";

const CODE = /\b[A-Z][A-Z0-9]{2,9}\b/g;

/** Whether the problem is a missing rate. */
export const isAboutRates = ({ status, body }) => status === 409 && body?.field === "rates";

/** The currencies that lack a rate. */
const lacking = ({ body, message }) => body.currencies ?? message.match(/came in ([A-Z0-9, ]+)/)?.[1].match(CODE) ?? [];

/** A form that sets them, for those who may; done() once they are set. Null for anyone else. */
export async function ratesForm(problem, done) {
  if (!("isAdmin" in document.body.dataset) || !isAboutRates(problem)) return null;
  const settings = await get("/api/v1/settings");
  const codes = lacking(problem);
  const error = el("p", { class: "bad", role: "alert" });
  const currency = el("input", { name: "currency", value: settings.currency ?? codes[0] ?? "", pattern: "[A-Z]{3}", maxlength: "3", size: "4", required: true, autocomplete: "off", spellcheck: "false", readonly: settings.currency ? true : null });
  const rates = el("span", { class: "rates" });
  const drawRates = () => {
    const others = codes.filter((code) => code !== currency.value);
    rates.replaceChildren(...others.map((code) => el("label", {}, `1 ${code} is `, el("input", { data: { code }, type: "number", step: "any", min: "0", required: true, inputmode: "decimal" }), ` ${currency.value}`)));
  };
  currency.addEventListener("input", () => {
    currency.value = currency.value.toUpperCase();
    drawRates();
  });
  drawRates();
  const submit = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...rates.querySelectorAll("input")].map((input) => [input.dataset.code, input.valueAsNumber]));
    try {
      await put("/api/v1/settings", { currency: currency.value, rates: { ...settings.rates, ...given } });
      done();
    } catch (refused) {
      error.textContent = refused.message;
    }
  };
  return el(
    "form",
    { class: "rates-form", onsubmit: submit },
    el("label", {}, settings.currency ? "Your currency " : "Answer in ", currency),
    rates,
    el("button", { type: "submit", class: "primary" }, settings.currency ? "Set the rates" : "Set the currency"),
    error,
  );
}
