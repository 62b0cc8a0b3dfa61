#include "ws/handshake.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gavel::ws {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Takes the part before `separator` off the front; linear over all calls. What stands between
// quotes is not looked into.
std::string_view take_part(std::string_view& list, char separator) {
  std::size_t end = 0;
  bool quoted = false;
  for (; end < list.size() && (quoted || list[end] != separator); ++end) {
    if (list[end] == '"') quoted = !quoted;
    if (list[end] == '\\' && quoted && end + 1 < list.size()) ++end;
  }
  const std::string_view part = trim(list.substr(0, end));
  list.remove_prefix(std::min(list.size(), end + 1));
  return part;
}

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    if (same(take_part(list, ','), token)) return true;
  }
  return false;
}

// 16 bytes in base64: 22 characters and "==", the last one with its low bits clear.
bool is_key(std::string_view key) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (key.size() != 24 || key.substr(22) != "==") return false;
  for (const char c : key.substr(0, 22)) {
    if (c == '\0' || kAlphabet.find(c) == std::string_view::npos) return false;
  }
  return kAlphabet.find(key[21]) % 16 == 0;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 414:
      return "URI Too Long";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

// One parameter of an offer of permessage-deflate.
bool good_parameter(std::string_view parameter, std::array<bool, 4>& seen) {
  constexpr std::array<std::string_view, 4> kNames{
      "server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits",
      "client_max_window_bits"};
  std::string_view rest = parameter;
  const std::string_view name = take_part(rest, '=');
  const bool has_value = parameter.find('=') != std::string_view::npos;
  std::string_view value = trim(rest);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  const auto it =
      std::find_if(kNames.begin(), kNames.end(), [&](auto known) { return same(known, name); });
  if (it == kNames.end()) return false;
  const auto index = static_cast<std::size_t>(it - kNames.begin());
  if (std::exchange(seen[index], true)) return false;
  if (index < 2) return !has_value;
  if (!has_value) return index == 3;  // only the client's may stand without a value
  const bool number =
      !value.empty() && value.size() <= 2 && value.front() != '0' &&
      std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  const int bits = number ? std::stoi(std::string(value)) : 0;
  // Our window is 15 bits, always: an offer that allows the server less can't be taken.
  return index == 2 ? bits == 15 : bits >= 8 && bits <= 15;
}

}  // namespace

bool wants_upgrade(const HandshakeParser& request) {
  return has_token(request.list_header("upgrade"), "websocket") ||
         !request.header("sec-websocket-key").empty() ||
         !request.header("sec-websocket-version").empty();
}

std::optional<HttpError> check_upgrade(const HandshakeParser& request) {
  const auto bad = [](std::string text) { return HttpError{400, std::move(text), {}}; };
  if (!has_token(request.list_header("upgrade"), "websocket")) {
    return bad("the Upgrade header must name websocket\n");
  }
  if (!has_token(request.list_header("connection"), "upgrade")) {
    return bad("the Connection header must name Upgrade\n");
  }
  std::size_t count = 0;
  request.header("content-length", &count);
  if (count != 0) return bad("an upgrade has no body: leave the Content-Length header out\n");
  const std::string_view version = request.header("sec-websocket-version", &count);
  if (count != 1 || version != "13") {
    return HttpError{426, "the Sec-WebSocket-Version header must be 13\n",
                     "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n"};
  }
  const std::string_view key = request.header("sec-websocket-key", &count);
  if (count != 1 || !is_key(key)) {
    return bad("there must be one Sec-WebSocket-Key header, of 16 bytes in base64\n");
  }
  return std::nullopt;
}

std::vector<std::string_view> offered_protocols(std::string_view list) {
  std::vector<std::string_view> protocols;
  while (!list.empty()) {
    if (const std::string_view one = take_part(list, ','); !one.empty()) protocols.push_back(one);
  }
  return protocols;
}

bool accepts_deflate(std::string_view extensions) {
  while (!extensions.empty()) {
    std::string_view offer = take_part(extensions, ',');
    if (!same(take_part(offer, ';'), "permessage-deflate")) continue;
    std::array<bool, 4> seen{};
    bool good = true;
    while (good && !offer.empty()) good = good_parameter(take_part(offer, ';'), seen);
    if (good) return true;
  }
  return false;
}

std::string accept_key(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  unsigned char encoded[64];
  const int length = EVP_EncodeBlock(encoded, digest, static_cast<int>(size));
  return {reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(length)};
}

std::string upgrade_response(std::string_view key, std::string_view protocol, bool deflate) {
  std::string out =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_key(key) + "\r\n";
  if (!protocol.empty()) out += "Sec-WebSocket-Protocol: " + std::string(protocol) + "\r\n";
  if (deflate) {
    out +=
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
        "client_no_context_takeover\r\n";
  }
  return out + "\r\n";
}

std::string plain_response(int status, std::string_view content_type, std::string_view body,
                           std::string_view headers) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
  out += reason_of(status);
  out += "\r\nContent-Type: ";
  out += content_type;
  out += "\r\nContent-Length: " + std::to_string(body.size());
  out += "\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n";
  out += headers;
  out += "\r\n";
  out += body;
  return out;
}

std::string error_response(const HttpError& error) {
  if (error.status == 0) return {};
  return plain_response(error.status, "text/plain; charset=utf-8", error.text, error.headers);
}

}  // namespace gavel::ws
