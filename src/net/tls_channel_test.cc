// Both ends in memory: what one puts out is fed to the other, in pieces of any size.
#include "net/tls_channel.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "net/tls_keys_test.h"

namespace gavel::net {
namespace {

using State = TlsChannel::State;
using Status = TlsChannel::ReadStatus;

std::shared_ptr<const TlsContext> server_context() {
  std::string error;
  auto context = TlsContext::make_server(test::identity().certificate, test::identity().key, error);
  EXPECT_EQ(error, "");
  return context;
}

std::shared_ptr<const TlsContext> client_context() {
  std::string error;
  auto context = TlsContext::make_client(test::identity().certificate, error);
  EXPECT_EQ(error, "");
  return context;
}

// Feeds up to `piece` bytes of what `from` has to `to`, and reads what comes of it.
std::size_t pass(TlsChannel& from, TlsChannel& to, std::size_t piece, std::string& plain) {
  const std::string bytes(from.output().substr(0, piece));
  to.feed(bytes);
  from.sent(bytes.size());
  char out[4096];
  while (true) {
    const auto got = to.read(out, sizeof out);
    plain.append(out, got.bytes);
    if (!got.more) return bytes.size();
  }
}

// Until neither has anything to say. Returns what each read.
struct Pair {
  TlsChannel server;
  TlsChannel client;
  std::string at_server;
  std::string at_client;

  Pair() : server(server_context()), client(client_context(), "localhost") {}

  void run(std::size_t piece) {
    char none[1];
    client.read(none, sizeof none);  // begins the handshake
    while (pass(client, server, piece, at_server) + pass(server, client, piece, at_client) != 0) {
    }
  }
};

std::size_t write_text(TlsChannel& channel, std::string_view text) {
  const iovec part{const_cast<char*>(text.data()), text.size()};
  return channel.write(&part, 1);
}

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>('a' + i * 7 % 26));
  return text;
}

TEST(TlsChannel, ShakesHandsAndCarriesBytesInPiecesOfAnySize) {
  for (const std::size_t piece : {1, 2, 5, 17, 1000, 100'000}) {
    SCOPED_TRACE(piece);
    Pair pair;
    pair.run(piece);
    ASSERT_EQ(pair.server.state(), State::open) << pair.server.fault();
    ASSERT_EQ(pair.client.state(), State::open) << pair.client.fault();
    EXPECT_EQ(pair.server.version(), "TLSv1.3");
    const std::string up = text_of(20'000);
    const std::string down = text_of(333);
    ASSERT_EQ(write_text(pair.client, up), up.size());
    ASSERT_EQ(write_text(pair.server, down), down.size());
    pair.run(piece);
    EXPECT_EQ(pair.at_server, up);
    EXPECT_EQ(pair.at_client, down);
  }
}

TEST(TlsChannel, GathersPartsIntoRecords) {
  Pair pair;
  pair.run(1 << 20);
  const std::string parts_text[] = {"one", "", text_of(40'000), "x", text_of(16 * 1024), "end"};
  iovec parts[6];
  std::string whole;
  for (std::size_t i = 0; i < 6; ++i) {
    parts[i] = {const_cast<char*>(parts_text[i].data()), parts_text[i].size()};
    whole += parts_text[i];
  }
  EXPECT_EQ(pair.client.write(parts, 6), whole.size());
  // 56,391 bytes are 4 records; each costs 22 bytes.
  EXPECT_LT(pair.client.output().size(), whole.size() + 5 * 22);
  pair.run(1 << 20);
  EXPECT_EQ(pair.at_server, whole);
}

TEST(TlsChannel, TakesNoMoreThanItsBoundWhileThePeerDoesNotRead) {
  Pair pair;
  pair.run(1 << 20);
  const std::string text = text_of(1 << 20);
  std::size_t written = write_text(pair.server, text);
  EXPECT_GE(written, TlsChannel::kOutBytesMax - 16 * 1024);
  EXPECT_LE(pair.server.output().size(), TlsChannel::kOutBytesMax + 17 * 1024);
  EXPECT_EQ(write_text(pair.server, text), 0u);
  while (written < text.size()) {
    pair.run(1 << 20);
    written += write_text(pair.server, std::string_view(text).substr(written));
  }
  pair.run(1 << 20);
  EXPECT_EQ(pair.at_client, text);
}

TEST(TlsChannel, WritesNothingBeforeTheHandshakeIsOver) {
  Pair pair;
  EXPECT_EQ(write_text(pair.server, "early"), 0u);
  EXPECT_EQ(write_text(pair.client, "early"), 0u);
  pair.run(1 << 20);
  EXPECT_EQ(pair.at_server, "");
}

TEST(TlsChannel, HandsOutAllOfARecordThatALittleOutputCutsUp) {
  Pair pair;
  pair.run(1 << 20);
  write_text(pair.client, "join+message");
  const std::string bytes(pair.client.output());
  pair.server.feed(bytes);
  std::string plain;
  char out[5];
  auto got = pair.server.read(out, sizeof out);
  EXPECT_TRUE(got.more);  // no edge of the socket will tell of the rest
  while (got.bytes != 0) {
    plain.append(out, got.bytes);
    got = pair.server.read(out, sizeof out);
  }
  EXPECT_EQ(plain, "join+message");
  EXPECT_EQ(got.status, Status::need_input);
  EXPECT_FALSE(got.more);
}

TEST(TlsChannel, MovesToAnotherThreadWithWhatItHoldsBack) {
  Pair pair;
  pair.run(1 << 20);
  write_text(pair.client, "first");
  write_text(pair.client, "second");
  const std::string bytes(pair.client.output());
  pair.server.feed(bytes.substr(0, bytes.size() - 3));
  write_text(pair.server, "answer");
  char out[3];
  ASSERT_EQ(pair.server.read(out, sizeof out).bytes, 3u);
  std::string plain(out, 3);
  std::string answer;
  std::thread([&, server = std::move(pair.server)]() mutable {
    server.feed(bytes.substr(bytes.size() - 3));
    char more[64];
    plain.append(more, server.read(more, sizeof more).bytes);
    answer = server.output();
  }).join();
  EXPECT_EQ(plain, "firstsecond");
  pair.client.feed(answer);
  char in[64];
  EXPECT_EQ(std::string(in, pair.client.read(in, sizeof in).bytes), "answer");
}

TEST(TlsChannel, CarriesManyRecordsOfOneByteAndMakesNoEmptyOnes) {
  Pair pair;
  pair.run(1 << 20);
  for (int i = 0; i < 1000; ++i) write_text(pair.client, "x");
  pair.run(7);
  EXPECT_EQ(pair.at_server, std::string(1000, 'x'));
  EXPECT_EQ(write_text(pair.client, ""), 0u);
  EXPECT_EQ(pair.client.output().size(), 0u);
}

TEST(TlsChannel, TellsOfTheEndBehindTheLastBytes) {
  Pair pair;
  pair.run(1 << 20);
  write_text(pair.client, "bye");
  pair.client.shutdown();
  const std::string bytes(pair.client.output());
  pair.server.feed(bytes);
  char out[64];
  auto got = pair.server.read(out, sizeof out);
  EXPECT_EQ(got.status, Status::ok);
  EXPECT_EQ(got.bytes, 3u);
  EXPECT_TRUE(got.more);
  got = pair.server.read(out, sizeof out);
  EXPECT_EQ(got.status, Status::closed);
  EXPECT_EQ(pair.server.state(), State::closed);
  // The other direction is still open, as with TCP.
  EXPECT_EQ(write_text(pair.server, "last words"), 10u);
}

TEST(TlsChannel, FailsAtWhatIsNoTls) {
  for (const std::string& input :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(5, '\xff'),
        std::string("\x16\x03\x01\xff\xff", 5), std::string(1000, '\0')}) {
    TlsChannel server(server_context());
    server.feed(input);
    char out[64];
    EXPECT_EQ(server.read(out, sizeof out).status, Status::failed);
    EXPECT_EQ(server.state(), State::failed);
    EXPECT_NE(server.fault(), "");
    EXPECT_EQ(server.read(out, sizeof out).status, Status::failed);
    EXPECT_EQ(write_text(server, "x"), 0u);
  }
}

TEST(TlsChannel, FailsWhereAnyByteOfARecordWasChanged) {
  for (std::size_t at = 0; at < 27; ++at) {
    Pair pair;
    pair.run(1 << 20);
    write_text(pair.client, "hello");
    std::string bytes(pair.client.output());
    ASSERT_EQ(bytes.size(), 27u);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    pair.server.feed(bytes + std::string(1 << 15, '\0'));  // a longer length finds its bytes
    char out[64];
    const auto got = pair.server.read(out, sizeof out);
    EXPECT_EQ(got.status, Status::failed) << at;
    EXPECT_EQ(got.bytes, 0u) << at;
  }
}

TEST(TlsChannel, AClientRefusesACertificateOfAnotherNameOrIssuer) {
  std::string error;
  const auto other = test::make_identity();
  const std::pair<std::string, std::string> cases[] = {
      {test::identity().certificate, "example.org"}, {other.certificate, "localhost"}};
  for (const auto& [ca, name] : cases) {
    TlsChannel server(server_context());
    TlsChannel client(TlsContext::make_client(ca, error), name);
    std::string at_server;
    std::string at_client;
    char none[1];
    client.read(none, 1);
    for (int i = 0; i < 10; ++i) {
      pass(client, server, 1 << 20, at_server);
      pass(server, client, 1 << 20, at_client);
    }
    EXPECT_EQ(client.state(), State::failed);
    EXPECT_EQ(client.fault(), "certificate verify failed");
    EXPECT_EQ(server.state(), State::failed);  // the client's alert
  }
}

TEST(TlsChannel, RefusesOldVersionsAndOtherProtocols) {
  const auto handshake = [](auto change) {
    Pair pair;
    change(client_context());
    std::string error;
    auto context = TlsContext::make_client("", error);
    change(context);
    pair.client = TlsChannel(context);
    pair.run(1 << 20);
    return std::pair(pair.server.state(), std::string(pair.server.version()));
  };
  EXPECT_EQ(handshake([](const auto& context) {
              SSL_CTX_set_max_proto_version(context->handle(), TLS1_2_VERSION);
            }),
            std::pair(State::open, std::string("TLSv1.2")));
  EXPECT_EQ(handshake([](const auto& context) {
              SSL_CTX_set_min_proto_version(context->handle(), TLS1_VERSION);
              SSL_CTX_set_max_proto_version(context->handle(), TLS1_1_VERSION);
              SSL_CTX_set_cipher_list(context->handle(), "ALL:@SECLEVEL=0");
            }).first,
            State::failed);
  EXPECT_EQ(handshake([](const auto& context) {
              SSL_CTX_set_alpn_protos(context->handle(),
                                      reinterpret_cast<const unsigned char*>("\2h2"), 3);
            }).first,
            State::failed);
  EXPECT_EQ(handshake([](const auto& context) {
              SSL_CTX_set_alpn_protos(context->handle(), nullptr, 0);
            }).first,
            State::open);
}

TEST(TlsContext, SaysWhatIsWrongWithItsFiles) {
  const auto error_of = [](const std::string& certificate, const std::string& key) {
    std::string error;
    EXPECT_EQ(TlsContext::make_server(certificate, key, error), nullptr);
    return error;
  };
  const auto& good = test::identity();
  EXPECT_EQ(error_of("", good.key), "no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  EXPECT_EQ(error_of(good.key, good.key), "no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  EXPECT_EQ(error_of(good.certificate, good.certificate),
            "no private key in PEM (-----BEGIN PRIVATE KEY-----)");
  EXPECT_EQ(error_of(good.certificate, test::make_identity().key),
            "the key is not that of the certificate");
  EXPECT_EQ(error_of(good.certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").substr(0, 24),
            "the key has a passphrase");
  std::string error;
  EXPECT_EQ(TlsContext::load_server("/nowhere/c.pem", "/nowhere/k.pem", error), nullptr);
  EXPECT_EQ(error, "/nowhere/c.pem: can't be read: No such file or directory");
}

TEST(TlsContext, KnowsWhenItsCertificateEnds) {
  const std::int64_t now_ms = std::int64_t{::time(nullptr)} * 1000;
  const std::int64_t end_ms = server_context()->expires_ms();
  EXPECT_GT(end_ms, now_ms);
  EXPECT_LE(end_ms, now_ms + 3'600'000);
}

}  // namespace
}  // namespace gavel::net
