// Who may join: puts the token check and the resume tokens together from a configuration. Start-up
// makes it; then any thread.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "session/player.h"
#include "store/store.h"

namespace gavel::app {

// Null with a message that says what was wrong and what to do.
std::unique_ptr<session::Admission> make_admission(const Config& config, const store::Store& store,
                                                   std::string& error);

}  // namespace gavel::app
