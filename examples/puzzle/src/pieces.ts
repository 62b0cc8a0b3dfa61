// The pieces as small pictures, cut from the painting once for each size of the window.
import { type Board, FRAME, pieceSize } from "./board.js";
import { paint } from "./picture.js";
import { outlines } from "./shape.js";

export interface Pieces {
  readonly images: readonly HTMLCanvasElement[];
  readonly paths: readonly Path2D[];
  readonly picture: HTMLCanvasElement;
  /** How far a piece's knobs may stand out of its box. */
  readonly margin: number;
}

export function cut(board: Board, scale: number): Pieces {
  const { width, height } = pieceSize(board);
  const margin = Math.ceil(Math.min(width, height) * 0.3);
  const picture = paint(board.seed, Math.max(1, scale));
  const paths = outlines(board.seed, board.cols, board.rows, width, height);
  const images = paths.map((path, piece) => {
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil((width + 2 * margin) * scale);
    canvas.height = Math.ceil((height + 2 * margin) * scale);
    const ink = canvas.getContext("2d")!;
    ink.scale(scale, scale);
    ink.translate(margin, margin);
    ink.save();
    ink.clip(path);
    const x = (piece % board.cols) * width;
    const y = Math.floor(piece / board.cols) * height;
    ink.drawImage(picture, -x, -y, FRAME.width, FRAME.height);
    bevel(ink, path);
    ink.restore();
    ink.strokeStyle = "rgba(0,0,0,.35)";
    ink.lineWidth = 0.7;
    ink.stroke(path);
    return canvas;
  });
  return { images, paths, picture, margin };
}

/** Light from the top left, as on cardboard. */
function bevel(ink: CanvasRenderingContext2D, path: Path2D): void {
  ink.lineJoin = "round";
  for (const [dx, dy, color, width] of [
    [1.1, 1.3, "rgba(255,255,255,.5)", 2.2],
    [-1.1, -1.3, "rgba(0,0,0,.34)", 2.4],
  ] as const) {
    ink.save();
    ink.translate(dx, dy);
    ink.strokeStyle = color;
    ink.lineWidth = width;
    ink.stroke(path);
    ink.restore();
  }
}
