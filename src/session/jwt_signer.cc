#include "session/jwt_signer.h"

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <utility>

#include "base/base64.h"

namespace gavel::session {
namespace {

int no_passphrase(char*, int, int, void*) { return 0; }

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

KeyHandle read_private_key(std::string_view pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  KeyHandle key(PEM_read_bio_PrivateKey(bio, nullptr, no_passphrase, nullptr));
  BIO_free(bio);
  ERR_clear_error();
  return key;
}

std::string hmac(std::string_view secret, std::string_view input) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), data_of(input),
           input.size(), mac, &size) == nullptr) {
    return {};
  }
  return {reinterpret_cast<const char*>(mac), size};
}

std::string sign_with_key(EVP_PKEY* key, const EVP_MD* digest, std::string_view input) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  std::string signature;
  std::size_t size = 0;
  if (context != nullptr && EVP_DigestSignInit(context, nullptr, digest, nullptr, key) == 1 &&
      EVP_DigestSign(context, nullptr, &size, data_of(input), input.size()) == 1) {
    signature.resize(size);
    const int good = EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()),
                                    &size, data_of(input), input.size());
    signature.resize(good == 1 ? size : 0);
  }
  EVP_MD_CTX_free(context);
  return signature;
}

// JOSE wants the two numbers of an ECDSA signature side by side, 32 bytes each.
std::string from_der(const std::string& der) {
  const unsigned char* at = data_of(der);
  ECDSA_SIG* const pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  if (pair == nullptr) return {};
  std::string bytes(64, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32);
  ECDSA_SIG_free(pair);
  return bytes;
}

}  // namespace

Result<Signer, std::string> Signer::create(TokenAlg alg, std::string_view key) {
  Signer signer;
  signer.alg_ = alg;
  std::string wrong;
  if (alg == TokenAlg::hs256) {
    signer.secret_ = without_last_line_end(key);
    wrong = check_secret(signer.secret_);
  } else {
    signer.key_ = read_private_key(key);
    wrong = signer.key_ ? check_key(alg, signer.key_.get())
                        : "no private key in PEM without a passphrase";
  }
  if (!wrong.empty()) return wrong;
  return signer;
}

std::string Signer::sign(std::string_view header, std::string_view claims) const {
  std::string token = base64url_encode(header) + '.' + base64url_encode(claims);
  std::string signature;
  switch (alg_) {
    case TokenAlg::hs256:
      signature = hmac(secret_, token);
      break;
    case TokenAlg::rs256:
      signature = sign_with_key(key_.get(), EVP_sha256(), token);
      break;
    case TokenAlg::es256:
      signature = from_der(sign_with_key(key_.get(), EVP_sha256(), token));
      break;
    case TokenAlg::eddsa:
      signature = sign_with_key(key_.get(), nullptr, token);
      break;
  }
  ERR_clear_error();
  if (signature.empty()) return {};
  return token + '.' + base64url_encode(signature);
}

std::string Signer::sign(std::string_view claims) const {
  return sign("{\"alg\":\"" + std::string(name_of(alg_)) + "\",\"typ\":\"JWT\"}", claims);
}

}  // namespace gavel::session
