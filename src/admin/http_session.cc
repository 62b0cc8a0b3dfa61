#include "admin/http_session.h"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <utility>

namespace gavel::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint32_t kHeadBytesMax = 16 * 1024;
constexpr std::int64_t kLingerMs = 2000;
constexpr std::size_t kLingerBytesMax = 64 * 1024 * 1024;

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::get;
    case http::verb::head:
      return Method::head;
    case http::verb::post:
      return Method::post;
    case http::verb::put:
      return Method::put;
    case http::verb::patch:
      return Method::patch;
    case http::verb::delete_:
      return Method::delete_;
    case http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

std::string text_of(beast::string_view view) { return {view.data(), view.size()}; }

template <class Fields>
Request head_of(const Fields& fields) {
  Request request;
  request.method = method_of(fields.method());
  request.target = text_of(fields.target());
  // Two Host headers are a smuggler's: neither counts.
  if (fields.count(http::field::host) == 1) request.host = text_of(fields[http::field::host]);
  request.origin = text_of(fields[http::field::origin]);
  request.fetch_site = text_of(fields["Sec-Fetch-Site"]);
  request.authorization = text_of(fields[http::field::authorization]);
  request.content_type = text_of(fields[http::field::content_type]);
  request.idempotency_key = text_of(fields["Idempotency-Key"]);
  return request;
}

// Every answer: not to be kept, not to be guessed at, not to be framed, and no script but the
// console's own files.
void set_common_headers(http::response<http::string_body>& response) {
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("X-Frame-Options", "DENY");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Content-Security-Policy",
               "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
               "connect-src 'self'; "
               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
}

}  // namespace

HttpSession::HttpSession(HttpShared& shared, asio::ip::tcp::socket socket)
    : shared_(shared), socket_(std::move(socket)), timer_(shared.io) {
  shared_.sessions.insert(this);
}

HttpSession::~HttpSession() { shared_.sessions.erase(this); }

void HttpSession::start() { read_head(); }

void HttpSession::refuse_busy() {
  respond(error_response(503, "busy", "too many connections to the admin address; try again later"),
          false);
}

void HttpSession::abort() {
  error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
}

// --- reading ---

void HttpSession::read_head() {
  state_ = State::reading;
  parser_.emplace();
  parser_->header_limit(kHeadBytesMax);
  parser_->body_limit(shared_.options.body_bytes_max);
  set_deadline(shared_.options.request_timeout_ms);
  http::async_read_header(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, std::size_t) { self->on_head(error); });
}

void HttpSession::on_head(error_code error) {
  if (error || timed_out_) return on_read_error(error);
  const auto& head = parser_->get();
  request_ = head_of(head);
  plan_ = {};
  if (auto refusal = shared_.api.check(request_, plan_)) {
    // Its body is not read: the connection can't go on behind it.
    return respond(std::move(*refusal), head.keep_alive() && parser_->is_done());
  }
  if (parser_->is_done() || !beast::iequals(head[http::field::expect], "100-continue"))
    return read_body();
  response_ = HttpResponse(http::status::continue_, head.version());
  http::async_write(socket_, response_,
                    [self = shared_from_this()](error_code failed, std::size_t) {
                      if (!failed) self->read_body();
                    });
}

void HttpSession::read_body() {
  http::async_read(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, std::size_t) { self->on_body(error); });
}

void HttpSession::on_body(error_code error) {
  if (error || timed_out_) return on_read_error(error);
  request_.body = std::move(parser_->get().body());
  work();
}

void HttpSession::on_read_error(error_code error) {
  if (timed_out_) {
    // A connection that is kept open and asks nothing gets no answer.
    if (!parser_->got_some() && buffer_.size() == 0) return abort();
    return respond(error_response(408, "request_timeout", "the request did not come in time"),
                   false);
  }
  if (error == http::error::body_limit) {
    return respond(error_response(413, "too_big", "the body is larger than the limit of 1 MiB"),
                   false);
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return respond(error_response(431, "too_big", "the request's head is larger than 16 KiB"),
                   false);
  }
  if (error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return respond(error_response(400, "bad_request", "this is not HTTP/1.1: " + error.message()),
                   false);
  }
  abort();
}

// --- the answer ---

void HttpSession::work() {
  state_ = State::working;
  timer_.cancel();
  asio::thread_pool& pool = plan_.waits ? shared_.waiting : shared_.quick;
  const bool keep_alive = parser_->get().keep_alive();
  asio::post(pool, [self = shared_from_this(), keep_alive]() mutable {
    Response response = self->shared_.api.handle(self->request_, self->plan_);
    asio::io_context& io = self->shared_.io;
    // The session goes along: it must not end on this thread.
    asio::post(io, [self = std::move(self), response = std::move(response), keep_alive]() mutable {
      self->respond(std::move(response), keep_alive);
    });
  });
}

void HttpSession::respond(Response response, bool keep_alive) {
  state_ = State::writing;
  timed_out_ = false;
  response_ = HttpResponse(static_cast<http::status>(response.status), 11);
  set_common_headers(response_);
  response_.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) response_.set(name, value);
  response_.keep_alive(keep_alive);
  response_.content_length(response.body.size());
  if (request_.method != Method::head) response_.body() = std::move(response.body);
  set_deadline(shared_.options.request_timeout_ms);
  http::async_write(socket_, response_,
                    [self = shared_from_this(), keep_alive](error_code error, std::size_t) {
                      self->on_written(error, keep_alive);
                    });
}

void HttpSession::on_written(error_code error, bool keep_alive) {
  if (error) return abort();
  if (keep_alive) return read_head();
  // What the client still sends is read and thrown away for a moment: a reset would destroy the
  // answer on its way.
  state_ = State::lingering;
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  set_deadline(kLingerMs);
  buffer_.clear();
  linger();
}

void HttpSession::linger() {
  socket_.async_read_some(buffer_.prepare(64 * 1024),
                          [self = shared_from_this()](error_code error, std::size_t bytes) {
                            self->discarded_ += bytes;
                            if (error || self->discarded_ > kLingerBytesMax) return self->abort();
                            self->linger();
                          });
}

// --- deadlines ---

void HttpSession::set_deadline(std::int64_t ms) {
  timer_.expires_after(std::chrono::milliseconds(ms));
  timer_.async_wait([self = shared_from_this()](error_code error) {
    // A timer that was set anew meanwhile is not this one's business.
    if (!error && self->timer_.expiry() <= asio::steady_timer::clock_type::now())
      self->on_deadline();
  });
}

void HttpSession::on_deadline() {
  if (state_ == State::working) return;
  if (state_ != State::reading) return abort();
  timed_out_ = true;
  error_code ignored;
  socket_.cancel(ignored);  // the read ends, and answers
}

}  // namespace gavel::admin
