#include "store/redis/node.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "base/log.h"

namespace gavel::store::redis {
namespace {

// The value of `name` in what INFO answered; empty where it is not there.
std::string_view info_value(std::string_view info, std::string_view name) {
  for (std::size_t at = 0; at < info.size();) {
    const std::size_t end = std::min(info.find("\r\n", at), info.size());
    const std::string_view line = info.substr(at, end - at);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      return line.substr(name.size() + 1);
    }
    at = end + 2;
  }
  return {};
}

}  // namespace

// One attempt to connect: how many of its connections are ready, and their ids.
struct Node::Greeting {
  std::size_t missing = 0;
  std::vector<std::uint64_t> client_ids;
};

Node::Node(boost::asio::io_context& io, TlsClient* tls, const NodeOptions& options,
           const FunctionLibrary& library, NodeHooks& hooks, Address address, Locate locate)
    : io_(io),
      tls_(tls),
      options_(options),
      library_(library),
      hooks_(hooks),
      address_(std::move(address)),
      locate_(std::move(locate)) {}

Node::~Node() { close(); }

void Node::close() {
  greeting_.reset();
  for (auto* connection : {&commands_, &gate_, &subscriptions_}) {
    if (const auto one = std::exchange(*connection, nullptr)) one->close();
  }
}

void Node::tick(std::int64_t now_ms, std::uint64_t jitter) {
  if (now_ms_ == 0) away_since_ms_ = now_ms;
  now_ms_ = now_ms;
  // A connection that fails takes the others with it: each is held while it is looked at.
  for (const auto& connection : {commands_, gate_, subscriptions_}) {
    if (connection) connection->tick(now_ms);
  }
  if (state_ != State::away || now_ms < retry_ms_) return;
  retry_ms_ = now_ms + backoff_ms_ + static_cast<std::int64_t>(jitter % 50);
  backoff_ms_ = std::min(2 * backoff_ms_, kBackoffMsMax);
  start();
}

void Node::start() {
  if (!locate_) return connect(address_);
  state_ = State::locating;
  locate_([this](const std::string& error, const Address& address) {
    if (state_ != State::locating) return;
    if (!error.empty()) return failed(error, false);
    address_ = address;
    connect(address_);
  });
}

void Node::connect(const Address& address) {
  state_ = State::connecting;
  greeting_ = std::make_shared<Greeting>();
  const bool gated = options_.wait_replicas != 0;
  greeting_->missing = gated ? 3 : 2;
  const auto greeting = greeting_;
  address_ = address;
  commands_ = open(greeting, false);
  subscriptions_ = open(greeting, true);
  if (gated) gate_ = open(greeting, false);
}

std::shared_ptr<Connection> Node::open(const std::shared_ptr<Greeting>& greeting, bool subscriber) {
  auto connection = std::make_shared<Connection>(io_, tls_, options_.timeout_ms);
  Connection::Hooks hooks;
  hooks.on_connected = [this, greeting, raw = connection.get(), subscriber] {
    if (greeting == greeting_) greet(*raw, greeting, subscriber);
  };
  hooks.on_lost = [this, greeting](const std::string& reason) {
    if (greeting == greeting_) failed(reason, false);
  };
  hooks.on_push = [this, greeting](Reply& reply) {
    if (greeting == greeting_) push(reply);
  };
  connection->connect(address_, std::move(hooks), now_ms_);
  return connection;
}

// All at once; what matters is in the answers.
void Node::greet(Connection& connection, const std::shared_ptr<Greeting>& greeting,
                 bool subscriber) {
  const auto must = [this, greeting](Reply* reply) {
    if (reply == nullptr || greeting != greeting_ || !reply->is_error()) return;
    failed(reply->text, trouble_of(reply->text) == Trouble::access);
  };
  if (!options_.password.empty()) {
    Command auth{"AUTH"};
    if (!options_.username.empty()) auth.add(options_.username);
    connection.call(auth.add(options_.password), must);
  }
  if (options_.database != 0) {
    connection.call(Command{"SELECT", std::to_string(options_.database)}, must);
  }
  connection.call(Command{"CLIENT", "SETNAME", "gavel"}, [](Reply*) {});
  if (subscriber) {
    connection.call(Command{"PING"}, [this, greeting, &connection, must](Reply* reply) {
      must(reply);
      if (reply == nullptr || greeting != greeting_) return;
      connection.set_push_mode();
      connected_one(greeting);
    });
    return;
  }
  connection.call(Command{"CLIENT", "ID"}, [greeting](Reply* reply) {
    if (reply != nullptr && reply->kind == Reply::Kind::integer) {
      greeting->client_ids.push_back(static_cast<std::uint64_t>(reply->integer));
    }
  });
  const bool first = &connection == commands_.get();
  if (first) {
    connection.call(
        Command{"FUNCTION", "LOAD", library_.text}, [this, greeting, must](Reply* reply) {
          // Another server has loaded them; the name is made from the text, so they are the same.
          if (reply == nullptr || reply->text.find("already exists") != std::string::npos) return;
          if (reply->text.find("unknown command") != std::string::npos && greeting == greeting_) {
            return failed("it has no functions: Redis 7.0 or later is needed", true);
          }
          // A replica refuses to load: INFO says so below.
          if (trouble_of(reply->text) != Trouble::not_master) must(reply);
        });
  }
  if (first) {
    // Where CONFIG is not allowed, it counts as one that may forget.
    connection.call(Command{"CONFIG", "GET", "appendfsync"}, [this, greeting](Reply* reply) {
      if (reply == nullptr || greeting != greeting_) return;
      fsyncs_always_ = reply->is_array(2) && reply->items[1].text == "always";
    });
  }
  connection.call(Command{"INFO"}, [this, greeting, must, first](Reply* reply) {
    must(reply);
    if (reply == nullptr || greeting != greeting_) return;
    if (first) learn(reply->text, greeting);
    if (greeting == greeting_) connected_one(greeting);
  });
}

void Node::learn(const std::string& info, const std::shared_ptr<Greeting>& greeting) {
  if (info_value(info, "role") != "master") return failed("it is not a master", false);
  if (info_value(info, "loading") == "1") return failed("it is loading its data", false);
  const std::string_view policy = info_value(info, "maxmemory_policy");
  if (!policy.empty() && policy != "noeviction") {
    return failed("its maxmemory-policy is " + std::string(policy) +
                      ": it would throw rooms away; set maxmemory-policy noeviction",
                  true);
  }
  if (info_value(info, "aof_enabled") == "0") fsyncs_always_ = false;
  if (info_value(info, "aof_enabled") == "0" && !std::exchange(warned_, true)) {
    GAVEL_LOG(store, warning,
              "Redis keeps no append-only file: a restart of it loses messages; set appendonly yes",
              {"redis", address_.text()});
  }
  run_id_ = info_value(info, "run_id");
  promoted_ = info_value(info, "master_replid2").find_first_not_of('0') != std::string_view::npos;
  kill_earlier(greeting);
}

// What an earlier connection of ours has sent may still lie in a Redis that hung: it must not
// happen behind our back when we have asked what became of it.
void Node::kill_earlier(const std::shared_ptr<Greeting>& greeting) {
  if (client_ids_run_ != run_id_) return;
  for (const std::uint64_t id : client_ids_) {
    ++greeting->missing;
    const Command kill{"CLIENT", "KILL", "ID", std::to_string(id)};
    commands_->call(kill, [this, greeting](Reply* reply) {
      if (reply == nullptr || greeting != greeting_) return;
      if (reply->is_error()) {
        GAVEL_LOG(store, warning,
                  "Redis does not let us end an earlier connection: allow client|kill",
                  {"answer", reply->text});
      }
      connected_one(greeting);
    });
  }
}

void Node::connected_one(const std::shared_ptr<Greeting>& greeting) {
  if (--greeting->missing != 0) return;
  state_ = State::ready;
  client_ids_ = greeting->client_ids;
  client_ids_run_ = run_id_;
  backoff_ms_ = kBackoffMsMin;
  reason_.clear();
  fatal_ = replica_wait_failed_ = false;
  hooks_.on_ready(*this);
}

void Node::restart(const std::string& reason) { failed(reason, false); }

void Node::failed(const std::string& reason, bool fatal) {
  const bool was_ready = state_ == State::ready;
  const bool was_away = state_ == State::away;
  if (was_away) return;
  state_ = State::away;
  reason_ = reason;
  fatal_ = fatal;
  if (was_ready) {
    away_since_ms_ = now_ms_;
    retry_ms_ = now_ms_;
    GAVEL_LOG(store, warning, "lost Redis", {"redis", address_.text()}, {"reason", reason});
  }
  greeting_.reset();
  gate_busy_ = false;
  auto queued = std::exchange(gate_queue_, {});
  auto gated = std::exchange(gate_now_, {});
  const std::shared_ptr<Connection> connections[] = {std::exchange(commands_, nullptr),
                                                     std::exchange(gate_, nullptr),
                                                     std::exchange(subscriptions_, nullptr)};
  for (const auto& connection : connections) {
    if (connection) connection->close();
  }
  for (Gated& one : gated) {
    if (one.answer) one.answer(nullptr);
  }
  for (auto& one : queued) one.second(nullptr);
  if (was_ready) hooks_.on_lost(*this);
}

// --- subscriptions

void Node::subscribe(std::string_view channel) {
  subscriptions_->send(Command{"SSUBSCRIBE", channel});
}

void Node::unsubscribe(std::string_view channel) {
  if (subscriptions_) subscriptions_->send(Command{"SUNSUBSCRIBE", channel});
}

void Node::push(Reply& reply) {
  if (reply.is_error()) {
    // MOVED and the like: which channel it was about is not said.
    return failed("a subscription was refused: " + reply.text, false);
  }
  if (!reply.is_array(3)) return;
  const std::string_view word = reply.items[0].text;
  if (word == "smessage") {
    hooks_.on_message(reply.items[1].text, reply.items[2].text);
  } else if (word == "ssubscribe") {
    hooks_.on_subscribed(*this, reply.items[1].text);
  } else if (word == "sunsubscribe") {
    hooks_.on_unsubscribed(*this, reply.items[1].text);
  }
}

// --- waiting for replicas

void Node::call_gated(const Command& command, Connection::Answer answer) {
  if (options_.wait_replicas == 0) return call(command, std::move(answer));
  gate_queue_.emplace_back(command, std::move(answer));
  start_gate();
}

// What has gathered goes out with one WAIT behind it.
void Node::start_gate() {
  if (gate_busy_ || gate_queue_.empty()) return;
  gate_busy_ = true;
  auto queue = std::exchange(gate_queue_, {});
  gate_now_.clear();
  gate_now_.resize(queue.size());
  for (std::size_t i = 0; i < queue.size(); ++i) {
    gate_now_[i].answer = std::move(queue[i].second);
    gate_->call(queue[i].first, [this, i, greeting = greeting_](Reply* reply) {
      if (reply != nullptr && greeting == greeting_) gate_now_[i].reply = std::move(*reply);
    });
  }
  wait_for_replicas();
}

void Node::wait_for_replicas() {
  const std::int64_t patience_ms = std::max<std::int64_t>(options_.timeout_ms / 2, 1);
  gate_->call(Command{"WAIT", std::to_string(options_.wait_replicas), std::to_string(patience_ms)},
              [this, greeting = greeting_](Reply* reply) {
                if (reply == nullptr || greeting != greeting_) return;
                if (reply->is_error()) return failed(reply->text, false);
                // WAIT comes back with fewer when its time is over; what it waits for stays the
                // same.
                replica_wait_failed_ = reply->integer < options_.wait_replicas;
                if (replica_wait_failed_) return wait_for_replicas();
                auto done = std::exchange(gate_now_, {});
                gate_busy_ = false;
                for (Gated& one : done) {
                  if (greeting == greeting_) {
                    one.answer(&one.reply);
                  } else {
                    one.answer(nullptr);
                  }
                }
                if (greeting == greeting_) start_gate();
              });
}

}  // namespace gavel::store::redis
