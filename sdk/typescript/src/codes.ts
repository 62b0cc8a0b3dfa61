// Generated from src/wire/codes.def by tools/gen-codes.

export type Reconnect = "no" | "yes" | "resume";

export interface CloseInfo {
  readonly name: string;
  readonly meaning: string;
  /** no: not by itself; yes: later, anew; resume: at once, as the same player. */
  readonly reconnect: Reconnect;
}

/** What an error means comes with it, as its `message`. */
export interface ErrorInfo {
  /** The close code that follows; null: the connection lives on. */
  readonly close: number | null;
  /** The same message may be sent again later. */
  readonly retry: boolean;
}

export const closeCodes: Readonly<Record<number, CloseInfo>> = {
  1000: {
    name: "normal",
    reconnect: "no",
    meaning: "The client or the server is done.",
  },
  1001: {
    name: "going_away",
    reconnect: "yes",
    meaning: "The other side goes away: the page is left, or the server ends for good.",
  },
  1002: {
    name: "protocol_error",
    reconnect: "no",
    meaning: "A frame broke the WebSocket protocol. The client's library has a fault.",
  },
  1003: {
    name: "unsupported_data",
    reconnect: "no",
    meaning: "A binary message came. Send text messages only.",
  },
  1005: {
    name: "no_status",
    reconnect: "yes",
    meaning: "Never sent: the connection was closed without a code.",
  },
  1006: {
    name: "lost",
    reconnect: "resume",
    meaning: "Never sent: the connection broke without a close frame.",
  },
  1007: {
    name: "invalid_utf8",
    reconnect: "no",
    meaning: "A text message was not valid UTF-8.",
  },
  1008: {
    name: "policy",
    reconnect: "no",
    meaning: "The client broke a rule: it never joined, sent too many bad messages, or did not read its answers.",
  },
  1009: {
    name: "message_too_big",
    reconnect: "no",
    meaning: "A message was larger than the server's limit.",
  },
  1011: {
    name: "internal_error",
    reconnect: "yes",
    meaning: "The server has a fault. Its log says more.",
  },
  1012: {
    name: "restart",
    reconnect: "resume",
    meaning: "The server restarts as planned.",
  },
  1013: {
    name: "try_again_later",
    reconnect: "yes",
    meaning: "The server takes no more load now. Wait some seconds.",
  },
  4000: {
    name: "too_slow",
    reconnect: "resume",
    meaning: "The client read too slowly, and what it had not read yet is no longer kept for it here.",
  },
  4001: {
    name: "no_sign_of_life",
    reconnect: "resume",
    meaning: "Nothing came from the client in time, and nothing that was sent to it arrived.",
  },
  4002: {
    name: "store_unavailable",
    reconnect: "resume",
    meaning: "The store has been away for too long.",
  },
  4003: {
    name: "epoch_changed",
    reconnect: "resume",
    meaning: "The room has lost its past and starts anew: its ids begin again in a new epoch.",
  },
  4100: {
    name: "unauthorized",
    reconnect: "no",
    meaning: "The token is missing, wrong, expired, or not for this room. Get a new one first.",
  },
  4101: {
    name: "kicked",
    reconnect: "no",
    meaning: "An operator removed the player from the room.",
  },
  4102: {
    name: "banned",
    reconnect: "no",
    meaning: "The player may not join this room.",
  },
  4103: {
    name: "room_full",
    reconnect: "no",
    meaning: "The room has as many members as it may have.",
  },
  4104: {
    name: "replaced",
    reconnect: "no",
    meaning: "The same player joined again on a newer connection.",
  },
  4105: {
    name: "rate_limited",
    reconnect: "no",
    meaning: "The client went on sending faster than it may after it had been told.",
  },
};

export const errorCodes: Readonly<Record<string, ErrorInfo>> = {
  bad_json: {
    close: null,
    retry: false,
  },
  not_an_object: {
    close: null,
    retry: false,
  },
  too_deep: {
    close: null,
    retry: false,
  },
  duplicate_field: {
    close: null,
    retry: false,
  },
  reserved_type: {
    close: null,
    retry: false,
  },
  bad_type: {
    close: null,
    retry: false,
  },
  bad_ref: {
    close: null,
    retry: false,
  },
  not_joined: {
    close: null,
    retry: false,
  },
  already_joined: {
    close: null,
    retry: false,
  },
  bad_room: {
    close: null,
    retry: false,
  },
  bad_since: {
    close: null,
    retry: false,
  },
  bad_epoch: {
    close: null,
    retry: false,
  },
  bad_token: {
    close: null,
    retry: false,
  },
  unauthorized: {
    close: 4100,
    retry: false,
  },
  banned: {
    close: 4102,
    retry: false,
  },
  room_full: {
    close: 4103,
    retry: false,
  },
  room_locked: {
    close: null,
    retry: true,
  },
  read_only: {
    close: null,
    retry: false,
  },
  too_many_rooms: {
    close: null,
    retry: true,
  },
  rate_limited: {
    close: null,
    retry: true,
  },
  out_of_order: {
    close: null,
    retry: true,
  },
  message_too_big: {
    close: 1009,
    retry: false,
  },
  store_unavailable: {
    close: null,
    retry: true,
  },
  store_full: {
    close: null,
    retry: true,
  },
  store_corrupt: {
    close: 1011,
    retry: false,
  },
  server_busy: {
    close: 1013,
    retry: true,
  },
  shutting_down: {
    close: 1012,
    retry: true,
  },
  internal: {
    close: 1011,
    retry: true,
  },
};
