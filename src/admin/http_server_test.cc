// The server over real sockets: what depends on time and on many connections. The rest is tested
// end to end.
#include "admin/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/testing.h"

namespace gavel::admin {
namespace {

class Peer {
 public:
  explicit Peer(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { ::close(fd_); }

  void send(std::string_view text) {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // All until the end of the stream.
  std::string read_all() {
    std::string all;
    char some[4096];
    for (ssize_t got = 0; (got = ::recv(fd_, some, sizeof some, 0)) > 0;)
      all.append(some, static_cast<std::size_t>(got));
    return all;
  }
  std::string read_some() {
    char some[4096];
    const ssize_t got = ::recv(fd_, some, sizeof some, 0);
    return got > 0 ? std::string(some, static_cast<std::size_t>(got)) : std::string();
  }

 private:
  int fd_;
};

struct HttpServerTest : testing::Test {
  FakeSource source;

  std::unique_ptr<HttpServer> started(std::int64_t timeout_ms, std::size_t connections_max = 64) {
    auto server = std::make_unique<HttpServer>(
        HttpOptions{.connections_max = connections_max, .request_timeout_ms = timeout_ms}, source);
    std::string error;
    EXPECT_TRUE(server->start(error)) << error;
    return server;
  }
};

constexpr std::string_view kPublish =
    "POST /api/v1/rooms/r/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
    "application/json\r\n";

TEST_F(HttpServerTest, B69AnswersAHeadThatDoesNotEndWith408) {
  const auto server = started(100);
  Peer peer(server->port());
  peer.send("GET /health HT");
  EXPECT_TRUE(peer.read_all().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, B69AnswersASlowBodyWith408) {
  const auto server = started(100);
  Peer peer(server->port());
  peer.send(std::string(kPublish) + "Content-Length: 100\r\n\r\n{\"type\"");
  EXPECT_TRUE(peer.read_all().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, B69AnswersAChunkedBodyWithoutEndWith408) {
  const auto server = started(100);
  Peer peer(server->port());
  peer.send(std::string(kPublish) + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n");
  EXPECT_TRUE(peer.read_all().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, ClosesAConnectionThatAsksNothingWithoutAWord) {
  const auto server = started(100);
  Peer silent(server->port());
  EXPECT_EQ(silent.read_all(), "");
  Peer done(server->port());
  done.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string all = done.read_all();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(all.find("408"), std::string::npos);
}

TEST_F(HttpServerTest, RefusesOneConnectionMoreThanItMayHave) {
  const auto server = started(60'000, 2);
  Peer one(server->port());
  Peer two(server->port());
  for (Peer* peer : {&one, &two}) {
    peer->send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(peer->read_some().starts_with("HTTP/1.1 200 "));
  }
  Peer three(server->port());
  EXPECT_TRUE(three.read_some().starts_with("HTTP/1.1 503 "));
}

TEST_F(HttpServerTest, AnswersHealthAndMetricsWhileEveryPublishWaitsForTheStore) {
  source.held = true;
  const auto server = started(60'000);
  std::vector<std::unique_ptr<Peer>> waiting;
  for (int i = 0; i < 10; ++i) {
    waiting.push_back(std::make_unique<Peer>(server->port()));
    waiting.back()->send(std::string(kPublish) + "Content-Length: 12\r\n\r\n{\"type\":\"m\"}");
  }
  {
    std::unique_lock lock(source.mutex);
    source.changed.wait(lock, [this] { return source.in_publish; });
  }
  Peer peer(server->port());
  for (const char* path : {"/health", "/metrics", "/api/v1/stats"}) {
    peer.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::string answer = peer.read_some();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << path;
    // Its end has a line of its own or is small enough to have come at once.
    while (answer.find("process_start_time_seconds ") == std::string::npos &&
           std::string(path) == "/metrics") {
      answer = answer.substr(answer.size() > 40 ? answer.size() - 40 : 0) + peer.read_some();
    }
  }
  {
    const std::lock_guard lock(source.mutex);
    source.held = false;
  }
  source.changed.notify_all();
  for (const auto& one : waiting) EXPECT_TRUE(one->read_some().starts_with("HTTP/1.1 201 "));
}

TEST_F(HttpServerTest, StopsWithConnectionsOpenAndRequestsHalfSent) {
  const auto server = started(60'000);
  Peer idle(server->port());
  Peer half(server->port());
  half.send("GET /hea");
  Peer asked(server->port());
  asked.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(asked.read_some().starts_with("HTTP/1.1 200 "));
  server->stop();
  EXPECT_EQ(asked.read_all(), "");
}

TEST_F(HttpServerTest, SaysWhyItCannotStart) {
  std::string error;
  HttpServer open({.host = "0.0.0.0"}, source);
  EXPECT_FALSE(open.start(error));
  EXPECT_NE(error.find("--admin-key-file"), std::string::npos);
  HttpServer named({.host = "example.com"}, source);
  EXPECT_FALSE(named.start(error));
  EXPECT_NE(error.find("no address"), std::string::npos);
  HttpServer weak({.key = "short"}, source);
  EXPECT_FALSE(weak.start(error));
  EXPECT_EQ(error.find("short"), std::string::npos);
}

}  // namespace
}  // namespace gavel::admin
