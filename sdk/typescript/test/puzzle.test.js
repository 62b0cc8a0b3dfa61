// The puzzle's board is a pure function of the room's messages; and what is served is what is
// written.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { random } from "./support/gavel.js";

const puzzle = fileURLToPath(new URL("../../../examples/puzzle/", import.meta.url));
const { outputFiles } = await build({
  entryPoints: [`${puzzle}src/board.ts`],
  bundle: true,
  format: "esm",
  write: false,
});
const code = Buffer.from(outputFiles[0].contents).toString("base64");
const { EMPTY, FRAME, fingerprint, progress, reduce, TABLE } = await import(
  `data:text/javascript;base64,${code}`
);

/** Messages with ids and times, as a room has them. */
function play(messages, board = EMPTY) {
  return messages.reduce(
    (now, message, at) => reduce(now, { msg_id: at + 1, client_id: 1, ts: at, ...message }),
    board,
  );
}

const START = { type: "start", game: 1, seed: 42, size: 0 };
const grab = (client_id, piece, more = {}) => ({ type: "grab", client_id, piece, ...more });
const drop = (client_id, piece, x, y) => ({ type: "drop", client_id, piece, x, y });
const group = (board, piece) => board.groups.get(board.groupOf[piece]);

test("two grab one piece: the first in the room's order has it", () => {
  const board = play([START, grab(7, 3), grab(8, 3), drop(8, 3, 500, 500)]);
  assert.equal(group(board, 3).holder, 7);
  assert.notEqual(group(board, 3).x, 500);
});

test("a piece whose holder says nothing for long can be grabbed", () => {
  const held = play([START, grab(7, 3, { ts: 1000 })]);
  assert.equal(group(play([grab(8, 3, { ts: 9000 })], held), 3).holder, 7);
  assert.equal(group(play([grab(8, 3, { ts: 9001 })], held), 3).holder, 8);
});

test("two start at once: one puzzle", () => {
  const board = play([START, { ...START, seed: 43 }, { ...START, game: 2, seed: 44, size: 1 }]);
  assert.equal(board.game, 2);
  assert.equal(board.seed, 44);
  assert.equal(board.groupOf.length, 54);
});

test("a piece near its place snaps, and is nobody's any more", () => {
  const board = play([START, grab(7, 3), drop(7, 3, 9, -9), grab(8, 3)]);
  const { x, y, placed, holder } = group(board, 3);
  assert.deepEqual({ x, y, placed, holder }, { x: 0, y: 0, placed: true, holder: 0 });
  assert.equal(board.players.get(7).joins, 1);
});

test("neighbours snap to each other, and move as one", () => {
  const board = play([
    START,
    grab(7, 0),
    drop(7, 0, 300, 300),
    grab(7, 1),
    drop(7, 1, 310, 290),
    grab(8, 0),
    { type: "move", client_id: 8, piece: 1, x: 50, y: 60 },
  ]);
  assert.deepEqual([...group(board, 0).pieces].sort(), [0, 1]);
  assert.equal(group(board, 1).x, 50);
  assert.equal(group(board, 1).holder, 8);
});

test("who leaves lets go", () => {
  const board = play([START, grab(7, 3), { type: "bye", client_id: 7 }]);
  assert.equal(group(board, 3).holder, 0);
});

for (const [size, pieces] of [
  [0, 24],
  [1, 54],
  [2, 96],
]) {
  test(`${pieces} pieces lie apart on the table, and make a whole picture`, () => {
    let board = play([{ ...START, size }]);
    assert.equal(board.groups.size, pieces);
    const [width, height] = [FRAME.width / board.cols, FRAME.height / board.rows];
    const places = [...board.groups].map(([piece, { x, y }]) => [
      x + FRAME.x + (piece % board.cols) * width,
      y + FRAME.y + Math.floor(piece / board.cols) * height,
    ]);
    for (const [x, y] of places) {
      assert.ok(x > 0 && y > 0 && x + width < TABLE.width && y + height < TABLE.height);
      const over = places.filter(([a, b]) => Math.abs(a - x) < width && Math.abs(b - y) < height);
      assert.equal(over.length, 1, "no two lie upon each other");
    }
    for (let piece = 0; piece < pieces; ++piece) {
      if (group(board, piece).placed) continue;
      board = play([grab(7, piece, { ts: 50 }), { ...drop(7, piece, 3, 3), ts: 60 }], board);
    }
    assert.equal(progress(board), 1);
    assert.equal(board.endedAt, 60);
    assert.equal(board.groups.size, 1);
  });
}

test("whatever comes, the board is the same function of it, and stays a board", () => {
  const next = random(7);
  const types = ["grab", "move", "drop", "grab", "move", "drop", "hello", "cursor", "bye", "start"];
  const odd = [undefined, null, -1, 1.5, "7", 1e9, {}, NaN];
  const some = (value) => (next(12) === 0 ? odd[next(odd.length)] : value);
  const messages = [START];
  for (let at = 0; at < 5_000; ++at) {
    messages.push({
      type: next(40) ? types[next(types.length - 1)] : "start",
      client_id: 1 + next(4),
      ts: at * 100,
      piece: some(next(24)),
      x: some(next(60) - 30),
      y: some(next(60) - 30),
      name: some("Ada"),
      game: some(1 + next(3)),
      seed: some(next(1000)),
      size: some(next(3)),
    });
  }
  const boards = [play(messages), play(structuredClone(messages))];
  assert.equal(fingerprint(boards[0]), fingerprint(boards[1]));
  const [board] = boards;
  assert.ok(board.game > 1);
  const all = [...board.groups.values()].flatMap(({ pieces }) => pieces);
  assert.deepEqual([...all].sort((a, b) => a - b), [...board.groupOf.keys()]);
  for (const [key, { pieces }] of board.groups) {
    for (const piece of pieces) assert.equal(board.groupOf[piece], key);
  }
});

test("examples/puzzle/dist is what examples/puzzle/src makes: else npm run puzzle", (t) => {
  const fresh = mkdtempSync(`${tmpdir()}/puzzle-`);
  t.after(() => rmSync(fresh, { recursive: true }));
  execFileSync(process.execPath, [`${puzzle}build.js`, fresh]);
  const names = readdirSync(fresh).sort();
  assert.deepEqual(readdirSync(`${puzzle}dist`).sort(), names);
  for (const name of names) {
    assert.ok(
      readFileSync(`${puzzle}dist/${name}`).equals(readFileSync(`${fresh}/${name}`)),
      `${name} is stale`,
    );
  }
});
