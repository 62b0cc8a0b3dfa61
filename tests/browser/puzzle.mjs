// Three browser pages play the puzzle on the real server; one loses its network meanwhile.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { startGavel, startProxy } from "../../sdk/typescript/test/support/gavel.js";

const DIST = fileURLToPath(new URL("../../examples/puzzle/dist", import.meta.url));
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const server = await startGavel("--www", DIST);
const proxy = await startProxy(server.port);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGS });
const faults = [];

async function open(more = "") {
  const page = await browser.newPage({ viewport: { width: 1100, height: 760 } });
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => line.type() === "warning" && faults.push(line.text()));
  await page.goto(`http://127.0.0.1:${server.port}/?room=test${more}`);
  await page.waitForFunction(() => window.puzzle.board.game === 1);
  return page;
}

/** Drags a piece with the mouse so that it lies `x`, `y` from its place. */
async function drag(page, piece, x, y) {
  const { from, by } = await page.evaluate(
    ([piece, x, y]) => {
      const { board, view } = window.puzzle;
      const group = board.groups.get(board.groupOf[piece]);
      const home = view.home(board, piece);
      const middle = [home.x + group.x + 70, home.y + group.y + 70];
      const at = view.toPage(...middle);
      const to = view.toPage(middle[0] + x - group.x, middle[1] + y - group.y);
      return { from: at, by: { x: to.x - at.x, y: to.y - at.y } };
    },
    [piece, x, y],
  );
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + by.x / 2, from.y + by.y / 2);
  await page.mouse.move(from.x + by.x, from.y + by.y);
  await page.mouse.up();
}

const placed = (page, piece) =>
  page.waitForFunction(
    (piece) => {
      const { board } = window.puzzle;
      return board.groups.get(board.groupOf[piece]).placed;
    },
    piece,
  );

/** All pages show what the room's last message left. */
async function agree(pages) {
  const send = () => window.puzzle.room.send({ type: "hello", name: "Judge" });
  const last = await pages[0].evaluate(send);
  for (const page of pages) {
    await page.waitForFunction((last) => window.puzzle.room.lastId >= last, last);
  }
  const look = (page) => page.evaluate(() => window.puzzle.fingerprint);
  const boards = await Promise.all(pages.map(look));
  for (const board of boards) assert.equal(board, boards[0]);
  return boards[0];
}

try {
  const one = await open();
  const two = await open();
  const cutOff = await open(`&server=${encodeURIComponent(proxy.url)}`);
  await drag(one, 0, 0, 0);
  for (const page of [one, two, cutOff]) await placed(page, 0);

  // Two grab one piece: whoever was first, all say the same.
  const race = (page, x) =>
    page.evaluate((x) => {
      const { room } = window.puzzle;
      room.send({ type: "grab", piece: 5 });
      return room.send({ type: "drop", piece: 5, x, y: 200 });
    }, x);
  await Promise.all([race(one, 100), race(two, -100)]);
  await agree([one, two, cutOff]);

  proxy.isDown = true;
  proxy.cut();
  await cutOff.waitForSelector("#banner.wait:not([hidden])");
  await drag(cutOff, 1, 0, 0); // goes on while it is away
  await drag(two, 2, 0, 0);
  await placed(one, 2);
  proxy.isDown = false;
  await cutOff.waitForSelector("#banner", { state: "hidden" });
  for (const page of [one, two, cutOff]) for (const piece of [1, 2]) await placed(page, piece);

  const late = await open();
  await agree([one, two, cutOff, late]);

  await one.evaluate(async () => {
    const { room, board } = window.puzzle;
    for (let piece = 0; piece < board.groupOf.length; ++piece) {
      room.send({ type: "grab", piece });
      await room.send({ type: "drop", piece, x: 0, y: 0 });
    }
  });
  for (const page of [one, two, cutOff, late]) await page.waitForSelector("#done:not([hidden])");
  await agree([one, two, cutOff, late]);
  assert.deepEqual(faults, []);
} finally {
  await browser.close();
  await proxy.stop();
}
await server.stop();
console.log("three pages, a late one and a cut one: all boards alike");
