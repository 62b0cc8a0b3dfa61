#include "net/tls_context.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <ctime>
#include <string_view>

#include "base/config_file.h"

namespace gavel::net {
namespace {

// TLS 1.2 only where it is forward secret and authenticated; TLS 1.3 has nothing else.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::string_view kAlpn("\x08http/1.1", 9);

// A key that asks for a passphrase must fail rather than ask on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown reason" : reason;
}

BIO* bio_of(const std::string& text) {
  return BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
}

int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned in_size, void*) {
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(kAlpn.data()),
                            static_cast<unsigned>(kAlpn.size()), in, in_size);
  *out = chosen;
  // Who speaks only HTTP/2 is told so, rather than left with bytes that it doesn't understand.
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Empty where it went well.
std::string use_certificate(SSL_CTX* context, const std::string& pem) {
  BIO* const bio = bio_of(pem);
  X509* certificate = PEM_read_bio_X509_AUX(bio, nullptr, no_passphrase, nullptr);
  std::string wrong;
  if (certificate == nullptr) {
    wrong = "no certificate in PEM (-----BEGIN CERTIFICATE-----)";
  } else if (SSL_CTX_use_certificate(context, certificate) != 1) {
    wrong = "the certificate can't be used: " + openssl_reason();
  }
  X509_free(certificate);
  while (wrong.empty()) {
    X509* const link = PEM_read_bio_X509(bio, nullptr, no_passphrase, nullptr);
    if (link == nullptr) break;
    if (SSL_CTX_add0_chain_cert(context, link) != 1) {
      X509_free(link);
      wrong = "a certificate of the chain can't be used: " + openssl_reason();
    }
  }
  BIO_free(bio);
  ERR_clear_error();
  return wrong;
}

std::string use_key(SSL_CTX* context, const std::string& pem) {
  BIO* const bio = bio_of(pem);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, no_passphrase, nullptr);
  BIO_free(bio);
  if (key == nullptr) {
    ERR_clear_error();
    const bool encrypted = pem.find("ENCRYPTED") != std::string::npos;
    return encrypted ? "the key has a passphrase: store it without one (openssl pkey), readable by "
                       "the server alone"
                     : "no private key in PEM (-----BEGIN PRIVATE KEY-----)";
  }
  std::string wrong;
  if (SSL_CTX_use_PrivateKey(context, key) != 1 || SSL_CTX_check_private_key(context) != 1) {
    wrong = "the key is not that of the certificate";
  }
  EVP_PKEY_free(key);
  ERR_clear_error();
  return wrong;
}

SSL_CTX* make_context(const SSL_METHOD* method) {
  SSL_CTX* const context = SSL_CTX_new(method);
  if (context == nullptr) return nullptr;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // The buffers of an idle connection go: 34 KB each otherwise.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cipher_list(context, kCiphers);
  return context;
}

}  // namespace

std::shared_ptr<const TlsContext> TlsContext::make_server(const std::string& certificate,
                                                          const std::string& key,
                                                          std::string& error) {
  SSL_CTX* const context = make_context(TLS_server_method());
  if (context == nullptr) {
    error = "OpenSSL: " + openssl_reason();
    return nullptr;
  }
  std::shared_ptr<const TlsContext> made(new TlsContext(Role::server, context));
  // Tickets only: what a client brings back itself costs no memory here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  constexpr unsigned char kSessionContext[] = "gavel";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_alpn_select_cb(context, select_alpn, nullptr);
  error = use_certificate(context, certificate);
  if (error.empty()) error = use_key(context, key);
  if (!error.empty()) return nullptr;
  return made;
}

std::shared_ptr<const TlsContext> TlsContext::load_server(const std::string& certificate_file,
                                                          const std::string& key_file,
                                                          std::string& error) {
  const auto certificate = read_small_file(certificate_file, error);
  if (!certificate) return nullptr;
  const auto key = read_small_file(key_file, error);
  if (!key) return nullptr;
  auto made = make_server(*certificate, *key, error);
  if (!made) {
    const bool of_key = error.find("key") != std::string::npos;
    error = (of_key ? key_file : certificate_file) + ": " + error;
  }
  return made;
}

std::shared_ptr<const TlsContext> TlsContext::make_client(const std::string& ca,
                                                          std::string& error) {
  SSL_CTX* const context = make_context(TLS_client_method());
  if (context == nullptr) {
    error = "OpenSSL: " + openssl_reason();
    return nullptr;
  }
  std::shared_ptr<const TlsContext> made(new TlsContext(Role::client, context));
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(kAlpn.data()),
                          static_cast<unsigned>(kAlpn.size()));
  if (ca.empty()) return made;
  BIO* const bio = bio_of(ca);
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  int count = 0;
  while (X509* const certificate = PEM_read_bio_X509(bio, nullptr, no_passphrase, nullptr)) {
    count += X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  BIO_free(bio);
  ERR_clear_error();
  if (count == 0) {
    error = "no certificate in PEM (-----BEGIN CERTIFICATE-----)";
    return nullptr;
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(handle_); }

std::int64_t TlsContext::expires_ms() const {
  const X509* const certificate = SSL_CTX_get0_certificate(handle_);
  std::tm end{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
    return 0;
  }
  return std::int64_t{::timegm(&end)} * 1000;
}

}  // namespace gavel::net
