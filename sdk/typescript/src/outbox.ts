import { GavelError, type OutgoingMessage } from "./types.js";

interface Item {
  ref: number;
  text: string;
  /** The player under whose id it was sent; 0: it was never sent. */
  client: number;
  /** It is on its way on the present connection. */
  sent: boolean;
  /** The server said that it has it; its echo is still to come. */
  kept: boolean;
  resolve(msgId: number): void;
  reject(error: GavelError): void;
}

// As many messages are on their way at once; each echo allows one more. After a refusal for
// being too fast it starts again with one, so that what is sent again is not refused again.
const WINDOW_FIRST = 32;
const WINDOW_MAX = 256;

/** What was sent and has not come back yet, in the order of its refs. */
export class Outbox {
  private items: Item[] = [];
  private window = WINDOW_FIRST;
  /** The highest ref that was given out. */
  lastRef = 0;

  constructor(private readonly max: number) {}

  /** Resolves with the message's msg_id; with 0 where it is kept but its echo is trimmed. */
  add(message: OutgoingMessage): Promise<number> {
    if (this.items.length >= this.max) {
      return Promise.reject(
        new GavelError("queue_full", `${this.max} messages wait for an answer already`),
      );
    }
    const ref = ++this.lastRef;
    const text = JSON.stringify({ ...message, ref });
    return new Promise((resolve, reject) => {
      this.items.push({ ref, text, client: 0, sent: false, kept: false, resolve, reject });
    });
  }

  /** What may go out now, as player `client`. */
  flush(client: number, send: (text: string) => void): void {
    let room = this.window;
    for (const item of this.items) {
      if (item.kept) continue;
      if (room-- <= 0) return;
      if (item.sent) continue;
      item.sent = true;
      item.client = client;
      send(item.text);
    }
  }

  get isWaiting(): boolean {
    return this.items.some((item) => item.sent || item.kept);
  }

  /** The connection is gone. */
  lost(): void {
    for (const item of this.items) item.sent = false;
  }

  /** A new membership: `lastRef` is the highest ref that is kept of player `client`. */
  joined(client: number, lastRef: number): void {
    this.lastRef = Math.max(this.lastRef, lastRef);
    for (const item of this.items) {
      item.kept = item.client === client && item.ref <= lastRef;
    }
  }

  /**
   * All that was in the room at the join has been seen. What is still here and kept lies in what is
   * trimmed; what was sent as another player is not in the room, unless the past was trimmed.
   */
  caughtUp(client: number, pastIsKnown: boolean): void {
    const unknown: Item[] = [];
    this.items = this.items.filter((item) => {
      if (item.kept) item.resolve(0);
      else if (item.client && item.client !== client && !pastIsKnown) unknown.push(item);
      else return true;
      return false;
    });
    for (const { ref, reject } of unknown) {
      reject(new GavelError("fate_unknown", "nobody can tell whether it is in the room", ref));
    }
  }

  /** A message of player `client` came back. */
  echo(client: number, ref: number, msgId: number): void {
    const at = this.items.findIndex((item) => item.ref === ref && item.client === client);
    if (at < 0) return;
    if (this.window < WINDOW_MAX) ++this.window;
    this.items.splice(at, 1)[0]?.resolve(msgId);
    // A sender's messages keep their order: earlier ones that are kept have gone by.
    for (const item of this.items.slice(0, at)) {
      if (!item.kept) continue;
      this.items.splice(this.items.indexOf(item), 1);
      item.resolve(0);
    }
  }

  duplicate(ref: number): void {
    const item = this.items.find((other) => other.ref === ref);
    if (item) item.kept = true;
  }

  /** To be sent again, and all behind it. */
  again(ref: number): void {
    this.window = 1;
    for (const item of this.items) if (item.ref >= ref) item.sent = false;
  }

  refuse(ref: number, error: GavelError): void {
    const at = this.items.findIndex((item) => item.ref === ref);
    if (at >= 0) this.items.splice(at, 1)[0]?.reject(error);
  }

  refuseAll(error: GavelError): void {
    for (const item of this.items.splice(0)) item.reject(error);
  }
}
