// Who a player is and what it may, as its token says; and the one place that checks tokens and
// makes resume tokens. Immutable after start, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace gavel::session {

struct Player {
  std::string sub;   // the token's subject; empty without a token
  std::string info;  // a JSON object about the player, from the token; empty = none
  bool may_send = true;
  std::int64_t expires_ms = 0;  // wall time; 0 = never
};

// What a resume token that was accepted says.
struct Resumed {
  Epoch epoch;
  ClientId client;
};

class Admission {
 public:
  virtual ~Admission() = default;
  // Nothing where the player may not join; `reason` is for the client and says no more than
  // "expired" or nothing.
  virtual std::optional<Player> admit(std::string_view token, std::string_view room,
                                      std::int64_t wall_ms, std::string& reason) const = 0;
  virtual std::string make_resume_token(std::string_view room, Epoch epoch, ClientId client,
                                        std::string_view sub) const = 0;
  // Nothing where the token is not ours, or for another room or player.
  virtual std::optional<Resumed> check_resume_token(std::string_view token, std::string_view room,
                                                    std::string_view sub) const = 0;
};

}  // namespace gavel::session
