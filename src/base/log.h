// Log lines to stderr, as text or as JSON, for who runs the server. Any thread; never blocks: a
// line that stderr does not take at once is dropped and counted (a full disk, a closed or stuck
// pipe must not stop a game).
//
//   GAVEL_LOG(store, warning, "append failed", {"room", name}, {"tries", tries});
//
// 1. No payloads, no tokens, no keys. Text from outside only in field values: those are escaped
// (base/escape.h).
// 2. A call site writes at most kLinesASecond; the next line then says how many were left out.
// 3. A level that is off costs one relaxed load: the fields are not evaluated.
// One logger for the process rather than one handed to every object: it has no part in what the
// program computes, and any function may have to report.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gavel::log {

enum class Level : std::uint8_t { debug, info, warning, error, off };
enum class Area : std::uint8_t { app, net, session, room, store, shard, admin, archive, cli };
inline constexpr std::size_t kAreas = 9;
inline constexpr std::uint32_t kLinesASecond = 10;  // a call site; an operator reads no faster

enum class Format : std::uint8_t { text, json };

using Levels = std::array<Level, kAreas>;

// "info", or "info,net=debug,store=off": one level for all, then those that differ. The error is a
// sentence.
Result<Levels, std::string> parse_levels(std::string_view text);

struct Options {
  Levels levels{Level::info, Level::info, Level::info, Level::info, Level::info,
                Level::info, Level::info, Level::info, Level::info};
  Format format = Format::text;
  int fd = 2;  // not owned
};

// Before other threads log. Until then: text to stderr, from info up.
void start(const Options& options);
// Any time, any thread: a reload.
void set_levels(const Levels& levels);

struct Field {
  Field(std::string_view k, std::string_view v) : key(k), text(v), kind(Kind::text) {}
  Field(std::string_view k, const char* v) : Field(k, std::string_view(v)) {}
  Field(std::string_view k, const std::string& v) : Field(k, std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), number(v), kind(Kind::boolean) {}
  Field(std::string_view k, double v) : key(k), real(v), kind(Kind::real) {}
  template <std::integral T>
  Field(std::string_view k, T v)
      : key(k),
        number(static_cast<std::uint64_t>(v)),
        kind(std::signed_integral<T> ? Kind::integer : Kind::natural) {}

  enum class Kind : std::uint8_t { text, boolean, real, integer, natural };
  std::string_view key;  // a constant
  std::string_view text;
  std::uint64_t number = 0;
  double real = 0;
  Kind kind;
};

// What a call site remembers of its lines.
class Site {
 public:
  // May it write a line now? `suppressed`: how many it was refused before, told once.
  bool admit(std::int64_t now_s, std::uint32_t& suppressed);

 private:
  std::atomic<std::int64_t> second_{-1};
  std::atomic<std::uint32_t> lines_{0};
  std::atomic<std::uint32_t> suppressed_{0};
};

extern std::array<std::atomic<Level>, kAreas> current_levels;

inline bool enabled(Area area, Level level) {
  return level >= current_levels[static_cast<std::size_t>(area)].load(std::memory_order_relaxed);
}

// `message` is a constant of ours; what varies goes into fields.
void write(Site& site, Area area, Level level, std::string_view message,
           std::initializer_list<Field> fields);

// Opens /dev/null where one of the descriptors 0, 1 and 2 is closed: the first socket would get its
// number, and a player our log lines. The first thing that main() does.
void hold_standard_descriptors();

// Lines that the target did not take since the start.
std::uint64_t lost_lines();

}  // namespace gavel::log

#define GAVEL_LOG(area, level, message, ...)                                                     \
  do {                                                                                           \
    using gavel_log_area = ::gavel::log::Area;                                                   \
    using gavel_log_level = ::gavel::log::Level;                                                 \
    if (::gavel::log::enabled(gavel_log_area::area, gavel_log_level::level)) {                   \
      static ::gavel::log::Site gavel_log_site;                                                  \
      ::gavel::log::write(gavel_log_site, gavel_log_area::area, gavel_log_level::level, message, \
                          {__VA_ARGS__});                                                        \
    }                                                                                            \
  } while (false)
