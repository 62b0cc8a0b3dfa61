// `gavel serve`: builds the store and the server from a configuration, runs until a signal says
// stop. Main thread.
#pragma once

#include <functional>

#include "app/config/load.h"

namespace gavel::app {

// Returns the exit status: 0 after a clean stop, 1 where it could not start (the reason is on
// stderr). `load_again` reads the configuration anew, for a reload (SIGHUP).
int serve(const Loaded& loaded, const std::function<Loaded()>& load_again);

}  // namespace gavel::app
