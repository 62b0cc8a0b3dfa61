// Which store a configuration names, opened. Start-up only.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "store/store.h"

namespace gavel::app {

// Null with a message that says what was wrong and what to do.
std::unique_ptr<store::Store> open_store(const Config& config, std::string& error);

}  // namespace gavel::app
