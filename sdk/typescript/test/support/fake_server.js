// A room of its own for each test: does what a gavel server does, and what the test tells it to do
// wrong. `server.answer = (message, member) => true` takes a message out of the ordinary course.
import { once } from "node:events";
import { WebSocketServer } from "ws";

export class FakeServer {
  log = []; // the room's messages
  epoch = "100";
  firstKept = 1;
  lastClient = 0;
  refs = new Map(); // client_id -> the highest ref that is kept
  tokens = new Map(); // resume token -> client_id
  members = new Set();
  joins = []; // every join message that came
  answer = () => false;

  static async start() {
    const server = new FakeServer();
    server.sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server.sockets, "listening");
    server.url = `ws://127.0.0.1:${server.sockets.address().port}/`;
    server.sockets.on("connection", (socket) => {
      const member = { socket, id: 0 };
      socket.on("message", (data) => {
        if (socket.readyState === socket.OPEN) server.receive(member, JSON.parse(data));
      });
      socket.on("close", () => server.members.delete(member));
      socket.on("error", () => {});
    });
    return server;
  }

  async stop() {
    for (const socket of this.sockets.clients) socket.terminate();
    await new Promise((resolve) => this.sockets.close(resolve));
  }

  receive(member, message) {
    if (message.type === "join") this.joins.push(message);
    if (this.answer(message, member)) return;
    if (message.type === "join") this.join(member, message);
    else if (message.type === "leave") this.leave(member);
    else this.take(member, message);
  }

  join(member, { since = 0, epoch, resume }, change = {}) {
    const resumed = this.tokens.has(resume);
    member.id = resumed ? this.tokens.get(resume) : ++this.lastClient;
    const last = this.log.length;
    const recovered =
      since === "latest" ||
      ((epoch === undefined || epoch === this.epoch) &&
        (since === 0 || (since <= last && since + 1 >= this.firstKept)));
    const behind = since === "latest" ? last : recovered ? since : 0;
    const first = Math.max(behind + 1, this.firstKept);
    const token = `token-${member.id}`;
    this.tokens.set(token, member.id);
    this.tell(member, {
      type: "joined",
      client_id: member.id,
      room: "r",
      epoch: this.epoch,
      msg_id: last,
      first,
      last_ref: this.refs.get(member.id) ?? 0,
      recovered,
      resumed,
      resume: token,
      ...change,
    });
    for (const message of this.log.slice(first - 1)) this.tell(member, message);
    this.members.add(member);
  }

  leave(member) {
    this.members.delete(member);
    this.tell(member, { type: "left" });
  }

  take(member, message) {
    const { ref } = message;
    if (ref && ref <= (this.refs.get(member.id) ?? 0)) {
      return this.tell(member, { type: "duplicate", ref });
    }
    this.keep(member.id, message);
  }

  /** Appends to the room and sends it to all, the sender included. */
  keep(client_id, fields) {
    if (fields.ref) this.refs.set(client_id, fields.ref);
    const message = { msg_id: this.log.length + 1, client_id, ts: Date.now(), ...fields };
    this.log.push(message);
    for (const member of this.members) this.tell(member, message);
  }

  tell(member, message) {
    member.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The room has lost its past. */
  forget() {
    this.members.clear();
    this.epoch = String(Number(this.epoch) + 1);
    this.log = [];
    this.refs.clear();
    this.tokens.clear();
  }

  /** Ends every connection: with a close code, or (none) without a word. */
  cut(code) {
    for (const socket of this.sockets.clients) code ? socket.close(code) : socket.terminate();
  }
}

/** Resolves with the first event that fulfils the condition. */
export function when(room, event, condition = () => true) {
  return new Promise((resolve) => {
    const off = room.on(event, (detail) => {
      if (!condition(detail)) return;
      off();
      resolve(detail);
    });
  });
}
