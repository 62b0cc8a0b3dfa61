// One connection of an operator: reads requests one after the other, has them answered by a worker,
// writes the answers. On the HTTP thread. Shared by its own pending operations, as Asio's callbacks
// want it: the last one to end destroys it, and there is no other owner (the one place where
// shared_ptr holds something mutable).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <set>

#include "admin/api.h"
#include "admin/http_server.h"

namespace gavel::admin {

class HttpSession;

// What the sessions of a server share; outlives them.
struct HttpShared {
  const HttpOptions& options;
  Api& api;
  boost::asio::io_context& io;
  boost::asio::thread_pool& quick;  // never waits for the store
  boost::asio::thread_pool& waiting;
  std::set<HttpSession*> sessions{};  // on the HTTP thread
};

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(HttpShared& shared, boost::asio::ip::tcp::socket socket);
  ~HttpSession();

  void start();
  // Too many connections: one answer, without reading, and the end.
  void refuse_busy();
  // The server stops.
  void abort();

 private:
  enum class State { reading, working, writing, lingering };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;

  void read_head();
  void on_head(boost::system::error_code error);
  void read_body();
  void on_body(boost::system::error_code error);
  void on_read_error(boost::system::error_code error);
  void work();
  void respond(Response response, bool keep_alive);
  void on_written(boost::system::error_code error, bool keep_alive);
  void linger();
  void set_deadline(std::int64_t ms);
  void on_deadline();

  HttpShared& shared_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  State state_ = State::reading;
  bool timed_out_ = false;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Request request_;
  Plan plan_;
  HttpResponse response_;
  std::size_t discarded_ = 0;
};

}  // namespace gavel::admin
