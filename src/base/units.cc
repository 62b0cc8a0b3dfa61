#include "base/units.h"

#include <cctype>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "base/escape.h"

namespace gavel {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kK = 1000;
constexpr std::uint64_t kKi = 1024;

// In microseconds, rising.
constexpr Unit kDurations[] = {{"us", 1},          {"ms", kK},           {"s", kK* kK},
                               {"m", 60 * kK* kK}, {"h", 3600 * kK* kK}, {"d", 86400 * kK* kK}};

constexpr Unit kSizes[] = {{"B", 1},
                           {"KB", kK},
                           {"KiB", kKi},
                           {"MB", kK* kK},
                           {"MiB", kKi* kKi},
                           {"GB", kK* kK* kK},
                           {"GiB", kKi* kKi* kKi},
                           {"TB", kK* kK* kK* kK},
                           {"TiB", kKi* kKi* kKi* kKi}};

constexpr std::string_view kDurationHelp =
    "a duration is a whole number and us, ms, s, m, h or d: 250ms, 5s, 2m";
constexpr std::string_view kSizeHelp =
    "a size is a whole number and B, KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers "
    "of 1024): 4096, 64KiB";

// What people write for a unit, lower case, and what to write instead.
struct Misspelling {
  std::string_view written;
  std::string_view unit;
  std::string_view or_unit = {};
};
constexpr Misspelling kDurationMisspellings[] = {
    {"sec", "s"},     {"secs", "s"},   {"second", "s"},  {"seconds", "s"}, {"min", "m"},
    {"mins", "m"},    {"minute", "m"}, {"minutes", "m"}, {"hr", "h"},      {"hrs", "h"},
    {"hour", "h"},    {"hours", "h"},  {"day", "d"},     {"days", "d"},    {"msec", "ms"},
    {"millis", "ms"}, {"usec", "us"},  {"µs", "us"},     {"", "s", "ms"}};
constexpr Misspelling kSizeMisspellings[] = {
    {"k", "KiB", "KB"}, {"m", "MiB", "MB"}, {"g", "GiB", "GB"}, {"t", "TiB", "TB"}, {"ki", "KiB"},
    {"mi", "MiB"},      {"gi", "GiB"},      {"ti", "TiB"},      {"byte", "B"},      {"bytes", "B"}};

std::string lower(std::string_view text) {
  std::string low(text);
  for (char& c : low) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return low;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShownMax = 40;
  if (text.size() > kShownMax) return '"' + escape_for_log(text.substr(0, kShownMax)) + "…\"";
  return '"' + escape_for_log(text) + '"';
}

const Unit* find(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

struct Kind {
  std::string_view noun;
  std::span<const Unit> units;
  std::span<const Misspelling> misspellings;
  std::string_view help;
  bool bare_number;  // means the smallest unit
};

constexpr Kind kDuration{"duration", kDurations, kDurationMisspellings, kDurationHelp, false};
constexpr Kind kSize{"size", kSizes, kSizeMisspellings, kSizeHelp, true};

// "write 10MB, or 10MiB": what was probably meant; empty where one can't tell.
std::string suggestion(const Kind& kind, std::string_view digits, std::string_view unit) {
  const std::string low = lower(unit);
  const auto write = [&](std::string_view a, std::string_view b) {
    std::string text = "write " + std::string(digits) + std::string(a);
    if (!b.empty()) text += " or " + std::string(digits) + std::string(b);
    return text;
  };
  for (const Unit& known : kind.units) {
    if (lower(known.name) != low) continue;
    // A plain MB may have been meant as 1024 * 1024: name both.
    if (kind.bare_number && known.name.size() == 2) {
      return write(known.name, std::string(known.name.substr(0, 1)) + "iB");
    }
    return write(known.name, {});
  }
  for (const Misspelling& misspelling : kind.misspellings) {
    if (misspelling.written == low) return write(misspelling.unit, misspelling.or_unit);
  }
  return {};
}

std::string error(const Kind& kind, std::string_view text, std::string_view meant) {
  std::string message = quoted(text) + " is not a " + std::string(kind.noun) + ": ";
  if (!meant.empty()) message += std::string(meant) + "; ";
  return message + std::string(kind.help);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "1.5s" → "write 1500ms": a decimal that the next smaller unit makes whole.
std::string whole_suggestion(const Kind& kind, std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == 0 || point == std::string_view::npos || point > 6) return {};
  std::size_t end = point + 1;
  std::uint64_t value = 0;
  std::uint64_t scale = 1;
  for (std::size_t i = 0; i < point; ++i) {
    if (text[i] < '0' || text[i] > '9') return {};
    value = value * 10 + static_cast<std::uint64_t>(text[i] - '0');
  }
  for (; end < text.size() && end - point <= 3 && text[end] >= '0' && text[end] <= '9'; ++end) {
    value = value * 10 + static_cast<std::uint64_t>(text[end] - '0');
    scale *= 10;
  }
  const Unit* const unit = find(kind.units, text.substr(end));
  if (unit == nullptr || value == 0 || (value * unit->factor) % scale != 0) return {};
  const std::uint64_t units = value * unit->factor / scale;
  return "write " + (kind.bare_number ? format_size(units)
                                      : format_duration(std::chrono::microseconds(units)));
}

Result<std::uint64_t, std::string> parse(const Kind& kind, std::string_view text) {
  const std::string_view trimmed = trim(text);
  std::uint64_t number = 0;
  std::size_t at = 0;
  bool too_big = false;
  for (; at < trimmed.size() && trimmed[at] >= '0' && trimmed[at] <= '9'; ++at) {
    const auto digit = static_cast<std::uint64_t>(trimmed[at] - '0');
    too_big = too_big || number > (std::numeric_limits<std::int64_t>::max() - digit) / 10;
    number = number * 10 + digit;
  }
  if (at == 0) return error(kind, text, {});
  const std::string_view digits = trimmed.substr(0, at);
  const std::string_view name = trimmed.substr(at);
  const bool bare = name.empty() && (kind.bare_number || (number == 0 && !too_big));
  const Unit* const unit = bare ? &kind.units[0] : find(kind.units, name);
  if (too_big ||
      (unit != nullptr && number > std::numeric_limits<std::int64_t>::max() / unit->factor)) {
    return quoted(text) + " is too large a " + std::string(kind.noun);
  }
  if (unit == nullptr || trimmed.size() != text.size()) {
    std::string meant = suggestion(kind, digits, bare ? std::string_view{} : trim(name));
    if (meant.empty() && bare) meant = "write " + std::string(digits);
    if (meant.empty()) meant = whole_suggestion(kind, trimmed);
    return error(kind, text, meant);
  }
  return number * unit->factor;
}

}  // namespace

Result<std::chrono::microseconds, std::string> parse_duration(std::string_view text) {
  auto parsed = parse(kDuration, text);
  if (!parsed) return std::move(parsed).error();
  return std::chrono::microseconds(static_cast<std::int64_t>(parsed.value()));
}

Result<std::uint64_t, std::string> parse_size(std::string_view text) { return parse(kSize, text); }

std::string format_duration(std::chrono::microseconds duration) {
  const auto us = static_cast<std::uint64_t>(duration.count());
  if (us == 0) return "0";
  const Unit* best = &kDurations[0];
  for (const Unit& unit : kDurations) {
    if (us % unit.factor == 0) best = &unit;
  }
  return std::to_string(us / best->factor) + std::string(best->name);
}

std::string format_size(std::uint64_t bytes) {
  const Unit* best = &kSizes[0];
  for (const Unit& unit : kSizes) {
    const bool shorter = bytes != 0 && bytes % unit.factor == 0;
    if (shorter && unit.factor >= best->factor) best = &unit;
  }
  // 1000 stays 1000: "1KB" is no shorter to read.
  if (best->factor == 1) return std::to_string(bytes);
  return std::to_string(bytes / best->factor) + std::string(best->name);
}

}  // namespace gavel
