// The opening handshake of RFC 6455 section 4, the client's side: what `gavel bench` and the tests
// send, and whether the answer is the right one. Pure; one object a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gavel::ws {

struct ClientRequest {
  std::string host;  // with the port, where it is not the scheme's
  std::string target = "/";
  std::string key;        // 16 random bytes in base64
  std::string headers{};  // further header lines, each with its CRLF
  std::string protocol{};
  bool deflate = false;  // offer permessage-deflate
};

std::string client_request(const ClientRequest& request);

// Reads the answer.
class ResponseParser {
 public:
  static constexpr std::size_t kBytesMax = 16 * 1024;

  enum class Status : std::uint8_t { incomplete, done, error };

  explicit ResponseParser(const ClientRequest& request);

  // Takes bytes off the front of `in` up to the end of the response's head; frames behind it stay.
  // done: it is a 101 that fits the request.
  Status feed(std::string_view& in);
  // Why it is none.
  const std::string& error() const { return error_; }
  // 0 where no status line came.
  int http_status() const { return http_status_; }
  const std::string& protocol() const { return protocol_; }
  bool deflate() const { return deflate_; }

 private:
  Status check();
  Status fail(std::string text);
  bool take_header(std::string_view name, std::string_view value);

  std::string accept_;
  std::string offered_protocol_;
  bool offered_deflate_ = false;

  Status status_ = Status::incomplete;
  std::string bytes_;
  std::string error_;
  int http_status_ = 0;
  std::string protocol_;
  bool deflate_ = false;
  bool upgrades_ = false;
  bool accepted_ = false;
};

}  // namespace gavel::ws
