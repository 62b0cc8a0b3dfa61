// For tests: what a decoder says to some bytes, cut in whichever way. Each piece lies in memory of
// its own, so that a sanitizer sees a read past its end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ws/decoder.h"

namespace gavel::ws {

struct Said {
  Event event = Event::need_more;
  std::string payload{};   // of an error: its text
  std::uint16_t code = 0;  // of close and error
  std::size_t behind = 0;  // bytes of the input that had come when it was said, at the most
  bool operator==(const Said& other) const {
    return event == other.event && payload == other.payload && code == other.code;
  }
};

inline std::ostream& operator<<(std::ostream& out, const Said& said) {
  constexpr const char* kNames[] = {"need_more", "text",  "binary", "ping",
                                    "pong",      "close", "error"};
  out << kNames[static_cast<std::size_t>(said.event)] << ' ' << said.code << ' ';
  if (said.payload.size() > 80) return out << said.payload.size() << " bytes";
  return out << '"' << said.payload << '"';
}

// Feeds one piece and gathers what is said to it.
inline void feed(Decoder& decoder, std::string_view piece, std::size_t begin,
                 std::vector<Said>& said) {
  std::vector<char> bytes(piece.begin(), piece.end());
  std::span<char> in(bytes);
  while (true) {
    const Event event = decoder.next(in);
    if (event == Event::need_more) return;
    Said one{event, std::string(decoder.payload()), 0, begin + piece.size() - in.size()};
    if (event == Event::close) one.code = decoder.close_code();
    if (event == Event::error) {
      one.code = decoder.error().close_code;
      one.payload = decoder.error().text;
    }
    said.push_back(std::move(one));
  }
}

// `piece_size` says how long the next piece is to be.
template <typename PieceSize>
std::vector<Said> decode(std::string_view bytes, const DecoderOptions& options,
                         PieceSize piece_size) {
  Decoder decoder(options);
  std::vector<Said> said;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::clamp<std::size_t>(piece_size(), 1, bytes.size() - at);
    feed(decoder, bytes.substr(at, size), at, said);
    at += size;
  }
  return said;
}

inline std::vector<Said> decode_whole(std::string_view bytes, const DecoderOptions& options) {
  return decode(bytes, options, [&] { return bytes.size(); });
}

// A masked frame, as a client sends it.
inline std::string frame(Opcode opcode, std::string_view payload, bool final = true,
                         bool rsv1 = false) {
  std::string out;
  append_client_frame(out, opcode, payload, 0x9f3c12a5, rsv1, final);
  return out;
}

inline std::string text(std::string_view payload) { return frame(Opcode::text, payload); }

inline std::string close_frame(std::uint16_t code, std::string_view reason = {}) {
  char payload[kControlPayloadMax];
  const std::size_t size = encode_close(code, reason, std::span<char>(payload));
  return frame(Opcode::close, {payload, size});
}

}  // namespace gavel::ws
