/** What stands in a room: the sender's own fields, and the server's three in front of them. */
export interface RoomMessage {
  /** Consecutive in the room, from 1. */
  readonly msg_id: number;
  /** Who sent it; 0 is the server itself. */
  readonly client_id: number;
  /** When the server took it, in milliseconds since 1970. */
  readonly ts: number;
  readonly type: string;
  readonly ref?: number;
  readonly [field: string]: unknown;
}

/** What a game sends. `ref`, `client_id`, `msg_id` and `ts` are not its to set. */
export interface OutgoingMessage {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The first message of a membership, as it came. */
export interface Joined {
  readonly type: "joined";
  readonly client_id: number;
  readonly room: string;
  readonly epoch: string;
  /** The room's last message at the join. */
  readonly msg_id: number;
  /** The message that follows. */
  readonly first: number;
  /** The highest ref of this player that is kept. */
  readonly last_ref: number;
  readonly recovered: boolean;
  readonly resumed: boolean;
  readonly resume: string;
}

/** The stream does not go on where it stopped: start again from what follows. */
export interface Gap {
  /** The last message that was seen, and the one that follows. */
  readonly after: number;
  readonly next: number;
  /** The room has lost its past: its ids began anew. */
  readonly epochChanged: boolean;
  readonly epoch: string;
}

/** Enough to come back as the same player later: after a reload of the page, for example. */
export interface Session {
  readonly epoch: string;
  readonly since: number;
  readonly resume: string;
}

export type State = "connecting" | "joined" | "reconnecting" | "closed";

export interface Events {
  message: RoomMessage;
  joined: Joined;
  gap: Gap;
  state: State;
  error: GavelError;
}

/**
 * `code` is one of the server's error codes, the name of a close code, or one of the client's own:
 * - `order`, `repeat`, `sender_order`, `bad_frame`: the server broke a promise;
 * - `queue_full`: too many messages wait for an answer already;
 * - `fate_unknown`: the connection broke, the player could not be resumed and the past is trimmed,
 *   so that nobody can tell whether the message is in the room;
 * - `timeout`: the first join took too long; `closed`: the room was left or aborted;
 * - `overflow`: a `for await` loop fell too far behind.
 */
export class GavelError extends Error {
  override readonly name = "GavelError";
  constructor(
    readonly code: string,
    message: string,
    readonly ref?: number,
  ) {
    super(message);
  }
}

/** The part of the browser's WebSocket that is used; the package `ws` has it, too. */
export interface SocketLike {
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface JoinOptions {
  /** A join token, or a function that gets one: it is asked before every connection. */
  token?: string | (() => string | Promise<string>);
  /** The last message that is known already; "latest": nothing old. 0: all that is retained. */
  since?: number | "latest";
  /** From a `session` that was saved. */
  epoch?: string;
  resume?: string;
  /** Ends everything, before or after the join. */
  signal?: AbortSignal;
  /** For Node before 22: the class of the package `ws`. */
  WebSocket?: new (url: string) => SocketLike;
  /** The first join is given up after so long. Default 10,000. */
  timeoutMs?: number;
  /** A connection that is silent for so long while an answer is due is given up. Default 10,000. */
  answerMs?: number;
  /** Waits between attempts, jittered: the first, doubled up to the second. Default 250, 10,000. */
  backoffMs?: readonly [number, number];
  /** So many messages may wait for their echo; beyond it `send` refuses. Default 1,000. */
  queueMax?: number;
}
