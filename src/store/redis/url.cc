#include "store/redis/url.h"

#include <charconv>
#include <optional>

#include "base/hex.h"

namespace gavel::store::redis {
namespace {

constexpr std::uint16_t kDefaultPort = 6379;

template <class T>
bool parse_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += *byte;
    i += 2;
  }
  return out;
}

bool parse_user(std::string_view text, Url& url) {
  const std::size_t colon = text.find(':');
  const auto user = unescape(text.substr(0, colon));
  const auto password = unescape(colon == text.npos ? std::string_view() : text.substr(colon + 1));
  if (!user || !password) return false;
  url.username = *user;
  url.password = *password;
  return true;
}

}  // namespace

std::string Address::text() const {
  if (is_path) return "unix:" + host;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::text() const {
  if (addresses.front().is_path) return addresses.front().text();
  std::string out = tls ? "rediss" : "redis";
  if (cluster) out += "-cluster";
  out += "://";
  for (const Address& address : addresses) {
    if (&address != &addresses.front()) out += ",";
    out += address.text();
  }
  if (database != 0) out += "/" + std::to_string(database);
  return out;
}

bool parse_address(std::string_view text, std::uint16_t default_port, Address& address) {
  address = Address{};
  address.port = default_port;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return false;
    address.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port[0] != ':') return false;
  } else {
    const std::size_t colon = text.find(':');
    address.host = text.substr(0, colon);
    if (colon != text.npos) port = text.substr(colon);
  }
  if (!port.empty() && (!parse_number(port.substr(1), address.port) || address.port == 0))
    return false;
  return !address.host.empty() && address.host.find_first_of(" \t\r\n/@") == std::string::npos;
}

bool parse_url(std::string_view text, Url& url, std::string& error) {
  url = Url{};
  if (text.starts_with("unix:")) {
    text.remove_prefix(5);
    if (text.starts_with("//")) text.remove_prefix(2);
    url.addresses.push_back({std::string(text), 0, true});
    // A Unix socket's path has 107 bytes.
    if (!text.empty() && text.size() < 108) return true;
    error = "unix: takes the path of Redis's socket, at most 107 bytes: unix:/run/redis/redis.sock";
    return false;
  }
  const std::size_t scheme_end = text.find("://");
  const std::string_view scheme = text.substr(0, scheme_end);
  url.tls = scheme.starts_with("rediss");
  url.cluster = scheme.ends_with("-cluster");
  if (scheme_end == text.npos || (scheme != "redis" && scheme != "rediss" &&
                                  scheme != "redis-cluster" && scheme != "rediss-cluster")) {
    error =
        "a Redis URL begins with redis://, rediss://, redis-cluster://, rediss-cluster:// or unix:";
    return false;
  }
  text.remove_prefix(scheme_end + 3);
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    if (!parse_user(text.substr(0, at), url)) {
      error = "user and password in a Redis URL: % must be followed by two hexadecimal digits";
      return false;
    }
    text.remove_prefix(at + 1);
  }
  const std::size_t slash = text.find('/');
  const std::string_view database =
      slash == text.npos ? std::string_view() : text.substr(slash + 1);
  if (!database.empty() && !parse_number(database, url.database)) {
    error = "behind the / of a Redis URL stands the number of a database";
    return false;
  }
  if (url.cluster && url.database != 0) {
    error = "a Redis Cluster has database 0 only";
    return false;
  }
  std::string_view hosts = text.substr(0, slash);
  while (true) {
    const std::size_t comma = url.cluster ? hosts.find(',') : hosts.npos;
    Address address;
    if (!parse_address(hosts.substr(0, comma), kDefaultPort, address)) {
      error = "a Redis URL names HOST or HOST:PORT, the port from 1 to 65535";
      return false;
    }
    url.addresses.push_back(std::move(address));
    if (comma == hosts.npos) return true;
    hosts.remove_prefix(comma + 1);
  }
}

}  // namespace gavel::store::redis
