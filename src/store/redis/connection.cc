#include "store/redis/connection.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace gavel::store::redis {

Connection::Connection(boost::asio::io_context& io, TlsClient* tls, std::int64_t timeout_ms)
    : io_(io),
      timeout_ms_(timeout_ms),
      stream_(make_stream(io, tls)),
      in_(std::make_unique_for_overwrite<char[]>(kReadBytes)) {}

void Connection::connect(const Address& address, Hooks hooks, std::int64_t now_ms) {
  hooks_ = std::move(hooks);
  now_ms_ = heard_ms_ = now_ms;
  stream_->connect(address, [self = shared_from_this()](std::string_view error, std::size_t) {
    if (!error.empty()) return self->fail(std::string(error));
    self->connected_ = true;
    self->heard_ms_ = self->now_ms_;
    self->read();
    self->hooks_.on_connected();
    self->flush_later();
  });
}

void Connection::call(const Command& command, Answer answer) {
  if (ended_) {
    boost::asio::post(io_, [answer = std::move(answer)] { answer(nullptr); });
    return;
  }
  if (answers_.empty()) heard_ms_ = now_ms_;
  answers_.push_back(std::move(answer));
  send(command);
}

void Connection::send(const Command& command) {
  if (ended_) return;
  command.write_to(out_);
  flush_later();
}

void Connection::flush_later() {
  if (flush_scheduled_ || !connected_ || out_.empty()) return;
  flush_scheduled_ = true;
  boost::asio::post(io_, [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->flush();
  });
}

void Connection::flush() {
  if (ended_ || !connected_ || !writing_.empty() || out_.empty()) return;
  std::swap(writing_, out_);
  stream_->write(writing_, [self = shared_from_this()](std::string_view error, std::size_t) {
    if (!error.empty()) return self->fail(std::string(error));
    self->writing_.clear();
    self->flush();
  });
}

void Connection::read() {
  stream_->read(in_.get(), kReadBytes,
                [self = shared_from_this()](std::string_view error, std::size_t bytes) {
                  if (!error.empty()) return self->fail(std::string(error));
                  self->received(bytes);
                });
}

void Connection::received(std::size_t bytes) {
  heard_ms_ = now_ms_;
  const bool fine = reader_.feed({in_.get(), bytes}, [this](Reply& reply) {
    take(reply);
    return !ended_;
  });
  if (ended_) return;
  if (!fine) return fail("what came back is not Redis's protocol");
  read();
}

void Connection::take(Reply& reply) {
  if (push_mode_ || answers_.empty()) {
    if (hooks_.on_push) hooks_.on_push(reply);
    return;
  }
  const Answer answer = std::move(answers_.front());
  answers_.pop_front();
  answer(&reply);
}

void Connection::tick(std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (ended_) return;
  const bool waits = !connected_ || !answers_.empty() || push_mode_ || !writing_.empty();
  if (!waits) heard_ms_ = now_ms;
  // With subscriptions nothing need come: then we ask.
  if (push_mode_ && now_ms - heard_ms_ > timeout_ms_ / 2 && now_ms - pinged_ms_ > timeout_ms_ / 2) {
    pinged_ms_ = now_ms;
    send(Command{"PING"});
  }
  if (now_ms - heard_ms_ > timeout_ms_)
    fail("no answer for " + std::to_string(timeout_ms_) + " ms");
}

void Connection::close() {
  if (ended_) return;
  ended_ = true;
  stream_->close();
  answer_all_with_null();
}

void Connection::fail(const std::string& reason) {
  if (ended_) return;
  const std::shared_ptr<Connection> alive = shared_from_this();
  ended_ = true;
  stream_->close();
  answer_all_with_null();
  if (hooks_.on_lost) hooks_.on_lost(reason);
}

void Connection::answer_all_with_null() {
  for (const Answer& answer : std::exchange(answers_, {})) answer(nullptr);
}

}  // namespace gavel::store::redis
