// Reads a configuration: built-in values, then a TOML file, then GAVEL_… variables, then the
// command line, the later over the earlier. All that is wrong is told, not only the first thing. At
// the start and at a reload.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/config.h"
#include "app/config/table.h"

namespace gavel::app {

// What the command line said, as text. add_options() (config/command_line.h) fills it.
struct CommandLine {
  std::string config_file;                               // --config; empty: $GAVEL_CONFIG, or none
  std::vector<std::pair<const Option*, Strings>> given;  // flags: {"true"} or {"false"}
};

struct Loaded {
  Config config;
  std::vector<Origin> origins;  // by the place in options()
  std::string file;             // that was read; empty: none
  // Whole lines, e.g. "gavel.toml:12:15: rooms.max: \"many\" is no whole number: 1 to 100000000".
  // Empty: all is well.
  Strings errors;
  Strings warnings;

  bool ok() const { return errors.empty(); }
};

// `environment` as in main(): "NAME=value", ended by nullptr; may be nullptr.
Loaded load(const CommandLine& command_line, const char* const* environment);

// The file alone, for `gavel config --check` and tests. `text` is its content, `file` the name for
// messages.
void load_toml(std::string_view text, const std::string& file, Loaded& into);
// What can only be seen when all values are known: a certificate without its key.
void check_together(Loaded& loaded);

// Options that differ. A reload takes those with `reload`; it must tell of the others that they
// need a restart.
std::vector<const Option*> differences(const Config& a, const Config& b);

}  // namespace gavel::app
