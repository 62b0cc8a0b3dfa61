#include "cli/bench/worker.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <functional>

namespace gavel::cli {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr std::size_t kReadBytes = 128 * 1024;  // at a time: what stays in the cache
constexpr int kEvents = 512;
constexpr std::uint64_t kSlowStepNs = 10'000'000;
constexpr std::uint64_t kCpuStepNs = 20'000'000;
constexpr std::int64_t kIdleWaitNs = 5'000'000;
constexpr std::size_t kNumbersARoom = 100'000;  // of players

std::uint64_t thread_cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

std::uint64_t now_ns() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(
      duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count());
}

Worker::Worker(const BenchOptions& options, Control& control, std::size_t index)
    : options_(options),
      control_(control),
      index_(index),
      buffer_(kBufferBytes + 2 * options.payload),
      random_(index + 1) {
  epoll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
}

Worker::~Worker() { ::close(epoll_fd_); }

void Worker::watch(Player& player) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &player;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, player.fd(), &event);
}

bool Worker::connect_all() {
  rooms_.reserve(options_.rooms / options_.threads + 1);
  for (std::size_t r = index_; r < options_.rooms; r += options_.threads) {
    if (!connect_room(r)) return false;
  }
  return true;
}

bool Worker::connect_room(std::size_t number) {
  using Role = Player::Role;
  Room& room = rooms_.emplace_back();
  const std::string name = options_.room_prefix + "-" + std::to_string(number);
  room.log = std::make_unique<RoomLog>(100'000 + std::hash<std::string>{}(name) % 900'000);
  const std::size_t senders = options_.senders == 0 ? options_.clients : options_.senders;
  const std::size_t apart = number == 0 ? options_.slow + options_.stuck : 0;
  for (std::size_t c = 0; c < options_.clients + apart; ++c) {
    Role role = c < senders && !options_.idle ? Role::sender : Role::listener;
    if (c >= options_.clients) {
      role = c < options_.clients + options_.slow ? Role::slow : Role::stuck;
    }
    players_.push_back(std::make_unique<Player>(options_, tally_, *room.log, name,
                                                number * kNumbersARoom + c + 1, role));
    Player& player = *players_.back();
    if (role == Role::sender) room.senders.push_back(&player);
    if (player.is_apart()) apart_.push_back(&player);
    if (!player.connect()) {
      failure_ = player.failure();
      return false;
    }
    watch(player);
    if (players_.size() % 64 == 0) wait_for_sockets(now_ns(), Phase::connect);
  }
  return true;
}

bool Worker::all_joined() const {
  return std::all_of(players_.begin(), players_.end(),
                     [](const auto& player) { return player->state() == Player::State::joined; });
}

void Worker::run() {
  if (!connect_all()) control_.failed = true;
  while (!control_.failed.load(std::memory_order_relaxed)) {
    const Phase phase = control_.phase.load(std::memory_order_relaxed);
    if (phase == Phase::done) break;
    turn(now_ns(), phase);
    if (!failure_.empty()) control_.failed = true;
  }
  if (is_ready_) {
    for (const auto& player : players_) player->count_lost();
  }
}

void Worker::turn(std::uint64_t now, Phase phase) {
  wait_for_sockets(now, phase);
  if (!is_ready_ && all_joined()) {
    is_ready_ = true;
    for (Player* player : apart_) ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, player->fd(), nullptr);
    ++control_.ready;
  }
  if (phase == Phase::measure && tally_.measure_from_ns > now) tally_.measure_from_ns = now;
  if (phase == Phase::drain && tally_.measure_to_ns > now) tally_.measure_to_ns = now;
  if (phase == Phase::warmup || phase == Phase::measure) load(now);
  if (!apart_.empty()) read_slowly(now);
  if (phase == Phase::drain && !has_drained_ && all_arrived()) {
    has_drained_ = true;
    ++control_.drained;
  }
  publish(now);
}

void Worker::begin(std::uint64_t now) {
  is_loading_ = true;
  next_churn_ns_ = now;
  // Not all rooms at one moment.
  for (Room& room : rooms_) room.next_ns = now + random_() % 20'000'000;
  if (options_.rate > 0) return;
  for (Room& room : rooms_) {
    for (Player* player : room.senders) fill_window(*player, now);
  }
}

void Worker::load(std::uint64_t now) {
  if (options_.idle) return;
  if (!is_loading_) begin(now);
  if (options_.rate > 0) send_due(now);
  if (options_.churn > 0) churn(now);
}

void Worker::publish(std::uint64_t now) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  progress_.sent.store(tally_.sent, kRelaxed);
  progress_.delivered.store(tally_.delivered, kRelaxed);
  progress_.bytes_in.store(tally_.bytes_in, kRelaxed);
  if (now < next_cpu_ns_) return;
  next_cpu_ns_ = now + kCpuStepNs;
  progress_.cpu_ns.store(thread_cpu_ns(), kRelaxed);
}

std::int64_t Worker::wait_ns(std::uint64_t now, Phase phase) const {
  std::int64_t wait = kIdleWaitNs;
  if (options_.rate > 0 && (phase == Phase::warmup || phase == Phase::measure)) {
    for (const Room& room : rooms_) {
      wait = std::min(wait, static_cast<std::int64_t>(room.next_ns - now));
    }
  }
  return std::max<std::int64_t>(wait, 0);
}

void Worker::wait_for_sockets(std::uint64_t now, Phase phase) {
  epoll_event events[kEvents];
  const timespec timeout{.tv_sec = 0, .tv_nsec = wait_ns(now, phase)};
  const int count = ::epoll_pwait2(epoll_fd_, events, kEvents, &timeout, nullptr);
  const std::uint64_t woken = now_ns();
  for (int i = 0; i < count; ++i) {
    Player& player = *static_cast<Player*>(events[i].data.ptr);
    if ((events[i].events & EPOLLOUT) != 0 && player.has_output()) player.flush();
    if ((events[i].events & ~std::uint32_t{EPOLLOUT}) != 0) read(player, woken, phase);
    if (player.state() == Player::State::failed && phase == Phase::connect) {
      failure_ = player.failure();
    }
  }
}

void Worker::read(Player& player, std::uint64_t now, Phase phase) {
  while (read_once(player, kReadBytes, now)) {
  }
  // A window that opened is used at once, all of it in one write.
  if (options_.rate == 0 && (phase == Phase::warmup || phase == Phase::measure)) {
    fill_window(player, now);
  }
}

// True where there may be more.
bool Worker::read_once(Player& player, std::size_t bytes_max, std::uint64_t now) {
  if (player.fd() < 0 || player.state() == Player::State::failed) return false;
  const std::string& kept = player.kept();
  if (kept.size() >= buffer_.size()) {
    player.ended("a frame that is larger than any that was sent");
    return false;
  }
  if (!kept.empty()) std::memcpy(buffer_.data(), kept.data(), kept.size());
  const std::size_t free = std::min(bytes_max, buffer_.size() - kept.size());
  const ssize_t got = ::recv(player.fd(), buffer_.data() + kept.size(), free, MSG_DONTWAIT);
  if (got < 0) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) player.ended(std::strerror(errno));
    return false;
  }
  if (got == 0) {
    player.ended("the connection ended without a close frame");
    return false;
  }
  tally_.bytes_in += static_cast<std::size_t>(got);
  const std::string_view bytes(buffer_.data(), kept.size() + static_cast<std::size_t>(got));
  player.keep(bytes.substr(player.receive(bytes, now)));
  return static_cast<std::size_t>(got) == free;
}

void Worker::fill_window(Player& player, std::uint64_t now) {
  std::size_t free = player.may_send();
  if (free == 0) return;
  for (; free > 0; --free) player.send(now);
  player.flush();
}

void Worker::send_due(std::uint64_t now) {
  const auto interval = static_cast<std::uint64_t>(1e9 / options_.rate);
  for (Room& room : rooms_) {
    for (; room.next_ns <= now; room.next_ns += interval) {
      Player& player = *room.senders[room.next_sender++ % room.senders.size()];
      if (player.state() != Player::State::joined) continue;
      // The time at which it was due: a generator or a server that is late must not hide it.
      player.send(room.next_ns);
      player.flush();
    }
  }
}

void Worker::read_slowly(std::uint64_t now) {
  if (now < next_slow_ns_) return;
  next_slow_ns_ = now + kSlowStepNs;
  const std::size_t step = std::max<std::size_t>(1, options_.slow_rate / 100);
  for (Player* player : apart_) {
    if (player->role() == Player::Role::slow) read_once(*player, step, now);
  }
}

void Worker::churn(std::uint64_t now) {
  const auto interval =
      static_cast<std::uint64_t>(1e9 * static_cast<double>(options_.threads) / options_.churn);
  for (; next_churn_ns_ <= now; next_churn_ns_ += interval) {
    Player& player = *players_[random_() % players_.size()];
    if (player.state() != Player::State::joined || player.is_apart()) continue;
    if (random_() % 2 == 0) {
      player.leave();
    } else {
      player.cut();
      if (player.connect()) watch(player);
    }
  }
}

bool Worker::all_arrived() const {
  return std::all_of(players_.begin(), players_.end(), [](const auto& player) {
    return player->is_apart() || player->state() == Player::State::failed || player->has_all();
  });
}

}  // namespace gavel::cli
