// The picture of the page as an option of ECharts: how many people lie in each tenth of each score.
import { written } from "../figures.js";
import { frame, valueAxis } from "../explore/ink.js";

const COUNT = { unit: "count" };
const SCORES = [["engagement_score", "Engagement", 3], ["activity_score", "Activity", 1], ["loyalty_score", "Loyalty", 4]];

export function scores(distribution) {
  const tenths = distribution.engagement_score.map(({ from, to }) => `${from}–${to}`);
  return (colour) => ({
    ...frame(colour, "line", ([{ dataIndex: at }]) => [tenths[at], ...SCORES.map(([field, label]) => `${label}  ${written(distribution[field][at].people, COUNT)}`)].join("\n")),
    legend: { bottom: 0, textStyle: { color: colour.text, fontSize: 11 } },
    grid: { left: 56, right: 8, top: 12, bottom: 56 },
    xAxis: { type: "category", data: tenths, axisLine: { lineStyle: { color: colour.grid } }, axisTick: { show: false }, axisLabel: { color: colour.text, fontSize: 11, hideOverlap: true } },
    yAxis: { ...valueAxis(COUNT, colour, "left"), min: 0, minInterval: 1 },
    series: SCORES.map(([field, name, ink]) => ({ name, type: "bar", data: distribution[field].map(({ people }) => people), itemStyle: { color: colour.series[ink] } })),
  });
}
