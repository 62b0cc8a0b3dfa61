// `gavel bench`: loads a server and checks every client's view of the order. Exit status 0, 1 (it
// could not run), 2 (usage), 3 (a violation).
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace gavel::cli {

// Adds the command to `app`; where it is given, `run` is set to what it does.
void add_bench_command(CLI::App& app, std::function<int()>& run);

}  // namespace gavel::cli
