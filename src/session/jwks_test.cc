#include "session/jwks.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <string>

#include "base/base64.h"
#include "session/jwt_keys_test.h"
#include "session/jwt_signer.h"

namespace gavel::session {
namespace {

constexpr std::int64_t kNowMs = 1'764'036'000'000;
constexpr char kClaims[] = R"({"sub":"ada","exp":1764036060})";

EVP_PKEY* read_pem(const std::string& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* const key = PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return key;
}

std::string number(EVP_PKEY* key, const char* name, int bytes) {
  BIGNUM* value = nullptr;
  EVP_PKEY_get_bn_param(key, name, &value);
  std::string out(static_cast<std::size_t>(bytes == 0 ? BN_num_bytes(value) : bytes), '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
  BN_free(value);
  return base64url_encode(out);
}

// The members of a JWK for the test's public key of that kind, without the braces.
std::string jwk_of(TokenAlg alg) {
  if (alg == TokenAlg::hs256) {
    return R"("kty":"oct","k":")" + base64url_encode(test::key_pair(alg).public_pem) + '"';
  }
  EVP_PKEY* const key = read_pem(test::key_pair(alg).public_pem);
  std::string jwk;
  if (alg == TokenAlg::rs256) {
    jwk = R"("kty":"RSA","n":")" + number(key, OSSL_PKEY_PARAM_RSA_N, 0) + R"(","e":")" +
          number(key, OSSL_PKEY_PARAM_RSA_E, 0) + '"';
  } else if (alg == TokenAlg::es256) {
    jwk = R"("kty":"EC","crv":"P-256","x":")" + number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32) +
          R"(","y":")" + number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32) + '"';
  } else {
    unsigned char raw[32];
    std::size_t size = sizeof raw;
    EVP_PKEY_get_raw_public_key(key, raw, &size);
    jwk = R"("kty":"OKP","crv":"Ed25519","x":")" +
          base64url_encode({reinterpret_cast<char*>(raw), size}) + '"';
  }
  EVP_PKEY_free(key);
  return jwk;
}

std::string set_of(const std::string& keys) { return "{\"keys\":[" + keys + "]}"; }
std::string error_of(TokenAlg alg, const std::string& text) {
  auto keys = parse_jwks(alg, text);
  return keys ? "accepted" : keys.error();
}

TEST(Jwks, HasTheKeyOfEachKindAmongOthers) {
  std::string all;
  for (const TokenAlg alg : {TokenAlg::hs256, TokenAlg::rs256, TokenAlg::es256, TokenAlg::eddsa}) {
    if (!all.empty()) all += ',';
    all += '{' + jwk_of(alg) + ",\"kid\":\"" + std::string(name_of(alg)) + "\"}";
  }
  for (const TokenAlg alg : {TokenAlg::hs256, TokenAlg::rs256, TokenAlg::es256, TokenAlg::eddsa}) {
    SCOPED_TRACE(name_of(alg));
    auto verifier = Verifier::create({.alg = alg, .jwks = set_of(all)});
    ASSERT_TRUE(verifier) << verifier.error();
    auto signer = Signer::create(alg, test::key_pair(alg).private_pem);
    ASSERT_TRUE(signer);
    const std::string name(name_of(alg));
    const std::string header = "{\"alg\":\"" + name + "\",\"kid\":\"" + name + "\"}";
    EXPECT_TRUE(verifier.value().verify(signer.value().sign(header, kClaims), kNowMs));
    // One key of the kind: its id need not be named.
    EXPECT_TRUE(verifier.value().verify(signer.value().sign(kClaims), kNowMs));
  }
}

TEST(Jwks, PassesOverKeysForOtherUses) {
  const std::string key = jwk_of(TokenAlg::es256);
  EXPECT_EQ(error_of(TokenAlg::es256, set_of('{' + key + "}")), "accepted");
  EXPECT_EQ(error_of(TokenAlg::es256, set_of('{' + key + R"(,"use":"sig","alg":"ES256"})")),
            "accepted");
  for (const char* other : {R"(,"use":"enc"})", R"(,"use":5})", R"(,"alg":"ECDH-ES"})"}) {
    EXPECT_EQ(error_of(TokenAlg::es256, set_of('{' + key + other)), "no key for ES256 in it");
  }
  EXPECT_EQ(error_of(TokenAlg::rs256, set_of('{' + key + "}")), "no key for RS256 in it");
}

TEST(Jwks, SaysWhatIsWrong) {
  const auto error = [](const std::string& text) { return error_of(TokenAlg::hs256, text); };
  EXPECT_EQ(error("nonsense"), "no JSON object, or it has a name twice");
  EXPECT_EQ(error("{}"), "no key set: {\"keys\":[…]} is expected");
  EXPECT_EQ(error(R"({"keys":{}})"), "no key set: {\"keys\":[…]} is expected");
  EXPECT_EQ(error(set_of("")), "no key for HS256 in it");
  EXPECT_EQ(error(set_of("5")), "key 1: no JSON object, or it has a name twice");
  EXPECT_EQ(error(set_of(R"({"kty":"oct","k":"+/=="})")), "key 1: k is missing, or no base64url");
  EXPECT_EQ(error(set_of(R"({"kty":"oct","k":"AAAA"})")).substr(0, 29),
            "key 1: the secret has 3 bytes");
  const std::string key = jwk_of(TokenAlg::hs256);
  EXPECT_EQ(error(set_of('{' + key + R"(,"kid":"a"},{)" + key + R"(,"kid":"a"})")),
            "key 2: kid \"a\" is there twice");
  EXPECT_EQ(error(set_of('{' + key + R"(,"kid":5})")), "key 1: kid is no text");
  EXPECT_EQ(error(set_of('{' + key + R"(},{)" + key + R"(,"kid":"a"})")), "accepted");
}

TEST(Jwks, RefusesNumbersThatAreNoKey) {
  const std::string x(43, 'A');
  EXPECT_EQ(error_of(TokenAlg::es256,
                     set_of(R"({"kty":"EC","crv":"P-256","x":")" + x + R"(","y":")" + x + "\"}")),
            "key 1: its numbers are missing, no base64url, or no key");
  for (const char* wrong : {R"({"kty":"RSA"})", R"({"kty":"RSA","n":"AAAA","e":"AQAB"})",
                            R"({"kty":"RSA","n":"","e":""})"}) {
    EXPECT_EQ(error_of(TokenAlg::rs256, set_of(wrong)).substr(0, 7), "key 1: ") << wrong;
  }
  EXPECT_EQ(error_of(TokenAlg::eddsa, set_of(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})")),
            "key 1: its numbers are missing, no base64url, or no key");
}

}  // namespace
}  // namespace gavel::session
