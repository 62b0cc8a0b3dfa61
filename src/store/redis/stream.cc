#include "store/redis/stream.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace gavel::store::redis {

namespace asio = boost::asio;
using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;

class TlsClient {
 public:
  asio::ssl::context context{asio::ssl::context::tls_client};
};

void TlsClientDeleter::operator()(TlsClient* client) const { delete client; }

TlsClientPtr make_tls_client(const std::string& ca_file, std::string& error) {
  TlsClientPtr client(new TlsClient);
  error_code failed;
  if (ca_file.empty()) {
    client->context.set_default_verify_paths(failed);
  } else {
    client->context.load_verify_file(ca_file, failed);
  }
  if (failed) {
    error = "can't read the certificates in " + ca_file + " (redis-tls-ca): " + failed.message();
    return nullptr;
  }
  client->context.set_verify_mode(asio::ssl::verify_peer);
  SSL_CTX_set_min_proto_version(client->context.native_handle(), TLS1_2_VERSION);
  return client;
}

namespace {

std::string text_of(const error_code& error) { return error ? error.message() : std::string(); }

// What plain and encrypted streams share: the name is looked up and its addresses tried in turn.
class SocketStream : public Stream, public std::enable_shared_from_this<SocketStream> {
 public:
  explicit SocketStream(asio::io_context& io) : resolver_(io), socket_(io) {}

  // A completion that does nothing after close(), reports errors, and else goes on.
  template <class Then>
  auto guard(Done done, Then then) {
    return [self = shared_from_this(), done = std::move(done), then](const error_code& error) {
      if (self->closed_) return;
      if (error) return done(error.message(), 0);
      then(done);
    };
  }

  void connect(const Address& address, Done done) override {
    if (address.is_path) {
      socket_.async_connect(asio::local::stream_protocol::endpoint(address.host),
                            guard(std::move(done), [this](const Done& then) { connected(then); }));
      return;
    }
    host_ = address.host;
    resolver_.async_resolve(
        address.host, std::to_string(address.port),
        [self = shared_from_this(), done = std::move(done)](const error_code& error, auto results) {
          if (self->closed_) return;
          if (error) return done(error.message(), 0);
          self->endpoints_.clear();
          for (const auto& entry : results) self->endpoints_.emplace_back(entry.endpoint());
          self->connect_next(done, "no address");
        });
  }

  void close() override {
    closed_ = true;
    error_code ignored;
    resolver_.cancel();
    socket_.close(ignored);
  }

 protected:
  auto transfer(Done done) {
    return [self = shared_from_this(), done = std::move(done)](const error_code& error,
                                                               std::size_t bytes) {
      if (!self->closed_) done(text_of(error), bytes);
    };
  }
  virtual void connected(const Done& done) { done({}, 0); }

  asio::ip::tcp::resolver resolver_;
  Socket socket_;
  std::string host_;
  bool closed_ = false;

 private:
  void connect_next(const Done& done, const std::string& last_error) {
    if (endpoints_.empty()) return done(last_error, 0);
    const asio::ip::tcp::endpoint endpoint = endpoints_.front();
    endpoints_.erase(endpoints_.begin());
    error_code ignored;
    socket_.close(ignored);
    socket_.async_connect(endpoint,
                          [self = shared_from_this(), this, done](const error_code& error) {
                            if (closed_) return;
                            if (error) return connect_next(done, error.message());
                            error_code no_matter;
                            socket_.set_option(asio::ip::tcp::no_delay(true), no_matter);
                            connected(done);
                          });
  }

  std::vector<asio::ip::tcp::endpoint> endpoints_;
};

class PlainStream final : public SocketStream {
 public:
  using SocketStream::SocketStream;
  void read(char* into, std::size_t bytes_max, Done done) override {
    socket_.async_read_some(asio::buffer(into, bytes_max), transfer(std::move(done)));
  }
  void write(std::string_view bytes, Done done) override {
    asio::async_write(socket_, asio::buffer(bytes), transfer(std::move(done)));
  }
};

class TlsStream final : public SocketStream {
 public:
  TlsStream(asio::io_context& io, TlsClient& tls) : SocketStream(io), ssl_(socket_, tls.context) {}
  void read(char* into, std::size_t bytes_max, Done done) override {
    ssl_.async_read_some(asio::buffer(into, bytes_max), transfer(std::move(done)));
  }
  void write(std::string_view bytes, Done done) override {
    asio::async_write(ssl_, asio::buffer(bytes), transfer(std::move(done)));
  }

 protected:
  void connected(const Done& done) override {
    // A server's name is sent only where it is one, not for an address.
    error_code not_an_address;
    asio::ip::make_address(host_, not_an_address);
    if (not_an_address) SSL_set_tlsext_host_name(ssl_.native_handle(), host_.c_str());
    ssl_.set_verify_callback(asio::ssl::host_name_verification(host_));
    ssl_.async_handshake(asio::ssl::stream_base::client,
                         guard(done, [](const Done& then) { then({}, 0); }));
  }

 private:
  asio::ssl::stream<Socket&> ssl_;
};

}  // namespace

std::shared_ptr<Stream> make_stream(asio::io_context& io, TlsClient* tls) {
  if (tls == nullptr) return std::make_shared<PlainStream>(io);
  return std::make_shared<TlsStream>(io, *tls);
}

}  // namespace gavel::store::redis
