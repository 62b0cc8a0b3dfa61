// What a Redis URL says. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gavel::store::redis {

struct Address {
  std::string host;  // or the path of a Unix socket
  std::uint16_t port = 0;
  bool is_path = false;
  std::string text() const;  // "host:port", "[::1]:6379", "unix:/path"
  bool operator==(const Address&) const = default;
};

struct Url {
  bool tls = false;
  bool cluster = false;
  std::vector<Address> addresses;  // at least one; several only for a cluster
  std::string username;
  std::string password;
  unsigned database = 0;
  std::string text() const;  // without the password
};

// False with a sentence that says what is wrong; it does not repeat the URL, which may hold a
// password.
bool parse_url(std::string_view text, Url& url, std::string& error);
// "host:port", "[::1]:port", "host".
bool parse_address(std::string_view text, std::uint16_t default_port, Address& address);

}  // namespace gavel::store::redis
