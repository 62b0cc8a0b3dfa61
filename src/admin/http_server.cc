#include "admin/http_server.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <thread>
#include <utility>

#include "admin/http_session.h"
#include "base/log.h"

namespace gavel::admin {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kWaitingThreads = 4;
constexpr std::size_t kKeyBytesMin = 16;

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

struct HttpServer::Impl {
  Impl(const HttpOptions& options, Source& source)
      : api(source, Guard(options.host, options.key), steady_ms),
        shared{options, api, io, quick, waiting} {}

  void accept();

  Api api;
  HttpShared shared;  // before those that may still hold sessions when they are destroyed
  asio::io_context io{1};
  asio::thread_pool quick{1};
  asio::thread_pool waiting{kWaitingThreads};
  tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};
  std::thread thread;
};

void HttpServer::Impl::accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      // Out of descriptors, most likely: the game's sockets come first, and it passes.
      GAVEL_LOG(admin, warning, "accept failed", {"error", error.message()});
      pause.expires_after(std::chrono::milliseconds(200));
      pause.async_wait([this](error_code stopped) {
        if (!stopped) accept();
      });
      return;
    }
    socket.set_option(tcp::no_delay(true), error);
    const auto session = std::make_shared<HttpSession>(shared, std::move(socket));
    if (shared.sessions.size() > shared.options.connections_max) {
      session->refuse_busy();
    } else {
      session->start();
    }
    accept();
  });
}

HttpServer::HttpServer(HttpOptions options, Source& source)
    : options_(std::move(options)), source_(source) {}

HttpServer::~HttpServer() { stop(); }

bool HttpServer::start(std::string& error) {
  error_code failed;
  if (options_.host == "localhost") options_.host = "127.0.0.1";
  const auto address = asio::ip::make_address(options_.host, failed);
  if (failed) {
    error = "admin: " + options_.host + " is no address; give one, such as 127.0.0.1:8766";
    return false;
  }
  if (!is_loopback(options_.host) && options_.key.empty()) {
    error = "admin: " + options_.host +
            " can be reached from other machines: give --admin-key-file FILE too";
    return false;
  }
  if (!options_.key.empty() && options_.key.size() < kKeyBytesMin) {
    error =
        "admin: the key in --admin-key-file has fewer than 16 characters; make one with: openssl "
        "rand -hex 32";
    return false;
  }
  impl_ = std::make_unique<Impl>(options_, source_);
  tcp::acceptor& acceptor = impl_->acceptor;
  const tcp::endpoint endpoint(address, options_.port);
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) {
    error = "admin: cannot listen on " + options_.host + ":" + std::to_string(options_.port) +
            ": " + failed.message() +
            "; choose another address with --admin, or end the program that has it";
    impl_.reset();
    return false;
  }
  options_.port = acceptor.local_endpoint().port();
  impl_->accept();
  impl_->thread = std::thread([impl = impl_.get()] { impl->io.run(); });
  return true;
}

std::string HttpServer::url() const {
  const bool v6 = options_.host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + options_.host + "]" : options_.host) + ":" +
         std::to_string(options_.port);
}

void HttpServer::stop() {
  if (!impl_) return;
  Impl& impl = *impl_;
  // Requests under way are finished by the pools; then nobody but the HTTP thread has a part in a
  // session.
  asio::post(impl.io, [&impl] {
    error_code ignored;
    impl.acceptor.close(ignored);
    impl.pause.cancel();
  });
  impl.quick.join();
  impl.waiting.join();
  asio::post(impl.io, [&impl] {
    for (HttpSession* session : impl.shared.sessions) session->abort();
  });
  impl.thread.join();
  impl_.reset();
}

}  // namespace gavel::admin
