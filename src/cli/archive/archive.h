// `gavel archive`: copies what a store holds to MongoDB, and compares the two.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace gavel::cli {

// Adds the command to `app`; where it is given, `run` is set to what it does.
void add_archive_command(CLI::App& app, std::function<int()>& run);

}  // namespace gavel::cli
