// `gavel send ROOM`: sends messages into a room.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace gavel::cli {

// Adds the command to `app`; where it is given, `run` is set to what it does.
void add_send_command(CLI::App& app, std::function<int()>& run);

}  // namespace gavel::cli
