// What a page of a domain asks, in its address: any of it may be sent to somebody else. Other parameters are filters.
import { address } from "./api.js";

/** path: of the page. usual: its parameters, as they are where the address is silent; period, start_time, end_time too. */
export class Asked {
  constructor(path, usual) {
    this.path = path;
    this.usual = usual;
  }

  read() {
    const query = new URLSearchParams(location.search);
    const given = Object.fromEntries(Object.keys(this.usual).filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
    const filters = [...query].filter(([name]) => !(name in this.usual));
    return { ...this.usual, ...given, filters, period: given.start_time || given.end_time ? "" : (given.period ?? this.usual.period) };
  }

  address(asked) {
    const chosen = Object.keys(this.usual).filter((name) => asked[name] !== this.usual[name]);
    return address(this.path, { ...Object.fromEntries(chosen.map((name) => [name, asked[name]])), ...filtered(asked) });
  }

  /** The parameters that every read of the domain takes, and `names` of the others. */
  parameters(asked, ...names) {
    const { period, start_time, end_time } = asked;
    const rest = Object.fromEntries(names.filter((name) => asked[name]).map((name) => [name, asked[name]]));
    return { period, start_date: start_time, end_date: end_time, ...rest, ...filtered(asked) };
  }
}

function filtered({ filters }) {
  const found = {};
  for (const [name, value] of filters) (found[name] ??= []).push(value);
  return found;
}
