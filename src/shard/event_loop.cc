#include "shard/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace gavel::shard {
namespace {

constexpr int kEventsATurn = 1024;

int checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

bool add(int epoll_fd, int fd, FdHandler* handler, std::uint32_t bits) {
  epoll_event event{};
  event.events = bits;
  event.data.ptr = handler;
  return ::epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

EventLoop::EventLoop() {
  epoll_fd_ = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd_ < 0 || !add(epoll_fd_, wake_fd_, nullptr, EPOLLIN | EPOLLET)) {
    const int error = errno;
    ::close(epoll_fd_);
    if (wake_fd_ >= 0) ::close(wake_fd_);
    throw std::system_error(error, std::generic_category(), "eventfd");
  }
}

EventLoop::~EventLoop() {
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

bool EventLoop::watch(int fd, FdHandler* handler) {
  return add(epoll_fd_, fd, handler, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

bool EventLoop::watch_listener(int fd, FdHandler* handler) {
  return add(epoll_fd_, fd, handler, EPOLLIN);
}

void EventLoop::unwatch(int fd, FdHandler* handler) {
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  std::replace(ready_.begin(), ready_.end(), handler, static_cast<FdHandler*>(nullptr));
}

void EventLoop::post(std::function<void()> work) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    mailbox_.push_back(std::move(work));
    wake = !std::exchange(woken_, true);
  }
  if (!wake) return;
  const std::uint64_t one = 1;
  // The counter can't overflow: one write a wake-up. EINTR does not happen on a non-blocking
  // eventfd.
  [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

void EventLoop::stop() {
  stopping_.store(true);
  post([] {});
}

int EventLoop::wait(int timeout_ms) {
  epoll_event events[kEventsATurn];
  const int count = ::epoll_wait(epoll_fd_, events, kEventsATurn, timeout_ms);
  ready_.clear();
  ready_bits_.clear();
  for (int i = 0; i < count; ++i) {
    if (events[i].data.ptr == nullptr) {
      std::uint64_t value = 0;
      [[maybe_unused]] const auto got = ::read(wake_fd_, &value, sizeof value);
      continue;
    }
    ready_.push_back(static_cast<FdHandler*>(events[i].data.ptr));
    ready_bits_.push_back(events[i].events);
  }
  return count;
}

void EventLoop::run_mailbox() {
  {
    const std::lock_guard lock(mutex_);
    if (!woken_) return;
    woken_ = false;
    std::swap(mailbox_, mailbox_now_);
  }
  for (auto& work : mailbox_now_) work();
  mailbox_now_.clear();
}

void EventLoop::run(const std::function<void()>& begin_turn, const std::function<bool()>& end_turn,
                    int tick_ms, int busy_poll_us) {
  using Clock = std::chrono::steady_clock;
  bool more = false;
  while (!stopping_.load(std::memory_order_relaxed)) {
    int count = 0;
    if (!more && busy_poll_us > 0) {
      const auto until = Clock::now() + std::chrono::microseconds(busy_poll_us);
      while ((count = wait(0)) == 0 && Clock::now() < until) {
      }
    }
    if (count == 0) wait(more ? 0 : tick_ms);
    begin_turn();
    // By index: a handler that unwatches another one nulls its place in here.
    for (std::size_t i = 0; i < ready_.size(); ++i) {
      if (ready_[i] != nullptr) ready_[i]->on_events(ready_bits_[i]);
    }
    run_mailbox();
    more = end_turn();
    turns_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace gavel::shard
