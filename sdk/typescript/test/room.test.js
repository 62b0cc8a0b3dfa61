import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { WebSocket } from "ws";
import { closeCodes, join } from "../dist/index.js";
import { FakeServer, when } from "./support/fake_server.js";

const FAST = { WebSocket, backoffMs: [1, 20], timeoutMs: 60_000 };
let server;
let rooms;

beforeEach(async () => {
  server = await FakeServer.start();
  rooms = [];
});

afterEach(async () => {
  for (const room of rooms) await room.leave();
  await server.stop();
});

async function enter(options = {}) {
  const room = await join(server.url, "r", { ...FAST, ...options });
  room.seen = [];
  room.errors = [];
  room.gaps = [];
  room.on("message", (message) => room.seen.push(message));
  room.on("error", (error) => room.errors.push(error));
  room.on("gap", (gap) => room.gaps.push(gap));
  rooms.push(room);
  await when(room, "joined");
  return room;
}

const move = (n) => ({ type: "move", n });
const numbers = (messages) => messages.map((message) => message.n);

test("P1 send resolves with the msg_id of its own echo", async () => {
  const room = await enter();
  server.keep(99, move(0));
  assert.equal(await room.send(move(1)), 2);
  assert.deepEqual(numbers(room.seen), [0, 1]);
  assert.equal(room.seen[1].client_id, room.clientId);
});

test("P4 what is in the room already reaches handlers that are put up after join", async () => {
  for (let n = 0; n < 100; ++n) server.keep(99, move(n));
  const room = await join(server.url, "r", FAST);
  rooms.push(room);
  const seen = [];
  const states = [];
  room.on("state", (state) => states.push(state));
  room.on("message", (message) => seen.push(message.n));
  await when(room, "message", ({ msg_id }) => msg_id === 100);
  assert.deepEqual(seen, [...Array(100).keys()]);
  assert.deepEqual(states, ["joined"]);
});

test("since latest brings nothing old", async () => {
  server.keep(99, move(0));
  const room = await enter({ since: "latest" });
  assert.equal(await room.send(move(1)), 2);
  assert.deepEqual(numbers(room.seen), [1]);
  assert.deepEqual(room.gaps, []);
});

test("it comes back as the same player behind the last message that it saw", async () => {
  const room = await enter();
  await room.send(move(1));
  const { clientId } = room;
  const again = when(room, "joined");
  server.cut();
  const joined = await again;
  assert.equal(joined.resumed, true);
  assert.equal(room.clientId, clientId);
  assert.equal(server.joins[1].since, 1);
  assert.equal(server.joins[1].epoch, "100");
  assert.equal(await room.send(move(2)), 2);
  assert.deepEqual(numbers(room.seen), [1, 2]);
  assert.deepEqual(room.gaps, []);
});

test("P5 a message whose echo was lost is in the room once, and send resolves", async () => {
  const room = await enter();
  server.answer = (message, member) => {
    if (message.type !== "move") return false;
    server.answer = () => false;
    server.members.delete(member); // it is kept, but the sender is not told
    server.keep(member.id, message);
    server.cut();
    return true;
  };
  assert.equal(await room.send(move(1)), 1);
  assert.equal(server.log.length, 1);
});

test("P5 a message that was lost on the way is sent again under its ref", async () => {
  const room = await enter();
  server.answer = (message) => {
    if (message.type !== "move") return false;
    server.answer = () => false;
    server.cut();
    return true;
  };
  assert.deepEqual(await Promise.all([1, 2, 3].map((n) => room.send(move(n)))), [1, 2, 3]);
  assert.deepEqual(numbers(server.log), [1, 2, 3]);
  assert.deepEqual(server.log.map(({ ref }) => ref), [1, 2, 3]);
});

test("what is sent while the connection is away goes out in order when it is back", async () => {
  const room = await enter();
  const away = when(room, "state", (state) => state === "reconnecting");
  server.cut();
  await away;
  await Promise.all([1, 2, 3].map((n) => room.send(move(n))));
  assert.deepEqual(numbers(server.log), [1, 2, 3]);
});

test("the queue has a bound", async () => {
  const room = await enter({ queueMax: 2 });
  server.answer = (message) => message.type === "move";
  const held = [room.send(move(1)), room.send(move(2))].map((sent) => sent.catch((e) => e.code));
  await assert.rejects(room.send(move(3)), { code: "queue_full" });
  await room.leave();
  assert.deepEqual(await Promise.all(held), ["closed", "closed"]);
});

test("P6 a new epoch is told as a gap, and what was under way is sent again", async () => {
  const room = await enter();
  await room.send(move(1));
  server.answer = (message) => message.type === "move";
  const sent = room.send(move(2));
  server.answer = () => false;
  server.forget();
  server.keep(99, move(7));
  server.cut(4003);
  const gap = await when(room, "gap");
  assert.deepEqual(gap, { after: 1, next: 1, epochChanged: true, epoch: "101" });
  assert.equal(await sent, 2);
  assert.deepEqual(numbers(server.log), [7, 2]);
  assert.deepEqual(room.errors, []);
});

test("P4 a trimmed past is told as a gap", async () => {
  const room = await enter();
  await room.send(move(1));
  const again = when(room, "gap");
  server.members.clear();
  for (let n = 2; n <= 9; ++n) server.keep(99, move(n));
  server.firstKept = 5;
  server.cut(4000);
  assert.deepEqual(await again, { after: 1, next: 5, epochChanged: false, epoch: "100" });
  if (room.lastId < 9) await when(room, "message", ({ msg_id }) => msg_id === 9);
  assert.deepEqual(numbers(room.seen), [1, 5, 6, 7, 8, 9]);
  assert.deepEqual(room.errors, []);
});

test("a kept message whose echo is trimmed resolves by last_ref", async () => {
  const room = await enter();
  server.answer = (message, member) => {
    if (message.type !== "move") return false;
    server.answer = () => false;
    server.members.delete(member);
    server.keep(member.id, message);
    server.keep(99, move(8));
    server.firstKept = 2;
    server.cut();
    return true;
  };
  assert.equal(await room.send(move(1)), 0);
  assert.equal(server.log.length, 2);
});

test("a fate that nobody knows is said, and nothing is sent twice", async () => {
  const room = await enter();
  await room.send(move(0));
  server.answer = (message, member) => {
    if (message.type !== "move") return false;
    server.answer = () => false;
    server.members.delete(member);
    server.keep(member.id, message);
    server.keep(99, move(8));
    server.keep(99, move(9));
    server.firstKept = 4;
    server.tokens.clear();
    server.cut();
    return true;
  };
  await assert.rejects(room.send(move(1)), { code: "fate_unknown", ref: 2 });
  assert.equal(server.log.length, 4);
});

test("an echo under the old player's id settles what a new player would send again", async () => {
  const room = await enter();
  server.answer = (message, member) => {
    if (message.type !== "move") return false;
    server.answer = () => false;
    server.members.delete(member);
    server.keep(member.id, message);
    server.tokens.clear();
    server.cut();
    return true;
  };
  assert.deepEqual(await Promise.all([room.send(move(1)), room.send(move(2))]), [1, 2]);
  assert.deepEqual(server.log.map(({ client_id }) => client_id), [1, 2]);
});

test("a refusal that may be tried again is, with all behind it, in order", async () => {
  const room = await enter();
  let refusals = 0;
  let awaited = 0;
  server.answer = ({ type, ref }, member) => {
    if (type !== "move" || ref < awaited) return false;
    if (ref === awaited && refusals >= 2) {
      awaited = Infinity;
      return false;
    }
    if (awaited === Infinity) return false;
    if (awaited === 0 && ref < 3) return false;
    awaited ||= ref;
    const code = ref === awaited ? "rate_limited" : "out_of_order";
    if (ref === awaited) ++refusals;
    server.tell(member, { type: "error", code, message: "slower", ref, retry_after_ms: 5 });
    return true;
  };
  const all = Array.from({ length: 100 }, (_, n) => room.send(move(n)));
  assert.deepEqual(await Promise.all(all), [...Array(100).keys()].map((n) => n + 1));
  assert.deepEqual(numbers(server.log), [...Array(100).keys()]);
  assert.equal(refusals, 2);
});

test("a refusal for good rejects that message alone", async () => {
  const room = await enter();
  server.answer = ({ type, ref }, member) => {
    if (type !== "bad") return false;
    server.tell(member, { type: "error", code: "reserved_type", message: "no", ref });
    return true;
  };
  const bad = room.send({ type: "bad" });
  const good = room.send(move(1));
  await assert.rejects(bad, { code: "reserved_type", ref: 1 });
  assert.equal(await good, 1);
  assert.deepEqual(room.errors.map(({ code }) => code), ["reserved_type"]);
});

test("duplicate is not the end of a message whose echo is still to come", async () => {
  const room = await enter();
  server.answer = (message, member) => {
    if (message.type !== "move") return false;
    server.tell(member, { type: "duplicate", ref: message.ref });
    setImmediate(() => server.keep(member.id, message));
    return true;
  };
  assert.equal(await room.send(move(1)), 1);
});

for (const [code, { name, reconnect }] of Object.entries(closeCodes)) {
  if (code === "1005" || code === "1006") continue;
  test(`${code} ${name}: reconnect ${reconnect}`, async () => {
    const room = await enter();
    const next = reconnect === "no" ? "closed" : "reconnecting";
    const state = when(room, "state");
    server.cut(Number(code));
    assert.equal(await state, next);
    if (next === "closed") assert.deepEqual(room.errors.map((error) => error.code), [name]);
  });
}

test("codes that the table does not have are judged by their range", async () => {
  for (const [code, next] of [
    [4050, "reconnecting"],
    [4150, "closed"],
  ]) {
    const room = await enter();
    const state = when(room, "state");
    server.cut(code);
    assert.equal(await state, next);
  }
});

test("P1 a hole is an error, and what is missing comes on the next connection", async () => {
  const room = await enter();
  await room.send(move(1));
  const [member] = server.members;
  server.members.clear();
  server.keep(99, move(2));
  server.members.add(member);
  server.keep(99, move(3));
  await when(room, "message", ({ msg_id }) => msg_id === 3);
  assert.deepEqual(room.errors.map(({ code }) => code), ["order"]);
  assert.deepEqual(numbers(room.seen), [1, 2, 3]);
});

test("P4 a repeat is an error, and is not shown", async () => {
  const room = await enter();
  await room.send(move(1));
  for (const member of server.members) server.tell(member, server.log[0]);
  await room.send(move(2));
  assert.deepEqual(room.errors.map(({ code }) => code), ["repeat"]);
  assert.deepEqual(numbers(room.seen), [1, 2]);
});

test("P5 an own message that is in the room twice is an error", async () => {
  const room = await enter();
  await room.send(move(1));
  server.keep(room.clientId, { ...move(1), ref: 1 });
  await when(room, "message", ({ msg_id }) => msg_id === 2);
  assert.deepEqual(room.errors.map(({ code }) => code), ["sender_order"]);
});

test("P4 a recovery that does not go on where it should is an error", async () => {
  const room = await enter();
  await room.send(move(1));
  server.answer = (message, member) => {
    if (message.type !== "join") return false;
    server.answer = () => false;
    server.join(member, message, { first: 4, msg_id: 3 });
    return true;
  };
  const gap = when(room, "gap");
  server.cut();
  await gap;
  assert.equal(room.errors[0].code, "order");
});

test("what is not JSON is an error", async () => {
  const room = await enter();
  const error = when(room, "error");
  for (const member of server.members) server.tell(member, "{");
  assert.equal((await error).code, "bad_frame");
});

test("a join that can't succeed rejects", async () => {
  server.answer = (_, member) => {
    server.tell(member, { type: "error", code: "unauthorized", message: "expired", n: 1 });
    member.socket.close(4100);
    return true;
  };
  await assert.rejects(join(server.url, "r", FAST), { code: "unauthorized", message: "expired" });
  server.answer = (_, member) => {
    server.tell(member, { type: "error", code: "bad_room", message: "bad", n: 1 });
    return true;
  };
  await assert.rejects(join(server.url, "", FAST), { code: "bad_room" });
});

test("a join that may succeed later is tried again", async () => {
  server.answer = (_, member) => {
    server.answer = () => false;
    const code = "store_unavailable";
    server.tell(member, { type: "error", code, message: "away", n: 1, retry_after_ms: 1 });
    return true;
  };
  const room = await enter();
  assert.equal(room.state, "joined");
  assert.equal(server.joins.length, 2);
});

test("a join that gets no answer is given up, and so is one that is aborted", async () => {
  server.answer = () => true;
  await assert.rejects(join(server.url, "r", { ...FAST, timeoutMs: 50 }), { code: "timeout" });
  const control = new AbortController();
  const joining = join(server.url, "r", { ...FAST, signal: control.signal });
  control.abort();
  await assert.rejects(joining, { code: "closed" });
});

test("a token is asked for before each connection", async () => {
  let asked = 0;
  const room = await enter({ token: async () => `jwt-${++asked}` });
  const again = when(room, "joined");
  server.cut();
  await again;
  assert.deepEqual(server.joins.map(({ token }) => token), ["jwt-1", "jwt-2"]);
});

test("a connection that does not answer is given up", async () => {
  const room = await enter({ answerMs: 40 });
  server.answer = (message) => message.type === "move";
  const again = when(room, "joined");
  const sent = room.send(move(1));
  await when(room, "state", (state) => state === "reconnecting");
  server.answer = () => false;
  await again;
  assert.equal(await sent, 1);
});

test("for await reads the room, and ends when it is left", async () => {
  const room = await enter();
  for (let n = 0; n < 3; ++n) server.keep(99, move(n));
  const seen = [];
  const reading = (async () => {
    for await (const message of room) {
      seen.push(message.n);
      if (seen.length === 3) await room.leave();
    }
  })();
  await reading;
  assert.deepEqual(seen, [0, 1, 2]);
  assert.equal(room.state, "closed");
});

test("a session that was saved comes back as the same player", async () => {
  const first = await enter();
  await first.send(move(1));
  const { session, clientId } = first;
  server.cut(4104);
  await when(first, "state", (state) => state === "closed");
  const second = await enter({ ...session });
  assert.equal(second.clientId, clientId);
  assert.equal(await second.send(move(2)), 2, "its refs go on behind those that are kept");
  assert.deepEqual(numbers(second.seen), [2]);
});

test("a handler that throws does not keep the others from hearing", async (t) => {
  const room = await enter();
  const thrown = [];
  t.mock.method(globalThis, "queueMicrotask", (act) => {
    try {
      act();
    } catch (error) {
      thrown.push(error.message);
    }
  });
  room.on("message", () => {
    throw new Error("the game's own fault");
  });
  const heard = when(room, "message");
  server.keep(99, move(1));
  assert.equal((await heard).n, 1);
  assert.deepEqual(thrown, ["the game's own fault"]);
});
