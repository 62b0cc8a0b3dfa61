// HTTP/1.1 for operators, on an address of its own. One thread for the sockets, one for answers
// that need the shards only, a few for those that may wait for the store: so that health and
// metrics answer while the store is away. Slow or hostile clients cost a bounded number of
// connections, each with bounded bytes and a deadline (rows B67 to B69).
//
// start(), stop() and the destructor are the owner's (main's thread). stop() waits for requests
// under way, which need the shards: stop it before them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "admin/source.h"

namespace gavel::admin {

struct HttpOptions {
  std::string host = "127.0.0.1";  // an address, not a name
  std::uint16_t port = 0;          // 0 = a free one
  std::string key{};               // bearer key; required where host is not loopback
  std::size_t body_bytes_max = 1024 * 1024;
  std::size_t connections_max = 64;
  std::int64_t request_timeout_ms =
      10'000;  // from the connection, or the last answer, to a whole request
};

class HttpServer {
 public:
  HttpServer(HttpOptions options, Source& source);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  // Binds, listens and serves. False with a sentence that says what was wrong and what to do.
  bool start(std::string& error);
  std::uint16_t port() const { return options_.port; }
  // "http://127.0.0.1:8766"
  std::string url() const;
  void stop();

 private:
  struct Impl;
  HttpOptions options_;
  Source& source_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gavel::admin
