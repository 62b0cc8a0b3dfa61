// `gavel serve`: builds the store and the server from a configuration, runs until a signal says stop. Main thread.
#pragma once

#include "app/config.h"

namespace gavel::app {

// Returns the exit status: 0 after a clean stop, 1 where it could not start (the reason is on stderr).
int serve(const Config& config);

}  // namespace gavel::app
