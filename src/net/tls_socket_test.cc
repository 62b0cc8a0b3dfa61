#include "net/tls_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "net/tls_keys_test.h"

namespace gavel::net {
namespace {

// A server's and a client's socket over a pair of descriptors.
class TlsSockets : public testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    std::string error;
    server_ = std::make_unique<TlsSocket>(
        fds[0], TlsContext::make_server(test::identity().certificate, test::identity().key, error));
    client_ = std::make_unique<TlsSocket>(
        fds[1], TlsContext::make_client(test::identity().certificate, error), "localhost");
    EXPECT_EQ(error, "");
  }

  void shake_hands() {
    char none[64];
    while (client_->channel().state() == TlsChannel::State::handshake ||
           server_->channel().state() == TlsChannel::State::handshake) {
      ASSERT_EQ(client_->recv(none, sizeof none).status, IoStatus::would_block);
      ASSERT_EQ(server_->recv(none, sizeof none).status, IoStatus::would_block);
    }
    // The ticket.
    ASSERT_EQ(client_->recv(none, sizeof none).status, IoStatus::would_block);
  }

  static IoResult send_text(Socket& socket, std::string_view text) {
    const iovec part{const_cast<char*>(text.data()), text.size()};
    return socket.send(&part, 1);
  }

  std::unique_ptr<TlsSocket> server_;
  std::unique_ptr<TlsSocket> client_;
};

TEST_F(TlsSockets, CarryBytesBothWays) {
  EXPECT_EQ(send_text(*server_, "early").status, IoStatus::would_block);
  shake_hands();
  EXPECT_EQ(send_text(*client_, "hello").bytes, 5u);
  char out[64];
  const IoResult got = server_->recv(out, sizeof out);
  EXPECT_EQ(got.status, IoStatus::ok);
  EXPECT_EQ(std::string(out, got.bytes), "hello");
  EXPECT_TRUE(got.drained);
  EXPECT_EQ(server_->recv(out, sizeof out).status, IoStatus::would_block);
  EXPECT_EQ(send_text(*server_, "world").bytes, 5u);
  EXPECT_EQ(std::string(out, client_->recv(out, sizeof out).bytes), "world");
}

TEST_F(TlsSockets, SayThatPlainBytesWaitInside) {
  shake_hands();
  send_text(*client_, "join and messages in one record");
  char out[8];
  std::string all;
  IoResult got = server_->recv(out, sizeof out);
  while (got.status == IoStatus::ok) {
    all.append(out, got.bytes);
    // The descriptor is empty already: only this tells of the rest.
    if (all.size() < 31) {
      EXPECT_FALSE(got.drained);
    }
    got = server_->recv(out, sizeof out);
  }
  EXPECT_EQ(got.status, IoStatus::would_block);
  EXPECT_TRUE(got.drained);
  EXPECT_EQ(all, "join and messages in one record");
}

TEST_F(TlsSockets, TakeAPrefixWhereTheSocketIsFullAndSendItOnLater) {
  shake_hands();
  const std::string text(4 << 20, 'x');
  const std::string head = "head";
  std::size_t sent = 0;
  std::string received;
  std::string buffer(1 << 16, '\0');
  bool was_full = false;
  while (sent < head.size() + text.size()) {
    const std::size_t of_text = sent < head.size() ? 0 : sent - head.size();
    const iovec parts[2] = {{const_cast<char*>(head.data()) + std::min(sent, head.size()),
                             head.size() - std::min(sent, head.size())},
                            {const_cast<char*>(text.data()) + of_text, text.size() - of_text}};
    const IoResult result = server_->send(parts, 2);
    ASSERT_NE(result.status, IoStatus::failed);
    sent += result.bytes;
    if (result.status == IoStatus::would_block) {
      was_full = true;
      EXPECT_GT(server_->unacknowledged(), 0u);
      IoResult got;
      do {
        got = client_->recv(buffer.data(), buffer.size());
        if (got.status == IoStatus::ok) received.append(buffer.data(), got.bytes);
      } while (got.status == IoStatus::ok);
      ASSERT_TRUE(server_->on_writable());
    }
  }
  EXPECT_TRUE(was_full);
  while (received.size() < sent) {
    ASSERT_TRUE(server_->on_writable());
    const IoResult got = client_->recv(buffer.data(), buffer.size());
    ASSERT_NE(got.status, IoStatus::failed);
    if (got.status == IoStatus::ok) received.append(buffer.data(), got.bytes);
  }
  EXPECT_EQ(received, head + text);
}

TEST_F(TlsSockets, EndInGoodOrder) {
  shake_hands();
  send_text(*server_, "bye");
  server_->shutdown_write();
  char out[64];
  EXPECT_EQ(client_->recv(out, sizeof out).bytes, 3u);
  EXPECT_EQ(client_->recv(out, sizeof out).status, IoStatus::closed);
  EXPECT_EQ(send_text(*client_, "still").bytes, 5u);
  EXPECT_EQ(server_->recv(out, sizeof out).bytes, 5u);
  client_.reset();
  EXPECT_EQ(server_->recv(out, sizeof out).status, IoStatus::closed);
}

TEST_F(TlsSockets, ReportAPeerThatIsGoneOrSpeaksSomethingElse) {
  const std::string text = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_EQ(::send(client_->fd(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  char out[64];
  EXPECT_EQ(server_->recv(out, sizeof out).status, IoStatus::failed);
  EXPECT_EQ(server_->recv(out, sizeof out).status, IoStatus::failed);
  EXPECT_EQ(send_text(*server_, "x").status, IoStatus::failed);
  EXPECT_FALSE(server_->on_writable());
}

TEST_F(TlsSockets, TakeAnEndWithoutCloseNotifyForAnEnd) {
  shake_hands();
  send_text(*client_, "last");
  ::shutdown(client_->fd(), SHUT_WR);
  char out[64];
  const IoResult got = server_->recv(out, sizeof out);
  EXPECT_EQ(got.bytes, 4u);
  EXPECT_EQ(server_->recv(out, sizeof out).status, IoStatus::closed);
}

}  // namespace
}  // namespace gavel::net
