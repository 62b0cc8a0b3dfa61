// Which master has which slot: one Redis for all of them, the master that sentinels name, or a
// cluster's map, which is read again when an answer or a lost connection says that it changed. The
// store's I/O thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/redis/keys.h"
#include "store/redis/node.h"

namespace gavel::store::redis {

struct TopologyOptions {
  Url url;
  std::vector<Address> sentinels;
  std::string sentinel_master;
  NodeOptions node;
};

class Topology {
 public:
  // `on_changed`: slots have other masters now.
  Topology(boost::asio::io_context& io, TlsClient* tls, const TopologyOptions& options,
           const FunctionLibrary& library, NodeHooks& hooks, std::function<void()> on_changed);

  // Null while nobody is known to have it.
  Node* node_of(std::uint16_t slot) const { return slots_[slot]; }
  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  // True when every slot has a master and each of them is ready.
  bool ready() const;
  // An answer was "MOVED slot host:port".
  void moved(const std::string& error);
  void tick(std::int64_t now_ms, std::uint64_t jitter);
  void close();

 private:
  using Found = std::function<void(const std::string& error, Reply* reply)>;

  Node* node_at(const Address& address);
  void query(const Address& address, const Command& command, bool authenticate, Found found);
  void ask_sentinels(std::size_t index, std::string last_error,
                     std::function<void(const std::string&, const Address&)> done);
  void ask_cluster();
  void read_map(const Reply& reply, const Address& from);
  void drop_unused();

  static constexpr std::int64_t kMapMs = 10'000;   // read again so often, and
  static constexpr std::int64_t kMapSoonMs = 200;  // so soon when it is known to be wrong

  boost::asio::io_context& io_;
  TlsClient* tls_;
  const TopologyOptions& options_;
  const FunctionLibrary& library_;
  NodeHooks& hooks_;
  std::function<void()> on_changed_;
  std::vector<Node*> slots_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::shared_ptr<Connection>> queries_;
  std::size_t next_seed_ = 0;
  std::int64_t now_ms_ = 0;
  std::int64_t map_ms_ = 0;  // when to read the map next
  bool asking_ = false;
  bool changed_ = false;
};

}  // namespace gavel::store::redis
