#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <ctime>
#include <memory>
#include <mutex>

#include "base/escape.h"

namespace gavel::log {

constinit std::array<std::atomic<Level>, kAreas> current_levels{
    Level::info, Level::info, Level::info, Level::info, Level::info,
    Level::info, Level::info, Level::info, Level::info};

namespace {

// What a pipe takes in one piece once poll() has said that it takes anything; a longer line is cut.
constexpr std::size_t kLineBytesMax = 4096;
constexpr std::size_t kValueBytesMax = 512;

constexpr std::string_view kAreaNames[kAreas] = {"app",   "net",   "session", "room", "store",
                                                 "shard", "admin", "archive", "cli"};
constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error", "off"};

std::atomic<std::uint64_t> lost{0};

// Writes whole lines to a descriptor and never waits for it.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(int fd) : fd_(fd) {}

 private:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    spdlog::memory_buf_t line;
    formatter_->format(msg, line);
    pollfd target{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&target, 1, 0) != 1 || (target.revents & POLLOUT) == 0 ||
        ::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      lost.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void flush_() override {}

  int fd_;
};

struct State {
  std::shared_ptr<spdlog::logger> logger;
  Format format = Format::text;
};

std::shared_ptr<spdlog::logger> make_logger(Format format, int fd) {
  auto logger = std::make_shared<spdlog::logger>("gavel", std::make_shared<LineSink>(fd));
  logger->set_level(spdlog::level::trace);
  logger->set_error_handler([](const std::string&) { lost.fetch_add(1); });
  const char* const pattern = format == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})"
                                                     : "%Y-%m-%dT%H:%M:%S.%eZ %v";
  logger->set_pattern(pattern, spdlog::pattern_time_type::utc);
  return logger;
}

State& state() {
  static State* const it = new State{make_logger(Format::text, 2), Format::text};  // outlives all
  return *it;
}

std::string_view name_of(Area area) { return kAreaNames[static_cast<std::size_t>(area)]; }
std::string_view name_of(Level level) { return kLevelNames[static_cast<std::size_t>(level)]; }

// Escaped, and cut where a long one would fill the line.
std::string shown(std::string_view value) {
  if (value.size() <= kValueBytesMax) return escape_for_log(value);
  return escape_for_log(value.substr(0, kValueBytesMax)) + "…";
}

// `text` has no control characters any more.
void append_quoted(std::string& out, std::string_view text, bool json) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || (json && c == '\\')) out += '\\';
    out += c;
  }
  out += '"';
}

template <class T>
void append_number(std::string& out, T value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" =\"") != std::string_view::npos;
}

void append_value(std::string& out, const Field& field, bool json) {
  switch (field.kind) {
    case Field::Kind::text: {
      const std::string text = shown(field.text);
      if (json || needs_quotes(text)) {
        append_quoted(out, text, json);
      } else {
        out += text;
      }
      return;
    }
    case Field::Kind::boolean:
      out += field.number != 0 ? "true" : "false";
      return;
    case Field::Kind::real:
      if (json && !(field.real - field.real == 0)) {  // JSON has no infinity and no NaN
        out += "null";
      } else {
        append_number(out, field.real);
      }
      return;
    case Field::Kind::integer:
      append_number(out, static_cast<std::int64_t>(field.number));
      return;
    case Field::Kind::natural:
      append_number(out, field.number);
      return;
  }
}

void append_field(std::string& out, const Field& field, bool json) {
  if (json) {
    out += ',';
    append_quoted(out, field.key, true);
    out += ':';
  } else {
    out += ' ';
    out += field.key;
    out += '=';
  }
  append_value(out, field, json);
}

std::string make_line(Area area, Level level, std::string_view message,
                      std::initializer_list<Field> fields, std::uint32_t suppressed, bool json) {
  std::string line;
  line.reserve(256);
  if (json) {
    line += "\"level\":\"";
    line += name_of(level);
    line += "\",\"area\":\"";
    line += name_of(area);
    line += "\",\"message\":";
    append_quoted(line, escape_for_log(message), true);
  } else {
    line += name_of(level);
    line += ' ';
    line += name_of(area);
    line += ": ";
    line += message;
  }
  // Room for the time stamp, for the note of suppressed lines and for the end.
  constexpr std::size_t kReserve = 128;
  for (const Field& field : fields) {
    const std::size_t before = line.size();
    append_field(line, field, json);
    if (line.size() > kLineBytesMax - kReserve)
      line.resize(before);  // left out whole: JSON stays JSON
  }
  if (suppressed != 0) append_field(line, {"suppressed", suppressed}, json);
  return line;
}

std::int64_t coarse_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec;
}

template <class T, std::size_t N>
bool find_name(const std::string_view (&names)[N], std::string_view name, T& found) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) {
      found = static_cast<T>(i);
      return true;
    }
  }
  return false;
}

}  // namespace

bool Site::admit(std::int64_t now_s, std::uint32_t& suppressed) {
  suppressed = 0;
  if (second_.exchange(now_s, std::memory_order_relaxed) != now_s) {
    lines_.store(0, std::memory_order_relaxed);
  }
  if (lines_.fetch_add(1, std::memory_order_relaxed) >= kLinesASecond) {
    suppressed_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  suppressed = suppressed_.exchange(0, std::memory_order_relaxed);
  return true;
}

void start(const Options& options) {
  set_levels(options.levels);
  state() = {make_logger(options.format, options.fd), options.format};
}

void hold_standard_descriptors() {
  int fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= 2) fd = ::dup(fd);
  if (fd > 2) ::close(fd);
}

void set_levels(const Levels& levels) {
  for (std::size_t i = 0; i < kAreas; ++i) current_levels[i].store(levels[i]);
}

void write(Site& site, Area area, Level level, std::string_view message,
           std::initializer_list<Field> fields) {
  std::uint32_t suppressed = 0;
  if (!site.admit(coarse_seconds(), suppressed)) return;
  const State& now = state();
  const bool json = now.format == Format::json;
  const std::string line = make_line(area, level, message, fields, suppressed, json);
  now.logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

std::uint64_t lost_lines() { return lost.load(std::memory_order_relaxed); }

Result<Levels, std::string> parse_levels(std::string_view text) {
  Levels levels{};
  bool first = true;
  while (first || !text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    const std::size_t equals = part.find('=');
    const std::string_view level_name =
        equals == std::string_view::npos ? part : part.substr(equals + 1);
    Level level{};
    if (!find_name(kLevelNames, level_name, level)) {
      return "\"" + escape_for_log(level_name) +
             "\" is no log level: debug, info, warning, error, off";
    }
    if (first != (equals == std::string_view::npos)) {
      return std::string("write one level for all, then those that differ: info,net=debug");
    }
    if (first) {
      levels.fill(level);
    } else {
      Area area{};
      if (!find_name(kAreaNames, part.substr(0, equals), area)) {
        return "\"" + escape_for_log(part.substr(0, equals)) +
               "\" is no area: app, net, session, room, store, shard, admin, archive, cli";
      }
      levels[static_cast<std::size_t>(area)] = level;
    }
    first = false;
  }
  return levels;
}

}  // namespace gavel::log
