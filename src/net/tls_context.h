// What all TLS connections have in common: certificate, key, versions. Immutable: any thread. A
// reload makes a new one for new connections; the old one lives as long as its last connection.
// TLS 1.2 and 1.3, no renegotiation, ALPN http/1.1, session tickets (so that a player who comes
// back saves a round trip).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct ssl_ctx_st;

namespace gavel::net {

class TlsContext {
 public:
  enum class Role : std::uint8_t { server, client };

  // `certificate`: a chain in PEM, the server's own first; `key`: its private key in PEM. Null with
  // `error`, a line that says what is wrong and which of the two it is.
  static std::shared_ptr<const TlsContext> make_server(const std::string& certificate,
                                                       const std::string& key, std::string& error);
  // The same from files.
  static std::shared_ptr<const TlsContext> load_server(const std::string& certificate_file,
                                                       const std::string& key_file,
                                                       std::string& error);
  // For our own clients (bench, tail, tests). `ca`: certificates in PEM that the server's must come
  // from; empty: the server's certificate is not checked.
  static std::shared_ptr<const TlsContext> make_client(const std::string& ca, std::string& error);

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  Role role() const { return role_; }
  ssl_ctx_st* handle() const { return handle_; }
  // Wall time at which the certificate ends; 0 for a client.
  std::int64_t expires_ms() const;

 private:
  TlsContext(Role role, ssl_ctx_st* handle) : role_(role), handle_(handle) {}

  Role role_;
  ssl_ctx_st* handle_;
};

}  // namespace gavel::net
