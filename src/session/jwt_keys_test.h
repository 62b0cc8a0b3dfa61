// Keys that a test makes for itself.
#pragma once

#include <string>

#include "session/jwt.h"

struct evp_pkey_st;

namespace gavel::session::test {

struct KeyPair {
  std::string private_pem;  // of HS256 both are the secret
  std::string public_pem;
};

// Takes the key.
KeyPair pem_of(evp_pkey_st* key);

// Made once a process and kind: an RSA key takes a while.
const KeyPair& key_pair(TokenAlg alg);

}  // namespace gavel::session::test
