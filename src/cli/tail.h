// `gavel tail ROOM`: shows a room's messages as they come.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace gavel::cli {

// Adds the command to `app`; where it is given, `run` is set to what it does.
void add_tail_command(CLI::App& app, std::function<int()>& run);

}  // namespace gavel::cli
