// A line chart over time, in SVG, drawn to its own size in pixels.
import { h, svg } from "./dom.js";

const LEFT = 52,
  RIGHT = 12,
  TOP = 10,
  BOTTOM = 22;

function niceMax(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 4, 5, 8, 10].find((one) => one * power >= value) ?? 10;
  return step * power;
}

function path(points) {
  let text = "";
  let pen = false;
  for (const [x, y] of points) {
    if (y === null) {
      pen = false;
      continue;
    }
    text += `${pen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = true;
  }
  return text;
}

// series: [{ key, label, tone, area }]; rows: [{ at, [key]: number | null }], oldest first.
export class Chart {
  constructor({ series, format }) {
    this.series = series;
    this.format = format;
    this.rows = [];
    this.hover = null;
    this.svg = svg("svg", { class: "chart", role: "img" });
    this.values = new Map(series.map((one) => [one.key, h("b", {}, "–")]));
    this.when = h("span", {}, "");
    this.legend = h(
      "div",
      { class: "legend" },
      series.map((one) =>
        h("span", {}, h("i", { class: `tone-${one.tone}` }), one.label, this.values.get(one.key)),
      ),
      this.when,
    );
    this.element = h("div", { class: "body" }, this.svg, this.legend);
    this.svg.addEventListener("pointermove", (event) => {
      this.hover = event.offsetX;
      this.draw();
    });
    this.svg.addEventListener("pointerleave", () => {
      this.hover = null;
      this.draw();
    });
    new ResizeObserver(() => this.draw()).observe(this.svg);
  }

  show(rows) {
    this.rows = rows;
    this.draw();
  }

  draw() {
    const width = this.svg.clientWidth,
      height = this.svg.clientHeight;
    if (width === 0) return;
    const now = this.rows.at(-1)?.at ?? Date.now();
    // As wide as there is something to see, from one minute to five.
    const minutes = Math.min(
      5,
      Math.max(1, Math.ceil((now - (this.rows[0]?.at ?? now)) / 60000)),
    );
    const from = now - minutes * 60000;
    const rows = this.rows.filter((row) => row.at >= from);
    const max = niceMax(
      Math.max(0, ...rows.flatMap((row) => this.series.map((one) => row[one.key] ?? 0))),
    );
    const x = (at) => LEFT + ((at - from) / (now - from)) * (width - LEFT - RIGHT);
    const y = (value) => height - BOTTOM - (value / max) * (height - TOP - BOTTOM);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren(
      ...this.axes(width, height, max, minutes, y),
      ...this.lines(rows, x, y),
    );
    this.tell(rows, x, height);
  }

  axes(width, height, max, minutes, y) {
    const parts = [];
    for (let i = 0; i <= 4; ++i) {
      const at = y((max * i) / 4);
      parts.push(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
      parts.push(
        svg(
          "text",
          { class: "tick", x: LEFT - 8, y: at + 4, "text-anchor": "end" },
          this.format((max * i) / 4),
        ),
      );
    }
    // A tick a minute, or two where there is one minute only; fewer where they would run
    // into each other.
    const ticks = minutes === 1 ? 4 : width < 480 && minutes > 2 ? 2 : minutes;
    for (let i = 0; i <= ticks; ++i) {
      const seconds = Math.round((minutes * 60 * (ticks - i)) / ticks);
      const label =
        i === ticks ? "now" : seconds % 60 === 0 ? `−${seconds / 60} min` : `−${seconds} s`;
      parts.push(
        svg(
          "text",
          {
            class: "tick",
            x: LEFT + (i / ticks) * (width - LEFT - RIGHT),
            y: height - 5,
            "text-anchor": i === ticks ? "end" : i === 0 ? "start" : "middle",
          },
          label,
        ),
      );
    }
    return parts;
  }

  lines(rows, x, y) {
    return this.series.flatMap((one) => {
      const points = rows.map((row) => [
        x(row.at),
        row[one.key] === null || row[one.key] === undefined ? null : y(row[one.key]),
      ]);
      const line = path(points);
      const parts = [];
      const drawn = points.filter((point) => point[1] !== null);
      if (one.area && drawn.length > 1 && drawn.length === points.length) {
        parts.push(
          svg("path", {
            class: `area tone-${one.tone}`,
            d: `${line}L${drawn.at(-1)[0]} ${y(0)}L${drawn[0][0]} ${y(0)}Z`,
          }),
        );
      }
      parts.push(svg("path", { class: `line tone-${one.tone}`, d: line }));
      return parts;
    });
  }

  // The legend tells the newest values, or those under the pointer.
  tell(rows, x, height) {
    let row = rows.at(-1);
    this.when.textContent = "";
    if (this.hover !== null && rows.length > 0) {
      row = rows.reduce((best, one) =>
        Math.abs(x(one.at) - this.hover) < Math.abs(x(best.at) - this.hover) ? one : best,
      );
      this.svg.append(
        svg("line", {
          class: "cursor",
          x1: x(row.at),
          x2: x(row.at),
          y1: TOP,
          y2: height - BOTTOM,
        }),
      );
      this.when.textContent = new Date(row.at).toLocaleTimeString();
    }
    for (const one of this.series) {
      const value = row?.[one.key];
      this.values.get(one.key).textContent =
        value === null || value === undefined ? "–" : this.format(value);
    }
  }
}
