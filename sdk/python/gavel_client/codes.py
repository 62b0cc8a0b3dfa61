"""Close codes and error codes. Generated from src/wire/codes.def by tools/gen-codes."""

from typing import Dict, NamedTuple, Optional


class CloseInfo(NamedTuple):
    name: str
    reconnect: str  # "no": not by itself; "yes": later; "resume": at once
    meaning: str


class ErrorInfo(NamedTuple):
    close: Optional[int]  # the close code that follows; None: the connection lives on
    retry: bool  # the same message may be sent again later
    meaning: str


CLOSE_CODES: Dict[int, CloseInfo] = {
    1000: CloseInfo(
        "normal",
        "no",
        "The client or the server is done.",
    ),
    1001: CloseInfo(
        "going_away",
        "yes",
        "The other side goes away: the page is left, or the server ends for good.",
    ),
    1002: CloseInfo(
        "protocol_error",
        "no",
        "A frame broke the WebSocket protocol. The client's library has a fault.",
    ),
    1003: CloseInfo(
        "unsupported_data",
        "no",
        "A binary message came. Send text messages only.",
    ),
    1005: CloseInfo(
        "no_status",
        "yes",
        "Never sent: the connection was closed without a code.",
    ),
    1006: CloseInfo(
        "lost",
        "resume",
        "Never sent: the connection broke without a close frame.",
    ),
    1007: CloseInfo(
        "invalid_utf8",
        "no",
        "A text message was not valid UTF-8.",
    ),
    1008: CloseInfo(
        "policy",
        "no",
        "The client broke a rule: it never joined, sent too many bad messages, or did not read its answers.",
    ),
    1009: CloseInfo(
        "message_too_big",
        "no",
        "A message was larger than the server's limit.",
    ),
    1011: CloseInfo(
        "internal_error",
        "yes",
        "The server has a fault. Its log says more.",
    ),
    1012: CloseInfo(
        "restart",
        "resume",
        "The server restarts as planned.",
    ),
    1013: CloseInfo(
        "try_again_later",
        "yes",
        "The server takes no more load now. Wait some seconds.",
    ),
    4000: CloseInfo(
        "too_slow",
        "resume",
        "The client read too slowly, and what it had not read yet is no longer kept for it here.",
    ),
    4001: CloseInfo(
        "no_sign_of_life",
        "resume",
        "Nothing came from the client in time, and nothing that was sent to it arrived.",
    ),
    4002: CloseInfo(
        "store_unavailable",
        "resume",
        "The store has been away for too long.",
    ),
    4003: CloseInfo(
        "epoch_changed",
        "resume",
        "The room has lost its past and starts anew: its ids begin again in a new epoch.",
    ),
    4100: CloseInfo(
        "unauthorized",
        "no",
        "The token is missing, wrong, expired, or not for this room. Get a new one first.",
    ),
    4101: CloseInfo(
        "kicked",
        "no",
        "An operator removed the player from the room.",
    ),
    4102: CloseInfo(
        "banned",
        "no",
        "The player may not join this room.",
    ),
    4103: CloseInfo(
        "room_full",
        "no",
        "The room has as many members as it may have.",
    ),
    4104: CloseInfo(
        "replaced",
        "no",
        "The same player joined again on a newer connection.",
    ),
    4105: CloseInfo(
        "rate_limited",
        "no",
        "The client went on sending faster than it may after it had been told.",
    ),
}

ERROR_CODES: Dict[str, ErrorInfo] = {
    "bad_json": ErrorInfo(
        None,
        False,
        "The message is not valid JSON (RFC 8259). Send one JSON object a message.",
    ),
    "not_an_object": ErrorInfo(
        None,
        False,
        "The message is JSON, but not an object. Send {\"type\":...}.",
    ),
    "too_deep": ErrorInfo(
        None,
        False,
        "The message is nested more than 64 levels deep. Flatten it.",
    ),
    "duplicate_field": ErrorInfo(
        None,
        False,
        "A field that the server reads stands in the message twice. Send it once.",
    ),
    "reserved_type": ErrorInfo(
        None,
        False,
        "Only the server sends messages of this type. Choose another name.",
    ),
    "bad_type": ErrorInfo(
        None,
        False,
        "The field type must be there and be a string of at most 128 bytes.",
    ),
    "bad_ref": ErrorInfo(
        None,
        False,
        "The field ref must be an integer from 1 to 2^53 - 1.",
    ),
    "not_joined": ErrorInfo(
        None,
        False,
        "Join a room first: {\"type\":\"join\",\"room\":\"...\"}.",
    ),
    "already_joined": ErrorInfo(
        None,
        False,
        "The connection is in a room. Leave it before you join another.",
    ),
    "bad_room": ErrorInfo(
        None,
        False,
        "The field room must be a string without control or direction characters, not empty and not too long (128 bytes by default).",
    ),
    "bad_since": ErrorInfo(
        None,
        False,
        "The field since must be an integer from 0 to 2^53 - 1, or \"latest\".",
    ),
    "bad_epoch": ErrorInfo(
        None,
        False,
        "The field epoch must be a string of decimal digits, as it came in joined.",
    ),
    "bad_token": ErrorInfo(
        None,
        False,
        "The field token must be a string of at most 8192 bytes.",
    ),
    "unauthorized": ErrorInfo(
        4100,
        False,
        "The token is missing, wrong, expired, or not for this room. Get a new one first.",
    ),
    "banned": ErrorInfo(
        4102,
        False,
        "The player may not join this room.",
    ),
    "room_full": ErrorInfo(
        4103,
        False,
        "The room has as many members as it may have. Try another room.",
    ),
    "room_locked": ErrorInfo(
        None,
        True,
        "The room is locked by an operator. Try again later, or another room.",
    ),
    "read_only": ErrorInfo(
        None,
        False,
        "The token allows to watch this room, not to send into it.",
    ),
    "too_many_rooms": ErrorInfo(
        None,
        True,
        "The server has as many rooms open as it may have. Try again later, or join one that exists.",
    ),
    "rate_limited": ErrorInfo(
        None,
        True,
        "Sent faster than allowed. Wait retry_after_ms, then send the message again, and those behind it.",
    ),
    "out_of_order": ErrorInfo(
        None,
        True,
        "An earlier message was refused and is awaited. Send that one again first, then this one.",
    ),
    "message_too_big": ErrorInfo(
        1009,
        False,
        "The message is larger than the server's limit. Send smaller ones.",
    ),
    "store_unavailable": ErrorInfo(
        None,
        True,
        "The store is away, and nothing can be kept. Send the message again later.",
    ),
    "store_full": ErrorInfo(
        None,
        True,
        "The store has no space left. Send the message again later, and tell the operator.",
    ),
    "store_corrupt": ErrorInfo(
        1011,
        False,
        "What the store holds of this room can't be read. Tell the operator.",
    ),
    "server_busy": ErrorInfo(
        1013,
        True,
        "The server takes no more load now. Come back in some seconds.",
    ),
    "shutting_down": ErrorInfo(
        1012,
        True,
        "The server restarts. Come back with the resume token, and send the message again.",
    ),
    "internal": ErrorInfo(
        1011,
        True,
        "The server has a fault. Its log says more.",
    ),
}
