#include "store/redis/keys.h"

#include <openssl/evp.h>

#include "base/hex.h"

namespace gavel::store::redis {

RoomKeys room_keys(std::string_view name) {
  // Half of SHA-256: no client can find two names that share their keys, and all servers agree
  // without a secret.
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(name.data(), name.size(), digest, &size, EVP_sha256(), nullptr);
  const std::string tag = ":{" + to_hex({reinterpret_cast<const char*>(digest), 16}) + "}";
  RoomKeys keys;
  keys.log = "gavel:r" + tag;
  keys.meta = "gavel:m" + tag;
  keys.players = "gavel:p" + tag;
  keys.older_players = "gavel:o" + tag;
  keys.slot = slot_of(keys.log);
  return keys;
}

// CRC-16/XMODEM of what stands in the first braces, else of all, as the cluster's specification has
// it.
std::uint16_t slot_of(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != key.npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != key.npos && close != open + 1) key = key.substr(open + 1, close - open - 1);
  }
  std::uint16_t crc = 0;
  for (const char c : key) {
    crc = static_cast<std::uint16_t>(crc ^ static_cast<unsigned char>(c) << 8);
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<std::uint16_t>((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1);
    }
  }
  return crc % kSlots;
}

}  // namespace gavel::store::redis
