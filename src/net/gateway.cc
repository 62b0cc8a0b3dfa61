#include "net/gateway.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "net/listener.h"

namespace gavel::net {
namespace {

constexpr std::size_t kReceiveBufferBytes = 64 * 1024;
constexpr int kAcceptsATurn = 64;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kAcceptPauseMs =
    100;  // when descriptors run out: no busy loop on a level-triggered listener

std::string address_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text,
                sizeof text);
  } else {
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text,
                sizeof text);
  }
  return text;
}

}  // namespace

bool Gateway::DeflateAdapter::compress(std::string_view text, std::string& out) {
  // `text` may lie in `out`, which grows: compress into a buffer of its own.
  std::string deflated;
  if (!deflater_.compress(text, deflated) || deflated.size() >= text.size()) return false;
  out += deflated;
  return true;
}

bool AddressCounts::take(const std::string& address, std::size_t max) {
  if (max == 0) return true;
  const std::lock_guard lock(mutex_);
  std::size_t& count = counts_[address];
  if (count >= max) return false;
  ++count;
  return true;
}

void AddressCounts::give_back(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto it = counts_.find(address);
  if (it != counts_.end() && --it->second == 0) counts_.erase(it);
}

Gateway::Gateway(shard::Shard& shard, shard::Watcher& watcher, GatewayShared& shared)
    : shard_(shard),
      watcher_(watcher),
      shared_(shared),
      options_(shared.options),
      session_options_(shared.session),
      compressor_(deflater_),
      receive_buffer_(kReceiveBufferBytes) {
  reserve_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

Gateway::~Gateway() {
  if (reserve_fd_ >= 0) ::close(reserve_fd_);
}

void Gateway::listen(int fd) { listeners_.push_back(std::make_unique<Listener>(*this, fd)); }

void Gateway::on_start() {
  env_.rooms = &shard_.rooms();
  env_.options = &session_options_;
  env_.admission = shared_.admission;
  env_.hash = shared_.hash;
  env_.shard = shard_.index();
  env_.shards = static_cast<unsigned>(shared_.gateways.size());
  if (options_.deflate) shard_.rooms().set_compressor(&compressor_);
  for (auto& listener : listeners_) watcher_.watch_listener(listener->fd(), listener.get());
}

void Gateway::on_stop() {
  listeners_.clear();
  for (auto& connection : connections_) {
    if (connection) {
      watcher_.unwatch(connection->fd(), connection.get());
      connection.reset();
      shared_.connections.fetch_sub(1);
    }
  }
}

// --- accept -------------------------------------------------------------------------------------

void Gateway::accept_from(Listener& listener) {
  if (now_ms() < accept_again_ms_) return;
  for (int i = 0; i < kAcceptsATurn; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = ::accept4(listener.fd(), reinterpret_cast<sockaddr*>(&address), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      accepted(fd, address_of(address));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      ++counters_.refused;
      // Takes one off the queue with the spare descriptor, so that its peer is not left hanging;
      // then rests.
      if (reserve_fd_ >= 0) {
        ::close(reserve_fd_);
        const int refused = ::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC);
        if (refused >= 0) ::close(refused);
        reserve_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      }
      accept_again_ms_ = now_ms() + kAcceptPauseMs;
      for (auto& one : listeners_) watcher_.unwatch(one->fd(), one.get());
    }
    return;
  }
}

void Gateway::accepted(int fd, std::string address) {
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  take(shared_.make_socket(fd), std::move(address));
}

Connection* Gateway::take(std::unique_ptr<Socket> socket, std::string address) {
  const bool full =
      shared_.connections.load(std::memory_order_relaxed) >= options().connections_max;
  if (full || !shared_.addresses.take(address, options().connections_per_address_max)) {
    ++counters_.refused;
    const std::string response = busy_response();
    const iovec part{const_cast<char*>(response.data()), response.size()};
    socket->send(&part, 1);
    return nullptr;
  }
  shared_.connections.fetch_add(1, std::memory_order_relaxed);
  ++counters_.accepted;
  auto connection = std::make_unique<Connection>(*this, std::move(socket), std::move(address));
  Connection& here = *connection;
  adopt(std::move(connection));
  if (here.state() == Connection::State::dead) return nullptr;
  set_deadline(here, now_ms() + options().handshake_timeout_ms);
  return &here;
}

void Gateway::adopt(std::unique_ptr<Connection> connection) {
  Connection& here = *connection;
  std::size_t index = connections_.size();
  if (free_.empty()) {
    connections_.emplace_back();
    deadlines_.push_back(kNever);
  } else {
    index = free_.back();
    free_.pop_back();
  }
  here.index_ = index;
  connections_[index] = std::move(connection);
  if (!watcher_.watch(here.fd(), &here)) here.kill();
}

std::unique_ptr<Connection> Gateway::remove(Connection& connection) {
  watcher_.unwatch(connection.fd(), &connection);
  if (connection.listed_ready_) {
    std::erase(ready_, &connection);
    std::replace(ready_now_.begin(), ready_now_.end(), &connection,
                 static_cast<Connection*>(nullptr));
    connection.listed_ready_ = false;
  }
  if (connection.listed_dirty_) {
    std::erase(dirty_, &connection);
    connection.listed_dirty_ = false;
  }
  const std::size_t index = connection.index_;
  deadlines_[index] = kNever;
  free_.push_back(index);
  return std::exchange(connections_[index], nullptr);
}

// --- moving -------------------------------------------------------------------------------------

void Gateway::move(Connection& connection, unsigned shard) {
  moves_.push_back({&connection, shard});
}

void Gateway::finish_moves() {
  for (const Move& move : std::exchange(moves_, {})) {
    if (move.connection->state() == Connection::State::dead) continue;
    // std::function wants copies: the box is shared, the connection in it has one owner at a time.
    auto box = std::make_shared<std::unique_ptr<Connection>>(remove(*move.connection));
    Gateway& target = *shared_.gateways[move.shard];
    target.shard_.post([&target, box] {
      Connection& here = **box;
      target.adopt(std::move(*box));
      if (here.state() == Connection::State::dead) return;
      here.arrive(target);
      target.set_deadline(here, here.first_check_ms());
    });
  }
}

// --- turns --------------------------------------------------------------------------------------

void Gateway::list_ready(Connection& connection) {
  if (std::exchange(connection.listed_ready_, true)) return;
  ready_.push_back(&connection);
}

void Gateway::list_dirty(Connection& connection) {
  if (std::exchange(connection.listed_dirty_, true)) return;
  dirty_.push_back(&connection);
}

void Gateway::set_deadline(Connection& connection, std::int64_t at_ms) {
  deadlines_[connection.index_] = at_ms;
}

void Gateway::bury(Connection& connection) {
  deadlines_[connection.index_] = kNever;
  dead_.push_back(&connection);
}

void Gateway::count_close(std::uint16_t code, bool) { ++counters_.closes[code]; }

bool Gateway::before_rooms() {
  std::swap(ready_, ready_now_);
  for (std::size_t i = 0; i < ready_now_.size(); ++i) {
    Connection* connection = ready_now_[i];
    if (connection == nullptr) continue;
    connection->listed_ready_ = false;
    connection->read();
  }
  ready_now_.clear();
  if (!moves_.empty()) finish_moves();
  return false;
}

bool Gateway::after_rooms() {
  // By index: a flush may list others, or the same one again.
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    Connection* connection = dirty_[i];
    connection->listed_dirty_ = false;
    connection->flush();
    connection->bury_if_failed();
  }
  dirty_.clear();
  for (Connection* connection : std::exchange(dead_, {})) {
    shared_.addresses.give_back(connection->address());
    remove(*connection).reset();
    shared_.connections.fetch_sub(1, std::memory_order_relaxed);
  }
  return !ready_.empty();
}

void Gateway::on_tick() {
  if (accept_again_ms_ != 0 && now_ms() >= accept_again_ms_) {
    accept_again_ms_ = 0;
    for (auto& one : listeners_) watcher_.watch_listener(one->fd(), one.get());
  }
  const std::int64_t now = now_ms();
  for (std::size_t i = 0; i < deadlines_.size(); ++i) {
    if (deadlines_[i] > now) continue;
    deadlines_[i] = kNever;
    connections_[i]->on_deadline();
  }
}

HttpReply Gateway::answer(const ws::HandshakeParser& request, std::string_view) {
  return answer_http(request, options_, shared_.ready);
}

void Gateway::reconfigure(const GatewayOptions& options, const session::SessionOptions& session,
                          const session::Admission& admission) {
  options_ = options;
  session_options_ = session;
  env_.admission = &admission;
}

void Gateway::drain(std::string_view reason) {
  for (auto& listener : listeners_) watcher_.unwatch(listener->fd(), listener.get());
  listeners_.clear();
  accept_again_ms_ = 0;
  for_each(
      [&](Connection& connection) { connection.say_goodbye(wire::CloseCode::restart, reason); });
}

}  // namespace gavel::net
