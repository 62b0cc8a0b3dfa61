// `gavel token`: makes a join token.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace gavel::cli {

// Adds the command to `app`; where it is given, `run` is set to what it does.
void add_token_command(CLI::App& app, std::function<int()>& run);

}  // namespace gavel::cli
