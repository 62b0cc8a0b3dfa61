// The keys that tokens are checked with: a fixed table, made once from what the configuration
// names. OpenSSL stays in the .cc. Immutable after it was made: any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "session/jwt.h"

struct evp_pkey_st;

namespace gavel::session {

struct FreeKey {
  void operator()(evp_pkey_st* key) const;
};
using KeyHandle = std::unique_ptr<evp_pkey_st, FreeKey>;

// The bytes between the lines of a secret's file: an editor's last line end is no part of a secret
// that is text.
std::string_view without_last_line_end(std::string_view text);

// What is wrong with a secret, in words; empty where it may be used.
std::string check_secret(std::string_view secret);

// What is wrong with a key for `alg`: another kind of key, too short, another curve; empty where it
// may be used.
std::string check_key(TokenAlg alg, evp_pkey_st* key);

class TokenKeys {
 public:
  // From a PEM text (public key or certificate), or for HS256 from the secret itself. Errors are
  // sentences.
  static Result<std::unique_ptr<TokenKeys>, std::string> from_file(TokenAlg alg,
                                                                   std::string_view content);

  explicit TokenKeys(TokenAlg alg) : alg_(alg) {}

  struct Key {
    std::string kid;     // empty: it has none
    std::string secret;  // of HS256
    KeyHandle handle;    // of the others
  };
  void add(Key key) { keys_.push_back(std::move(key)); }
  std::size_t size() const { return keys_.size(); }
  bool has(std::string_view kid) const;

  // The key of that id. A single key without an id serves every token (`kid` is then a matter
  // between the issuer and himself); without `kid` there must be one key alone.
  const Key* find(const std::optional<std::string>& kid) const;

  // `signed_part`: header and claims as they came, with the dot between.
  bool verify(const Key& key, std::string_view signed_part, std::string_view signature) const;

 private:
  TokenAlg alg_;
  std::vector<Key> keys_;
};

}  // namespace gavel::session
