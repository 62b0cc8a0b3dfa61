#include "store/redis/topology.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace gavel::store::redis {

Topology::Topology(boost::asio::io_context& io, TlsClient* tls, const TopologyOptions& options,
                   const FunctionLibrary& library, NodeHooks& hooks,
                   std::function<void()> on_changed)
    : io_(io),
      tls_(tls),
      options_(options),
      library_(library),
      hooks_(hooks),
      on_changed_(std::move(on_changed)),
      slots_(kSlots, nullptr) {
  if (options_.url.cluster) return;
  Locate locate;
  if (!options_.sentinels.empty()) {
    locate = [this](auto done) { ask_sentinels(0, {}, std::move(done)); };
  }
  nodes_.push_back(std::make_unique<Node>(io_, tls_, options_.node, library_, hooks_,
                                          options_.url.addresses.front(), std::move(locate)));
  std::fill(slots_.begin(), slots_.end(), nodes_.front().get());
}

bool Topology::ready() const {
  return std::all_of(slots_.begin(), slots_.end(),
                     [](const Node* node) { return node != nullptr && node->ready(); });
}

void Topology::close() {
  for (const auto& query : std::exchange(queries_, {})) query->close();
  for (const auto& node : nodes_) node->close();
}

void Topology::tick(std::int64_t now_ms, std::uint64_t jitter) {
  now_ms_ = now_ms;
  for (const auto& query : std::vector(queries_)) query->tick(now_ms);
  for (const auto& node : nodes_) node->tick(now_ms, jitter);
  if (!options_.url.cluster) return;
  if (std::exchange(changed_, false)) drop_unused();
  if (!ready()) map_ms_ = std::min(map_ms_, now_ms + kMapSoonMs);
  if (!asking_ && now_ms >= map_ms_) ask_cluster();
}

// One question on a connection of its own.
void Topology::query(const Address& address, const Command& command, bool authenticate,
                     Found found) {
  auto connection = std::make_shared<Connection>(io_, tls_, options_.node.timeout_ms);
  queries_.push_back(connection);
  // Both its end and its answer may come; the first one counts.
  auto once = std::make_shared<Found>(std::move(found));
  const auto finish = [this, once, raw = connection.get()](const std::string& error, Reply* reply) {
    if (!*once) return;
    const Found then = std::exchange(*once, nullptr);
    const auto it = std::find_if(queries_.begin(), queries_.end(),
                                 [raw](const auto& one) { return one.get() == raw; });
    std::shared_ptr<Connection> mine;
    if (it != queries_.end()) {
      mine = *it;
      queries_.erase(it);
    }
    if (mine) mine->close();
    then(error, reply);
  };
  Connection::Hooks hooks;
  hooks.on_lost = [finish](const std::string& reason) { finish(reason, nullptr); };
  hooks.on_connected = [this, raw = connection.get(), command, authenticate, finish] {
    if (authenticate && !options_.node.password.empty()) {
      Command auth{"AUTH"};
      if (!options_.node.username.empty()) auth.add(options_.node.username);
      raw->call(auth.add(options_.node.password), [](Reply*) {});
    }
    raw->call(command, [finish](Reply* reply) {
      if (reply == nullptr) return finish("the connection ended", nullptr);
      if (reply->is_error()) return finish(reply->text, nullptr);
      finish({}, reply);
    });
  };
  connection->connect(address, std::move(hooks), now_ms_);
}

// --- sentinels

void Topology::ask_sentinels(std::size_t index, std::string last_error,
                             std::function<void(const std::string&, const Address&)> done) {
  if (index == options_.sentinels.size()) {
    return done("no sentinel knows a master \"" + options_.sentinel_master + "\": " + last_error,
                {});
  }
  const Command command{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", options_.sentinel_master};
  query(options_.sentinels[index], command, false,
        [this, index, done = std::move(done)](const std::string& error, Reply* reply) mutable {
          Address address;
          if (reply != nullptr && reply->is_array(2)) {
            address.host = reply->items[0].text;
            address.port = static_cast<std::uint16_t>(reply->number(1));
            return done({}, address);
          }
          ask_sentinels(index + 1, error.empty() ? "it does not know that name" : error,
                        std::move(done));
        });
}

// --- cluster

Node* Topology::node_at(const Address& address) {
  for (const auto& node : nodes_) {
    if (node->address() == address) return node.get();
  }
  nodes_.push_back(
      std::make_unique<Node>(io_, tls_, options_.node, library_, hooks_, address, nullptr));
  return nodes_.back().get();
}

// Asks the nodes that are known and the seeds in turn.
void Topology::ask_cluster() {
  asking_ = true;
  map_ms_ = now_ms_ + kMapMs;
  std::vector<Address> seeds = options_.url.addresses;
  for (const auto& node : nodes_) seeds.push_back(node->address());
  const Address seed = seeds[next_seed_++ % seeds.size()];
  query(seed, Command{"CLUSTER", "SLOTS"}, true,
        [this, seed](const std::string& error, Reply* reply) {
          asking_ = false;
          if (reply != nullptr && reply->kind == Reply::Kind::array) return read_map(*reply, seed);
          GAVEL_LOG(store, warning, "can't read the cluster's map", {"redis", seed.text()},
                    {"reason", error});
          map_ms_ = now_ms_ + kMapSoonMs;
        });
}

// CLUSTER SLOTS: [from, to, [host, port, id, …], replicas …] for each range.
void Topology::read_map(const Reply& reply, const Address& from) {
  bool changed = false;
  for (const Reply& range : reply.items) {
    if (!range.is_array(3) || !range.items[2].is_array(2)) continue;
    const std::uint64_t first = range.number(0);
    const std::uint64_t last = range.number(1);
    Address address{range.items[2].items[0].text,
                    static_cast<std::uint16_t>(range.items[2].number(1)), false};
    if (address.host.empty()) address.host = from.host;
    if (address.port == 0 || last >= kSlots) continue;
    Node* node = node_at(address);
    for (std::uint64_t slot = first; slot <= last; ++slot) {
      if (slots_[slot] == node) continue;
      slots_[slot] = node;
      changed = true;
    }
  }
  if (!changed) return;
  changed_ = true;
  on_changed_();
}

void Topology::moved(const std::string& error) {
  map_ms_ = std::min(map_ms_, now_ms_ + kMapSoonMs);
  if (!options_.url.cluster) return;
  // MOVED slot host:port
  const std::size_t space = error.rfind(' ');
  const std::size_t slot_at = error.find(' ');
  const std::uint64_t slot = static_cast<std::uint64_t>(std::atoll(error.c_str() + slot_at + 1));
  std::string text = error.substr(space + 1);
  if (text.starts_with(':')) return;  // the same host as the asked one: the map will say
  Address address;
  if (slot >= kSlots || !parse_address(text, 0, address) || address.port == 0) return;
  Node* node = node_at(address);
  if (slots_[slot] == node) return;
  slots_[slot] = node;
  changed_ = true;
  on_changed_();
}

// Nodes that have no slot any more. Only from tick(): no call of theirs is on the stack there.
void Topology::drop_unused() {
  std::erase_if(nodes_, [this](const std::unique_ptr<Node>& node) {
    return std::find(slots_.begin(), slots_.end(), node.get()) == slots_.end();
  });
}

}  // namespace gavel::store::redis
