/** The charts of the page, each out of the series that the service names. */

import { at } from "../dom.js";
import { Chart, aligned } from "./chart.js";
import { moment, ms, number, share, usd } from "./units.js";

/** Seconds that each point of a range stands for. */
const STEPS = { "1m": 5, "5m": 5, "1h": 60, "24h": 900 };

/**
 * What is drawn: of each line its name in `figures.series` and in the legend, or of each model (`models`) the series of
 * that name. Of `sums` each point is the sum of its step, drawn a minute; where a step has none, nothing was there to be
 * counted.
 */
const CHARTS = [
  { title: "Turns a minute", write: number, sums: true, lines: { turns: "turns", failures: "failed" } },
  {
    title: "First word",
    write: ms,
    lines: { "first_token_ms.p50": "p50", "first_token_ms.p95": "p95", "first_token_ms.p99": "p99" },
  },
  { title: "First word by provider, p95", write: ms, models: "first_token_ms.p95" },
  { title: "Whole answer", write: ms, lines: { "total_ms.p50": "p50", "total_ms.p95": "p95", "total_ms.p99": "p99" } },
  { title: "Failed, degraded", write: share, least: 0.05, lines: { failed: "failed", degraded: "degraded" } },
  {
    title: "Tokens a minute",
    write: number,
    sums: true,
    lines: { "tokens.input": "read", "tokens.cached": "of these cached", "tokens.output": "written" },
  },
  { title: "Cost a minute", write: usd, sums: true, lines: { cost_usd: "cost" } },
  {
    title: "Tokens spared",
    write: share,
    lines: { "context.sent": "sent of the whole context", "cache.prefix": "read from prefix caches" },
  },
  {
    title: "Our own share of the time, p95",
    write: ms,
    lines: { "overhead_ms.p95": "overhead", "context_ms.p95": "context" },
  },
];

const LONG = new Set(["24h"]);
const SHORT = new Set(["1m", "5m"]);

/** A clock as exact as the range wants it. */
function clockOf(window) {
  const parts = { hour: "2-digit", minute: "2-digit", second: SHORT.has(window) ? "2-digit" : undefined };
  const write = new Intl.DateTimeFormat(undefined, LONG.has(window) ? { ...parts, weekday: "short" } : parts);
  return (seconds) => write.format(seconds * 1_000);
}

const drawn = new Map();

/** Draws what there is. */
export function draw(figures, window) {
  const clock = clockOf(window);
  for (const about of CHARTS) {
    const lines = about.models ? linesOfModels(about, figures) : linesOf(about, figures?.series ?? {}, window);
    chartOf(about).draw(...Object.values(aligned(lines)), clock);
  }
}

/** Takes the colours of the page anew. */
export function repaint() {
  for (const chart of drawn.values()) chart.repaint();
}

const pointOf = ([time, value]) => [moment(time) / 1_000, value];

function linesOfModels({ models: name }, figures) {
  const found = (figures?.providers ?? []).filter((one) => one.series?.[name]?.length);
  const alone = (provider) => found.filter((one) => one.provider === provider).length === 1;
  return found.map(({ provider, model, series }, slot) => ({
    name: alone(provider) ? provider : `${provider} ${model}`,
    slot,
    points: series[name].map(pointOf),
  }));
}

function linesOf({ lines, sums }, series, window) {
  const step = STEPS[window];
  const found = Object.entries(lines).map(([name, label], slot) => {
    const points = (series[name] ?? []).map(pointOf).map(([at, value]) => [at, sums ? (value * 60) / step : value]);
    return { name: label, slot, points };
  });
  const known = found.filter((line) => line.points.length);
  return sums ? filled(known, step) : known;
}

/** Lines with a nought at each step between the first and the last at which any of them has a point. */
function filled(lines, step) {
  const times = lines.flatMap((line) => line.points.map(([at]) => at));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return lines.map((line) => {
    const known = new Map(line.points);
    const points = [];
    for (let at = first; at <= last; at += step) points.push([at, known.get(at) ?? 0]);
    return { ...line, points };
  });
}

function chartOf(about) {
  if (!drawn.has(about.title)) {
    drawn.set(about.title, new Chart(about));
    at("chart-list").append(drawn.get(about.title).figure);
  }
  return drawn.get(about.title);
}
