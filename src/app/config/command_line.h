// The table's options as options of a CLI11 command, with the help in groups.
#pragma once

#include "app/config/load.h"

namespace CLI {
class App;
}

namespace gavel::app {

// `into` must live until the command line was parsed. Values are only gathered: load() checks them,
// so that a wrong one is told in the same words wherever it stands.
void add_options(CLI::App& command, Commands which, CommandLine& into);

}  // namespace gavel::app
