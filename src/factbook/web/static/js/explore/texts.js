// The question as text for other places: a curl line, a line for the terminal, a dashboard tile in YAML.
import { conditions, request } from "./question.js";

/** `text` as one word of a shell. */
function quoted(text) {
  return /^[\w.,:@%+/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Asks this service at `base`; the key is left to the environment. */
export function curl(question, base) {
  const body = JSON.stringify(request({ ...question, explain: false }));
  return [
    `curl -X POST ${quoted(`${base}/dashboard/metrics`)}`,
    `-H "Authorization: Bearer $FACTBOOK_KEY"`,
    `-H 'Content-Type: application/json'`,
    `-d ${quoted(body)}`,
  ].join(" \\\n  ");
}

const COMPARED = { previous_period: "previous", previous_year: "year" };

/** `factbook query …` against this service at `base`. */
export function queryLine(question, base) {
  const options = [
    ["--by", question.dimensions.join(",")],
    ...conditions(question).map(([name, value]) => ["--where", `${name}=${value}`]),
    [/^\d/.test(question.period) ? "--last" : "--period", question.period],
    ["--start", question.start_time],
    ["--end", question.end_time],
    ["--every", question.granularity === "auto" ? "" : question.granularity],
    ["--compare", COMPARED[question.compare] ?? question.compare],
    ["--limit", question.limit === 10 ? "" : String(question.limit)],
    ["--top-per", question.top_per],
    ["--fill", question.fill === "null" ? "" : question.fill],
    ["--show", question.show.join(",")],
    ["--timezone", question.timezone],
  ];
  const words = options.filter(([, value]) => value).flatMap(([name, value]) => [name, quoted(value)]);
  // A value that begins with a dash stands behind "=", or it would be read as an option.
  if (question.order) words.push(`--order=${quoted(question.order)}`);
  if (question.include_bots) words.push("--include-bots");
  return ["factbook query", ...question.metrics.map(quoted), ...words, "--to", quoted(base), '--key "$FACTBOOK_KEY"'].join(" ");
}

const PLAIN = /^[a-z_][\w.]*$/i;
const WORDS = /^(y|n|yes|no|on|off|true|false|null|nan|inf)$/i; // what some reader of YAML takes for something else than text

function scalar(value) {
  return typeof value !== "string" || (PLAIN.test(value) && !WORDS.test(value)) ? String(value) : JSON.stringify(value);
}

function block(value, indent) {
  const pad = "  ".repeat(indent);
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return ` [${value.map(scalar).join(", ")}]`;
  if (Array.isArray(value)) return `\n${value.map((item) => `${pad}- {${Object.entries(item).map(([name, one]) => `${scalar(name)}: ${scalar(one)}`).join(", ")}}`).join("\n")}`;
  if (typeof value === "object") return `\n${Object.entries(value).map(([name, one]) => `${pad}${scalar(name)}:${block(one, indent + 1)}`).join("\n")}`;
  return ` ${scalar(value)}`;
}

/** A tile: its title, how it is drawn, and the question in the words of the API. */
export function yaml(question, title) {
  const tile = { title, ...(question.chart ? { chart: question.chart } : {}), question: request({ ...question, explain: false }) };
  return `${block(tile, 0).trimStart()}\n`;
}
