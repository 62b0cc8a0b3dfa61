// One connection to one Redis, from its connect to its end: commands go out pipelined, answers come
// back in order. It is not used again after it failed: its owner makes another. The store's I/O
// thread only.
//
// 1. Every call() is answered exactly once: with its reply, or with null when the connection ended
// before it came (then
//    its fate is unknown). After on_lost() nothing is called any more.
// 2. Nothing is written before the turn's end (flush), so that what belongs together leaves in one
// send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "store/redis/command.h"
#include "store/redis/reply.h"
#include "store/redis/stream.h"
#include "store/redis/url.h"

namespace gavel::store::redis {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Answer = std::function<void(Reply* reply)>;
  struct Hooks {
    std::function<void()> on_connected;
    std::function<void(Reply& reply)> on_push;  // what came without having been asked for
    std::function<void(const std::string& reason)> on_lost;
  };

  Connection(boost::asio::io_context& io, TlsClient* tls, std::int64_t timeout_ms);
  void connect(const Address& address, Hooks hooks, std::int64_t now_ms);
  void call(const Command& command, Answer answer);
  // Without an answer of its own: in push mode, where answers come as pushes.
  void send(const Command& command);
  // From here on every reply is a push (a connection with subscriptions).
  void set_push_mode() { push_mode_ = true; }
  // Ends it without on_lost(); calls that wait are answered with null.
  void close();
  // Notices that the other side is silent. `now_ms` is of a steady clock.
  void tick(std::int64_t now_ms);
  std::size_t unsent_bytes() const { return out_.size() + writing_.size(); }

 private:
  void flush_later();
  void flush();
  void read();
  void received(std::size_t bytes);
  void take(Reply& reply);
  void fail(const std::string& reason);
  void answer_all_with_null();

  static constexpr std::size_t kReadBytes = 64 << 10;

  boost::asio::io_context& io_;
  const std::int64_t timeout_ms_;
  std::shared_ptr<Stream> stream_;
  Hooks hooks_;
  ReplyReader reader_;
  std::unique_ptr<char[]> in_;
  std::string out_;
  std::string writing_;
  std::deque<Answer> answers_;
  std::int64_t now_ms_ = 0;
  std::int64_t heard_ms_ = 0;  // when something came last, or when we began to wait for it
  std::int64_t pinged_ms_ = 0;
  bool connected_ = false;
  bool ended_ = false;
  bool push_mode_ = false;
  bool flush_scheduled_ = false;
};

}  // namespace gavel::store::redis
