// For tests: a redis-server of the test's own, on a free port of 127.0.0.1, in a folder of its own.
// One thread.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "store/redis/command.h"
#include "store/redis/reply.h"

namespace gavel::store::redis {

inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

inline bool wait_until(const std::function<bool()>& done, int seconds = 30) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

class RedisProcess {
 public:
  // `lines` of configuration besides port, address and folder.
  explicit RedisProcess(std::vector<std::string> lines = {}) : lines_(std::move(lines)) {
    folder_ = ::testing::TempDir() + "gavel-redis-XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    port_ = free_port();
    start();
  }
  ~RedisProcess() {
    kill9();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  std::uint16_t port() const { return port_; }
  const std::string& folder() const { return folder_; }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

  // Returns when it answers.
  void start() {
    {
      std::ofstream out(folder_ + "/redis.conf");
      out << "port " << port_ << "\nbind 127.0.0.1\nsave \"\"\nappendonly no\ndir " << folder_
          << "\n";
      for (const std::string& line : lines_) out << line << "\n";
    }
    const std::string config = folder_ + "/redis.conf";
    const std::string log = folder_ + "/log";
    pid_ = ::fork();
    if (pid_ == 0) {
      const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(fd, 1);
      ::dup2(fd, 2);
      ::execlp("redis-server", "redis-server", config.c_str(), nullptr);
      ::_exit(127);
    }
    ASSERT_TRUE(wait_until([this] {
      const std::optional<Reply> reply = try_command({"PING"});
      return reply && (reply->text == "PONG" || reply->text.starts_with("NOAUTH"));
    })) << "redis-server does not answer; its log: "
        << log_text();
  }
  void kill9() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  void freeze() { ::kill(pid_, SIGSTOP); }
  void thaw() { ::kill(pid_, SIGCONT); }

  Reply command(std::initializer_list<std::string_view> words) {
    std::optional<Reply> reply = try_command(words);
    EXPECT_TRUE(reply) << "Redis is gone";
    return reply ? *reply : Reply{};
  }

 private:
  std::optional<Reply> try_command(std::initializer_list<std::string_view> words) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    std::optional<Reply> result;
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      std::string out;
      Command(words).write_to(out);
      if (::send(fd, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size())) {
        ReplyReader reader;
        char buffer[16384];
        ssize_t got = 0;
        while (!result && (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0) {
          reader.feed({buffer, static_cast<std::size_t>(got)}, [&](Reply& reply) {
            result = std::move(reply);
            return false;
          });
        }
      }
    }
    ::close(fd);
    return result;
  }
  std::string log_text() const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/log").rdbuf();
    return text.str();
  }

  std::vector<std::string> lines_;
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace gavel::store::redis
