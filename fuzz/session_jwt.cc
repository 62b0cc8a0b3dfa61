// The token checks: on any bytes, and on any header and claims (cut at the first NUL) behind a good
// signature, as an issuer with a bug would send them. What is taken is within its bounds; a resume
// token is taken only where it is the very text that was made.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/escape.h"
#include "session/jwt.h"
#include "session/jwt_json.h"
#include "session/jwt_signer.h"
#include "session/resume_token.h"

namespace {

using namespace gavel::session;

constexpr std::int64_t kNowMs = 1'764'036'000'000;
constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";

void check(bool ok) {
  if (!ok) std::abort();
}

void check_claims(const Claims& claims) {
  check(claims.expires_ms > kNowMs);
  check(claims.sub.size() <= 256 && gavel::is_plain_text(claims.sub));
  check(claims.rooms.size() <= gavel::limits::kTokenRoomsMax);
  check(claims.info.size() <= gavel::limits::kPlayerInfoBytesMax);
  check(claims.info.empty() || (gavel::is_utf8(claims.info) && is_object(claims.info)));
  check(claims.any_room == claims.allows("some room that nobody names") || !claims.rooms.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Verifier verifier =
      std::move(Verifier::create({.alg = TokenAlg::hs256, .key = kSecret})).value();
  static const Signer signer = std::move(Signer::create(TokenAlg::hs256, kSecret)).value();
  static const std::array<unsigned char, 32> resume_key{1, 2, 3};
  const std::string_view text{reinterpret_cast<const char*>(data), size};

  check(!verifier.verify(text, kNowMs).has_value());  // nobody guesses a signature

  const std::size_t cut = text.find('\0');
  const std::string_view claims_text = cut == std::string_view::npos ? text : text.substr(cut + 1);
  const std::string token = cut == std::string_view::npos
                                ? signer.sign(claims_text)
                                : signer.sign(text.substr(0, cut), claims_text);
  if (const auto claims = verifier.verify(token, kNowMs)) check_claims(claims.value());

  if (const auto resumed = check_resume_token(resume_key, text, "room", "sub")) {
    check(make_resume_token(resume_key, "room", "sub", resumed.value()) == text);
  }
  matches_pattern(text.substr(0, size / 2), text.substr(size / 2));
  return 0;
}
