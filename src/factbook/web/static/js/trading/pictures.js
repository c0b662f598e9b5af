// The pictures of the page as options of ECharts: equity over its drawdown, candles over an indicator.
import { brief, written } from "../figures.js";
import * as format from "../format.js";
import { frame, valueAxis } from "../explore/ink.js";

const NUMBER = { unit: "number", decimals: 4 };
const PERCENT = { unit: "percent", decimals: 1 };
const SHAPES = { m: "hour", h: "hour", d: "weekday", w: "date" };
const TICKS = { m: "minute", h: "day", d: "day", w: "day" };
const known = (value) => value !== null && value !== undefined;

/** Two grids, one above the other, over the same times. */
function grids(times, colour, tick, upper, lower) {
  const axis = (gridIndex) => ({
    type: "category",
    gridIndex,
    data: times,
    axisLine: { lineStyle: { color: colour.grid } },
    axisTick: { show: false },
    axisLabel: { show: gridIndex === 1, color: colour.text, fontSize: 11, hideOverlap: true, formatter: tick },
    axisPointer: { label: { show: false } },
  });
  const sides = { left: 64, right: 16 };
  return {
    grid: [{ ...sides, top: 12, height: "62%" }, { ...sides, top: "72%", bottom: 24 }],
    xAxis: [axis(0), axis(1)],
    yAxis: [{ ...upper, gridIndex: 0, scale: true }, { ...lower, gridIndex: 1, splitNumber: 2 }],
    axisPointer: { link: [{ xAxisIndex: "all" }] },
  };
}

const line = (name, data, colour, more = {}) => ({ name, type: "line", data, showSymbol: data.length === 1, connectNulls: false, lineStyle: { width: 1.5, color: colour }, itemStyle: { color: colour }, ...more });

/** Equity, or the profit added up where no capital is known; below it how far from its highest it lies. */
export function equity({ points, currency }) {
  const money = { unit: "currency", currency, decimals: 2 };
  const isRelative = points.some(({ equity: value }) => known(value));
  const [top, bottom] = isRelative ? ["equity", "drawdown"] : ["cumulative_pnl", "drawdown_amount"];
  const below = isRelative ? PERCENT : money;
  const dates = points.map(({ date }) => date);
  return (colour) => ({
    ...frame(colour, "line", ([{ dataIndex }]) => {
      const point = points[dataIndex];
      return [format.time(point.date, "weekday", "UTC"), `${isRelative ? "Equity" : "Profit so far"}  ${written(point[top], money)}`, `That day  ${written(point.pnl, money)}`, `Drawdown  ${written(point[bottom], below)}`].join("\n");
    }),
    ...grids(dates, colour, (value) => format.time(value, "day", "UTC"), valueAxis(money, colour, "left"), { ...valueAxis(below, colour, "left"), max: 0, axisLabel: { color: colour.text, fontSize: 11, formatter: (value) => brief(value, below) } }),
    series: [
      line("Equity", points.map((point) => point[top]), colour.series[1], { lineStyle: { width: 2, color: colour.series[1] }, areaStyle: { color: colour.series[1], opacity: 0.06, origin: "start" } }),
      line("Drawdown", points.map((point) => -point[bottom]), colour.series[2], { xAxisIndex: 1, yAxisIndex: 1, areaStyle: { color: colour.series[2], opacity: 0.25 } }),
    ],
  });
}

/** Candles with the lines that are prices; below them the first indicator that is none, or the volume. */
export function prices({ candles, indicators, interval, timezone }) {
  const told = Object.values(indicators);
  const over = told.filter(({ unit, parameters }) => unit === "price" && !("fast" in parameters));
  const atr = indicators.atr;
  const under = atr ?? told.find((one) => !over.includes(one));
  const above = over.filter((one) => one !== atr);
  const unit = interval.at(-1);
  const times = candles.map(({ time }) => time);
  const label = (one, name) => (Object.keys(one.lines).length > 1 ? name : one.label);
  const all = [...above, ...(under ? [under] : [])].flatMap((one) => Object.entries(one.lines).map(([name, values]) => [label(one, name), values]));
  return (colour) => ({
    ...frame(colour, "line", ([{ dataIndex }]) => {
      const { time, open, high, low, close, volume, complete } = candles[dataIndex];
      const sides = [["Open", open], ["High", high], ["Low", low], ["Close", close], ["Volume", volume], ...all.map(([name, values]) => [name, values[dataIndex]])];
      return [`${format.time(time, SHAPES[unit], timezone)}${complete ? "" : ", not over yet"}`, ...sides.map(([name, value]) => `${name}  ${written(value, NUMBER)}`)].join("\n");
    }),
    ...grids(times, colour, (value) => format.time(value, TICKS[unit], timezone), valueAxis(NUMBER, colour, "left"), { ...valueAxis(NUMBER, colour, "left"), scale: Boolean(under) }),
    series: [
      {
        name: "Price",
        type: "candlestick",
        data: candles.map(({ open, close, low, high, complete }) => ({ value: [open, close, low, high], itemStyle: complete ? {} : { opacity: 0.5 } })),
        itemStyle: { color: colour.series[3], borderColor: colour.series[3], color0: colour.series[2], borderColor0: colour.series[2] },
      },
      ...above.flatMap((one) => Object.entries(one.lines).map(([name, values]) => line(label(one, name), values, colour.series[1]))),
      ...(under
        ? Object.entries(under.lines).map(([name, values], at) => (name === "histogram" ? { name, type: "bar", data: values, xAxisIndex: 1, yAxisIndex: 1, itemStyle: { color: colour.past } } : line(label(under, name), values, colour.series[[1, 4][at] ?? 5], { xAxisIndex: 1, yAxisIndex: 1 })))
        : [{ name: "Volume", type: "bar", data: candles.map(({ volume }) => volume), xAxisIndex: 1, yAxisIndex: 1, itemStyle: { color: colour.past } }]),
    ],
  });
}
