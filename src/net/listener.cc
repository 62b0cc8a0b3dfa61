#include "net/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "net/gateway.h"

namespace gavel::net {
namespace {

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn

std::string describe(const std::string& host, std::uint16_t port, const char* what) {
  std::string text = "can't listen on " + host + ":" + std::to_string(port) + ": " + what + " (" +
                     std::strerror(errno) + ")";
  if (errno == EADDRINUSE)
    text += "; another process has this port: choose another, or end that one";
  if (errno == EACCES) text += "; ports below 1024 need the right to bind them";
  if (errno == EADDRNOTAVAIL) text += "; this machine has no such address";
  return text;
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace

int open_listener(const std::string& host, std::uint16_t& port, bool exclusive,
                  std::string& error) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                    std::to_string(port).c_str(), &hints, &found);
  if (failure != 0) {
    error = "can't listen on " + host + ": " + ::gai_strerror(failure) +
            "; give an address of this machine, e.g. 127.0.0.1 or 0.0.0.0";
    return -1;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    error = describe(host, port, "no socket");
    return -1;
  }
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (exclusive && port != 0) {
    // SO_REUSEPORT would let two servers share a port in silence: a socket without it finds out.
    const int probe = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    const bool taken = ::bind(probe, found->ai_addr, found->ai_addrlen) != 0;
    if (taken) error = describe(host, port, "bind failed");
    ::close(probe);
    if (taken) {
      ::close(fd);
      return -1;
    }
  }
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  if (::bind(fd, found->ai_addr, found->ai_addrlen) != 0 || ::listen(fd, kBacklog) != 0) {
    error = describe(host, port, "bind or listen failed");
    ::close(fd);
    return -1;
  }
  port = bound_port(fd);
  return fd;
}

Listener::~Listener() { ::close(fd_); }

void Listener::on_events(std::uint32_t) { gateway_.accept_from(*this); }

}  // namespace gavel::net
