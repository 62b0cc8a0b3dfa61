import { closeCodes, errorCodes, type Reconnect } from "./codes.js";
import { Listeners, MessageIterator } from "./listeners.js";
import { Outbox } from "./outbox.js";
import {
  GavelError,
  type Events,
  type Joined,
  type JoinOptions,
  type OutgoingMessage,
  type RoomMessage,
  type Session,
  type SocketLike,
  type State,
} from "./types.js";

type Timer = ReturnType<typeof setTimeout>;

const LATER_MS = 1_000; // the least wait where the server asks for "later"
const STEADY_MS = 5_000; // a membership of this length makes the waits short again
const LEAVE_MS = 2_000; // for the answer to `leave`

function mayReconnect(code: number): Reconnect {
  const known = closeCodes[code];
  if (known) return known.reconnect;
  if (code >= 4100 && code < 4200) return "no";
  return code >= 4000 && code < 4100 ? "resume" : "yes";
}

/** Joins a room. Resolves at the first `joined`; rejects where joining can't succeed. */
export function join(url: string, room: string, options: JoinOptions = {}): Promise<Room> {
  return new Promise((resolve, reject) => new Room(url, room, options, resolve, reject));
}

/** A membership that outlives its connections. Made by `join`. */
export class Room implements AsyncIterable<RoomMessage> {
  /** This player. */
  clientId = 0;
  epoch: string;
  /** The last message that was seen. */
  lastId = 0;
  state: State = "connecting";

  private resume: string | undefined;
  private since: number | "latest";
  private readonly listeners = new Listeners();
  private readonly iterators = new Set<MessageIterator>();
  private readonly outbox: Outbox;
  private socket: SocketLike | null = null;
  private timer: Timer | undefined; // the next attempt, or the end of this one
  private readonly watch: Timer;
  private attempts = 0;
  private joinedAt = 0;
  private heardAt = 0;
  private caughtUpAt = 0; // the room's last message at the join
  private pastIsKnown = true;
  private caughtUp = false;
  private blocked: Timer | undefined; // nothing is sent before it fires
  private echoed = 0; // the highest own ref that came back in this epoch
  private lastError = "";
  private left: (() => void) | null = null;
  private started: ((room: Room) => void) | null;
  private held: (() => void)[] | null = null; // what came before the handlers were put up

  constructor(
    private readonly url: string,
    readonly name: string,
    private readonly options: JoinOptions,
    resolve: (room: Room) => void,
    private readonly rejectJoin: (error: GavelError) => void,
  ) {
    this.started = resolve;
    this.since = options.since ?? 0;
    this.epoch = options.epoch ?? "";
    this.resume = options.resume;
    this.outbox = new Outbox(options.queueMax ?? 1000);
    const answerMs = options.answerMs ?? 10_000;
    this.watch = setInterval(() => this.checkSilence(answerMs), answerMs / 4);
    options.signal?.addEventListener("abort", this.abort);
    globalThis.addEventListener?.("online", this.retryNow);
    if (options.signal?.aborted) {
      this.abort();
      return;
    }
    const givenUp = setTimeout(() => {
      if (this.started) this.end(new GavelError("timeout", `no answer from ${url} in time`));
    }, options.timeoutMs ?? 10_000);
    this.listeners.on("joined", () => clearTimeout(givenUp));
    void this.connect();
  }

  /** Returns a function that takes the handler away again. */
  on<K extends keyof Events>(event: K, handler: (detail: Events[K]) => void): () => void {
    return this.listeners.on(event, handler);
  }

  /**
   * Resolves with the message's msg_id when it came back in the room's order. Sent again as often
   * as the connection breaks; in the room it stands once.
   */
  send(message: OutgoingMessage): Promise<number> {
    if (this.state === "closed") {
      return Promise.reject(new GavelError("closed", "the room was left"));
    }
    const echo = this.outbox.add(message);
    this.flush();
    return echo;
  }

  /** Leaves for good. What has not come back by now is refused. */
  leave(): Promise<void> {
    if (this.state !== "joined") return Promise.resolve(this.end(true));
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(late);
        this.left = null;
        this.end(true);
        resolve();
      };
      const late = setTimeout(done, LEAVE_MS);
      this.left = done;
      this.socket?.send('{"type":"leave"}');
    });
  }

  /** To come back as the same player later, give it to `join` as options. */
  get session(): Session {
    return { epoch: this.epoch, since: this.lastId, resume: this.resume ?? "" };
  }

  [Symbol.asyncIterator](): MessageIterator {
    const iterator = new MessageIterator(() => this.iterators.delete(iterator));
    this.iterators.add(iterator);
    if (this.state === "closed") iterator.finish(true);
    return iterator;
  }

  // --- connections ---

  private async connect(): Promise<void> {
    this.timer = undefined;
    const { token, WebSocket: Socket = globalThis.WebSocket } = this.options;
    ++this.attempts;
    try {
      const given = typeof token === "function" ? await token() : token;
      if (this.state === "closed") return;
      const socket: SocketLike = new Socket(this.url);
      this.socket = socket;
      const mine = (act: () => void) => (): void => {
        if (this.held) this.held.push(mine(act));
        else if (this.socket === socket) act();
      };
      socket.onopen = mine(() =>
        socket.send(
          JSON.stringify({
            type: "join",
            room: this.name,
            since: this.since,
            epoch: this.epoch || undefined,
            resume: this.resume || undefined,
            token: given,
          }),
        ),
      );
      socket.onmessage = ({ data }) => mine(() => this.receive(data))();
      socket.onclose = ({ code, reason }) =>
        mine(() => this.lost(code, reason || this.lastError))();
      socket.onerror = () => {}; // onclose follows
      this.timer = setTimeout(
        mine(() => this.lost(1006, "no answer")),
        this.options.timeoutMs ?? 10_000,
      );
    } catch (error) {
      if (this.state === "closed") return;
      this.listeners.emit("error", new GavelError("connect", String(error)));
      this.lost(1006, String(error));
    }
  }

  private lost(code: number, reason: string, waitMs = 0): void {
    this.drop();
    if (this.left) return this.left();
    const how = mayReconnect(code);
    const name = closeCodes[code]?.name ?? String(code);
    if (how === "no") {
      return this.end(new GavelError(name, reason || closeCodes[code]?.meaning || "closed"));
    }
    this.outbox.lost();
    if (this.joinedAt && Date.now() - this.joinedAt > STEADY_MS) this.attempts = 0;
    this.joinedAt = 0;
    const [first, max] = this.options.backoffMs ?? [250, 10_000];
    const backoff = Math.min(max, first * 2 ** Math.min(Math.max(0, this.attempts - 1), 16));
    const atLeast = Math.max(waitMs, how === "yes" ? LATER_MS : 0);
    const wait = atLeast + backoff * (0.5 + Math.random() / 2);
    this.timer = setTimeout(() => void this.connect(), wait);
    if (!this.started) this.setState("reconnecting");
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    clearTimeout(this.timer);
    clearTimeout(this.blocked);
    this.blocked = undefined;
    this.caughtUp = false;
    socket?.close();
  }

  private end(why: GavelError | true): void {
    if (this.state === "closed") return;
    const rejectJoin = this.started && this.rejectJoin;
    this.started = null;
    this.drop();
    clearInterval(this.watch);
    this.options.signal?.removeEventListener("abort", this.abort);
    globalThis.removeEventListener?.("online", this.retryNow);
    const error = why === true ? new GavelError("closed", "the room was left") : why;
    this.outbox.refuseAll(error);
    if (rejectJoin) rejectJoin(error);
    else if (why !== true) this.listeners.emit("error", why);
    this.setState("closed");
    for (const iterator of this.iterators) iterator.finish(why);
  }

  private readonly abort = (): void => this.end(new GavelError("closed", "aborted"));

  private readonly retryNow = (): void => {
    if (this.socket || !this.timer) return;
    clearTimeout(this.timer);
    void this.connect();
  };

  private checkSilence(answerMs: number): void {
    if (this.state === "joined" && this.outbox.isWaiting && Date.now() - this.heardAt > answerMs) {
      this.lost(1006, "no answer");
    }
  }

  private setState(state: State): void {
    if (this.state === state) return;
    this.state = state;
    this.listeners.emit("state", state);
  }

  // --- what the server says ---

  private receive(data: unknown): void {
    this.heardAt = Date.now();
    let message: any;
    try {
      message = JSON.parse(data as string);
    } catch {
      return this.violation("bad_frame", "the server sent what is not JSON");
    }
    switch (message.type) {
      case "joined":
        return this.onJoined(message);
      case "left":
        return this.left?.();
      case "duplicate":
        return this.outbox.duplicate(message.ref);
      case "error":
        if (message.msg_id === undefined) return this.onError(message);
    }
    if (this.state === "joined") this.onMessage(message);
  }

  private onJoined(joined: Joined): void {
    clearTimeout(this.timer);
    const { since } = this;
    const after = this.lastId || (since === "latest" ? joined.first - 1 : since);
    const epochChanged = this.epoch !== "" && this.epoch !== joined.epoch;
    const isGap = epochChanged || joined.first !== after + 1;
    if (isGap && joined.recovered && after > 0) {
      this.violation("order", `recovered behind ${after}, but goes on at ${joined.first}`);
    }
    if (epochChanged || joined.client_id !== this.clientId || joined.first <= this.lastId) {
      this.echoed = 0;
    }
    this.clientId = joined.client_id;
    this.epoch = joined.epoch;
    this.resume = joined.resume || undefined;
    this.since = this.lastId = joined.first - 1;
    this.caughtUpAt = joined.msg_id;
    this.pastIsKnown = joined.recovered || epochChanged;
    this.joinedAt = Date.now();
    this.outbox.joined(joined.client_id, joined.last_ref);
    const { started } = this;
    this.started = null;
    this.setState("joined");
    this.listeners.emit("joined", joined);
    if (isGap || !joined.recovered) {
      const { first: next, epoch } = joined;
      this.listeners.emit("gap", { after, next, epochChanged, epoch });
    }
    if (started) {
      this.held = [];
      started(this);
      // A task of its own: who awaits `join` has put up handlers by then.
      setTimeout(() => {
        this.listeners.release();
        const held = this.held ?? [];
        this.held = null;
        for (const act of held) act();
      }, 0);
    }
    this.checkCaughtUp();
  }

  private onMessage(message: RoomMessage): void {
    const { msg_id, client_id, ref } = message;
    if (msg_id <= this.lastId) {
      return this.violation("repeat", `message ${msg_id} came again after ${this.lastId}`);
    }
    if (msg_id !== this.lastId + 1) {
      this.violation("order", `message ${msg_id} came after ${this.lastId}`);
      return this.lost(1006, "a hole in the room's order"); // what is missing comes on the next one
    }
    this.since = this.lastId = msg_id;
    const isOwn = client_id === this.clientId && ref !== undefined;
    if (isOwn && ref <= this.echoed) {
      this.violation("sender_order", `own message ${ref} came after ${this.echoed}`);
    } else if (isOwn) {
      this.echoed = ref;
    }
    this.listeners.emit("message", message);
    for (const iterator of this.iterators) iterator.push(message);
    if (ref !== undefined) this.outbox.echo(client_id, ref, msg_id);
    if (!this.caughtUp) this.checkCaughtUp();
    else if (isOwn) this.flush();
  }

  private checkCaughtUp(): void {
    if (this.state !== "joined" || this.lastId < this.caughtUpAt) return;
    this.caughtUp = true;
    this.outbox.caughtUp(this.clientId, this.pastIsKnown);
    this.flush();
  }

  private onError(error: { code: string; message: string; ref?: number; retry_after_ms?: number }) {
    const { code, message, ref, retry_after_ms = 0 } = error;
    const known = errorCodes[code];
    this.lastError = message;
    if (known?.close) return; // the close code decides
    if (this.state !== "joined") {
      // The join was refused.
      if (known?.retry) this.lost(1013, message, retry_after_ms);
      else this.end(new GavelError(code, message));
    } else if (ref !== undefined && known?.retry) {
      this.outbox.again(ref);
      const [first] = this.options.backoffMs ?? [250];
      this.blocked ??= setTimeout(() => {
        this.blocked = undefined;
        this.flush();
      }, retry_after_ms || first);
    } else {
      const refusal = new GavelError(code, message, ref);
      if (ref !== undefined) this.outbox.refuse(ref, refusal);
      this.listeners.emit("error", refusal);
    }
  }

  private flush(): void {
    if (this.state !== "joined" || !this.caughtUp || this.blocked) return;
    this.outbox.flush(this.clientId, (text) => this.socket?.send(text));
  }

  private violation(code: string, text: string): void {
    this.listeners.emit("error", new GavelError(code, text));
  }
}
