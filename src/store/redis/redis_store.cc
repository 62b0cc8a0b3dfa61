#include "store/redis/redis_store.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/random.h"
#include "store/redis/engine.h"
#include "store/redis/redis_log.h"

namespace gavel::store {
namespace redis {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTick{10};
// Ticks that come later than this: we were not running, and Redis was not silent.
constexpr std::int64_t kTickMsMax = 100;

class RedisStore final : public Store, public Courier {
 public:
  RedisStore(EngineOptions options, TlsClientPtr tls)
      : describe_(options.topology.url.text()),
        tls_(std::move(tls)),
        timer_(io_),
        engine_(io_, tls_.get(), std::move(options)) {}
  ~RedisStore() override {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
      engine_.close();
      io_.stop();
    });
    thread_.join();
  }

  // Waits until Redis can be worked with.
  bool start(std::chrono::milliseconds within, std::string& error);

  std::unique_ptr<room::MessageLog> make_log(unsigned, Post post) override {
    return std::make_unique<RedisLog>(*this, std::move(post));
  }
  SigningKey signing_key() const override { return key_; }
  Health health() const override {
    const std::lock_guard lock(mutex_);
    return health_;
  }
  std::string describe() const override { return describe_; }

  // Courier
  void submit(std::shared_ptr<ShardLink> link, std::vector<Op> ops) override;
  void detach(const std::shared_ptr<ShardLink>& link) override;

 private:
  struct Delivery {
    std::shared_ptr<ShardLink> link;
    std::vector<Op> ops;
  };
  void tick();
  void take_all();
  void try_to_start();

  const std::string describe_;
  asio::io_context io_{1};
  TlsClientPtr tls_;
  asio::steady_timer timer_;
  SystemClock clock_;
  Engine engine_;
  std::int64_t last_tick_ms_ = 0;
  std::int64_t awake_ms_ = 1'000'000;
  std::promise<std::string> started_;  // empty when all is well
  bool starting_ = true;
  SigningKey key_{};

  mutable std::mutex mutex_;
  Health health_;
  std::vector<Delivery> inbox_;
  bool inbox_posted_ = false;
  std::thread thread_;
};

bool RedisStore::start(std::chrono::milliseconds within, std::string& error) {
  std::future<std::string> started = started_.get_future();
  last_tick_ms_ = clock_.steady_ms();
  thread_ = std::thread([this] {
    tick();
    io_.run();
  });
  if (started.wait_for(within) == std::future_status::ready) {
    error = started.get();
    return error.empty();
  }
  const std::string detail = health().detail;
  error = "can't reach Redis at " + describe_ + " (" + (detail.empty() ? "no answer" : detail) +
          "): is it running, and is the address right?";
  return false;
}

void RedisStore::tick() {
  const std::int64_t now = clock_.steady_ms();
  awake_ms_ += std::clamp<std::int64_t>(now - last_tick_ms_, 0, kTickMsMax);
  last_tick_ms_ = now;
  engine_.tick(awake_ms_, clock_.wall_ms());
  {
    Health health = engine_.health();
    const std::lock_guard lock(mutex_);
    health_ = std::move(health);
  }
  if (starting_) try_to_start();
  timer_.expires_after(kTick);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

void RedisStore::try_to_start() {
  for (const auto& node : engine_.topology().nodes()) {
    if (!node->fatal()) continue;
    starting_ = false;
    return started_.set_value("Redis at " + node->address().text() +
                              " can't be used: " + node->reason());
  }
  if (!engine_.ready()) return;
  starting_ = false;
  SystemRandom random;
  SigningKey ours;
  random.fill(ours);
  const std::string text = to_hex({reinterpret_cast<const char*>(ours.data()), ours.size()});
  engine_.share_value(kSigningKey, text, [this](Reply* reply) {
    if (reply == nullptr || (reply->is_error() && trouble_of(reply->text) == Trouble::later)) {
      starting_ = true;
      return;
    }
    const auto bytes = from_hex(reply->text);
    if (!bytes || bytes->size() != key_.size()) {
      return started_.set_value("the key " + std::string(kSigningKey) +
                                " in Redis is not 64 hexadecimal digits");
    }
    std::copy(bytes->begin(), bytes->end(), key_.begin());
    started_.set_value({});
  });
}

void RedisStore::submit(std::shared_ptr<ShardLink> link, std::vector<Op> ops) {
  const std::lock_guard lock(mutex_);
  inbox_.push_back({std::move(link), std::move(ops)});
  if (std::exchange(inbox_posted_, true)) return;
  asio::post(io_, [this] { take_all(); });
}

void RedisStore::take_all() {
  std::vector<Delivery> inbox;
  {
    const std::lock_guard lock(mutex_);
    inbox = std::exchange(inbox_, {});
    inbox_posted_ = false;
  }
  for (Delivery& one : inbox) engine_.take(*one.link, one.ops);
}

void RedisStore::detach(const std::shared_ptr<ShardLink>& link) {
  std::promise<void> done;
  asio::post(io_, [this, &link, &done] {
    take_all();
    engine_.detach(*link);
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace
}  // namespace redis

std::unique_ptr<Store> open_redis_store(const RedisOptions& options, std::string& error) {
  redis::EngineOptions engine;
  redis::TopologyOptions& topology = engine.topology;
  if (!redis::parse_url(options.url, topology.url, error)) return nullptr;
  for (const std::string& text : options.sentinels) {
    redis::Address address;
    if (!redis::parse_address(text, 26379, address)) {
      error = "a sentinel is named as HOST or HOST:PORT";
      return nullptr;
    }
    topology.sentinels.push_back(std::move(address));
  }
  if (!topology.sentinels.empty() && options.sentinel_master.empty()) {
    error = "sentinels need the name of the master that they watch (redis-sentinel-master)";
    return nullptr;
  }
  if (!topology.sentinels.empty() && topology.url.cluster) {
    error = "a Redis Cluster needs no sentinels: name one or the other";
    return nullptr;
  }
  topology.sentinel_master = options.sentinel_master;
  topology.node.username = options.username.empty() ? topology.url.username : options.username;
  topology.node.password = options.password.empty() ? topology.url.password : options.password;
  topology.node.database = topology.url.database;
  topology.node.cluster = topology.url.cluster;
  topology.node.wait_replicas = options.wait_replicas;
  topology.node.timeout_ms = options.timeout.count();
  engine.retention = options.retention;
  engine.repair_grace_ms = options.repair_grace.count();
  redis::TlsClientPtr tls;
  if (topology.url.tls && !(tls = redis::make_tls_client(options.tls_ca_file, error)))
    return nullptr;
  auto store = std::make_unique<redis::RedisStore>(std::move(engine), std::move(tls));
  if (!store->start(options.start_timeout, error)) return nullptr;
  return store;
}

}  // namespace gavel::store
