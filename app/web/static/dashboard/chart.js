/** One chart: lines over time, with the values under the pointer, or under the arrow keys, in its legend. */

import { announce, make } from "../dom.js";
import { mark, write } from "./keyed.js";
import { DASH } from "./units.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 190;
/** Lines differ by more than their colour, and of those of one colour no two are alike. */
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 4], [12, 4], [14, 3, 6, 3], [1, 5]];
const COLOURS = 6;

/** Colours as the canvas wants them; CSS may write them as pairs of light and dark. */
function coloursOf(element) {
  const probe = element.querySelector(".probe");
  const read = (name) => {
    probe.setAttribute("class", `probe ${name}`);
    return getComputedStyle(probe).color;
  };
  return { lines: Array.from({ length: COLOURS }, (_, n) => read(`c${n}`)), text: read("t-dim"), grid: read("t-line") };
}

/** A chart in a figure of its own. */
export class Chart {
  #plot = null;
  #data = null;
  #lines = [];
  #at = null;
  #colours = null;

  /** @param {{title: string, write: (value: number) => string, least?: number}} about  `least`: the axis goes so far */
  constructor(about) {
    this.about = about;
    this.said = make("span", { class: "at" });
    this.legend = make("ul", { class: "legend" });
    this.holder = make("div", { class: "plot", tabindex: "0", role: "img", onkeydown: (event) => this.#key(event) });
    this.figure = make(
      "figure",
      { class: "chart" },
      make("figcaption", {}, make("h3", {}, about.title), this.said),
      this.holder,
      make("p", { class: "nothing" }, "Nothing in this range yet."),
      this.legend,
      make("i", { class: "probe", "aria-hidden": "true" }),
    );
    new ResizeObserver(() => this.#fit()).observe(this.holder);
  }

  /**
   * @param {number[]} times  seconds
   * @param {{name: string, values: (number|null)[], slot?: number}[]} lines
   * @param {(seconds: number) => string} clock
   */
  draw(times, lines, clock) {
    const same =
      this.#plot && lines.length === this.#lines.length && lines.every((l, n) => l.name === this.#lines[n].name);
    this.figure.toggleAttribute("data-empty", !lines.length);
    this.#lines = lines;
    this.#data = [times, ...lines.map((line) => line.values)];
    this.clock = clock;
    if (same) this.#plot.setData(this.#data);
    else this.#build();
    this.#tell(this.#at);
  }

  /** Takes the colours of the page anew. */
  repaint() {
    if (this.#data) this.#build();
  }

  #build() {
    this.#plot?.destroy();
    this.#colours = coloursOf(this.figure);
    this.legend.replaceChildren(...this.#lines.map((line, n) => this.#entry(line, n)));
    const width = this.holder.clientWidth || 300;
    this.#plot = new globalThis.uPlot(this.#options(width), this.#data, this.holder);
  }

  #entry(line, n) {
    const slot = line.slot ?? n;
    const sample = document.createElementNS(SVG, "svg");
    sample.setAttribute("viewBox", "0 0 28 8");
    sample.setAttribute("class", `sample c${slot % COLOURS}`);
    sample.setAttribute("aria-hidden", "true");
    const stroke = document.createElementNS(SVG, "path");
    stroke.setAttribute("d", "M0 4h28");
    stroke.setAttribute("stroke-dasharray", DASHES[slot % DASHES.length].join(" "));
    sample.append(stroke);
    return make("li", {}, sample, make("span", { class: "of", dir: "auto" }, line.name), make("b", {}, DASH));
  }

  #options(width) {
    const axis = {
      stroke: this.#colours.text,
      font: "12px system-ui, sans-serif",
      grid: { stroke: this.#colours.grid, width: 1 },
      ticks: { show: false },
    };
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      padding: [8, 28, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, sync: { key: "masterx" } },
      scales: {
        x: { time: true },
        y: { range: (_, __, most) => [0, Math.max(most * 1.15, this.about.least ?? 0) || 1] },
      },
      axes: [
        { ...axis, size: 28, space: 110, values: (_, splits) => splits.map((at) => this.clock(at)) },
        { ...axis, size: 64, space: 36, values: (_, splits) => splits.map((value) => this.about.write(value)) },
      ],
      series: [{}, ...this.#lines.map((line, n) => this.#line(line.slot ?? n))],
      hooks: { setCursor: [(plot) => this.#tell(plot.cursor.idx ?? null)] },
    };
  }

  #line(slot) {
    return {
      stroke: this.#colours.lines[slot % COLOURS],
      width: 2,
      dash: DASHES[slot % DASHES.length],
      spanGaps: false,
      points: { show: (u, n) => sparse(u.data[n]) },
    };
  }

  #fit() {
    const width = this.holder.clientWidth;
    if (this.#plot && width && Math.abs(width - this.#plot.width) > 1) this.#plot.setSize({ width, height: HEIGHT });
  }

  /** Writes the values at a place, or the newest, into the legend. */
  #tell(at) {
    this.#at = at;
    if (!this.#data) return;
    const [times, ...columns] = this.#data;
    const shown = columns.map((values) => this.about.write((at === null ? newest(values) : values[at]) ?? null));
    [...this.legend.children].forEach((entry, n) => write(entry.lastElementChild, shown[n] ?? DASH));
    write(this.said, at === null || at >= times.length ? "" : this.clock(times[at]));
    mark(
      this.holder,
      "aria-label",
      `${this.about.title}. Newest: ${this.#sentence(null)}. Arrow keys read earlier values.`,
    );
  }

  #sentence(at) {
    const value = (values) => this.about.write((at === null ? newest(values) : values[at]) ?? null);
    return this.#lines.map((line) => `${line.name} ${value(line.values)}`).join(", ");
  }

  #key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    const times = this.#data?.[0] ?? [];
    if (!(event.key in steps) || !times.length) return;
    event.preventDefault();
    const from = this.#at ?? times.length;
    const at = Math.max(0, Math.min(times.length - 1, from + steps[event.key]));
    this.#plot.setCursor({ left: this.#plot.valToPos(times[at], "x"), top: 0 });
    announce(`${this.clock(times[at])}: ${this.#sentence(at)}`);
  }
}

/** The last value that is known. */
const newest = (values) => values.findLast((value) => value !== null && value !== undefined) ?? null;

/** Whether a line has so few values that each is shown as a dot. */
const sparse = (values) => values.filter((value) => value !== null && value !== undefined).length < 8;

/** Lines of points of their own as columns over the same times; `undefined` where only another line has a point. */
export function aligned(lines) {
  const times = [...new Set(lines.flatMap((line) => line.points.map(([at]) => at)))].sort((a, b) => a - b);
  const place = new Map(times.map((at, n) => [at, n]));
  const columns = lines.map((line) => {
    const values = new Array(times.length).fill(undefined);
    for (const [at, value] of line.points) values[place.get(at)] = value;
    return { ...line, values };
  });
  return { times, columns };
}
