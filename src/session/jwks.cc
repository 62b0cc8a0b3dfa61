#include "session/jwks.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/escape.h"
#include "session/jwt_json.h"

namespace gavel::session {
namespace {

constexpr std::size_t kKeysMax = 64;

const unsigned char* data_of(const std::string& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

struct FreeBuild {
  void operator()(OSSL_PARAM_BLD* build) const { OSSL_PARAM_BLD_free(build); }
};
struct FreeParams {
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
};
struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Build = std::unique_ptr<OSSL_PARAM_BLD, FreeBuild>;
using Params = std::unique_ptr<OSSL_PARAM, FreeParams>;
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;
using Number = std::unique_ptr<BIGNUM, FreeNumber>;

// A member's text; nothing where it is absent or no text.
std::optional<std::string> text_of(const JsonObject& object, std::string_view name) {
  const std::string_view* const raw = object.find(name);
  return raw == nullptr ? std::nullopt : as_string(*raw);
}
std::optional<std::string> bytes_of(const JsonObject& object, std::string_view name) {
  const auto text = text_of(object, name);
  return text ? base64url_decode(*text) : std::nullopt;
}

KeyHandle key_from(const char* type, const Build& build) {
  Params params(OSSL_PARAM_BLD_to_param(build.get()));
  Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  KeyHandle handle(key);
  Context check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  // A point beside its curve, an even modulus: refused here and not at the first token.
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return nullptr;
  return handle;
}

KeyHandle rsa_key(const JsonObject& jwk) {
  const auto n = bytes_of(jwk, "n");
  const auto e = bytes_of(jwk, "e");
  constexpr std::size_t kModulusBytesMax = 2048;  // 16,384 bits: what OpenSSL verifies
  if (!n || !e || n->size() > kModulusBytesMax || e->size() > 8) return nullptr;
  Number modulus(BN_bin2bn(data_of(*n), static_cast<int>(n->size()), nullptr));
  Number exponent(BN_bin2bn(data_of(*e), static_cast<int>(e->size()), nullptr));
  Build build(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !build ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  return key_from("RSA", build);
}

KeyHandle ec_key(const JsonObject& jwk) {
  const auto x = bytes_of(jwk, "x");
  const auto y = bytes_of(jwk, "y");
  if (!x || !y || x->size() != 32 || y->size() != 32) return nullptr;
  const std::string point = '\4' + *x + *y;  // uncompressed
  Build build(OSSL_PARAM_BLD_new());
  if (!build ||
      OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  return key_from("EC", build);
}

KeyHandle ed25519_key(const JsonObject& jwk) {
  const auto x = bytes_of(jwk, "x");
  if (!x || x->size() != 32) return nullptr;
  return KeyHandle(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data_of(*x), x->size()));
}

// Is it meant for signatures of `alg`?
bool serves(const JsonObject& jwk, TokenAlg alg) {
  const auto use = text_of(jwk, "use");
  const auto named = text_of(jwk, "alg");
  if ((jwk.has("use") && use != "sig") || (jwk.has("alg") && named != name_of(alg))) return false;
  const auto type = text_of(jwk, "kty");
  switch (alg) {
    case TokenAlg::hs256:
      return type == "oct";
    case TokenAlg::rs256:
      return type == "RSA";
    case TokenAlg::es256:
      return type == "EC" && text_of(jwk, "crv") == "P-256";
    case TokenAlg::eddsa:
      return type == "OKP" && text_of(jwk, "crv") == "Ed25519";
  }
  return false;
}

// Empty where it went well.
std::string read_key(const JsonObject& jwk, TokenAlg alg, TokenKeys::Key& key) {
  if (alg == TokenAlg::hs256) {
    const auto secret = bytes_of(jwk, "k");
    if (!secret) return "k is missing, or no base64url";
    key.secret = *secret;
    return check_secret(key.secret);
  }
  key.handle = alg == TokenAlg::rs256   ? rsa_key(jwk)
               : alg == TokenAlg::es256 ? ec_key(jwk)
                                        : ed25519_key(jwk);
  ERR_clear_error();
  if (!key.handle) return "its numbers are missing, no base64url, or no key";
  return check_key(alg, key.handle.get());
}

}  // namespace

Result<std::unique_ptr<TokenKeys>, std::string> parse_jwks(TokenAlg alg, std::string_view text) {
  const auto set = JsonObject::parse(text);
  if (!set) return std::string("no JSON object, or it has a name twice");
  const std::string_view* const list = set->find("keys");
  const auto elements = list == nullptr ? std::nullopt : as_array(*list);
  if (!elements) return std::string("no key set: {\"keys\":[…]} is expected");
  if (elements->size() > kKeysMax) return std::string("more than 64 keys");
  auto keys = std::make_unique<TokenKeys>(alg);
  for (std::size_t i = 0; i < elements->size(); ++i) {
    const std::string where = "key " + std::to_string(i + 1) + ": ";
    const auto jwk = JsonObject::parse((*elements)[i]);
    if (!jwk) return where + "no JSON object, or it has a name twice";
    if (!serves(*jwk, alg)) continue;
    TokenKeys::Key key;
    if (jwk->has("kid")) {
      const auto kid = text_of(*jwk, "kid");
      if (!kid || kid->empty()) return where + "kid is no text";
      if (keys->has(*kid)) {
        return where + "kid \"" + escape_for_log(*kid) + "\" is there twice";
      }
      key.kid = *kid;
    }
    std::string wrong = read_key(*jwk, alg, key);
    if (!wrong.empty()) return where + wrong;
    keys->add(std::move(key));
  }
  if (keys->size() == 0) return "no key for " + std::string(name_of(alg)) + " in it";
  return keys;
}

}  // namespace gavel::session
