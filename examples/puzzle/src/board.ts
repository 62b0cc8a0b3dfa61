// The game: a pure function of the room's messages. Everybody sees the same messages in the same
// order, so everybody computes the same board: who grabbed a piece first, what snapped to what. It
// reads no clock but the messages' `ts`, and counts in whole numbers.
import { random } from "./random.js";

export const TABLE = { width: 1560, height: 1000 };
export const FRAME = { x: 360, y: 220, width: 840, height: 560 };
export const SIZES = [
  [6, 4],
  [9, 6],
  [12, 8],
] as const;
const SNAP = 16; // so near to its place, or to its neighbour's
const HOLD_MS = 8_000; // who holds a piece and says nothing for so long has lost it

/** Pieces that stick together. `x`, `y`: how far they lie from their place in the picture. */
export interface Group {
  readonly pieces: readonly number[];
  readonly x: number;
  readonly y: number;
  readonly z: number; // grabbed later lies higher
  readonly placed: boolean;
  readonly holder: number; // a client_id; 0: nobody
  readonly heldAt: number; // the ts of the holder's last message about it
}

export interface Player {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly seenAt: number;
  readonly joins: number; // pieces that this player has fitted
}

export interface Board {
  readonly game: number; // 0: none was started yet
  readonly seed: number;
  readonly cols: number;
  readonly rows: number;
  readonly groupOf: readonly number[]; // by piece: the key of its group
  readonly groups: ReadonlyMap<number, Group>;
  readonly players: ReadonlyMap<number, Player>;
  readonly top: number;
  readonly startedAt: number;
  readonly endedAt: number; // 0: not yet
}

export interface Message {
  readonly msg_id: number;
  readonly client_id: number;
  readonly ts: number;
  readonly type: string;
  readonly [field: string]: unknown;
}

export const EMPTY: Board = {
  game: 0,
  seed: 0,
  cols: 0,
  rows: 0,
  groupOf: [],
  groups: new Map(),
  players: new Map(),
  top: 0,
  startedAt: 0,
  endedAt: 0,
};

export function reduce(board: Board, message: Message): Board {
  switch (message.type) {
    case "start":
      return start(board, message);
    case "hello":
    case "cursor":
    case "bye":
      return meet(board, message);
    case "grab":
      return meet(grab(board, message), message);
    case "move":
      return meet(move(board, message), message);
    case "drop":
      return meet(drop(board, message), message);
  }
  return board;
}

/** How many of the pieces' joints are made, from 0 to 1. */
export function progress(board: Board): number {
  const pieces = board.groupOf.length;
  return pieces === 0 ? 0 : board.endedAt ? 1 : (pieces - board.groups.size) / pieces;
}

export function pieceSize(board: Board): { width: number; height: number } {
  return { width: FRAME.width / board.cols, height: FRAME.height / board.rows };
}

/** What must be alike at every screen. */
export function fingerprint(board: Board): string {
  const groups = [...board.groups.values()].map((g) => [g.pieces, g.x, g.y, g.placed, g.holder]);
  return JSON.stringify([board.game, board.seed, groups, board.endedAt]);
}

function whole(value: unknown, min: number, max: number): number | null {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max
    ? (value as number)
    : null;
}

// Two may press "new puzzle" at once: the first in the room's order has the next number.
function start(board: Board, { game, seed, size, ts }: Message): Board {
  const chosen = SIZES[whole(size, 0, SIZES.length - 1) ?? -1];
  const number = whole(seed, 0, 2 ** 32 - 1);
  if (game !== board.game + 1 || !chosen || number === null) return board;
  const [cols, rows] = chosen;
  const groups = new Map<number, Group>();
  const places = scatter(number, cols, rows);
  places.forEach(({ x, y }, piece) =>
    groups.set(piece, {
      pieces: [piece],
      x,
      y,
      z: piece,
      placed: false,
      holder: 0,
      heldAt: 0,
    }),
  );
  return {
    game: board.game + 1,
    seed: number,
    cols,
    rows,
    groupOf: places.map((_, piece) => piece),
    groups,
    players: new Map([...board.players].map(([id, player]) => [id, { ...player, joins: 0 }])),
    top: places.length,
    startedAt: ts,
    endedAt: 0,
  };
}

// All around the frame, each in a place of its own as far as there is room.
function scatter(seed: number, cols: number, rows: number): { x: number; y: number }[] {
  const next = random(seed);
  const width = FRAME.width / cols;
  const height = FRAME.height / rows;
  const across = spread(TABLE.width, width);
  const down = spread(TABLE.height, height);
  const isOver = (at: number, size: number, from: number, length: number) =>
    at + size > from + 20 && at < from + length - 20;
  const slots = down.flatMap((y) =>
    across
      .filter(
        (x) =>
          !isOver(x, width, FRAME.x, FRAME.width) || !isOver(y, height, FRAME.y, FRAME.height),
      )
      .map((x) => ({ x, y })),
  );
  for (let at = slots.length - 1; at > 0; --at) {
    const other = next(at + 1);
    [slots[at], slots[other]] = [slots[other]!, slots[at]!];
  }
  return Array.from({ length: cols * rows }, (_, piece) => {
    const slot = slots[piece % slots.length]!;
    const homeX = Math.round(FRAME.x + (piece % cols) * width);
    const homeY = Math.round(FRAME.y + Math.floor(piece / cols) * height);
    return { x: slot.x + next(13) - 6 - homeX, y: slot.y + next(13) - 6 - homeY };
  });
}

/** Evenly from one edge to the other, so many as fit with room for their knobs. */
function spread(length: number, size: number): number[] {
  const margin = 40;
  const free = length - 2 * margin - size;
  const steps = Math.floor(free / (size * 1.19));
  return Array.from({ length: steps + 1 }, (_, at) => Math.round(margin + (free * at) / steps));
}

function meet(board: Board, { client_id, ts, type, name, x, y }: Message): Board {
  const players = new Map(board.players);
  const known = players.get(client_id);
  const player = known ?? { name: `Player ${client_id}`, x: 0, y: 0, seenAt: 0, joins: 0 };
  const at = (value: unknown) => (type === "cursor" ? whole(value, 0, 9999) : null);
  players.set(client_id, {
    ...player,
    name: type === "hello" && typeof name === "string" && name ? name.slice(0, 24) : player.name,
    x: at(x) ?? player.x,
    y: at(y) ?? player.y,
    seenAt: type === "bye" ? 0 : ts,
  });
  if (type !== "bye") return { ...board, players };
  const groups = new Map(board.groups);
  for (const [key, group] of groups) {
    if (group.holder === client_id) groups.set(key, { ...group, holder: 0 });
  }
  return { ...board, players, groups };
}

function find(board: Board, piece: unknown): [number, Group] | null {
  const key = board.groupOf[whole(piece, 0, board.groupOf.length - 1) ?? -1];
  return key === undefined ? null : [key, board.groups.get(key)!];
}

// The first in the room's order has it, at every screen alike.
function grab(board: Board, { client_id, ts, piece }: Message): Board {
  const found = find(board, piece);
  if (!found || found[1].placed) return board;
  const [key, group] = found;
  const isFree = !group.holder || group.holder === client_id || ts - group.heldAt > HOLD_MS;
  if (!isFree) return board;
  const groups = new Map(board.groups);
  for (const [other, held] of groups) {
    if (held.holder === client_id) groups.set(other, { ...held, holder: 0 });
  }
  groups.set(key, { ...group, holder: client_id, heldAt: ts, z: board.top });
  return { ...board, groups, top: board.top + 1 };
}

function moved(board: Board, { client_id, ts, piece, x, y }: Message): [number, Group] | null {
  const found = find(board, piece);
  const toX = whole(x, -9999, 9999);
  const toY = whole(y, -9999, 9999);
  if (!found || found[1].holder !== client_id || toX === null || toY === null) return null;
  return [found[0], { ...found[1], x: toX, y: toY, heldAt: ts }];
}

function move(board: Board, message: Message): Board {
  const found = moved(board, message);
  return found ? { ...board, groups: new Map(board.groups).set(...found) } : board;
}

function drop(board: Board, message: Message): Board {
  const found = moved(board, message);
  if (!found) return board;
  const groups = new Map(board.groups);
  const groupOf = [...board.groupOf];
  let [key, group] = found;
  group = { ...group, holder: 0 };
  let joins = 0;
  if (isNear(group, { x: 0, y: 0 })) {
    group = { ...group, x: 0, y: 0, placed: true };
    ++joins;
  }
  for (let at = 0; at < group.pieces.length; ++at) {
    for (const piece of neighbours(board, group.pieces[at]!)) {
      const otherKey = groupOf[piece]!;
      const other = groups.get(otherKey)!;
      if (otherKey === key || other.holder || !isNear(group, other)) continue;
      groups.delete(key);
      groups.delete(otherKey);
      const { x, y, placed } = group.placed ? group : other;
      const pieces = [...group.pieces, ...other.pieces];
      group = { ...group, pieces, x, y, placed };
      key = Math.min(key, otherKey);
      for (const member of pieces) groupOf[member] = key;
      ++joins;
    }
  }
  const isWhole = group.pieces.length === groupOf.length;
  if (isWhole) group = { ...group, x: 0, y: 0, placed: true };
  groups.set(key, group);
  const players = new Map(board.players);
  const player = players.get(message.client_id);
  if (player) players.set(message.client_id, { ...player, joins: player.joins + joins });
  return { ...board, groups, groupOf, players, endedAt: isWhole ? message.ts : board.endedAt };
}

function isNear(a: { x: number; y: number }, b: { x: number; y: number }): boolean {
  return Math.abs(a.x - b.x) <= SNAP && Math.abs(a.y - b.y) <= SNAP;
}

function neighbours({ cols, rows }: Board, piece: number): number[] {
  const col = piece % cols;
  const row = Math.floor(piece / cols);
  const all: number[] = [];
  if (col > 0) all.push(piece - 1);
  if (col < cols - 1) all.push(piece + 1);
  if (row > 0) all.push(piece - cols);
  if (row < rows - 1) all.push(piece + cols);
  return all;
}
