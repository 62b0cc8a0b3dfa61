// `gavel rooms` and `gavel replay ROOM`: what a store holds, as JSON lines.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace gavel::cli {

// Add the commands to `app`; where one is given, `run` is set to what it does.
void add_rooms_command(CLI::App& app, std::function<int()>& run);
void add_replay_command(CLI::App& app, std::function<int()>& run);

}  // namespace gavel::cli
