// Reading the service's JSON: problems become errors with a sentence; a lost session leads to the sign-in page.

/** Pages where a refusal is about what was typed, not about the session. */
const OPEN = new Set(["sign-in", "set-password", "account"]);

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `The service answered ${status}.`);
    this.status = status;
    this.body = body;
  }

  /** What to do about it, "" where the service does not say. */
  get hint() {
    return this.body.suggested_actions?.[0] ?? "";
  }
}

/** Path with query; empty values are left out, lists repeat the name. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) if (one !== "" && one !== null && one !== undefined) query.append(name, one);
  }
  return query.size ? `${path}?${query}` : path;
}

export async function get(path, parameters, { signal } = {}) {
  return request(address(path, parameters), { signal });
}

export async function post(path, body, { signal } = {}) {
  return send("POST", path, body, signal);
}

export async function put(path, body) {
  return send("PUT", path, body);
}

export async function remove(path) {
  return send("DELETE", path);
}

function send(method, path, body, signal) {
  const content = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return request(path, { method, signal, ...content });
}

async function request(url, options) {
  let answer;
  try {
    answer = await fetch(url, { ...options, headers: { Accept: "application/json", ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "Factbook does not answer." });
  }
  const body = await answer.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    return {};
  });
  if (answer.ok) return body;
  if (answer.status === 401 && !OPEN.has(document.body.dataset.page)) toSignIn();
  throw new Problem(answer.status, body);
}

let leaving = false;
addEventListener("submit", ({ target }) => (leaving ||= target.method === "post"));

/** Leaves for the sign-in page, which leads back here; not while the visitor signs out himself. */
export function toSignIn() {
  if (leaving) return;
  const next = location.pathname + location.search;
  location.assign(address("/sign-in", { reason: "expired", next }));
}
