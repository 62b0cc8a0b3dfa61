// `gavel bench --client-conformance PORT`: a server that cuts, delays, repeats, refuses and
// forgets, and says whether a client under test behaves as docs/protocol.md asks.
#pragma once

#include <cstdint>

namespace gavel::cli {

// Listens on 127.0.0.1:port (0: a free one, printed), lets one client join, and takes it through
// the rules; a line on stdout for each. 0: all kept; 1: could not listen; 3: a rule was broken.
int judge_client(std::uint16_t port);

}  // namespace gavel::cli
