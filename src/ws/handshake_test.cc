#include "ws/handshake.h"

#include <gtest/gtest.h>

namespace gavel::ws {
namespace {

// Upgrade requests by their header lines; the answer to them.
std::optional<HttpError> check(std::string_view headers) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n";
  std::string_view in(bytes);
  HandshakeParser request;
  EXPECT_EQ(request.feed(in), HandshakeParser::Status::done) << request.error().text;
  EXPECT_TRUE(wants_upgrade(request)) << headers;
  return check_upgrade(request);
}

constexpr std::string_view kUpgrade = "Upgrade: websocket\r\n";
constexpr std::string_view kConnection = "Connection: Upgrade\r\n";
constexpr std::string_view kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr std::string_view kVersion = "Sec-WebSocket-Version: 13\r\n";

std::string lines(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

TEST(Handshake, IsTakenInEveryFormThatTheRfcAllows) {
  EXPECT_FALSE(check(lines({kUpgrade, kConnection, kKey, kVersion})));
  EXPECT_FALSE(check(lines(
      {kVersion, kKey, "connection: keep-alive, uPGRADE\r\n", "upgrade: h2c,WebSocket\r\n"})));
  EXPECT_FALSE(check(
      lines({kUpgrade, "Connection: keep-alive\r\nConnection: upgrade\r\n", kKey, kVersion})));
}

TEST(Handshake, IsRefusedWithTheHeadersName) {  // rows B3 and B4
  struct Bad {
    std::string headers;
    int status;
    std::string_view names;
  };
  const auto key = [](std::string_view value) {
    return lines({kUpgrade, kConnection, kVersion, "Sec-WebSocket-Key: ", value, "\r\n"});
  };
  for (const Bad& one : {
           Bad{lines({kConnection, kKey, kVersion}), 400, "Upgrade"},
           Bad{lines({"Upgrade: h2c\r\n", kConnection, kKey, kVersion}), 400, "Upgrade"},
           Bad{lines({kUpgrade, kKey, kVersion}), 400, "Connection"},
           Bad{lines({kUpgrade, "Connection: close\r\n", kKey, kVersion}), 400, "Connection"},
           Bad{lines({kUpgrade, kConnection, kVersion}), 400, "Sec-WebSocket-Key"},
           Bad{lines({kUpgrade, kConnection, kKey, kKey, kVersion}), 400, "Sec-WebSocket-Key"},
           Bad{key("MDEyMzQ1Njc4OWFiY2Rl"), 400, "Sec-WebSocket-Key"},
           Bad{key("MDEyMzQ1Njc4OWFiY2RlZmc="), 400, "Sec-WebSocket-Key"},
           Bad{key("!!!!!!!!!!!!!!!!!!!!!!=="), 400, "Sec-WebSocket-Key"},
           Bad{key("dGhlIHNhbXBsZSBub25jZR=="), 400, "Sec-WebSocket-Key"},
           Bad{lines({kUpgrade, kConnection, kKey}), 426, "Sec-WebSocket-Version"},
           Bad{lines({kUpgrade, kConnection, kKey, "Sec-WebSocket-Version: 8\r\n"}), 426,
               "Sec-WebSocket-Version"},
           Bad{lines({kUpgrade, kConnection, kKey, "Sec-WebSocket-Version: 99\r\n"}), 426,
               "Sec-WebSocket-Version"},
           Bad{lines({kUpgrade, kConnection, kKey, kVersion, kVersion}), 426,
               "Sec-WebSocket-Version"},
       }) {
    SCOPED_TRACE(one.headers);
    const auto error = check(one.headers);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->status, one.status);
    EXPECT_NE(error->text.find(one.names), std::string::npos) << error->text;
    const std::string response = error_response(*error);
    if (one.status == 426) {
      EXPECT_NE(response.find("\r\nSec-WebSocket-Version: 13\r\n"), std::string::npos);
    }
    EXPECT_NE(response.find("\r\nConnection: close\r\n"), std::string::npos);
  }
}

TEST(Handshake, LeavesAPlainRequestAlone) {
  const std::string bytes = "GET /health HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
  std::string_view in(bytes);
  HandshakeParser request;
  ASSERT_EQ(request.feed(in), HandshakeParser::Status::done);
  EXPECT_FALSE(wants_upgrade(request));
}

TEST(Handshake, AnswersTheRfcsExampleAsTheRfcDoes) {  // RFC 6455 1.3
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const std::string response = upgrade_response("dGhlIHNhbXBsZSBub25jZQ==", "v1.json.gavel", true);
  EXPECT_EQ(response,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: v1.json.gavel\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
            "client_no_context_takeover\r\n\r\n");
}

TEST(Handshake, ReadsTheOfferedProtocolsInOrder) {
  EXPECT_EQ(offered_protocols("chat , v1.json.gavel,, token.abc"),
            (std::vector<std::string_view>{"chat", "v1.json.gavel", "token.abc"}));
  EXPECT_TRUE(offered_protocols(" , ").empty());
}

TEST(Handshake, TakesAnOfferOfDeflateThatItCanHonour) {
  for (const std::string_view offer : {
           "permessage-deflate",
           "permessage-deflate; client_max_window_bits",
           "Permessage-Deflate;Client_Max_Window_Bits=\"10\"",
           "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
           "permessage-deflate; server_max_window_bits=15; client_max_window_bits=8",
           "permessage-deflate; server_max_window_bits=10, permessage-deflate",
           "x-odd; a=\"b;c,d\", permessage-deflate",
       }) {
    EXPECT_TRUE(accepts_deflate(offer)) << offer;
  }
}

TEST(Handshake, DeclinesAnOddOfferOfDeflate) {  // row B13
  for (const std::string_view offer : {
           "",
           ",,;;,",
           "permessage-deflat",
           "x-webkit-deflate-frame",
           "permessage-deflate; server_max_window_bits",
           "permessage-deflate; server_max_window_bits=7",
           "permessage-deflate; server_max_window_bits=14",
           "permessage-deflate; client_max_window_bits=16",
           "permessage-deflate; client_max_window_bits=08",
           "permessage-deflate; client_max_window_bits=",
           "permessage-deflate; client_max_window_bits=1e1",
           "permessage-deflate; client_max_window_bits=99999999999999999999",
           "permessage-deflate; server_no_context_takeover=1",
           "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
           "permessage-deflate; nonsense",
           "permessage-deflate; ; server_no_context_takeover",
           "x-odd; a=\", permessage-deflate, \"",
           "x-odd; a=\"\\\", permessage-deflate",
       }) {
    EXPECT_FALSE(accepts_deflate(offer)) << offer;
  }
}

}  // namespace
}  // namespace gavel::ws
