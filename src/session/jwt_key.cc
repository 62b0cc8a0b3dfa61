#include "session/jwt_key.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <utility>

namespace gavel::session {
namespace {

// As long as the hash: a shorter one is what an attacker guesses (RFC 7518 §3.2).
constexpr std::size_t kSecretBytesMin = 32;
constexpr int kRsaBitsMin = 2048;
constexpr std::size_t kEs256PartBytes = 32;

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* it) const {
    kFree(it);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

// A key that asks for a passphrase must fail rather than ask on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

KeyHandle read_public_key(std::string_view pem) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KeyHandle key;
  if (pem.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos) {
    Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
    if (certificate) key.reset(X509_get_pubkey(certificate.get()));
  } else {
    key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
  }
  ERR_clear_error();
  return key;
}

bool verify_hs256(std::string_view secret, std::string_view signed_part,
                  std::string_view signature) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), data_of(signed_part),
           signed_part.size(), mac, &size) == nullptr) {
    return false;
  }
  return signature.size() == size && CRYPTO_memcmp(mac, signature.data(), size) == 0;
}

// JOSE has the two numbers of an ECDSA signature side by side, OpenSSL wants them in DER.
std::string to_der(std::string_view signature) {
  if (signature.size() != 2 * kEs256PartBytes) return {};
  EcSignature pair(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(data_of(signature), kEs256PartBytes, nullptr);
  BIGNUM* s = BN_bin2bn(data_of(signature) + kEs256PartBytes, kEs256PartBytes, nullptr);
  if (!pair || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return {};
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

bool verify_with_key(EVP_PKEY* key, const EVP_MD* digest, std::string_view signed_part,
                     std::string_view signature) {
  if (signature.empty()) return false;
  Context context(EVP_MD_CTX_new());
  const bool good = context &&
                    EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), data_of(signature), signature.size(),
                                     data_of(signed_part), signed_part.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

std::string_view without_last_line_end(std::string_view text) {
  for (const char c : text) {
    const bool is_text = (c >= ' ' && c <= '~') || c == '\n' || c == '\r';
    if (!is_text) return text;
  }
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string check_secret(std::string_view secret) {
  if (secret.find("-----BEGIN ") != std::string_view::npos) {
    return "a PEM file is no secret for HS256: a public key is known to everybody. Set token-alg "
           "to the key's algorithm (RS256, ES256, EdDSA), or make a secret: openssl rand -hex 32";
  }
  if (secret.size() < kSecretBytesMin) {
    return "the secret has " + std::to_string(secret.size()) +
           " bytes, and fewer than 32 can be guessed: make one with openssl rand -hex 32";
  }
  return {};
}

std::string check_key(TokenAlg alg, evp_pkey_st* key) {
  switch (alg) {
    case TokenAlg::hs256:
      return "HS256 takes a secret, no key pair";
    case TokenAlg::rs256:
      if (EVP_PKEY_is_a(key, "RSA") != 1) return "RS256 needs an RSA key, and this is none";
      if (EVP_PKEY_get_bits(key) < kRsaBitsMin) {
        return "the RSA key has " + std::to_string(EVP_PKEY_get_bits(key)) +
               " bits, and fewer than 2048 are not safe";
      }
      return {};
    case TokenAlg::es256: {
      char curve[64] = "";
      std::size_t size = 0;
      const bool good = EVP_PKEY_is_a(key, "EC") == 1 &&
                        EVP_PKEY_get_group_name(key, curve, sizeof curve, &size) == 1 &&
                        std::string_view(curve) == "prime256v1";
      return good ? "" : "ES256 needs a key on the curve P-256 (prime256v1), and this is none";
    }
    case TokenAlg::eddsa:
      return EVP_PKEY_is_a(key, "ED25519") == 1 ? ""
                                                : "EdDSA needs an Ed25519 key, and this is none";
  }
  return {};
}

Result<std::unique_ptr<TokenKeys>, std::string> TokenKeys::from_file(TokenAlg alg,
                                                                     std::string_view content) {
  auto keys = std::make_unique<TokenKeys>(alg);
  Key key;
  if (alg == TokenAlg::hs256) {
    key.secret = without_last_line_end(content);
    std::string wrong = check_secret(key.secret);
    if (!wrong.empty()) return wrong;
  } else {
    if (content.find("PRIVATE KEY-----") != std::string_view::npos) {
      return std::string(
          "this is a private key: the server needs the public one alone (openssl pkey -pubout), "
          "and the private one should not lie here");
    }
    key.handle = read_public_key(content);
    if (!key.handle) {
      return std::string("no public key or certificate in PEM (-----BEGIN PUBLIC KEY-----)");
    }
    std::string wrong = check_key(alg, key.handle.get());
    if (!wrong.empty()) return wrong;
  }
  keys->add(std::move(key));
  return keys;
}

bool TokenKeys::has(std::string_view kid) const {
  for (const Key& key : keys_) {
    if (key.kid == kid) return true;
  }
  return false;
}

const TokenKeys::Key* TokenKeys::find(const std::optional<std::string>& kid) const {
  if (keys_.size() == 1 && (!kid || keys_[0].kid.empty())) return &keys_[0];
  if (!kid || kid->empty()) return nullptr;
  for (const Key& key : keys_) {
    if (key.kid == *kid) return &key;
  }
  return nullptr;
}

bool TokenKeys::verify(const Key& key, std::string_view signed_part,
                       std::string_view signature) const {
  switch (alg_) {
    case TokenAlg::hs256:
      return verify_hs256(key.secret, signed_part, signature);
    case TokenAlg::rs256:
      return verify_with_key(key.handle.get(), EVP_sha256(), signed_part, signature);
    case TokenAlg::es256:
      return verify_with_key(key.handle.get(), EVP_sha256(), signed_part, to_der(signature));
    case TokenAlg::eddsa:
      return verify_with_key(key.handle.get(), nullptr, signed_part, signature);
  }
  return false;
}

}  // namespace gavel::session
