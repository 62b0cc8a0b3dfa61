// TLS without a socket: encrypted bytes go in and come out, plain ones too. One thread at a time;
// between two calls it may be moved to another thread, with all that it holds back.
//
// 1. What was fed is kept until read() has taken it: feed only when read() says need_input, and it
// stays below one feed
//    and one record.
// 2. Encrypted bytes for the peer gather in output(): at most kOutBytesMax and one record; write()
// takes no more then.
//    Beyond twice of it (a peer that makes us answer without ever reading) the channel fails.
// 3. The handshake happens inside of read(). After failed nothing more is read or written, but an
// alert may wait in
//    output().
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "net/tls_context.h"

namespace gavel::net {

class TlsChannel {
 public:
  enum class State : std::uint8_t { handshake, open, closed, failed };
  enum class ReadStatus : std::uint8_t {
    ok,          // `bytes`, at least one; the output is full, or more input is needed
    need_input,  // no plain byte yet
    closed,      // the peer said that no more comes (close_notify)
    failed,      // no TLS, or forged
  };
  struct Read {
    ReadStatus status = ReadStatus::ok;
    std::size_t bytes = 0;
    bool more = false;  // there may be more without another feed()
  };

  static constexpr std::size_t kOutBytesMax = limits::kTlsOutBytesMax;

  // `server_name`: for a client, the name that the server's certificate must have and that is sent
  // (SNI).
  explicit TlsChannel(std::shared_ptr<const TlsContext> context,
                      const std::string& server_name = {});
  TlsChannel(TlsChannel&&) noexcept;
  TlsChannel& operator=(TlsChannel&&) noexcept;
  ~TlsChannel();

  State state() const;

  // Encrypted bytes of the peer; copied.
  void feed(std::string_view cipher);
  // Plain bytes, as many as `out` holds and are there.
  Read read(char* out, std::size_t size);

  // Encrypts a prefix of `parts` and returns its length: 0 before the handshake is over, or while
  // output() is full.
  std::size_t write(const iovec* parts, int count);
  // close_notify: no more will be written.
  void shutdown();

  // What is to be sent to the peer; the view lives until the next call of another function.
  std::string_view output() const;
  void sent(std::size_t bytes);

  // "TLSv1.3", and what went wrong in OpenSSL's words; for logs.
  std::string_view version() const;
  std::string_view fault() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gavel::net
