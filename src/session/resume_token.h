// Resume tokens: who joined gets one, and comes back as the same player with it. Signed by the
// server (HMAC-SHA256) for one room and one player; nothing is stored. When a player may no longer
// come back is the room's business: no expiry stands in it. Any thread.
//
//   token = base64url( u8 version = 1 | u64 epoch | u64 client_id | u32 generation | mac ) numbers
//   big-endian mac   = the first 16 bytes of HMAC-SHA256(key, version … generation | u16 size of
//   room | room | sub)
//
// Room and sub are signed but not in it: who reads a token learns neither, and it stays at 50
// characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace gavel::session {

inline constexpr std::size_t kResumeTokenChars = 50;

struct ResumeClaims {
  Epoch epoch;  // the room's life that client_id belongs to: the caller compares it
  ClientId client;
  std::uint32_t generation = 0;  // of the identity: an older one was taken over meanwhile
};

enum class ResumeError : std::uint8_t {
  malformed,  // no token of ours, whatever the key
  not_ours,   // of another key, room or player, or changed
};

using ResumeKey = std::span<const unsigned char, 32>;

std::string make_resume_token(ResumeKey key, std::string_view room, std::string_view sub,
                              const ResumeClaims& claims);

// In constant time as far as the signature goes. `sub`: who the player is now, by its join token;
// empty without one.
Result<ResumeClaims, ResumeError> check_resume_token(ResumeKey key, std::string_view token,
                                                     std::string_view room, std::string_view sub);

}  // namespace gavel::session
