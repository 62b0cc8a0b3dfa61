// The picture, painted from the seed: mountains at a lake, at some hour of the day.
import { FRAME } from "./board.js";
import { random } from "./random.js";

interface Hour {
  sky: readonly string[];
  light: string;
  far: string;
  near: string;
  snow: string;
  water: readonly [string, string];
  stars: boolean;
}

const HOURS: readonly Hour[] = [
  {
    sky: ["#2b2d6e", "#7a4a8f", "#e8718d", "#ffb27a", "#ffe1a8"],
    light: "#fff1c9",
    far: "#9a6b9e",
    near: "#2a2149",
    snow: "#ffd9cf",
    water: ["#f59a83", "#3b2f68"],
    stars: false,
  },
  {
    sky: ["#2477c9", "#58a9e8", "#a5d8f5", "#e8f6f8"],
    light: "#fffbe6",
    far: "#8fb3cf",
    near: "#1f4a4d",
    snow: "#ffffff",
    water: ["#7cc4e6", "#175a7d"],
    stars: false,
  },
  {
    sky: ["#060b26", "#0e1f4d", "#1b4a72", "#3f8f92"],
    light: "#fdf6d8",
    far: "#33527f",
    near: "#070e24",
    snow: "#b9d4ee",
    water: ["#2f7d88", "#081332"],
    stars: true,
  },
  {
    sky: ["#3a7ca5", "#8fc1c9", "#f3e3b8", "#f9c784"],
    light: "#fff8d9",
    far: "#b08f8c",
    near: "#3b2b2f",
    snow: "#fff3dc",
    water: ["#f0c98f", "#3f6b78"],
    stars: false,
  },
];

const W = FRAME.width;
const H = FRAME.height;
const SHORE = H * 0.64;

export function paint(seed: number, scale: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(W * scale);
  canvas.height = Math.round(H * scale);
  const ink = canvas.getContext("2d")!;
  ink.scale(scale, scale);
  const next = random(seed);
  const unit = () => next(10_000) / 10_000;
  const hour = HOURS[next(HOURS.length)]!;
  sky(ink, hour, unit);
  const sun: [number, number] = [W * (0.2 + unit() * 0.6), H * (0.14 + unit() * 0.2)];
  light(ink, hour, sun);
  clouds(ink, hour, unit);
  for (let layer = 0; layer < 4; ++layer) mountains(ink, hour, layer, unit);
  balloons(ink, unit);
  birds(ink, hour, unit);
  water(ink, canvas, hour, sun, scale, unit);
  shore(ink, hour, unit);
  return canvas;
}

function gradient(
  ink: CanvasRenderingContext2D,
  from: number,
  to: number,
  colors: readonly string[],
): CanvasGradient {
  const fill = ink.createLinearGradient(0, from, 0, to);
  colors.forEach((color, at) => fill.addColorStop(at / (colors.length - 1), color));
  return fill;
}

function mix(a: string, b: string, part: number): string {
  const channel = (color: string, at: number) => parseInt(color.slice(at, at + 2), 16);
  const mixed = [1, 3, 5].map((at) =>
    Math.round(channel(a, at) * (1 - part) + channel(b, at) * part),
  );
  return `rgb(${mixed.join(",")})`;
}

function sky(ink: CanvasRenderingContext2D, hour: Hour, unit: () => number): void {
  ink.fillStyle = gradient(ink, 0, SHORE, hour.sky);
  ink.fillRect(0, 0, W, SHORE + 2);
  if (!hour.stars) return;
  for (let star = 0; star < 260; ++star) {
    ink.fillStyle = `rgba(255,255,255,${0.3 + unit() * 0.7})`;
    ink.beginPath();
    ink.arc(unit() * W, unit() * SHORE * 0.9, 0.4 + unit() * 1.1, 0, 7);
    ink.fill();
  }
  for (let band = 0; band < 3; ++band) {
    const base = H * (0.12 + band * 0.09);
    const phase = unit() * 6;
    for (let x = 0; x < W; x += 3) {
      const y = base + Math.sin(x / 90 + phase) * 26 + Math.sin(x / 37 + phase * 2) * 9;
      const tall = 70 + Math.sin(x / 23 + phase) * 26;
      const fill = ink.createLinearGradient(0, y - tall, 0, y + 14);
      fill.addColorStop(0, "rgba(120,90,230,0)");
      fill.addColorStop(0.75, band === 1 ? "rgba(90,240,190,.2)" : "rgba(70,220,160,.14)");
      fill.addColorStop(1, "rgba(120,255,200,0)");
      ink.fillStyle = fill;
      ink.fillRect(x, y - tall, 3, tall + 14);
    }
  }
}

function light(ink: CanvasRenderingContext2D, hour: Hour, [x, y]: [number, number]): void {
  const glow = ink.createRadialGradient(x, y, 8, x, y, 300);
  glow.addColorStop(0, hour.light + "cc");
  glow.addColorStop(0.25, hour.light + "44");
  glow.addColorStop(1, hour.light + "00");
  ink.fillStyle = glow;
  ink.fillRect(0, 0, W, SHORE);
  ink.fillStyle = hour.light;
  ink.beginPath();
  ink.arc(x, y, hour.stars ? 30 : 38, 0, 7);
  ink.fill();
  if (!hour.stars) return;
  ink.fillStyle = "rgba(190,185,160,.5)";
  for (const [dx, dy, r] of [
    [-9, -6, 7],
    [8, 4, 5],
    [-2, 12, 4],
    [12, -11, 3],
  ] as const) {
    ink.beginPath();
    ink.arc(x + dx, y + dy, r, 0, 7);
    ink.fill();
  }
}

function clouds(ink: CanvasRenderingContext2D, hour: Hour, unit: () => number): void {
  for (let cloud = 0; cloud < 6; ++cloud) {
    const x = unit() * W;
    const y = H * (0.05 + unit() * 0.3);
    const size = 24 + unit() * 34;
    for (let puff = 0; puff < 14; ++puff) {
      const at = (puff - 6.5) / 6.5;
      const r = size * (0.5 + unit() * 0.5) * (1.1 - Math.abs(at));
      ink.save();
      ink.translate(x + at * size * 2.4, y - unit() * size * 0.3 * (1 - Math.abs(at)));
      ink.scale(1.5, 0.5);
      const fill = ink.createRadialGradient(0, 0, 0, 0, 0, r);
      fill.addColorStop(0, hour.light + (hour.stars ? "18" : "58"));
      fill.addColorStop(1, hour.light + "00");
      ink.fillStyle = fill;
      ink.fillRect(-r, -r, 2 * r, 2 * r);
      ink.restore();
    }
  }
}

type Point = [number, number];

/** Peaks that stand before one another, roughened by halving. */
function ridge(layer: number, unit: () => number): { points: Point[]; peaks: Point[] } {
  const high = [250, 168, 74, 30][layer]!;
  const count = [4, 5, 5, 4][layer]!;
  const summits = Array.from({ length: count }, (_, at) => ({
    x: ((at + 0.2 + unit() * 0.6) / count) * W,
    y: high * (0.62 + unit() * 0.38),
    slope: (layer < 2 ? 0.85 : 0.3) + unit() * 0.35,
  }));
  let rough = [0, 0];
  for (let move = [34, 26, 16, 12][layer]!; rough.length < 257; move *= 0.56) {
    rough = rough.flatMap((y, at) => {
      const other = rough[at + 1];
      return other === undefined ? [y] : [y, (y + other) / 2 + (unit() - 0.5) * move];
    });
  }
  const height = (x: number) =>
    Math.max(high * 0.22, ...summits.map((peak) => peak.y - Math.abs(x - peak.x) * peak.slope));
  const points = rough.map((move, at): Point => {
    const x = (at / 256) * W;
    return [x, Math.min(SHORE - 8, SHORE - height(x) - move)];
  });
  const peaks = summits.map(({ x }) => points[Math.round((x / W) * 256)]!);
  return { points, peaks };
}

function mountains(
  ink: CanvasRenderingContext2D,
  hour: Hour,
  layer: number,
  unit: () => number,
): void {
  const { points, peaks } = ridge(layer, unit);
  const outline = new Path2D();
  outline.moveTo(0, SHORE + 2);
  for (const [x, y] of points) outline.lineTo(x, y);
  outline.lineTo(W, SHORE + 2);
  outline.closePath();
  const color = mix(hour.far, hour.near, layer / 3.4);
  const top = Math.min(...points.map(([, y]) => y));
  ink.fillStyle = gradient(ink, top, SHORE, [
    color,
    mix(hour.far, hour.sky[hour.sky.length - 1]!, 0.35 - layer * 0.12),
  ]);
  ink.fill(outline);
  if (layer > 1) {
    ink.fillStyle = mix(hour.far, hour.near, layer / 3);
    ink.fill(outline);
    return trees(ink, mix(hour.far, hour.near, layer / 3 + 0.1), points, layer, unit);
  }
  ink.save();
  ink.clip(outline);
  snow(ink, hour, points, layer);
  for (const peak of peaks) shade(ink, hour, peak, unit);
  ink.restore();
}

/** Down to a line in zigzag, lower on high mountains. */
function snow(ink: CanvasRenderingContext2D, hour: Hour, points: Point[], layer: number): void {
  const line = SHORE - [128, 104][layer]!;
  ink.fillStyle = hour.snow + (layer ? "d0" : "f0");
  ink.beginPath();
  ink.moveTo(0, 0);
  points.forEach(([x, y], at) => {
    const jag = Math.abs(((at * 0.37) % 2) - 1) * 22 + Math.abs(((at * 0.13) % 2) - 1) * 16;
    ink.lineTo(x, Math.max(y - 4, Math.min(line, y + (line - y) * 0.55 + 26) - jag));
  });
  ink.lineTo(W, 0);
  ink.fill();
}

/** The side away from the light: from the summit down along a crooked arête. */
function shade(
  ink: CanvasRenderingContext2D,
  hour: Hour,
  [x, y]: Point,
  unit: () => number,
): void {
  ink.fillStyle = hour.near + "4a";
  ink.beginPath();
  ink.moveTo(x, y - 6);
  let at = x;
  for (let down = y + 12; down < SHORE; down += 16) {
    at += (unit() - 0.44) * 22;
    ink.lineTo(at, down);
  }
  ink.lineTo(at, SHORE);
  ink.lineTo(x + (SHORE - y) * 1.1, SHORE);
  ink.fill();
}

function trees(
  ink: CanvasRenderingContext2D,
  color: string,
  points: Point[],
  layer: number,
  unit: () => number,
): void {
  ink.fillStyle = color;
  for (const [x, y] of points) {
    const tall = (layer === 3 ? 26 : 13) * (0.55 + unit() * 0.7);
    for (let tier = 0; tier < 3; ++tier) {
      const at = y - tall + (tall * tier) / 3.4;
      const wide = tall * (0.12 + tier * 0.07);
      ink.beginPath();
      ink.moveTo(x, at);
      ink.lineTo(x + wide, at + tall * 0.5);
      ink.lineTo(x - wide, at + tall * 0.5);
      ink.fill();
    }
  }
}

function balloons(ink: CanvasRenderingContext2D, unit: () => number): void {
  const hues = [4, 42, 200, 330, 150];
  for (let balloon = 0; balloon < 4; ++balloon) {
    const x = W * (0.08 + (balloon + unit() * 0.8) * 0.235);
    const y = H * (0.12 + unit() * 0.26);
    const r = 15 + unit() * 15;
    const hue = hues[Math.floor(unit() * hues.length)]!;
    for (let stripe = 0; stripe < 6; ++stripe) {
      ink.fillStyle = `hsl(${hue + (stripe % 2) * 28} 78% ${stripe % 2 ? 66 : 54}%)`;
      const wide = r * Math.cos((stripe / 6) * (Math.PI / 2));
      ink.beginPath();
      ink.moveTo(x - wide, y);
      ink.bezierCurveTo(x - wide, y - r * 1.34, x + wide, y - r * 1.34, x + wide, y);
      ink.bezierCurveTo(x + wide * 0.8, y + r * 0.8, x + 3, y + r * 1.2, x + 2.5, y + r * 1.3);
      ink.lineTo(x - 2.5, y + r * 1.3);
      ink.bezierCurveTo(x - 3, y + r * 1.2, x - wide * 0.8, y + r * 0.8, x - wide, y);
      ink.fill();
    }
    ink.fillStyle = "rgba(255,255,255,.22)";
    ink.beginPath();
    ink.ellipse(x - r * 0.35, y - r * 0.35, r * 0.2, r * 0.42, 0.5, 0, 7);
    ink.fill();
    ink.fillStyle = "#5b3a21";
    ink.fillRect(x - r * 0.17, y + r * 1.5, r * 0.34, r * 0.26);
    ink.strokeStyle = "rgba(60,40,25,.8)";
    ink.lineWidth = 0.8;
    ink.strokeRect(x - r * 0.15, y + r * 1.3, r * 0.3, r * 0.22);
  }
}

function birds(ink: CanvasRenderingContext2D, hour: Hour, unit: () => number): void {
  ink.strokeStyle = hour.near;
  ink.lineWidth = 1.6;
  const x = W * (0.2 + unit() * 0.5);
  const y = H * (0.1 + unit() * 0.15);
  for (let bird = 0; bird < 7; ++bird) {
    const bx = x + (bird % 2 ? 1 : -1) * Math.ceil(bird / 2) * 17;
    const by = y + Math.ceil(bird / 2) * 8;
    ink.beginPath();
    ink.moveTo(bx - 6, by - 3);
    ink.quadraticCurveTo(bx - 2, by - 4, bx, by);
    ink.quadraticCurveTo(bx + 2, by - 4, bx + 6, by - 3);
    ink.stroke();
  }
}

function water(
  ink: CanvasRenderingContext2D,
  canvas: HTMLCanvasElement,
  hour: Hour,
  [sunX]: [number, number],
  scale: number,
  unit: () => number,
): void {
  ink.fillStyle = gradient(ink, SHORE, H, hour.water);
  ink.fillRect(0, SHORE, W, H - SHORE);
  ink.save();
  ink.globalAlpha = 0.5;
  for (let y = 0; y < H - SHORE; y += 2) {
    const sway = Math.sin(y / 4) * (1 + y / 22) + (unit() - 0.5) * 2;
    const from = Math.max(0, SHORE - y * 1.7 - 2);
    ink.drawImage(canvas, 0, from * scale, W * scale, 2 * scale, sway, SHORE + y, W, 2.4);
  }
  ink.restore();
  for (let glint = 0; glint < 190; ++glint) {
    const depth = unit();
    const spread = 24 + depth * 130;
    const near = glint < 110;
    const x = near ? sunX + (unit() - 0.5) * spread : unit() * W;
    ink.fillStyle = hour.light + (near ? "90" : "2e");
    ink.fillRect(x, SHORE + 4 + depth * (H - SHORE), 5 + depth * 26, 0.8 + depth * 1.5);
  }
}

function shore(ink: CanvasRenderingContext2D, hour: Hour, unit: () => number): void {
  const x = W * (0.16 + unit() * 0.5);
  const y = SHORE - 6;
  ink.fillStyle = mix(hour.near, "#6b3f2a", 0.45); // the cabin
  ink.fillRect(x, y - 20, 44, 22);
  ink.fillStyle = mix(hour.near, "#9c3b2e", 0.6);
  ink.beginPath();
  ink.moveTo(x - 6, y - 19);
  ink.lineTo(x + 22, y - 39);
  ink.lineTo(x + 50, y - 19);
  ink.fill();
  ink.fillRect(x + 32, y - 40, 6, 14);
  ink.fillStyle = "#ffdf7e";
  for (const at of [7, 29]) ink.fillRect(x + at, y - 14, 8, 9);
  ink.fillStyle = "rgba(255,223,126,.35)";
  ink.fillRect(x + 6, SHORE + 8, 9, 22);
  ink.fillRect(x + 28, SHORE + 8, 9, 22);
  boat(ink, W * (0.3 + unit() * 0.5), H * 0.83);
  ink.fillStyle = mix(hour.near, "#000000", 0.35); // reeds in front
  for (let reed = 0; reed < 120; ++reed) {
    const side = unit() < 0.5 ? unit() * W * 0.24 : W - unit() * W * 0.24;
    const tall = 22 + unit() * 58 * (1 - Math.min(side, W - side) / (W * 0.3));
    ink.beginPath();
    ink.moveTo(side - 1.6, H + 2);
    ink.quadraticCurveTo(side, H - tall * 0.6, side + (unit() - 0.5) * 22, H - tall);
    ink.quadraticCurveTo(side + 3, H - tall * 0.5, side + 2, H + 2);
    ink.fill();
  }
}

function boat(ink: CanvasRenderingContext2D, x: number, y: number): void {
  ink.fillStyle = "#c8453b";
  ink.beginPath();
  ink.moveTo(x - 36, y);
  ink.quadraticCurveTo(x, y + 26, x + 40, y - 3);
  ink.lineTo(x - 36, y);
  ink.fill();
  ink.fillStyle = "#fff5e6";
  ink.beginPath();
  ink.moveTo(x, y - 4);
  ink.lineTo(x + 2, y - 70);
  ink.quadraticCurveTo(x + 38, y - 36, x + 32, y - 6);
  ink.fill();
  ink.fillStyle = "#f0b64c";
  ink.beginPath();
  ink.moveTo(x - 4, y - 4);
  ink.lineTo(x - 2, y - 60);
  ink.quadraticCurveTo(x - 24, y - 30, x - 28, y - 5);
  ink.fill();
  ink.fillStyle = "rgba(255,245,230,.25)";
  ink.fillRect(x - 26, y + 14, 60, 2);
  ink.fillRect(x - 16, y + 22, 40, 1.6);
}
