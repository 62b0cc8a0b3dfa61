// What a configuration means for the parts of a server. Any thread.
#pragma once

#include <cstdint>

#include "app/config.h"
#include "app/server.h"

namespace gavel::app {

std::int64_t ms(Duration duration);
ServerOptions server_options(const Config& config);

}  // namespace gavel::app
