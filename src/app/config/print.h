// A configuration for people to read. Any thread.
#pragma once

#include <string>

#include "app/config/load.h"

namespace gavel::app {

// A gavel.toml with every option as a comment, its meaning, bounds and default.
std::string print_defaults();
// The same as Markdown tables, for docs/operations.md.
std::string print_reference();
// Every option's value and where it came from, as TOML; passwords masked.
std::string print_effective(const Loaded& loaded);

}  // namespace gavel::app
