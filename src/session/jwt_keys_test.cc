#include "session/jwt_keys_test.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace gavel::session::test {
namespace {

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace

KeyPair pem_of(evp_pkey_st* key) {
  BIO* const secret = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
  BIO* const open = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(open, key);
  EVP_PKEY_free(key);
  return {text_of(secret), text_of(open)};
}

const KeyPair& key_pair(TokenAlg alg) {
  static const KeyPair hs256{"0123456789abcdef0123456789abcdef",
                             "0123456789abcdef0123456789abcdef"};
  static const KeyPair rs256 =
      pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  static const KeyPair es256 = pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  static const KeyPair eddsa = pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  switch (alg) {
    case TokenAlg::hs256:
      return hs256;
    case TokenAlg::rs256:
      return rs256;
    case TokenAlg::es256:
      return es256;
    case TokenAlg::eddsa:
      return eddsa;
  }
  return hs256;
}

}  // namespace gavel::session::test
