// THE table of options: name, meaning, type, bounds. From it come the command line and its help,
// the keys of gavel.toml and what is wrong with them, the GAVEL_… environment, the printed defaults
// and docs/operations.md's reference. A default is what a new Config holds. Constant; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "app/config.h"

namespace gavel::app {

enum class Kind : std::uint8_t { flag, number, size, duration, text, choice, list };

// Which commands take an option.
enum Commands : std::uint8_t { kServe = 1, kArchive = 2, kAllCommands = 3 };

using Member = std::variant<bool Config::*, std::int64_t Config::*, Duration Config::*,
                            std::string Config::*, Strings Config::*>;

struct Option {
  std::string_view name;  // --name, and GAVEL_NAME
  std::string_view section;
  std::string_view key;
  Kind kind;
  Member member;
  // The value's name in the help, "HOST:PORT"; of a choice: "written|synced".
  std::string_view what = {};
  std::string_view help = {};  // a sentence or two, without a full stop at the end
  std::int64_t min = 0;        // of a number; of a size in bytes, of a duration in microseconds
  std::int64_t max = 0;
  // Of a text or of each of a list: what is wrong with it, and what to write; empty where nothing
  // is.
  std::string (*check)(std::string_view) = nullptr;
  std::uint8_t commands = kServe;
  bool reload = false;      // a reload (SIGHUP) changes it
  bool has_secret = false;  // it is a URL that may have a password in it
};

std::span<const Option> options();

// The sections in the table's order, with what each is about.
struct Section {
  std::string_view name;
  std::string_view title;
};
std::span<const Section> sections();

const Option* find_option(std::string_view section, std::string_view key);
// "GAVEL_PING_INTERVAL" for --ping-interval.
std::string environment_name(const Option& option);

}  // namespace gavel::app
