// floor: what the kernel alone costs. A bare epoll server that receives the same bytes as `gavel
// serve` and sends the same bytes, in the same batches (all that a turn brought a room, one send a
// member), and does nothing else: it takes frames by their fixed size, and checks, keeps, counts
// and limits nothing. `gavel bench` drives it with all its checks on, so that a server's CPU time a
// delivered message can be divided by this one's. One thread.
//
//   floor [--port N] [--payload BYTES]     PORT 0 (a free one); BYTES: the bench's --payload (100)

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ws/frame.h"
#include "ws/handshake.h"

namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr int kEvents = 512;
constexpr std::uint64_t kFirstId = 10'000'001;  // all ids have eight digits
constexpr std::string_view kStampEnd = R"(,"ts":1764036000123,)";

struct Room;

struct Member {
  int fd = -1;
  Room* room = nullptr;
  bool upgraded = false;
  std::string in;      // what is not a whole frame yet
  std::string unsent;  // what the socket did not take
  std::string stamp;   // `,"client_id":7,"ts":…,`
  std::uint64_t client_id = 0;
};

struct Room {
  std::vector<Member*> members;
  std::string block;  // the turn's frames
  std::uint64_t next_id = kFirstId;
};

class Floor {
 public:
  explicit Floor(std::size_t payload) : payload_(payload), buffer_(kBufferBytes) {}

  int run(std::uint16_t port) {
    if (!listen(port)) {
      std::perror("floor: can't listen");
      return 1;
    }
    epoll_event events[kEvents];
    for (;;) {
      const int count = ::epoll_wait(epoll_, events, kEvents, -1);
      for (int i = 0; i < count; ++i) {
        auto* member = static_cast<Member*>(events[i].data.ptr);
        if (member == nullptr) {
          accept_all();
        } else {
          if ((events[i].events & EPOLLOUT) != 0) send(*member, {});
          if ((events[i].events & ~std::uint32_t{EPOLLOUT}) != 0) read(*member);
        }
      }
      flush();
      gone_.clear();
    }
  }

 private:
  bool listen(std::uint16_t port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 4096) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      return false;
    }
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
    std::printf("floor: listening on ws://127.0.0.1:%u\n", unsigned{ntohs(address.sin_port)});
    std::fflush(stdout);
    return true;
  }

  void watch(int operation, int fd, std::uint32_t events, Member* member) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = member;
    ::epoll_ctl(epoll_, operation, fd, &event);
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int one = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      auto member = std::make_unique<Member>();
      member->fd = fd;
      watch(EPOLL_CTL_ADD, fd, EPOLLIN, member.get());
      members_.emplace(fd, std::move(member));
    }
  }

  void read(Member& member) {
    const std::size_t before = member.in.size();
    std::memcpy(buffer_.data(), member.in.data(), before);
    const ssize_t got =
        ::recv(member.fd, buffer_.data() + before, buffer_.size() - before, MSG_DONTWAIT);
    if (got <= 0) {
      if (got == 0 || (errno != EAGAIN && errno != EINTR)) drop(member);
      return;
    }
    std::string_view in(buffer_.data(), before + static_cast<std::size_t>(got));
    if (!member.upgraded) upgrade(member, in);
    if (member.upgraded && member.room == nullptr) join(member, in);
    const std::size_t frame = gavel::ws::frame_header_bytes(payload_) + 4 + payload_;
    while (member.room != nullptr && in.size() >= frame) {
      if (static_cast<unsigned char>(in[0]) != 0x81) return drop(member);  // a close frame
      take(member, in.data() + frame - payload_);
      in.remove_prefix(frame);
    }
    member.in.assign(in);
  }

  // The sender's text (masked; the mask stands before it) becomes a frame of the room's block.
  void take(Member& member, const char* masked) {
    Room& room = *member.room;
    if (room.block.empty()) dirty_.push_back(&room);
    char id[24];
    const int digits = std::snprintf(id, sizeof id, "{\"msg_id\":%llu",
                                     static_cast<unsigned long long>(room.next_id++));
    const std::size_t stamp = static_cast<std::size_t>(digits) + member.stamp.size();
    const std::size_t text = stamp + payload_ - 1;
    const std::size_t at = room.block.size();
    const std::size_t header = gavel::ws::frame_header_bytes(text);
    room.block.resize(at + header + text);
    char* out = room.block.data() + at;
    // Unmasked with its "{", which the stamp's last byte then covers.
    unsigned char key[4];
    std::memcpy(key, masked - 4, sizeof key);
    char* const body = out + header + stamp - 1;
    std::memcpy(body, masked, payload_);
    gavel::ws::apply_mask(body, payload_, key, 0);
    gavel::ws::encode_frame_header(out, gavel::ws::Opcode::text, text);
    std::memcpy(out + header, id, static_cast<std::size_t>(digits));
    std::memcpy(out + header + digits, member.stamp.data(), member.stamp.size());
  }

  void upgrade(Member& member, std::string_view& in) {
    const std::size_t end = in.find("\r\n\r\n");
    constexpr std::string_view kKey = "Sec-WebSocket-Key: ";
    const std::size_t key = in.find(kKey);
    if (end == std::string_view::npos || key == std::string_view::npos) return;
    const std::size_t from = key + kKey.size();
    send(member,
         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
             gavel::ws::accept_key(in.substr(from, in.find('\r', from) - from)) + "\r\n\r\n");
    in.remove_prefix(end + 4);
    member.upgraded = true;
  }

  void join(Member& member, std::string_view& in) {
    if (in.size() < 6) return;
    const bool long_form = (in[1] & 0x7f) == 126;
    const std::size_t header = long_form ? 8 : 6;
    if (in.size() < header) return;
    const auto byte = [in](std::size_t i) {
      return std::size_t{static_cast<unsigned char>(in[i])};
    };
    const std::size_t size = long_form ? byte(2) << 8 | byte(3) : byte(1) & 0x7f;
    if (in.size() < header + size) return;
    unsigned char key[4];
    std::memcpy(key, in.data() + header - 4, sizeof key);
    std::string text(in.substr(header, size));
    gavel::ws::apply_mask(text.data(), text.size(), key, 0);
    in.remove_prefix(header + size);
    const std::size_t name = text.find(R"("room":")");
    if (name == std::string::npos) return drop(member);
    const std::string room_name = text.substr(name + 8, text.find('"', name + 8) - name - 8);
    member.room = &rooms_[room_name];
    member.room->members.push_back(&member);
    member.client_id = ++last_client_id_;
    member.stamp = ",\"client_id\":" + std::to_string(member.client_id) + std::string(kStampEnd);
    const std::string next = std::to_string(member.room->next_id);
    const std::string last = std::to_string(member.room->next_id - 1);
    std::string joined = R"({"type":"joined","client_id":)" + std::to_string(member.client_id) +
                         R"(,"room":")" + room_name + R"(","epoch":"1","msg_id":)" + last +
                         ",\"first\":" + next + ",\"last_ref\":0,\"recovered\":true}";
    char head[gavel::ws::kFrameHeaderBytesMax];
    gavel::ws::encode_frame_header(head, gavel::ws::Opcode::text, joined.size());
    joined.insert(0, head, gavel::ws::frame_header_bytes(joined.size()));
    send(member, joined);
  }

  void flush() {
    for (Room* room : dirty_) {
      for (Member* member : room->members) send(*member, room->block);
      room->block.clear();
    }
    dirty_.clear();
  }

  void send(Member& member, std::string_view bytes) {
    if (member.fd < 0) return;
    const bool waited = !member.unsent.empty();
    if (waited) {
      member.unsent.append(bytes);
      bytes = member.unsent;
    }
    const ssize_t sent = ::send(member.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    const std::size_t taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    if (waited) {
      member.unsent.erase(0, taken);
    } else {
      member.unsent.assign(bytes.substr(taken));
    }
    if (waited == member.unsent.empty()) {
      watch(EPOLL_CTL_MOD, member.fd, member.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT,
            &member);
    }
  }

  void drop(Member& member) {
    if (member.room != nullptr) std::erase(member.room->members, &member);
    ::close(member.fd);
    gone_.push_back(std::move(members_.at(member.fd)));
    members_.erase(member.fd);
    member.fd = -1;
  }

  const std::size_t payload_;
  int listener_ = -1;
  int epoll_ = -1;
  std::uint64_t last_client_id_ = 0;
  std::vector<char> buffer_;
  std::map<int, std::unique_ptr<Member>> members_;
  std::map<std::string, Room, std::less<>> rooms_;
  std::vector<Room*> dirty_;
  std::vector<std::unique_ptr<Member>> gone_;  // until the end of the turn
};

int usage() {
  std::fputs("usage: floor [--port N] [--payload BYTES]\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned long port = 0;
  unsigned long payload = 100;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) return usage();
    unsigned long* const value = std::strcmp(argv[i], "--port") == 0      ? &port
                                 : std::strcmp(argv[i], "--payload") == 0 ? &payload
                                                                          : nullptr;
    if (value == nullptr) return usage();
    *value = std::strtoul(argv[i + 1], nullptr, 10);
  }
  if (port > 65535 || payload < 1 || payload > 65535) return usage();
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  return Floor(payload).run(static_cast<std::uint16_t>(port));
}
