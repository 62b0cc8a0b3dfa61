// Draws the table: what the board says, moving softly to where it says it.
import { type Board, FRAME, type Group, pieceSize, TABLE } from "./board.js";
import { cut, type Pieces } from "./pieces.js";

/** What this player drags, before the room has said so. In table units. */
export interface Drag {
  readonly piece: number;
  x: number;
  y: number;
}

interface Flash {
  readonly pieces: readonly number[];
  readonly until: number;
}

interface Confetto {
  x: number;
  y: number;
  vx: number;
  vy: number;
  turn: number;
  color: string;
}

interface Pointer {
  x: number;
  y: number;
  toX: number;
  toY: number;
  name: string;
  seenAt: number;
}

const FLASH_MS = 520;
const POINTER_MS = 12_000;

export function colorOf(clientId: number): string {
  return `hsl(${Math.round((clientId * 137.5 + 200) % 360)} 72% 48%)`;
}

export class View {
  /** Set by the game. */
  drag: Drag | null = null;
  readonly dropped = new Map<number, Drag>(); // by piece; the room has not said so yet
  focused = -1; // the piece that the keyboard is at
  peek = false;
  me = 0;

  private readonly ink: CanvasRenderingContext2D;
  private board: Board | null = null;
  private pieces: Pieces | null = null;
  private readonly shown = new Map<number, { x: number; y: number }>(); // by piece
  private readonly pointers = new Map<number, Pointer>();
  private flashes: Flash[] = [];
  private confetti: Confetto[] = [];
  private scale = 1;
  private left = 0;
  private top = 0;
  private frame = 0;
  private drawnAt = 0;
  private readonly calm = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.ink = canvas.getContext("2d")!;
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  /** `live`: it happened just now, and may be shown as it happens. */
  show(board: Board, live: boolean): void {
    const before = this.board;
    this.board = board;
    if (!before || before.game !== board.game) {
      this.shown.clear();
      this.flashes = [];
      this.confetti = [];
      this.cutPieces();
    } else if (live) {
      this.celebrate(before, board);
    }
    if (!live) this.shown.clear();
    this.wake();
  }

  point(clientId: number, x: number, y: number, name: string): void {
    const known = this.pointers.get(clientId);
    const seenAt = performance.now();
    if (known) Object.assign(known, { toX: x, toY: y, name, seenAt });
    else this.pointers.set(clientId, { x, y, toX: x, toY: y, name, seenAt });
    this.wake();
  }

  unpoint(clientId: number): void {
    this.pointers.delete(clientId);
    this.wake();
  }

  wake(): void {
    this.frame ||= requestAnimationFrame((now) => this.draw(now));
  }

  toTable(event: { clientX: number; clientY: number }): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: (event.clientX - box.left - this.left) / this.scale,
      y: (event.clientY - box.top - this.top) / this.scale,
    };
  }

  toPage(x: number, y: number): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: box.left + this.left + x * this.scale,
      y: box.top + this.top + y * this.scale,
    };
  }

  /** The topmost loose piece there; -1: none. */
  pieceAt(x: number, y: number): number {
    const { board, pieces } = this;
    if (!board || !pieces) return -1;
    for (const group of this.sorted(board).reverse()) {
      if (group.placed) continue;
      for (const piece of group.pieces) {
        const home = this.home(board, piece);
        const inPath = this.ink.isPointInPath.bind(this.ink);
        this.ink.resetTransform();
        const at = this.shown.get(piece) ?? group;
        if (inPath(pieces.paths[piece]!, x - home.x - at.x, y - home.y - at.y)) return piece;
      }
    }
    return -1;
  }

  home(board: Board, piece: number): { x: number; y: number } {
    const { width, height } = pieceSize(board);
    return {
      x: FRAME.x + (piece % board.cols) * width,
      y: FRAME.y + Math.floor(piece / board.cols) * height,
    };
  }

  // --- sizes ---

  private resize(): void {
    const dots = Math.min(devicePixelRatio || 1, 2);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.canvas.width = width * dots;
    this.canvas.height = height * dots;
    this.scale = Math.min(width / TABLE.width, height / TABLE.height);
    this.left = (width - TABLE.width * this.scale) / 2;
    this.top = (height - TABLE.height * this.scale) / 2;
    this.cutPieces();
    this.wake();
  }

  private cutPieces(): void {
    const dots = this.canvas.width / (this.canvas.clientWidth || 1);
    this.pieces = this.board?.game ? cut(this.board, this.scale * dots) : null;
  }

  // --- what happens ---

  private celebrate(before: Board, now: Board): void {
    for (const [key, group] of now.groups) {
      const old = before.groups.get(key);
      const grew = !old || group.pieces.length > old.pieces.length || group.placed !== old.placed;
      if (grew) this.flashes.push({ pieces: group.pieces, until: performance.now() + FLASH_MS });
    }
    if (!now.endedAt || before.endedAt || this.calm.matches) return;
    const colors = ["#ff5d5d", "#ffc14d", "#5dd39e", "#4da3ff", "#b37bff", "#ff7bc0"];
    for (let n = 0; n < 220; ++n) {
      this.confetti.push({
        x: FRAME.x + Math.random() * FRAME.width,
        y: FRAME.y - Math.random() * 260,
        vx: (Math.random() - 0.5) * 160,
        vy: 60 + Math.random() * 200,
        turn: Math.random() * 6,
        color: colors[n % colors.length]!,
      });
    }
  }

  // --- drawing ---

  private draw(now: number): void {
    this.frame = 0;
    const seconds = Math.min(0.05, (now - this.drawnAt) / 1000);
    this.drawnAt = now;
    const { ink, board, canvas } = this;
    const dots = canvas.width / (canvas.clientWidth || 1);
    ink.resetTransform();
    ink.clearRect(0, 0, canvas.width, canvas.height);
    ink.setTransform(this.scale * dots, 0, 0, this.scale * dots, this.left * dots, this.top * dots);
    let moving = false;
    this.drawFrame();
    if (board && this.pieces) {
      for (const group of this.sorted(board)) {
        moving = this.drawGroup(board, group, seconds) || moving;
      }
      moving = this.drawFlashes(board, now) || moving;
      if (this.peek) this.drawPeek(this.pieces.picture);
    }
    moving = this.drawPointers(now, seconds) || moving;
    moving = this.drawConfetti(seconds) || moving;
    if (moving) this.wake();
  }

  private sorted(board: Board): Group[] {
    const rank = (group: Group) => {
      if (group.placed) return -1;
      return group.pieces.includes(this.drag?.piece ?? -1) ? 1e9 : group.z;
    };
    return [...board.groups.values()].sort((a, b) => rank(a) - rank(b));
  }

  private drawFrame(): void {
    const { ink } = this;
    const style = getComputedStyle(this.canvas);
    const { x, y, width, height } = FRAME;
    ink.fillStyle = style.getPropertyValue("--tray");
    ink.strokeStyle = style.getPropertyValue("--tray-edge");
    ink.lineWidth = 2;
    ink.beginPath();
    ink.roundRect(x - 8, y - 8, width + 16, height + 16, 12);
    ink.fill();
    ink.stroke();
    if (!this.pieces) return;
    ink.globalAlpha = 0.07;
    ink.drawImage(this.pieces.picture, x, y, width, height);
    ink.globalAlpha = 1;
  }

  private drawPeek(picture: HTMLCanvasElement): void {
    this.ink.globalAlpha = 0.94;
    this.ink.drawImage(picture, FRAME.x, FRAME.y, FRAME.width, FRAME.height);
    this.ink.globalAlpha = 1;
  }

  private drawGroup(board: Board, group: Group, seconds: number): boolean {
    const { ink } = this;
    const pieces = this.pieces!;
    const mine = this.drag !== null && group.pieces.includes(this.drag.piece);
    const left = group.pieces.find((piece) => this.dropped.has(piece)) ?? -1;
    const to = mine ? this.drag! : (this.dropped.get(left) ?? group);
    const lifted = mine || (group.holder !== 0 && left < 0);
    const softly = mine || this.calm.matches ? 1 : 1 - Math.exp(-seconds * 18);
    const { width, height } = pieceSize(board);
    let moving = false;
    for (const piece of group.pieces) {
      const home = this.home(board, piece);
      const at = this.shown.get(piece) ?? { x: to.x, y: to.y };
      at.x += (to.x - at.x) * softly;
      at.y += (to.y - at.y) * softly;
      if (Math.abs(to.x - at.x) + Math.abs(to.y - at.y) > 0.3) moving = true;
      else Object.assign(at, { x: to.x, y: to.y });
      this.shown.set(piece, at);
      ink.save();
      if (!group.placed) {
        ink.shadowColor = lifted ? "rgba(0,0,0,.42)" : "rgba(0,0,0,.3)";
        ink.shadowBlur = (lifted ? 22 : 6) * this.scale * 2;
        ink.shadowOffsetY = (lifted ? 9 : 2.5) * this.scale * 2;
      }
      const lift = lifted ? 3 : 0;
      const { margin } = pieces;
      ink.drawImage(
        pieces.images[piece]!,
        home.x + at.x - margin,
        home.y + at.y - margin - lift,
        width + 2 * margin,
        height + 2 * margin,
      );
      ink.restore();
      const holder = mine ? this.me : lifted ? group.holder : 0;
      if (holder || piece === this.focused) {
        const color = holder ? colorOf(holder) : "#fff";
        this.outline(piece, home.x + at.x, home.y + at.y - lift, color, 3);
      }
    }
    return moving;
  }

  private outline(piece: number, x: number, y: number, color: string, width: number): void {
    const { ink } = this;
    ink.save();
    ink.translate(x, y);
    ink.strokeStyle = color;
    ink.lineWidth = width;
    ink.stroke(this.pieces!.paths[piece]!);
    ink.restore();
  }

  private drawFlashes(board: Board, now: number): boolean {
    this.flashes = this.flashes.filter(({ until }) => until > now);
    for (const { pieces, until } of this.flashes) {
      const part = (until - now) / FLASH_MS;
      this.ink.globalAlpha = part;
      for (const piece of pieces) {
        const home = this.home(board, piece);
        const at = this.shown.get(piece) ?? { x: 0, y: 0 };
        this.outline(piece, home.x + at.x, home.y + at.y, "#fff", 2 + (1 - part) * 6);
      }
      this.ink.globalAlpha = 1;
    }
    return this.flashes.length > 0;
  }

  private drawPointers(now: number, seconds: number): boolean {
    const { ink } = this;
    const size = 1 / this.scale;
    const softly = 1 - Math.exp(-seconds * 16);
    for (const [id, pointer] of this.pointers) {
      const age = now - pointer.seenAt;
      if (age > POINTER_MS) {
        this.pointers.delete(id);
        continue;
      }
      pointer.x += (pointer.toX - pointer.x) * softly;
      pointer.y += (pointer.toY - pointer.y) * softly;
      ink.save();
      ink.globalAlpha = Math.min(1, (POINTER_MS - age) / 1500);
      ink.translate(pointer.x, pointer.y);
      ink.scale(size, size);
      this.drawPointer(pointer.name, colorOf(id));
      ink.restore();
    }
    return this.pointers.size > 0;
  }

  private drawPointer(name: string, color: string): void {
    const { ink } = this;
    ink.shadowColor = "rgba(0,0,0,.3)";
    ink.shadowBlur = 4;
    ink.fillStyle = color;
    ink.strokeStyle = "#fff";
    ink.lineWidth = 1.6;
    ink.lineJoin = "round";
    ink.beginPath();
    for (const [x, y] of [
      [0, 0],
      [0, 17],
      [4.6, 13],
      [11.6, 12.4],
    ] as const) {
      ink.lineTo(x, y);
    }
    ink.closePath();
    ink.fill();
    ink.stroke();
    ink.font = "600 12px system-ui, sans-serif";
    const width = ink.measureText(name).width;
    ink.beginPath();
    ink.roundRect(12, 15, width + 14, 20, 10);
    ink.fill();
    ink.shadowColor = "transparent";
    ink.fillStyle = "#fff";
    ink.fillText(name, 19, 29);
  }

  private drawConfetti(seconds: number): boolean {
    const { ink } = this;
    this.confetti = this.confetti.filter(({ y }) => y < TABLE.height + 20);
    for (const bit of this.confetti) {
      bit.x += bit.vx * seconds;
      bit.y += bit.vy * seconds;
      bit.vy += 120 * seconds;
      bit.turn += seconds * 6;
      ink.save();
      ink.translate(bit.x, bit.y);
      ink.rotate(bit.turn);
      ink.scale(1, Math.cos(bit.turn * 1.7));
      ink.fillStyle = bit.color;
      ink.fillRect(-6, -4, 12, 8);
      ink.restore();
    }
    return this.confetti.length > 0;
  }
}
