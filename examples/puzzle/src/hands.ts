// The player's hands: mouse, touch, pen and keyboard, turned into grab, move and drop.
import { type Board, FRAME, TABLE } from "./board.js";
import type { View } from "./view.js";

const MOVE_EVERY_MS = 45;
const CURSOR_EVERY_MS = 90;
const STILL_EVERY_MS = 2_000; // who holds a piece still says so before the room takes it away
const KEY_STEP = 14;

export interface Sender {
  (message: { type: string; [field: string]: unknown }): void;
}

/** Calls `act` at most once every so often, and the last time for certain. */
function throttle(everyMs: number, act: () => void): { ask(): void; cancel(): void } {
  let timer = 0;
  let last = 0;
  return {
    ask() {
      if (timer) return;
      const wait = Math.max(0, last + everyMs - performance.now());
      timer = window.setTimeout(() => {
        timer = 0;
        last = performance.now();
        act();
      }, wait);
    },
    cancel() {
      clearTimeout(timer);
      timer = 0;
    },
  };
}

export class Hands {
  private grip = { x: 0, y: 0 }; // where on the table the piece's place was gripped
  private pointer = { x: 0, y: 0 };
  private readonly moves = throttle(MOVE_EVERY_MS, () => this.tellDrag("move"));
  private readonly cursors = throttle(CURSOR_EVERY_MS, () => {
    const { x, y } = this.pointer;
    if (x >= 0 && y >= 0) this.send({ type: "cursor", x: Math.round(x), y: Math.round(y) });
  });

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly view: View,
    private readonly board: () => Board,
    private readonly send: Sender,
    private readonly say: (text: string) => void,
  ) {
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"] as const) {
      canvas.addEventListener(end, () => this.drop());
    }
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => {
      view.focused = -1;
      view.wake();
    });
    setInterval(() => view.drag && this.tellDrag("move"), STILL_EVERY_MS);
  }

  /** The room gave the piece to somebody else. */
  lose(): void {
    this.moves.cancel();
    this.view.drag = null;
    this.view.wake();
  }

  private down(event: PointerEvent): void {
    if (!event.isPrimary || event.button !== 0) return;
    const at = this.view.toTable(event);
    const piece = this.view.pieceAt(at.x, at.y);
    if (piece < 0) return;
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // The finger is up already.
    }
    if (this.grab(piece)) this.grip = { x: at.x - this.view.drag!.x, y: at.y - this.view.drag!.y };
  }

  private grab(piece: number): boolean {
    const board = this.board();
    const group = board.groups.get(board.groupOf[piece]!)!;
    if (group.holder && group.holder !== this.view.me) {
      const name = board.players.get(group.holder)?.name ?? "Somebody";
      // Asked for nevertheless: the room knows whether the holder is still there.
      this.send({ type: "grab", piece });
      this.say(`${name} has that one`);
      return false;
    }
    const { x, y } = this.view.dropped.get(piece) ?? group;
    this.view.dropped.delete(piece);
    this.view.drag = { piece, x, y };
    this.send({ type: "grab", piece });
    this.view.wake();
    return true;
  }

  private move(event: PointerEvent): void {
    this.pointer = this.view.toTable(event);
    const { drag } = this.view;
    if (!drag) {
      const over = this.view.pieceAt(this.pointer.x, this.pointer.y);
      this.canvas.style.cursor = over >= 0 ? "grab" : "default";
      this.cursors.ask();
      return;
    }
    this.canvas.style.cursor = "grabbing";
    const x = Math.min(TABLE.width, Math.max(0, this.pointer.x));
    const y = Math.min(TABLE.height, Math.max(0, this.pointer.y));
    drag.x = x - this.grip.x;
    drag.y = y - this.grip.y;
    this.moves.ask();
    this.view.wake();
  }

  private tellDrag(type: "move" | "drop"): void {
    const { drag } = this.view;
    if (!drag) return;
    this.send({ type, piece: drag.piece, x: Math.round(drag.x), y: Math.round(drag.y) });
  }

  private drop(): void {
    if (!this.view.drag) return;
    this.moves.cancel();
    this.tellDrag("drop");
    // It stays where the hand has left it until the room has said the same.
    this.view.dropped.set(this.view.drag.piece, this.view.drag);
    this.view.drag = null;
    this.view.wake();
  }

  private key(event: KeyboardEvent): void {
    const board = this.board();
    const { view } = this;
    const steps: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const step = steps[event.key];
    if (event.key === " " || event.key === "Enter") {
      if (view.drag) this.drop();
      else if (view.focused >= 0) this.grab(view.focused);
    } else if (event.key === "Escape" && view.drag) {
      this.drop();
    } else if (step && view.drag) {
      const by = event.shiftKey ? 3 : KEY_STEP;
      view.drag.x += step[0] * by;
      view.drag.y += step[1] * by;
      this.moves.ask();
    } else if (step && board.game) {
      view.focused = this.next(board, step);
      if (view.focused >= 0) this.describe(board, view.focused);
    } else {
      return;
    }
    event.preventDefault();
    view.wake();
  }

  /** The nearest loose piece in that direction. */
  private next(board: Board, [dx, dy]: [number, number]): number {
    const place = (piece: number) => {
      const group = board.groups.get(board.groupOf[piece]!)!;
      const home = this.view.home(board, piece);
      return { x: home.x + group.x, y: home.y + group.y };
    };
    const loose = [...board.groups.values()]
      .filter((group) => !group.placed)
      .map((group) => group.pieces[0]!);
    if (this.view.focused < 0 || !loose.length) return loose[0] ?? -1;
    const from = place(this.view.focused);
    const far = (piece: number) => {
      const to = place(piece);
      const along = (to.x - from.x) * dx + (to.y - from.y) * dy;
      const aside = Math.abs((to.x - from.x) * dy) + Math.abs((to.y - from.y) * dx);
      return along > 4 ? along + aside * 2 : Infinity;
    };
    const best = loose.reduce((a, b) => (far(b) < far(a) ? b : a));
    return far(best) === Infinity ? this.view.focused : best;
  }

  private describe(board: Board, piece: number): void {
    const group = board.groups.get(board.groupOf[piece]!)!;
    const home = this.view.home(board, piece);
    const aside = group.x < -20 ? "right" : group.x > 20 ? "left" : "";
    const along = group.y < -20 ? "down" : group.y > 20 ? "up" : "";
    const where = [along, aside].filter(Boolean).join(" and ") || "here";
    const row = Math.round((home.y - FRAME.y) / (FRAME.height / board.rows)) + 1;
    this.say(`Row ${row}, column ${(piece % board.cols) + 1}: its place is ${where}`);
  }
}
