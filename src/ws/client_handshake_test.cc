#include "ws/client_handshake.h"

#include <gtest/gtest.h>

#include "ws/handshake.h"

namespace gavel::ws {
namespace {

const ClientRequest kRequest{.host = "game.example:8765",
                             .target = "/play?x=1",
                             .key = "dGhlIHNhbXBsZSBub25jZQ==",
                             .headers = "Origin: https://game.example\r\n",
                             .protocol = "v1.json.gavel",
                             .deflate = true};

TEST(ClientHandshake, IsOneThatTheServerTakes) {
  const std::string bytes = client_request(kRequest);
  std::string_view in(bytes);
  HandshakeParser request;
  ASSERT_EQ(request.feed(in), HandshakeParser::Status::done);
  EXPECT_FALSE(check_upgrade(request));
  EXPECT_EQ(request.target(), kRequest.target);
  EXPECT_EQ(request.header("host"), kRequest.host);
  EXPECT_EQ(request.header("origin"), "https://game.example");
  EXPECT_EQ(request.header("sec-websocket-protocol"), "v1.json.gavel");
  EXPECT_TRUE(accepts_deflate(request.header("sec-websocket-extensions")));
}

TEST(ClientHandshake, TakesTheServersAnswerHoweverItIsCutAndNoByteBehindIt) {
  const std::string bytes = upgrade_response(kRequest.key, kRequest.protocol, true) + "\x81\x01x";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ResponseParser response(kRequest);
    std::string_view first(bytes.data(), cut);
    response.feed(first);
    std::string_view second = std::string_view(bytes).substr(cut);
    ASSERT_EQ(response.feed(second), ResponseParser::Status::done) << response.error();
    EXPECT_EQ(std::string(first) + std::string(second), "\x81\x01x");
    EXPECT_EQ(response.protocol(), "v1.json.gavel");
    EXPECT_TRUE(response.deflate());
  }
}

TEST(ClientHandshake, RefusesAnAnswerThatDoesNotFit) {
  const ClientRequest plain{.host = "a", .key = kRequest.key};
  const std::string good = upgrade_response(plain.key, "", false);
  const auto without = [&](std::string_view name) {
    std::string bytes = good;
    const std::size_t begin = bytes.find(name);
    return bytes.erase(begin, bytes.find("\r\n", begin) + 2 - begin);
  };
  const auto error_of = [&](std::string_view bytes) {
    ResponseParser response(plain);
    EXPECT_EQ(response.feed(bytes), ResponseParser::Status::error);
    return response.error();
  };
  EXPECT_EQ(error_of("HTTP/1.1 503 Service Unavailable\r\n\r\n"),
            "the answer is no upgrade: HTTP/1.1 503 Service Unavailable");
  EXPECT_NE(error_of("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "");
  EXPECT_NE(error_of(without("Upgrade:")), "");
  EXPECT_NE(error_of(without("Sec-WebSocket-Accept:")), "");
  EXPECT_NE(error_of(upgrade_response("AAAAAAAAAAAAAAAAAAAAAA==", "", false)), "");
  EXPECT_NE(error_of(upgrade_response(plain.key, "v1.json.gavel", false)), "");
  EXPECT_NE(error_of(upgrade_response(plain.key, "", true)), "");
  EXPECT_NE(error_of(std::string(20'000, 'x')), "");
}

}  // namespace
}  // namespace gavel::ws
