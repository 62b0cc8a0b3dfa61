// Every bound of the server, with where its number comes from and what happens at it. These are the
// defaults; those marked "option" can be configured (app/config_table.cc), the others are fixed.
// Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gavel::limits {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

// --- what may come in ---

// A whole message, all fragments together, inflated (option): a game's message has 50 to 1,000
// bytes, and a receive buffer of a shard holds several of this size. Beyond it: close 1009.
inline constexpr std::size_t kMessageBytesMax = 64 * kKiB;
// Frames that one message may be cut into (option): honest senders use one; a thousand empty ones
// are an attack that a bound on bytes doesn't see. Beyond it: close 1009.
inline constexpr std::size_t kFragmentsMax = 1024;
// The HTTP upgrade, request line and headers: browsers with cookies stay below 4 KiB. Beyond it:
// 431.
inline constexpr std::size_t kHandshakeBytesMax = 8 * kKiB;
// A room's name, UTF-8 (option): fits a UUID, a path of a few parts, a name that people chose.
// Beyond it: bad_room.
inline constexpr std::size_t kRoomNameBytesMax = 128;
// Levels of { and [ in a message: MongoDB holds 100, and the archive puts a level of its own around
// it. Beyond it: too_deep.
inline constexpr std::size_t kJsonDepthMax = 64;
// A join token: with some claims 200 to 1,000 bytes; identity providers stay below 4 KiB. Beyond
// it: refused unread.
inline constexpr std::size_t kTokenBytesMax = 8 * kKiB;
// What a token may say about its player, as JSON text: it is sent to every member of a room.
inline constexpr std::size_t kPlayerInfoBytesMax = 1 * kKiB;
// Rooms, or patterns of rooms, that one token may name: each join compares them all.
inline constexpr std::size_t kTokenRoomsMax = 64;
// A client's malformed messages before close 1008: a bug makes some, a fuzzer many.
inline constexpr std::uint32_t kBadMessagesMax = 10;

// --- how many ---

// Connections of the process (option): 50,000 idle ones are below 1 GiB; beyond it: 503 before the
// upgrade.
inline constexpr std::size_t kConnectionsMax = 50'000;
// Connections of one address (option): players behind a carrier's NAT share one, an attacker has
// few. Off (0) by default, since behind a proxy every player has
// the proxy's address.
inline constexpr std::size_t kConnectionsPerAddressMax = 0;
// Rooms in memory in the process (option): an idle one costs about 2 KiB, so a flood of names ends
// at 200 MiB. Beyond it: too_many_rooms.
inline constexpr std::size_t kRoomsMax = 100'000;
// Members of a room (option): 10,000 sends are 20 to 30 ms of a core. Beyond it: room_full.
inline constexpr std::size_t kRoomMembersMax = 10'000;
// Players that left and may resume, remembered a room: twice the members, so that a whole room may
// come back once.
inline constexpr std::size_t kRoomIdentitiesMax = 2 * kRoomMembersMax;

// --- how fast ---

// Messages and bytes a second of one client (options; 0 = no limit). Off by default: what is much
// differs by game a thousandfold, and a flooder delays only himself (promise P7). Beyond it:
// rate_limited, then close 4105.
inline constexpr std::uint64_t kRateMessages = 0;
inline constexpr std::uint64_t kRateBytes = 0;
// How many seconds' worth may come at once (option): a client that was paused for a second isn't
// punished for it.
inline constexpr std::uint64_t kRateBurstSeconds = 2;
// Refusals in a row before close 4105.
inline constexpr std::uint32_t kRateRefusalsMax = 100;

// --- memory ---

// A room's backlog, which members read without asking the store (option): 2 s of a busy room (1,000
// messages of 130 bytes a second); who lags more reads pages from the store.
inline constexpr std::size_t kBacklogBytes = 256 * kKiB;
// Accepted but not yet kept, a room (option): 80 ms of the fastest room measured. Beyond it its
// members' sockets are not read until the store has caught up: TCP pushes back.
inline constexpr std::size_t kRoomUnkeptBytesMax = 1 * kMiB;
// Pages that lagging members read from the store at a time, a shard (option); the others queue.
inline constexpr std::size_t kPagesInFlight = 64;
inline constexpr std::size_t kPageBytes = 128 * kKiB;
// Frames for one connection alone (joined, errors, pong). Full: its socket is not read; still full:
// close 1008.
inline constexpr std::size_t kPrivateBytesMax = 16 * kKiB;
// Encrypted bytes that a TLS connection holds back for its socket: one record more than a socket's
// turn.
inline constexpr std::size_t kTlsOutBytesMax = 64 * kKiB;
// What the memory store keeps of a room where no retention is configured: it lives in this
// process's memory.
inline constexpr std::size_t kMemoryRetainBytes = 4 * kMiB;

// --- how long (options) ---

// From accept to joined, never renewed by bytes: a slow player needs three round trips, a slowloris
// for ever.
inline constexpr seconds kJoinTimeout{5};
// No bytes from a client for so long: a ping; none for so long after it: close 4001 (the article's
// values).
inline constexpr seconds kPingInterval{5};
inline constexpr seconds kPingTimeout{5};
// An empty room's memory stays, so that a match whose players all reconnect doesn't read from the
// store.
inline constexpr seconds kLinger{60};
// A player may come back as the same one for so long after the connection was lost.
inline constexpr minutes kResumeTtl{2};
// From SIGTERM until connections are cut.
inline constexpr seconds kDrain{10};
// Clocks of whoever signs tokens may differ by so much.
inline constexpr seconds kTokenLeeway{30};
// Store away: pause first, then senders get errors, then members are closed with 4002.
inline constexpr seconds kStoreRefuseAfter{2};
inline constexpr seconds kStoreCloseAfter{15};
// An answer of Redis. Its failover takes 5 s and more; this only notices a dead connection.
inline constexpr seconds kRedisTimeout{2};

}  // namespace gavel::limits
