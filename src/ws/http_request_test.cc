// Requests as they should be and as they should not (rows B1 to B9 of the promise P8), on every
// split.
#include "ws/http_request.h"

#include <gtest/gtest.h>

#include <memory>

namespace gavel::ws {
namespace {

using namespace std::string_literals;
using Status = HandshakeParser::Status;

// Feeds `bytes` in two pieces, then what is left one by one; `rest` is what was not taken.
std::unique_ptr<HandshakeParser> parse(std::string_view bytes, std::size_t cut, std::string& rest) {
  auto parser = std::make_unique<HandshakeParser>();
  rest.clear();
  for (const std::string_view part : {bytes.substr(0, cut), bytes.substr(cut)}) {
    const std::vector<char> copy(part.begin(), part.end());
    std::string_view in(copy.data(), copy.size());
    parser->feed(in);
    rest += in;
  }
  return parser;
}

std::unique_ptr<HandshakeParser> parse(std::string_view bytes) {
  std::string rest;
  return parse(bytes, 0, rest);
}

const std::string kRequest =
    "GET /chat/a%20b?x=1&y=?2 HTTP/1.1\r\nHost: game.example:8765\r\nX-Empty:\r\n"
    "ACCEPT-language: \t de, en \t\r\nX-Twice: 1\r\nx-tWICE: 2\r\n\r\n";

TEST(HttpRequest, IsReadWholeHoweverItIsCutAndNoByteBehindItIsTaken) {
  for (std::size_t cut = 0; cut <= kRequest.size(); ++cut) {
    std::string rest;
    const auto request = parse(kRequest + "\x81\x80\r\n", cut, rest);
    ASSERT_EQ(request->status(), Status::done) << cut;
    EXPECT_EQ(rest, "\x81\x80\r\n") << cut;
    EXPECT_EQ(request->method(), "GET");
    EXPECT_EQ(request->target(), "/chat/a%20b?x=1&y=?2");
    EXPECT_EQ(request->path(), "/chat/a%20b");
    EXPECT_EQ(request->query(), "x=1&y=?2");
    EXPECT_EQ(request->header("host"), "game.example:8765");
    EXPECT_EQ(request->header("accept-language"), "de, en");
    std::size_t count = 0;
    EXPECT_EQ(request->header("x-empty", &count), "");
    EXPECT_EQ(count, 1U);
    EXPECT_EQ(request->header("x-twice", &count), "1");
    EXPECT_EQ(count, 2U);
    EXPECT_EQ(request->list_header("x-twice"), "1, 2");
    EXPECT_EQ(request->header("x-none", &count), "");
    EXPECT_EQ(count, 0U);
  }
}

TEST(HttpRequest, IsIncompleteUpToItsLastByte) {
  for (std::size_t size = 0; size < kRequest.size(); ++size) {
    const auto request = parse(std::string_view(kRequest).substr(0, size));
    EXPECT_EQ(request->status(), Status::incomplete) << size;
    EXPECT_EQ(request->started(), size != 0);
  }
}

struct Bad {
  const char* name;
  std::string bytes;
  int status;
  const char* words;
};

std::string with(std::string_view headers) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n";
}

std::string line(std::string_view request_line) {
  return std::string(request_line) + "\r\nHost: a\r\n\r\n";
}

std::vector<Bad> bad_requests() {
  return {
      {"B2 POST", line("POST / HTTP/1.1"), 405, "only GET"},
      {"B2 POST with a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 405,
       "only GET"},
      {"B2 HEAD", line("HEAD / HTTP/1.1"), 405, "only GET"},
      {"B2 get", line("get / HTTP/1.1"), 405, "only GET"},
      {"B2 HTTP/1.0", line("GET / HTTP/1.0"), 505, "HTTP/1.1"},
      {"B2 HTTP/1.10", line("GET / HTTP/1.10"), 505, "HTTP/1.1"},
      {"B2 no version", line("GET /"), 400, "request line"},
      {"B2 HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "HTTP/2"},
      {"B5 no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400, "Host header is missing"},
      {"B5 two Hosts", with("Host: b\r\n"), 400, "more than one Host"},
      {"B8 a bare LF in the first line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "without CR"},
      {"B8 a bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "without CR"},
      {"B8 a lone CR", with("X: a\rb\r\n"), 400, "CR stands alone"},
      {"B8 two CRs", with("X: a\r\r\n"), 400, "CR stands alone"},
      {"B8 NUL", with("X: a\0b\r\n"s), 400, "NUL"},
      {"B8 another control character", with("X: a\x1b[0m\r\n"), 400, "control character"},
      {"B8 DEL", with("X: a\x7f\r\n"), 400, "control character"},
      {"B8 folded", with("X: a\r\n b\r\n"), 400, "folded"},
      {"B8 folded with a tab", with("X: a\r\n\tb: c\r\n"), 400, "folded"},
      {"B8 a blank before the colon", with("X : a\r\n"), 400, "NAME: VALUE"},
      {"B8 a name that is no token", with("X(y): a\r\n"), 400, "NAME: VALUE"},
      {"B8 a name beyond ASCII", with("X\xc3\xa4: a\r\n"), 400, "NAME: VALUE"},
      {"B8 no name", with(": a\r\n"), 400, "NAME: VALUE"},
      {"B8 no colon", with("nothing\r\n"), 400, "NAME: VALUE"},
      {"B8 two blanks", line("GET  / HTTP/1.1"), 400, ""},
      {"B8 a blank in the target", line("GET /a b HTTP/1.1"), 400, "request line"},
      {"B8 a tab in the target", line("GET /a\tb HTTP/1.1"), 400, "target"},
      {"B8 no path", line("GET nowhere HTTP/1.1"), 400, "target"},
      {"B8 a whole URI", line("GET http://a/ HTTP/1.1"), 400, "target"},
      {"B8 an empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "empty line"},
      {"B9 Content-Length", with("Content-Length: 5\r\n"), 400, "Content-Length"},
      {"B9 two of them", with("Content-Length: 0\r\nContent-Length: 0\r\n"), 400, "Content-Length"},
      {"B9 -0", with("Content-Length: -0\r\n"), 400, "Content-Length"},
      {"B9 Transfer-Encoding", with("Transfer-Encoding: chunked\r\n"), 400, "Transfer-Encoding"},
      {"B9 an empty one", with("Transfer-Encoding:\r\n"), 400, "Transfer-Encoding"},
      {"B10 a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 0, "TLS"},
  };
}

TEST(HttpRequest, IsRefusedWithTheReasonHoweverItIsCut) {
  for (const Bad& one : bad_requests()) {
    SCOPED_TRACE(one.name);
    for (std::size_t cut = 0; cut <= one.bytes.size(); ++cut) {
      std::string rest;
      const auto request = parse(one.bytes, cut, rest);
      ASSERT_EQ(request->status(), Status::error) << cut;
      EXPECT_EQ(request->error().status, one.status) << cut;
      EXPECT_NE(request->error().text.find(one.words), std::string::npos) << request->error().text;
    }
  }
}

TEST(HttpRequest, ThatSaysItHasNoBodyIsTaken) {
  EXPECT_EQ(parse(with("Content-Length: 0\r\n"))->status(), Status::done);
}

TEST(HttpRequest, SaysWhichMethodsThereAre) {
  EXPECT_EQ(parse(line("PUT / HTTP/1.1"))->error().headers, "Allow: GET\r\n");
}

TEST(HttpRequest, HasAHundredHeadersAtTheMost) {
  std::string headers;
  for (int i = 1; i < 100; ++i) headers += "X: " + std::to_string(i) + "\r\n";  // and Host
  EXPECT_EQ(parse(with(headers))->status(), Status::done);
  const auto request = parse(with(headers + "X: 100\r\n"));
  EXPECT_EQ(request->error().status, 431);
}

TEST(HttpRequest, HasATargetOf4096BytesAtTheMost) {
  const std::string longest = "/" + std::string(4095, 'x');
  EXPECT_EQ(parse(line("GET " + longest + " HTTP/1.1"))->status(), Status::done);
  EXPECT_EQ(parse(line("GET " + longest + "x HTTP/1.1"))->error().status, 414);
  // Whoever sends no end of it is not read to the end.
  EXPECT_EQ(parse("GET " + longest + std::string(100, 'x'))->error().status, 414);
}

TEST(HttpRequest, Has8192BytesAtTheMost) {
  const std::string rest = with("X: \r\n");
  const auto request = [&](std::size_t size) {
    return parse(with("X: " + std::string(size - rest.size(), 'x') + "\r\n"));
  };
  EXPECT_EQ(request(8192)->status(), Status::done);
  EXPECT_EQ(request(8193)->error().status, 431);
  std::string bytes = with("X: " + std::string(100'000, 'x') + "\r\n");
  std::string_view in(bytes);
  HandshakeParser parser;
  EXPECT_EQ(parser.feed(in), Status::error);
  EXPECT_EQ(bytes.size() - in.size(), HandshakeParser::kBytesMax);  // and no further
}

}  // namespace
}  // namespace gavel::ws
