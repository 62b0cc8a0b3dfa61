#include "session/resume_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdlib>

#include "base/base64.h"

namespace gavel::session {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kFieldBytes = 1 + 8 + 8 + 4;
constexpr std::size_t kMacBytes = 16;
static_assert(((kFieldBytes + kMacBytes) * 8 + 5) / 6 == kResumeTokenChars);

void append_number(std::string& out, std::uint64_t value, int bytes) {
  while (bytes-- > 0) out.push_back(static_cast<char>(value >> (8 * bytes)));
}

std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

using Mac = std::array<char, kMacBytes>;

Mac mac_of(ResumeKey key, std::string_view fields, std::string_view room, std::string_view sub) {
  std::string input(fields);
  append_number(input, room.size(), 2);
  input += room;
  input += sub;
  unsigned char whole[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(input.data()), input.size(), whole,
           &size) == nullptr) {
    std::abort();  // out of memory, or an OpenSSL without SHA-256: nothing here could be trusted
  }
  Mac mac;
  for (std::size_t i = 0; i < kMacBytes; ++i) mac[i] = static_cast<char>(whole[i]);
  return mac;
}

}  // namespace

std::string make_resume_token(ResumeKey key, std::string_view room, std::string_view sub,
                              const ResumeClaims& claims) {
  std::string token(1, kVersion);
  append_number(token, claims.epoch.value, 8);
  append_number(token, claims.client.value, 8);
  append_number(token, claims.generation, 4);
  const Mac mac = mac_of(key, token, room, sub);
  token.append(mac.data(), mac.size());
  return base64url_encode(token);
}

Result<ResumeClaims, ResumeError> check_resume_token(ResumeKey key, std::string_view token,
                                                     std::string_view room, std::string_view sub) {
  if (token.size() != kResumeTokenChars) return ResumeError::malformed;
  const auto decoded = base64url_decode(token);
  if (!decoded || decoded->front() != kVersion) return ResumeError::malformed;
  const std::string_view bytes = *decoded;
  const std::string_view fields = bytes.substr(0, kFieldBytes);
  const Mac expected = mac_of(key, fields, room, sub);
  if (CRYPTO_memcmp(expected.data(), bytes.data() + kFieldBytes, kMacBytes) != 0) {
    return ResumeError::not_ours;
  }
  return ResumeClaims{.epoch = Epoch{read_number(fields.substr(1, 8))},
                      .client = ClientId{read_number(fields.substr(9, 8))},
                      .generation = static_cast<std::uint32_t>(read_number(fields.substr(17, 4)))};
}

}  // namespace gavel::session
