/** Figures as an operator reads them. What is unknown is a dash, never a nought. */

import { duration } from "../words.js";

export const DASH = "–";

// In English, as the page is: elsewhere a million is "m", which here is a minute.
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const WHOLE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

/** Writes what is known; a number and its unit stay on one line. */
const known = (write) => (value) => (Number.isFinite(value) ? write(value).replaceAll(" ", "\u00a0") : DASH);

/** How many: exact to ten thousand, then rounded. */
export const many = known((n) => (Math.abs(n) < 10_000 ? WHOLE.format(n) : COMPACT.format(n)));

/** A number with three digits that count. */
export const number = known((n) => (Math.abs(n) < 10_000 ? SHORT.format(n) : COMPACT.format(n)));

/** A share from 0 to 1 as per cent. */
export const share = known((x) => {
  const percent = x * 100;
  if (percent !== 0 && Math.abs(percent) < 0.1) return percent > 0 ? "< 0.1 %" : "> −0.1 %";
  return `${Math.abs(percent) < 10 ? Math.round(percent * 10) / 10 : Math.round(percent)} %`;
});

/** A rate a second, as people say it: a second where there are many, else a minute. */
export const rate = known((x) => (x === 0 || x >= 1 ? `${number(x)} / s` : `${number(x * 60)} / min`));

export const ms = known((x) => (x === 0 ? "0 ms" : duration(x)));

/** US dollars, with as many digits as tell something. */
export const usd = known((x) => (x === 0 ? "$0" : Math.abs(x) < 0.1 ? `$${SHORT.format(x)}` : `$${x.toFixed(2)}`));

/** How long something lasted or is to last, from seconds. */
export const span = known((s) => {
  const [size, unit] = s < 90 ? [1, "s"] : s < 5_400 ? [60, "min"] : s < 129_600 ? [3_600, "h"] : [86_400, "days"];
  return `${Math.round(Math.max(0, s) / size)} ${unit}`;
});

/** A value in the unit that the service names. */
export function inUnit(value, unit) {
  const write = { ms, share, "%": (x) => share(x / 100), usd, USD: usd, s: span }[unit];
  return write ? write(value) : [number(value), unit].filter(Boolean).join(" ");
}

/** A point in time, seconds or ISO 8601, in ms; NaN where it is none. */
export const moment = (at) => (typeof at === "number" ? at * 1_000 : Date.parse(at));

/** A difference of two shares, in points of a hundred. */
export const points = known((x) => {
  const rounded = Math.round(x * 1_000) / 10;
  return `${rounded > 0 ? "+" : rounded < 0 ? "−" : "±"}${Math.abs(rounded)} points`;
});
