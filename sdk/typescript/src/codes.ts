// Generated from src/wire/codes.def by tools/gen-codes.

export type Reconnect = "no" | "yes" | "resume";

export interface CloseInfo {
  readonly name: string;
  readonly meaning: string;
  /** no: not by itself; yes: later, anew; resume: at once, as the same player. */
  readonly reconnect: Reconnect;
}

export interface ErrorInfo {
  readonly meaning: string;
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
    meaning: "The message is not valid JSON (RFC 8259). Send one JSON object a message.",
  },
  not_an_object: {
    close: null,
    retry: false,
    meaning: "The message is JSON, but not an object. Send {\"type\":...}.",
  },
  too_deep: {
    close: null,
    retry: false,
    meaning: "The message is nested more than 64 levels deep. Flatten it.",
  },
  duplicate_field: {
    close: null,
    retry: false,
    meaning: "A field that the server reads stands in the message twice. Send it once.",
  },
  reserved_type: {
    close: null,
    retry: false,
    meaning: "Only the server sends messages of this type. Choose another name.",
  },
  bad_type: {
    close: null,
    retry: false,
    meaning: "The field type must be there and be a string of at most 128 bytes.",
  },
  bad_ref: {
    close: null,
    retry: false,
    meaning: "The field ref must be an integer from 1 to 2^53 - 1.",
  },
  not_joined: {
    close: null,
    retry: false,
    meaning: "Join a room first: {\"type\":\"join\",\"room\":\"...\"}.",
  },
  already_joined: {
    close: null,
    retry: false,
    meaning: "The connection is in a room. Leave it before you join another.",
  },
  bad_room: {
    close: null,
    retry: false,
    meaning: "The field room must be a string without control or direction characters, not empty and not too long (128 bytes by default).",
  },
  bad_since: {
    close: null,
    retry: false,
    meaning: "The field since must be an integer from 0 to 2^53 - 1, or \"latest\".",
  },
  bad_epoch: {
    close: null,
    retry: false,
    meaning: "The field epoch must be a string of decimal digits, as it came in joined.",
  },
  bad_token: {
    close: null,
    retry: false,
    meaning: "The field token must be a string of at most 8192 bytes.",
  },
  unauthorized: {
    close: 4100,
    retry: false,
    meaning: "The token is missing, wrong, expired, or not for this room. Get a new one first.",
  },
  banned: {
    close: 4102,
    retry: false,
    meaning: "The player may not join this room.",
  },
  room_full: {
    close: 4103,
    retry: false,
    meaning: "The room has as many members as it may have. Try another room.",
  },
  room_locked: {
    close: null,
    retry: true,
    meaning: "The room is locked by an operator. Try again later, or another room.",
  },
  read_only: {
    close: null,
    retry: false,
    meaning: "The token allows to watch this room, not to send into it.",
  },
  too_many_rooms: {
    close: null,
    retry: true,
    meaning: "The server has as many rooms open as it may have. Try again later, or join one that exists.",
  },
  rate_limited: {
    close: null,
    retry: true,
    meaning: "Sent faster than allowed. Wait retry_after_ms, then send the message again, and those behind it.",
  },
  out_of_order: {
    close: null,
    retry: true,
    meaning: "An earlier message was refused and is awaited. Send that one again first, then this one.",
  },
  message_too_big: {
    close: 1009,
    retry: false,
    meaning: "The message is larger than the server's limit. Send smaller ones.",
  },
  store_unavailable: {
    close: null,
    retry: true,
    meaning: "The store is away, and nothing can be kept. Send the message again later.",
  },
  store_full: {
    close: null,
    retry: true,
    meaning: "The store has no space left. Send the message again later, and tell the operator.",
  },
  store_corrupt: {
    close: 1011,
    retry: false,
    meaning: "What the store holds of this room can't be read. Tell the operator.",
  },
  server_busy: {
    close: 1013,
    retry: true,
    meaning: "The server takes no more load now. Come back in some seconds.",
  },
  shutting_down: {
    close: 1012,
    retry: true,
    meaning: "The server restarts. Come back with the resume token, and send the message again.",
  },
  internal: {
    close: 1011,
    retry: true,
    meaning: "The server has a fault. Its log says more.",
  },
};
