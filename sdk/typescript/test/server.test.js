// Against the real server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { join } from "../dist/index.js";
import { when } from "./support/fake_server.js";
import { gavelBinary, random, startGavel, startProxy } from "./support/gavel.js";

const skip = gavelBinary() ? false : "no server is built";
const PLAYERS = 4;
const MESSAGES = 150;
const SEED = 20201;
const PLAIN = { WebSocket, timeoutMs: 60_000 };

async function withServer(run, ...options) {
  const server = await startGavel(...options);
  try {
    await run(server);
  } finally {
    await server.stop();
  }
}

function record(room) {
  const seen = [];
  const faults = [];
  room.on("message", (message) => seen.push(message));
  room.on("error", (error) => faults.push(`${error.code}: ${error.message}`));
  room.on("gap", (gap) => faults.push(`gap: ${JSON.stringify(gap)}`));
  return { room, seen, faults };
}

test("P1 P4 P5 cut at random bytes: all see the same, each message once", { skip }, () =>
  withServer(async (server) => {
    const next = random(SEED);
    const proxy = await startProxy(server.port, () => 200 + next(6000));
    const options = { WebSocket, backoffMs: [1, 20], answerMs: 5000, timeoutMs: 60_000 };
    const players = [];
    for (let n = 0; n < PLAYERS; ++n) {
      players.push(record(await join(proxy.url, "cut", options)));
    }
    const sends = players.map(async ({ room }, player) => {
      const ids = [];
      for (let n = 0; n < MESSAGES; ++n) {
        const id = room.send({ type: "move", player, n, text: "x".repeat(next(80)) });
        ids.push(n % 8 === 7 ? await id : id);
      }
      return Promise.all(ids);
    });
    const ids = (await Promise.all(sends)).flat();
    const total = PLAYERS * MESSAGES;
    assert.equal(new Set(ids).size, total);
    const judge = record(await join(server.url, "cut", PLAIN));
    for (const { room } of [...players, judge]) {
      if (room.lastId < total) await when(room, "message", ({ msg_id }) => msg_id === total);
    }
    for (const { seen, faults } of players) {
      assert.deepEqual(faults, []);
      assert.deepEqual(seen, judge.seen);
    }
    for (let player = 0; player < PLAYERS; ++player) {
      const own = judge.seen.filter((message) => message.player === player);
      assert.deepEqual(own.map(({ n }) => n), [...Array(MESSAGES).keys()]);
    }
    assert.ok(proxy.cuts > 20, `only ${proxy.cuts} cuts`);
    for (const { room } of [...players, judge]) await room.leave();
    await proxy.stop();
  }),
);

test("faster than the server allows: nothing is lost, and the order stays", { skip }, () =>
  withServer(
    async (server) => {
      const { room, seen, faults } = record(await join(server.url, "fast", PLAIN));
      const all = Array.from({ length: 120 }, (_, n) => room.send({ type: "move", n }));
      assert.deepEqual(await Promise.all(all), [...Array(120).keys()].map((n) => n + 1));
      assert.deepEqual(seen.map(({ n }) => n), [...Array(120).keys()]);
      assert.deepEqual(faults, []);
      await room.leave();
    },
    "--rate-messages",
    "50",
    "--rate-burst",
    "1",
  ),
);

test("leave is answered, and another player goes on", { skip }, () =>
  withServer(async (server) => {
    const [one, two] = [
      record(await join(server.url, "r", PLAIN)),
      record(await join(server.url, "r", PLAIN)),
    ];
    assert.equal(await one.room.send({ type: "chat", text: "hello" }), 1);
    await one.room.leave();
    assert.equal(one.room.state, "closed");
    await assert.rejects(one.room.send({ type: "chat" }), { code: "closed" });
    assert.equal(await two.room.send({ type: "chat", text: "still here" }), 2);
    assert.deepEqual(two.seen.map(({ text }) => text), ["hello", "still here"]);
    await two.room.leave();
  }),
);
