// Makes join tokens: for `gavel token` and for tests. A game's own back end makes its tokens with a
// library of its language. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "session/jwt.h"
#include "session/jwt_key.h"

namespace gavel::session {

class Signer {
 public:
  // `key`: a private key in PEM, or for HS256 the secret. The error is a sentence.
  static Result<Signer, std::string> create(TokenAlg alg, std::string_view key);

  // `header` and `claims` are JSON texts, taken as they are. Nothing where OpenSSL fails.
  std::string sign(std::string_view header, std::string_view claims) const;
  // With the plain header {"alg":…,"typ":"JWT"}.
  std::string sign(std::string_view claims) const;

 private:
  TokenAlg alg_ = TokenAlg::hs256;
  std::string secret_;
  KeyHandle key_;
};

}  // namespace gavel::session
