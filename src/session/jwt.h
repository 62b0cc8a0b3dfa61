// Checks a join token: a JSON Web Token that whoever runs the game signed. Pure: keys and time are
// handed in, no file is opened and no address followed, whatever the token's header says. A
// Verifier is immutable: any thread.
//
// 1. The signature's algorithm is the configured one; a token that names another is refused before
// its key is looked at.
// 2. `kid` is looked up among the configured keys and nowhere else. Headers that bring or point to
// keys (jku, x5u, jwk,
//    x5c) and `crit` are refused.
// 3. `exp` must be there. Claims that come twice are refused: two parsers could read two different
// tokens.
//
// Claims: sub, exp, nbf, iat, aud, iss; room (the one room that it is good for) and rooms (a list
// of patterns, * stands for any text; without both it is good for every room); may ("send", the
// default, or "watch"); name (a text) and info (an object, at most 1 KiB): what the other players
// are told of this one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace gavel::session {

enum class TokenAlg : std::uint8_t { hs256, rs256, es256, eddsa };

// "HS256", "RS256", "ES256", "EdDSA".
std::string_view name_of(TokenAlg alg);
bool parse_token_alg(std::string_view name, TokenAlg& alg);

enum class TokenError : std::uint8_t {
  too_long,
  malformed,  // not three parts of base64url, not JSON, not UTF-8
  bad_header,
  wrong_alg,
  unknown_key,
  bad_signature,
  bad_claim,  // of the wrong type, twice, or out of its bounds
  no_expiry,
  expired,
  not_yet_valid,
  wrong_audience,
  wrong_issuer,
};

// For logs and for who makes tokens. To the client say only that it is expired, where it is.
std::string_view describe(TokenError error);

struct Claims {
  std::string sub;  // plain text (base/escape.h); may be empty
  std::string room;
  std::vector<std::string> rooms;
  bool any_room = false;  // it names neither
  bool may_send = true;
  std::string
      info;  // JSON text of an object, for the other players: `info`, or {"name":…}; empty: none
  std::int64_t expires_ms = 0;  // wall time, the leeway included

  bool allows(std::string_view room_name) const;
};

struct VerifierOptions {
  TokenAlg alg = TokenAlg::hs256;
  // One of the two: a public key or certificate in PEM (the secret for HS256), or a JSON Web Key
  // Set.
  std::string key{};
  std::string jwks{};
  std::string audience{};  // empty: not checked
  std::string issuer{};    // empty: not checked
  std::chrono::seconds leeway = limits::kTokenLeeway;
};

class TokenKeys;

class Verifier {
 public:
  // The error is a sentence for who configured it.
  static Result<Verifier, std::string> create(const VerifierOptions& options);
  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;
  ~Verifier();

  // Allocates; costs 3 to 100 µs, most of it the signature.
  Result<Claims, TokenError> verify(std::string_view token, std::int64_t wall_ms) const;

 private:
  Verifier(const VerifierOptions& options, std::unique_ptr<TokenKeys> keys);

  VerifierOptions options_;  // without the keys
  std::unique_ptr<TokenKeys> keys_;
};

// Does `name` match `pattern`, where each * stands for any text, also none? Linear in both but for
// the stars.
bool matches_pattern(std::string_view pattern, std::string_view name);

}  // namespace gavel::session
