// SPDX-License-Identifier: GPL-3.0-or-later
// Draws lines, areas and stacked areas of [time, value …] rows as SVG, with a cursor that follows the mouse.
import { clock, number } from "./format.js";

const NS = "http://www.w3.org/2000/svg";
const COLORS = ["#00a67e", "#3f7fd9", "#e0883a", "#b05ad1", "#d64f6a", "#7a9b2e", "#2aa9c2", "#a0705a", "#8a8fd8",
  "#c9a227"];
const LEFT = 56, RIGHT = 12, TOP = 8, BOTTOM = 22;

export const color = (i) => COLORS[i % COLORS.length];

export class Chart {
  // box: the element to fill; onCursor(index of the row under the mouse, or -1 for the newest).
  constructor(box, onCursor) {
    this.box = box;
    this.onCursor = onCursor;
    this.hover = -1;
    box.addEventListener("mousemove", (e) => this.#move(e));
    box.addEventListener("mouseleave", () => { this.hover = -1; this.#cursor(); });
    new ResizeObserver(() => this.data && this.draw(this.data)).observe(box);
  }

  message(text) {
    this.data = null;
    const p = document.createElement("div");
    p.className = "message";
    p.textContent = text;
    this.box.replaceChildren(p);
  }

  draw(data) {
    this.data = data;
    const width = this.box.clientWidth, height = this.box.clientHeight;
    const { rows, labels } = data;
    if (!rows.length) return this.message("no data in this range");
    const series = data.type === "stacked" ? stack(rows, labels.length) : plain(rows, labels.length);
    const [low, high, step] = scale(series, data.type !== "line");
    const t0 = rows[0][0], t1 = Math.max(rows[rows.length - 1][0], t0 + 1);
    const x = (t) => LEFT + (width - LEFT - RIGHT) * (t - t0) / (t1 - t0);
    const y = (v) => TOP + (height - TOP - BOTTOM) * (high - v) / (high - low);
    const svg = node("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    for (let v = low; v <= high + step / 2; v += step) {
      const zero = Math.abs(v) < step / 1e6;
      svg.append(node("line", { class: zero ? "zero" : "grid", x1: LEFT, x2: width - RIGHT, y1: y(v), y2: y(v) }));
      svg.append(node("text", { x: LEFT - 7, y: y(v) + 4, "text-anchor": "end" }, number(zero ? 0 : v)));
    }
    const ticks = Math.max(2, Math.floor(width / 150));
    for (let i = 0; i <= ticks; i += 1) {
      const t = t0 + (t1 - t0) * i / ticks;
      const anchor = i === 0 ? "start" : i === ticks ? "end" : "middle";
      svg.append(node("text", { x: x(t), y: height - 6, "text-anchor": anchor }, clock(t)));
    }
    series.forEach((points, i) => this.#series(svg, rows, points, i, x, y, data.type));
    this.line = node("line", { class: "cursor", y1: TOP, y2: height - BOTTOM, visibility: "hidden" });
    svg.append(this.line);
    this.x = x;
    this.box.replaceChildren(svg);
    this.#cursor();
  }

  #series(svg, rows, points, i, x, y, type) {
    let top = "", area = "", run = [];
    const close = () => {
      if (run.length && type !== "line") {
        const upper = run.map((p) => `${p.x},${p.to}`), lower = run.map((p) => `${p.x},${p.from}`).reverse();
        area += `M${[...upper, ...lower].join("L")}Z`;
      }
      run = [];
    };
    points.forEach((p, n) => {
      if (p === null) return close();
      const at = { x: x(rows[n][0]).toFixed(1), from: y(p[0]).toFixed(1), to: y(p[1]).toFixed(1) };
      top += `${run.length ? "L" : "M"}${at.x},${at.to}`;
      run.push(at);
    });
    close();
    const stacked = type === "stacked";
    if (area) svg.append(node("path", { d: area, fill: color(i), "fill-opacity": stacked ? 0.75 : 0.22 }));
    svg.append(node("path", {
      d: top, fill: "none", stroke: color(i), "stroke-width": stacked ? 0.8 : 1.6, "stroke-linejoin": "round" }));
  }

  #move(e) {
    if (!this.data?.rows.length || !this.x) return;
    const at = e.clientX - this.box.getBoundingClientRect().left;
    let best = 0;
    this.data.rows.forEach((r, i) => {
      if (Math.abs(this.x(r[0]) - at) < Math.abs(this.x(this.data.rows[best][0]) - at)) best = i;
    });
    this.hover = best;
    this.#cursor();
  }

  #cursor() {
    if (!this.data) return;
    this.hover = Math.min(this.hover, this.data.rows.length - 1);
    if (this.hover >= 0) {
      const at = this.x(this.data.rows[this.hover][0]);
      this.line.setAttribute("x1", at);
      this.line.setAttribute("x2", at);
    }
    this.line?.setAttribute("visibility", this.hover >= 0 ? "visible" : "hidden");
    this.onCursor(this.hover);
  }
}

// Per dimension and row [from, to], or null where there is no value.
function plain(rows, n) {
  return Array.from({ length: n }, (_, i) => rows.map((r) => (typeof r[i + 1] === "number" ? [0, r[i + 1]] : null)));
}

// Positive values pile up above zero, negative ones below.
function stack(rows, n) {
  const up = rows.map(() => 0), down = rows.map(() => 0);
  return Array.from({ length: n }, (_, i) => rows.map((r, k) => {
    const v = r[i + 1];
    if (typeof v !== "number") return null;
    const pile = v < 0 ? down : up;
    pile[k] += v;
    return [pile[k] - v, pile[k]];
  }));
}

// [lowest, highest, distance] of the grid lines: 1, 2 or 5 times a power of ten, four to eight of them.
function scale(series, fromZero) {
  const values = series.flat().filter((p) => p).map((p) => p[1]);
  let low = Math.min(...values), high = Math.max(...values);
  if (!values.length) [low, high] = [0, 1];
  if (fromZero || (low > 0 && low < high / 2)) { low = Math.min(low, 0); high = Math.max(high, 0); }
  if (high - low < 1e-9) { high += Math.max(1, Math.abs(high)) / 10; if (low > 0) low -= Math.abs(low) / 10; }
  const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  // A rounding error above a grid line (100.0001 %) is not worth one more.
  return [Math.floor(low / step + 0.01) * step, Math.ceil(high / step - 0.01) * step, step];
}

function node(tag, attributes, text) {
  const e = document.createElementNS(NS, tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
}
