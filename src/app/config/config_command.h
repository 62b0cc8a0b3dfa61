// `gavel config`: what a configuration says, whether it is good, and what could stand in it.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace gavel::app {

// Adds the command to `app`; where it is given, `run` is set to what it does. `environment` as in
// main().
void add_config_command(CLI::App& app, std::function<int()>& run, const char* const* environment);

}  // namespace gavel::app
