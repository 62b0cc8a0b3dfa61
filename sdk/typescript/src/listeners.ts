import { GavelError, type Events, type RoomMessage } from "./types.js";

type Handler<K extends keyof Events> = (event: Events[K]) => void;

/** The handlers of each event. What comes before `release` waits, so that none is missed. */
export class Listeners {
  private readonly handlers: { [K in keyof Events]?: Set<Handler<K>> } = {};
  private held: (() => void)[] | null = [];

  on<K extends keyof Events>(event: K, handler: Handler<K>): () => void {
    const handlers = (this.handlers[event] ??= new Set() as never) as Set<Handler<K>>;
    handlers.add(handler);
    return () => void handlers.delete(handler);
  }

  emit<K extends keyof Events>(event: K, detail: Events[K]): void {
    if (this.held) {
      this.held.push(() => this.emit(event, detail));
      return;
    }
    for (const handler of (this.handlers[event] as Set<Handler<K>> | undefined) ?? []) {
      try {
        handler(detail);
      } catch (error) {
        // The game's fault is shown as one, and keeps nobody else from hearing the message.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  release(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const emit of held) emit();
  }
}

const UNREAD_MAX = 100_000;

/** The messages of a room for one `for await` loop. */
export class MessageIterator implements AsyncIterator<RoomMessage> {
  private unread: RoomMessage[] = [];
  private at = 0;
  private readonly waiting: {
    resolve(result: IteratorResult<RoomMessage>): void;
    reject(error: GavelError): void;
  }[] = [];
  private end: GavelError | true | null = null;

  constructor(private readonly detach: () => void) {}

  push(message: RoomMessage): void {
    const reader = this.waiting.shift();
    if (reader) {
      reader.resolve({ value: message, done: false });
    } else if (this.unread.push(message) - this.at > UNREAD_MAX) {
      this.detach();
      this.finish(new GavelError("overflow", `${UNREAD_MAX} messages were not read`));
    }
  }

  /** After what is unread: an error, or (true) the end. */
  finish(end: GavelError | true): void {
    this.end ??= end;
    if (this.unread.length > this.at) return;
    for (const reader of this.waiting.splice(0)) {
      if (end === true) reader.resolve({ value: undefined, done: true });
      else reader.reject(end);
    }
  }

  next(): Promise<IteratorResult<RoomMessage>> {
    const value = this.unread[this.at];
    if (value) {
      if (++this.at === 1024 || this.at === this.unread.length) {
        this.unread.splice(0, this.at);
        this.at = 0;
      }
      return Promise.resolve({ value, done: false });
    }
    if (this.end === true) return Promise.resolve({ value: undefined, done: true });
    if (this.end) return Promise.reject(this.end);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<RoomMessage>> {
    this.detach();
    this.finish(true);
    return Promise.resolve({ value: undefined, done: true });
  }
}
