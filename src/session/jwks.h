// A JSON Web Key Set (RFC 7517) as a table of keys. Any thread; at start-up and reload.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "session/jwt_key.h"

namespace gavel::session {

// The keys of the set that can check signatures of `alg`; others (of another kind, for encryption,
// for another algorithm) are passed over. An error, as a sentence, where the text is no key set,
// where a key that should serve is broken or too weak, where two have the same kid, and where none
// is left.
Result<std::unique_ptr<TokenKeys>, std::string> parse_jwks(TokenAlg alg, std::string_view text);

}  // namespace gavel::session
