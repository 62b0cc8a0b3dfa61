// The HTTP request that opens a connection: read byte for byte in one pass, strictly, as a proxy
// before us must see the same request as we do. No body is ever read. Pure; one object a
// connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gavel::ws {

// What is answered instead of an upgrade. status 0: nothing is sent (this is no HTTP at all).
struct HttpError {
  std::uint16_t status = 0;
  std::string text;     // the body: what was wrong, and what to do
  std::string headers;  // further header lines, each with its CRLF
};

struct HttpHeader {
  std::string_view name;
  std::string_view value;
};

class HandshakeParser {
 public:
  static constexpr std::size_t kBytesMax = 8 * 1024;
  static constexpr std::size_t kLinesMax = 100;  // of headers
  static constexpr std::size_t kTargetBytesMax = 4 * 1024;

  enum class Status : std::uint8_t { incomplete, done, error };

  // Takes bytes off the front of `in` up to the end of the request; what stands behind it stays.
  Status feed(std::string_view& in);
  // Bytes came, but not a whole request: worth an answer when the time is over.
  bool started() const { return !bytes_.empty(); }
  Status status() const { return status_; }
  const HttpError& error() const { return error_; }

  // When done; the views live as long as the parser.
  std::string_view method() const { return method_; }
  std::string_view target() const { return target_; }
  std::string_view path() const { return target_.substr(0, target_.find('?')); }
  std::string_view query() const;
  const std::vector<HttpHeader>& headers() const { return headers_; }
  // The only value of a header (name in lower case); empty where it is missing. Twice counts as
  // `count` 2.
  std::string_view header(std::string_view name, std::size_t* count = nullptr) const;
  // All values of a list header, joined by ", ".
  std::string list_header(std::string_view name) const;

 private:
  Status fail(std::uint16_t status, std::string text, std::string headers = {});
  Status parse();
  bool parse_request_line(std::string_view line);
  bool parse_header(std::string_view line);
  bool check_request();

  Status status_ = Status::incomplete;
  HttpError error_;
  std::string bytes_;
  std::size_t lines_ = 0;
  std::size_t line_begin_ = 0;
  std::string_view method_;
  std::string_view target_;
  std::vector<HttpHeader> headers_;
};

}  // namespace gavel::ws
