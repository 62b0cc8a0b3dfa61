// Frames of RFC 6455 section 5.2, as they are written: by a server (not masked) and by a client
// (masked), and the mask itself. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace gavel::ws {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

inline constexpr std::size_t kFrameHeaderBytesMax = 10;  // without a mask
inline constexpr std::size_t kControlPayloadMax = 125;

constexpr std::size_t frame_header_bytes(std::size_t payload) {
  return payload < 126 ? 2 : payload <= 0xffff ? 4 : kFrameHeaderBytesMax;
}

// Writes frame_header_bytes(payload) bytes: a final frame, its length in the shortest form.
inline void encode_frame_header(char* out, Opcode opcode, std::size_t payload, bool rsv1 = false) {
  out[0] = static_cast<char>(0x80 | (rsv1 ? 0x40 : 0) | static_cast<unsigned>(opcode));
  if (payload < 126) {
    out[1] = static_cast<char>(payload);
  } else if (payload <= 0xffff) {
    out[1] = 126;
    out[2] = static_cast<char>(payload >> 8);
    out[3] = static_cast<char>(payload & 0xff);
  } else {
    out[1] = 127;
    for (unsigned i = 0; i < 8; ++i) {
      out[2 + i] = static_cast<char>(std::uint64_t{payload} >> (56 - 8 * i) & 0xff);
    }
  }
}

// XORs `size` bytes with the mask; `phase` is how many bytes of the frame's payload came before. In
// place.
inline void apply_mask(char* bytes, std::size_t size, const unsigned char (&key)[4],
                       std::size_t phase) {
  unsigned char turned[8];
  for (std::size_t i = 0; i < 8; ++i) turned[i] = key[(phase + i) & 3];
  std::uint64_t mask = 0;
  std::memcpy(&mask, turned, sizeof mask);
  std::size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + at, sizeof word);
    word ^= mask;
    std::memcpy(bytes + at, &word, sizeof word);
  }
  for (; at < size; ++at) bytes[at] = static_cast<char>(bytes[at] ^ turned[at & 7]);
}

// The payload of a close frame: the code and as much of the reason as fits, cut between two
// characters. Returns its size; `out` has room for kControlPayloadMax bytes.
inline std::size_t encode_close(std::uint16_t code, std::string_view reason, std::span<char> out) {
  std::size_t size =
      reason.size() < kControlPayloadMax - 2 ? reason.size() : kControlPayloadMax - 2;
  if (size < reason.size()) {
    while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xc0) == 0x80) --size;
  }
  out[0] = static_cast<char>(code >> 8);
  out[1] = static_cast<char>(code & 0xff);
  if (size != 0) std::memcpy(out.data() + 2, reason.data(), size);
  return size + 2;
}

// A client's frame, appended to `out`.
inline void append_client_frame(std::string& out, Opcode opcode, std::string_view payload,
                                std::uint32_t mask, bool rsv1 = false, bool final = true) {
  const std::size_t header = frame_header_bytes(payload.size());
  const std::size_t at = out.size();
  out.resize(at + header + 4 + payload.size());
  char* frame = out.data() + at;
  encode_frame_header(frame, opcode, payload.size(), rsv1);
  if (!final) frame[0] = static_cast<char>(frame[0] & 0x7f);
  frame[1] = static_cast<char>(frame[1] | 0x80);
  unsigned char key[4];
  std::memcpy(key, &mask, sizeof key);
  std::memcpy(frame + header, key, sizeof key);
  char* body = frame + header + sizeof key;
  if (!payload.empty()) std::memcpy(body, payload.data(), payload.size());
  apply_mask(body, payload.size(), key, 0);
}

}  // namespace gavel::ws
