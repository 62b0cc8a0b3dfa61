// The outlines of the pieces. Each edge between two pieces is made once, from the seed, and walked
// by one of them in the other direction.
import { random } from "./random.js";

type Point = readonly [number, number];

/** A cubic curve: two control points and the end. */
type Curve = readonly [Point, Point, Point];

const FLAT: readonly Curve[] = [
  [
    [1 / 3, 0],
    [2 / 3, 0],
    [1, 0],
  ],
];

/** An edge along x from 0 to 1 with a knob on the side of positive y. */
function knob(next: (below: number) => number): readonly Curve[] {
  const jitter = (by: number) => ((next(1001) - 500) / 500) * by;
  const middle = 0.5 + jitter(0.06);
  const high = 0.235 + jitter(0.02);
  const neck = 0.075 + jitter(0.01);
  const bend = -0.035 + jitter(0.025);
  const foot = 0.035;
  const left: Point = [middle - neck, foot];
  const right: Point = [middle + neck, foot];
  return [
    [[0.22, bend], [middle - neck + 0.062, foot - 0.08], left],
    [[middle - neck - 0.07, foot + 0.09], [middle - 0.135, high], [middle, high]],
    [[middle + 0.135, high], [middle + neck + 0.07, foot + 0.09], right],
    [[middle + neck - 0.062, foot - 0.08], [0.78, bend], [1, 0]],
  ];
}

function flip(edge: readonly Curve[]): Curve[] {
  return edge.map((curve) => curve.map(([x, y]): Point => [x, -y]) as unknown as Curve);
}

function backwards(edge: readonly Curve[]): Curve[] {
  const ends: Point[] = [[0, 0], ...edge.map((curve) => curve[2])];
  return edge.map((curve, at): Curve => [curve[1], curve[0], ends[at]!]).reverse();
}

/** The outline of each piece, in a box of `width` and `height` from 0, knobs beyond it. */
export function outlines(
  seed: number,
  cols: number,
  rows: number,
  width: number,
  height: number,
): Path2D[] {
  const next = random(seed ^ 0x5eed);
  const edge = () => (next(2) ? knob(next) : flip(knob(next)));
  const across = Array.from({ length: (rows + 1) * cols }, (_, at) =>
    at < cols || at >= rows * cols ? FLAT : edge(),
  );
  const down = Array.from({ length: rows * (cols + 1) }, (_, at) =>
    at % (cols + 1) === 0 || at % (cols + 1) === cols ? FLAT : edge(),
  );
  const knobSize = Math.min(width, height);
  return Array.from({ length: cols * rows }, (_, piece) => {
    const col = piece % cols;
    const row = Math.floor(piece / cols);
    const path = new Path2D();
    const walk = (curves: readonly Curve[], place: (point: Point) => Point) => {
      for (const [a, b, c] of curves) path.bezierCurveTo(...place(a), ...place(b), ...place(c));
    };
    path.moveTo(0, 0);
    walk(across[row * cols + col]!, ([t, s]) => [t * width, s * knobSize]);
    walk(down[row * (cols + 1) + col + 1]!, ([t, s]) => [width + s * knobSize, t * height]);
    walk(backwards(across[(row + 1) * cols + col]!), ([t, s]) => [
      t * width,
      height + s * knobSize,
    ]);
    walk(backwards(down[row * (cols + 1) + col]!), ([t, s]) => [s * knobSize, t * height]);
    path.closePath();
    return path;
  });
}
