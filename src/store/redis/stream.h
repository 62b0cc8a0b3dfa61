// A byte stream to Redis: TCP, TLS over TCP, or a Unix socket, behind one face. Lives on the
// store's I/O thread; at most one read and one write are under way. After close() no callback comes
// any more.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "store/redis/url.h"

namespace boost::asio {
class io_context;
}

namespace gavel::store::redis {

class TlsClient;  // what TLS connections share: authorities, settings

struct TlsClientDeleter {
  void operator()(TlsClient* client) const;
};
using TlsClientPtr = std::unique_ptr<TlsClient, TlsClientDeleter>;

// Null with a sentence where the file of authorities can't be read. Start-up.
TlsClientPtr make_tls_client(const std::string& ca_file, std::string& error);

class Stream {
 public:
  // `error` is empty when it went well.
  using Done = std::function<void(std::string_view error, std::size_t bytes)>;

  virtual ~Stream() = default;
  virtual void connect(const Address& address, Done done) = 0;
  virtual void read(char* into, std::size_t bytes_max, Done done) = 0;
  // All of it. `bytes` stays valid until `done`, or close().
  virtual void write(std::string_view bytes, Done done) = 0;
  virtual void close() = 0;
};

// `tls` null: plain. It outlives the stream.
std::shared_ptr<Stream> make_stream(boost::asio::io_context& io, TlsClient* tls);

}  // namespace gavel::store::redis
