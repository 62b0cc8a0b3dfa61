#include "app/config/table.h"

#include "app/config/checks.h"

namespace gavel::app {
namespace {

constexpr std::int64_t kMs = 1000;  // durations are bounded in microseconds
constexpr std::int64_t kSecond = 1000 * kMs;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kYears = 3650 * kDay;
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kTiB = 1024 * 1024 * kMiB;
constexpr std::int64_t kBillion = 1'000'000'000;

using C = Config;

constexpr Section kSections[] = {
    {"server", "Where it listens and how it runs"},
    {"log", "Log lines on stderr"},
    {"store", "Where messages are kept, and how much of a room"},
    {"archive", "Where old messages are read from; gavel archive brings them there"},
    {"connections", "Who may connect, and how long one may be silent"},
    {"messages", "What may come in, and how fast"},
    {"rooms", "Rooms, their members and their memory"},
    {"tls", "Encryption on the game port"},
    {"token", "Who may join"},
    {"redis", "The Redis store"},
};

// A row is a paragraph, not a column:
// clang-format off
constexpr Option kOptions[] = {
    // --- server
    {.name = "listen", .section = "server", .key = "listen", .kind = Kind::list,
     .member = &C::listen, .what = "HOST:PORT",
     .help = "Addresses for players. Port 0 takes a free one and prints it",
     .check = check_address},
    {.name = "admin", .section = "server", .key = "admin", .kind = Kind::text, .member = &C::admin,
     .what = "HOST:PORT",
     .help = "Address for operators: metrics, API, console. Empty: none. Anything but loopback "
             "needs admin-key-file", .check = check_address_or_none},
    {.name = "admin-key-file", .section = "server", .key = "admin-key-file", .kind = Kind::text,
     .member = &C::admin_key_file, .what = "FILE",
     .help = "File with the key that requests to the admin address must bear. Empty: none is "
             "asked for", .reload = true},
    {.name = "threads", .section = "server", .key = "threads", .kind = Kind::number,
     .member = &C::threads, .what = "N",
     .help = "Shards, each with a thread and its share of the rooms. 0: one a core", .max = 256},
    {.name = "busy-poll", .section = "server", .key = "busy-poll", .kind = Kind::duration,
     .member = &C::busy_poll, .what = "DURATION",
     .help = "Spin so long before sleeping: a third of the latency for a full core a thread. 0: "
             "off", .max = 10 * kMs},
    {.name = "drain", .section = "server", .key = "drain", .kind = Kind::duration,
     .member = &C::drain, .what = "DURATION",
     .help = "How long a stop waits for players to leave before it cuts them off", .max = kHour,
     .reload = true},
    {.name = "stats", .section = "server", .key = "stats", .kind = Kind::duration,
     .member = &C::stats, .what = "DURATION", .help = "Print a line of figures so often. 0: never",
     .max = kDay},
    {.name = "www", .section = "server", .key = "www", .kind = Kind::text, .member = &C::www,
     .what = "DIR", .help = "Serve the files of this folder on the game port. Empty: none"},
    {.name = "echo", .section = "server", .key = "echo", .kind = Kind::flag, .member = &C::echo,
     .help = "Answer WebSockets on /echo with what they send, for conformance suites"},
    {.name = "deflate", .section = "server", .key = "deflate", .kind = Kind::flag,
     .member = &C::deflate, .help = "Compress for clients that ask for it: less traffic, more CPU"},

    // --- log
    {.name = "log-level", .section = "log", .key = "level", .kind = Kind::text,
     .member = &C::log_level, .what = "LEVEL",
     .help = "debug, info, warning, error or off; by area: info,net=debug",
     .check = check_log_level, .commands = kAllCommands, .reload = true},
    {.name = "log-format", .section = "log", .key = "format", .kind = Kind::choice,
     .member = &C::log_format, .what = "text|json", .help = "Lines for people or for programs",
     .commands = kAllCommands},

    // --- store
    {.name = "store", .section = "store", .key = "url", .kind = Kind::text, .member = &C::store,
     .what = "STORE",
     .help = "memory, rocks:DIR, redis://HOST:PORT, rediss://…, redis-cluster://… or unix:PATH",
     .check = check_store, .commands = kAllCommands, .has_secret = true},
    {.name = "durability", .section = "store", .key = "durability", .kind = Kind::choice,
     .member = &C::durability, .what = "written|synced",
     .help = "What kept means in rocks: safe from a crash of the process, or of the machine"},
    {.name = "retain-messages", .section = "store", .key = "retain-messages", .kind = Kind::number,
     .member = &C::retain_messages, .what = "N",
     .help = "Keep at least the last so many messages of a room. 0: all", .max = kBillion,
     .reload = true},
    {.name = "retain-bytes", .section = "store", .key = "retain-bytes", .kind = Kind::size,
     .member = &C::retain_bytes, .what = "SIZE",
     .help = "Keep about so much of a room. 0: all; in the memory store 4MiB", .max = kTiB,
     .reload = true},
    {.name = "retain-age", .section = "store", .key = "retain-age", .kind = Kind::duration,
     .member = &C::retain_age, .what = "DURATION", .help = "Keep messages for so long. 0: for ever",
     .max = kYears, .reload = true},

    // --- archive
    {.name = "archive-uri", .section = "archive", .key = "uri", .kind = Kind::text,
     .member = &C::archive_uri, .what = "URI",
     .help = "mongodb://HOST:PORT or mongodb+srv://…: messages that the store let go are read "
             "there. Empty: none", .check = check_archive, .has_secret = true},
    {.name = "archive-database", .section = "archive", .key = "database", .kind = Kind::text,
     .member = &C::archive_database, .what = "NAME", .help = "The database there"},
    {.name = "archive-timeout", .section = "archive", .key = "timeout", .kind = Kind::duration,
     .member = &C::archive_timeout, .what = "DURATION",
     .help = "Without an answer for so long players who want old messages are told to come back",
     .min = 100 * kMs, .max = kHour},

    // --- connections
    {.name = "join-timeout", .section = "connections", .key = "join-timeout",
     .kind = Kind::duration, .member = &C::join_timeout, .what = "DURATION",
     .help = "From accept to joined, TLS and handshake included; never renewed", .min = 100 * kMs,
     .max = kHour, .reload = true},
    {.name = "ping-interval", .section = "connections", .key = "ping-interval",
     .kind = Kind::duration, .member = &C::ping_interval, .what = "DURATION",
     .help = "Ping who has been silent for so long", .min = 100 * kMs, .max = kDay, .reload = true},
    {.name = "ping-timeout", .section = "connections", .key = "ping-timeout",
     .kind = Kind::duration, .member = &C::ping_timeout, .what = "DURATION",
     .help = "Close who stays silent for so long after a ping", .min = 100 * kMs, .max = kDay,
     .reload = true},
    {.name = "connections-max", .section = "connections", .key = "max", .kind = Kind::number,
     .member = &C::connections_max, .what = "N",
     .help = "Connections of the process; beyond it 503", .min = 1, .max = 10'000'000,
     .reload = true},
    {.name = "connections-per-address-max", .section = "connections", .key = "per-address-max",
     .kind = Kind::number, .member = &C::connections_per_address_max, .what = "N",
     .help = "Connections of one address (of an IPv6 /64). 0: no limit", .max = 10'000'000,
     .reload = true},
    {.name = "allow-origin", .section = "connections", .key = "allow-origin", .kind = Kind::list,
     .member = &C::allow_origin, .what = "ORIGIN",
     .help = "Web pages that may connect. * is safe here: who a player is comes from a token in "
             "a message, never from a cookie", .check = check_origin, .reload = true},

    // --- messages
    {.name = "message-bytes-max", .section = "messages", .key = "bytes-max", .kind = Kind::size,
     .member = &C::message_bytes_max, .what = "SIZE",
     .help = "A message, all its fragments together; beyond it close 1009", .min = 128, .max = kMiB,
     .reload = true},
    {.name = "fragments-max", .section = "messages", .key = "fragments-max", .kind = Kind::number,
     .member = &C::fragments_max, .what = "N",
     .help = "Frames that a message may be cut into; beyond it close 1009", .min = 1,
     .max = 1'000'000, .reload = true},
    {.name = "rate-messages", .section = "messages", .key = "rate-messages", .kind = Kind::number,
     .member = &C::rate_messages, .what = "N",
     .help = "Messages a second of one client. 0: no limit", .max = kBillion, .reload = true},
    {.name = "rate-bytes", .section = "messages", .key = "rate-bytes", .kind = Kind::size,
     .member = &C::rate_bytes, .what = "SIZE", .help = "Bytes a second of one client. 0: no limit",
     .max = kTiB, .reload = true},
    {.name = "rate-burst", .section = "messages", .key = "rate-burst", .kind = Kind::number,
     .member = &C::rate_burst, .what = "SECONDS",
     .help = "So many seconds' worth of the rates may come at once", .min = 1, .max = 3600,
     .reload = true},

    // --- rooms
    {.name = "room-name-bytes-max", .section = "rooms", .key = "name-bytes-max",
     .kind = Kind::number, .member = &C::room_name_bytes_max, .what = "N",
     .help = "Bytes of a room's name in UTF-8", .min = 1, .max = 1024, .reload = true},
    {.name = "rooms-max", .section = "rooms", .key = "max", .kind = Kind::number,
     .member = &C::rooms_max, .what = "N",
     .help = "Rooms in memory in the process; beyond it too_many_rooms", .min = 1,
     .max = 100'000'000, .reload = true},
    {.name = "room-members-max", .section = "rooms", .key = "members-max", .kind = Kind::number,
     .member = &C::room_members_max, .what = "N", .help = "Members of a room; beyond it room_full",
     .min = 1, .max = 1'000'000, .reload = true},
    {.name = "linger", .section = "rooms", .key = "linger", .kind = Kind::duration,
     .member = &C::linger, .what = "DURATION",
     .help = "How long an empty room stays in memory; its messages stay in the store", .max = kDay,
     .reload = true},
    {.name = "resume-ttl", .section = "rooms", .key = "resume-ttl", .kind = Kind::duration,
     .member = &C::resume_ttl, .what = "DURATION",
     .help = "How long after a lost connection a player may come back as the same one",
     .max = 7 * kDay, .reload = true},
    {.name = "backlog-bytes", .section = "rooms", .key = "backlog-bytes", .kind = Kind::size,
     .member = &C::backlog_bytes, .what = "SIZE",
     .help = "What a room keeps in memory for its members; who lags more reads from the store",
     .min = 4 * kKiB, .max = 1024 * kMiB},
    {.name = "room-unkept-bytes-max", .section = "rooms", .key = "unkept-bytes-max",
     .kind = Kind::size, .member = &C::room_unkept_bytes_max, .what = "SIZE",
     .help = "What a room takes before the store has kept it; beyond it its senders wait",
     .min = 4 * kKiB, .max = 1024 * kMiB, .reload = true},
    {.name = "pages-in-flight", .section = "rooms", .key = "pages-in-flight", .kind = Kind::number,
     .member = &C::pages_in_flight, .what = "N",
     .help = "Pages that lagging members read from the store at a time, a shard", .min = 1,
     .max = 10'000, .reload = true},

    // --- tls
    {.name = "tls-cert", .section = "tls", .key = "cert", .kind = Kind::text,
     .member = &C::tls_cert, .what = "FILE", .help = "Certificate chain, PEM. Empty: no encryption",
     .reload = true},
    {.name = "tls-key", .section = "tls", .key = "key", .kind = Kind::text, .member = &C::tls_key,
     .what = "FILE", .help = "Its private key, PEM", .reload = true},

    // --- token
    {.name = "token-required", .section = "token", .key = "required", .kind = Kind::flag,
     .member = &C::token_required,
     .help = "Nobody joins without a token. Without this, one that comes is still checked",
     .reload = true},
    {.name = "token-alg", .section = "token", .key = "alg", .kind = Kind::choice,
     .member = &C::token_alg, .what = "HS256|RS256|ES256|EdDSA|",
     .help = "How tokens are signed; a token that names another way is refused. Empty: no tokens",
     .reload = true},
    {.name = "token-key-file", .section = "token", .key = "key-file", .kind = Kind::text,
     .member = &C::token_key_file, .what = "FILE",
     .help = "The public key, PEM; for HS256 the secret, at least 32 bytes", .reload = true},
    {.name = "token-jwks-file", .section = "token", .key = "jwks-file", .kind = Kind::text,
     .member = &C::token_jwks_file, .what = "FILE",
     .help = "Several keys, as a JSON Web Key Set; a token's kid chooses among them",
     .reload = true},
    {.name = "token-aud", .section = "token", .key = "aud", .kind = Kind::text,
     .member = &C::token_aud, .what = "TEXT",
     .help = "Tokens must be meant for this audience. Empty: not checked", .reload = true},
    {.name = "token-iss", .section = "token", .key = "iss", .kind = Kind::text,
     .member = &C::token_iss, .what = "TEXT",
     .help = "Tokens must come from this issuer. Empty: not checked", .reload = true},
    {.name = "token-leeway", .section = "token", .key = "leeway", .kind = Kind::duration,
     .member = &C::token_leeway, .what = "DURATION",
     .help = "The issuer's clock may be wrong by so much", .max = kHour, .reload = true},

    // --- redis
    {.name = "redis-username", .section = "redis", .key = "username", .kind = Kind::text,
     .member = &C::redis_username, .what = "NAME",
     .help = "User of Redis's access lists. Empty: the default one", .commands = kAllCommands},
    {.name = "redis-password-file", .section = "redis", .key = "password-file", .kind = Kind::text,
     .member = &C::redis_password_file, .what = "FILE", .help = "File with the password",
     .commands = kAllCommands},
    {.name = "redis-wait-replicas", .section = "redis", .key = "wait-replicas",
     .kind = Kind::number, .member = &C::redis_wait_replicas, .what = "N",
     .help = "Show a message only when so many replicas have it: a failover loses none, an "
             "append costs twice", .max = 10},
    {.name = "redis-timeout", .section = "redis", .key = "timeout", .kind = Kind::duration,
     .member = &C::redis_timeout, .what = "DURATION",
     .help = "Without an answer for so long the connection counts as dead", .min = 10 * kMs,
     .max = kHour, .commands = kAllCommands},
    {.name = "redis-sentinel", .section = "redis", .key = "sentinel", .kind = Kind::list,
     .member = &C::redis_sentinel, .what = "HOST:PORT", .help = "Sentinels to ask for the master",
     .check = check_address, .commands = kAllCommands},
    {.name = "redis-sentinel-master", .section = "redis", .key = "sentinel-master",
     .kind = Kind::text, .member = &C::redis_sentinel_master, .what = "NAME",
     .help = "The master's name at the sentinels", .commands = kAllCommands},
    {.name = "redis-tls-ca", .section = "redis", .key = "tls-ca", .kind = Kind::text,
     .member = &C::redis_tls_ca, .what = "FILE",
     .help = "Certificates that Redis's must come from, PEM. Empty: the system's",
     .commands = kAllCommands},
};
// clang-format on

}  // namespace

std::span<const Option> options() { return kOptions; }
std::span<const Section> sections() { return kSections; }

const Option* find_option(std::string_view section, std::string_view key) {
  for (const Option& option : kOptions) {
    if (option.section == section && option.key == key) return &option;
  }
  return nullptr;
}

std::string environment_name(const Option& option) {
  std::string name = "GAVEL_";
  for (const char c : option.name) {
    name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

}  // namespace gavel::app
