#include "app/config/value.h"

#include <charconv>
#include <limits>
#include <utility>
#include <vector>

#include "app/config/checks.h"
#include "base/escape.h"
#include "base/units.h"

namespace gavel::app {
namespace {

using Outcome = Result<void, std::string>;

std::string quoted(std::string_view text) {
  constexpr std::size_t kShownMax = 60;
  std::string shown = escape_for_log(text.substr(0, kShownMax));
  if (text.size() > kShownMax) shown += "…";
  return '"' + shown + '"';
}

std::vector<std::string_view> choices(const Option& option) {
  std::vector<std::string_view> all;
  std::string_view rest = option.what;
  while (true) {
    const std::size_t bar = rest.find('|');
    all.push_back(rest.substr(0, bar));
    if (bar == std::string_view::npos) return all;
    rest.remove_prefix(bar + 1);
  }
}

std::string bound(const Option& option, std::int64_t value) {
  if (option.kind == Kind::size) return format_size(static_cast<std::uint64_t>(value));
  if (option.kind == Kind::duration) return format_duration(Duration(value));
  return std::to_string(value);
}

Outcome within(const Option& option, std::int64_t value, std::string_view text) {
  if (value >= option.min && value <= option.max) return success();
  return quoted(text) + (value < option.min ? " is too small" : " is too large") + ": " +
         allowed(option);
}

Outcome set_flag(const Option& option, Config& config, std::string_view text) {
  bool& flag = config.*std::get<bool Config::*>(option.member);
  if (text == "true" || text == "false") {
    flag = text == "true";
    return success();
  }
  for (const std::string_view yes : {"1", "yes", "on", "True", "TRUE"}) {
    if (text == yes) return quoted(text) + " is neither true nor false: write true";
  }
  for (const std::string_view no : {"0", "no", "off", "False", "FALSE"}) {
    if (text == no) return quoted(text) + " is neither true nor false: write false";
  }
  return quoted(text) + " is neither true nor false";
}

Outcome set_number(const Option& option, Config& config, std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  if (text.empty() || stop != end || fault == std::errc::invalid_argument) {
    return quoted(text) + " is no whole number: " + allowed(option);
  }
  if (fault == std::errc::result_out_of_range) {
    value = text.front() == '-' ? std::numeric_limits<std::int64_t>::min()
                                : std::numeric_limits<std::int64_t>::max();
  }
  auto good = within(option, value, text);
  if (good) config.*std::get<std::int64_t Config::*>(option.member) = value;
  return good;
}

Outcome set_size(const Option& option, Config& config, std::string_view text) {
  auto size = parse_size(text);
  if (!size) return std::move(size).error();
  const auto value = static_cast<std::int64_t>(size.value());
  auto good = within(option, value, text);
  if (good) config.*std::get<std::int64_t Config::*>(option.member) = value;
  return good;
}

Outcome set_duration(const Option& option, Config& config, std::string_view text) {
  auto duration = parse_duration(text);
  if (!duration) return std::move(duration).error();
  auto good = within(option, duration.value().count(), text);
  if (good) config.*std::get<Duration Config::*>(option.member) = duration.value();
  return good;
}

Outcome set_choice(const Option& option, Config& config, std::string_view text) {
  const auto known = choices(option);
  for (const std::string_view choice : known) {
    if (choice != text) continue;
    config.*std::get<std::string Config::*>(option.member) = text;
    return success();
  }
  const std::string_view near = nearest(text, known);
  std::string message = quoted(text) + " is not one of " + allowed(option);
  if (!near.empty()) message += "; did you mean " + std::string(near) + "?";
  return message;
}

Outcome set_text(const Option& option, Config& config, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::string("a NUL byte stands in it");
  if (option.check != nullptr) {
    std::string wrong = option.check(text);
    if (!wrong.empty()) {
      return quoted(option.has_secret ? mask_password(text) : std::string(text)) + ": " + wrong;
    }
  }
  if (option.kind == Kind::list) {
    (config.*std::get<Strings Config::*>(option.member)).emplace_back(text);
  } else {
    config.*std::get<std::string Config::*>(option.member) = text;
  }
  return success();
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string shown(const Option& option, const std::string& text) {
  return option.has_secret ? mask_password(text) : text;
}

}  // namespace

Outcome set(const Option& option, Config& config, std::string_view text) {
  switch (option.kind) {
    case Kind::flag:
      return set_flag(option, config, text);
    case Kind::number:
      return set_number(option, config, text);
    case Kind::size:
      return set_size(option, config, text);
    case Kind::duration:
      return set_duration(option, config, text);
    case Kind::choice:
      return set_choice(option, config, text);
    case Kind::text:
    case Kind::list:
      return set_text(option, config, text);
  }
  return success();
}

Outcome set(const Option& option, Config& config, std::int64_t number) {
  const std::string text = std::to_string(number);
  switch (option.kind) {
    case Kind::number:
      return set_number(option, config, text);
    case Kind::size:
      if (number < 0) return within(option, number, text);
      return set_size(option, config, text);
    case Kind::duration:
      return set_duration(option, config, text);
    case Kind::flag:
      return "a number where true or false belongs";
    default:
      return "a number where a text belongs: write \"" + text + '"';
  }
}

void clear(const Option& option, Config& config) {
  if (option.kind == Kind::list) (config.*std::get<Strings Config::*>(option.member)).clear();
}

std::string format(const Option& option, const Config& config) {
  switch (option.kind) {
    case Kind::flag:
      return config.*std::get<bool Config::*>(option.member) ? "true" : "false";
    case Kind::number:
    case Kind::size:
      return bound(option, config.*std::get<std::int64_t Config::*>(option.member));
    case Kind::duration:
      return format_duration(config.*std::get<Duration Config::*>(option.member));
    case Kind::text:
    case Kind::choice:
      return shown(option, config.*std::get<std::string Config::*>(option.member));
    case Kind::list:
      break;
  }
  std::string all;
  for (const std::string& element : config.*std::get<Strings Config::*>(option.member)) {
    if (!all.empty()) all += ',';
    all += shown(option, element);
  }
  return all;
}

std::string format_toml(const Option& option, const Config& config) {
  if (option.kind == Kind::flag || option.kind == Kind::number) return format(option, config);
  if (option.kind != Kind::list) return toml_string(format(option, config));
  std::string all;
  for (const std::string& element : config.*std::get<Strings Config::*>(option.member)) {
    all += (all.empty() ? "" : ", ") + toml_string(shown(option, element));
  }
  return '[' + all + ']';
}

std::string allowed(const Option& option) {
  switch (option.kind) {
    case Kind::flag:
      return "true or false";
    case Kind::number:
    case Kind::size:
    case Kind::duration:
      return bound(option, option.min) + " to " + bound(option, option.max);
    case Kind::choice:
      break;
    case Kind::text:
    case Kind::list:
      return {};
  }
  std::string all;
  const auto known = choices(option);
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i != 0) all += i + 1 == known.size() ? " or " : ", ";
    all += known[i].empty() ? std::string("empty") : std::string(known[i]);
  }
  return all;
}

bool same(const Option& option, const Config& a, const Config& b) {
  return std::visit([&](auto member) { return a.*member == b.*member; }, option.member);
}

}  // namespace gavel::app
