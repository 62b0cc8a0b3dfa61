#include "session/jwt.h"

#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/escape.h"
#include "session/jwks.h"
#include "session/jwt_json.h"
#include "session/jwt_key.h"

namespace gavel::session {
namespace {

using std::optional;
using std::string_view;

constexpr string_view kAlgNames[] = {"HS256", "RS256", "ES256", "EdDSA"};
constexpr std::size_t kSubBytesMax = 256;

struct Parts {
  string_view header;
  string_view claims;
  string_view signature;
  string_view signed_part;
};

optional<Parts> split(string_view token) {
  const std::size_t first = token.find('.');
  if (first == string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == string_view::npos) return std::nullopt;
  if (token.find('.', second + 1) != string_view::npos) return std::nullopt;
  return Parts{.header = token.substr(0, first),
               .claims = token.substr(first + 1, second - first - 1),
               .signature = token.substr(second + 1),
               .signed_part = token.substr(0, second)};
}

// Empty where the header may be used; `kid` is set where it has one.
optional<TokenError> check_header(string_view text, TokenAlg alg, optional<std::string>& kid) {
  const auto header = JsonObject::parse(text);
  if (!header) return TokenError::bad_header;
  const string_view* const named = header->find("alg");
  if (named == nullptr) return TokenError::bad_header;
  if (as_string(*named) != name_of(alg)) return TokenError::wrong_alg;
  for (const string_view refused : {"jku", "x5u", "jwk", "x5c", "crit"}) {
    if (header->has(refused)) return TokenError::bad_header;
  }
  if (const string_view* const raw = header->find("kid")) {
    kid = as_string(*raw);
    if (!kid) return TokenError::bad_header;
  }
  return std::nullopt;
}

// Reads claims one after the other; after the first fault the rest is left alone.
class ClaimReader {
 public:
  ClaimReader(const JsonObject& object, const VerifierOptions& options, std::int64_t wall_ms)
      : object_(object), options_(options), wall_ms_(wall_ms) {}

  optional<TokenError> read(Claims& claims) {
    read_times(claims);
    if (!options_.audience.empty()) check_audience();
    if (!options_.issuer.empty() && text("iss") != options_.issuer) {
      fail(TokenError::wrong_issuer);
    }
    read_player(claims);
    read_rooms(claims);
    return error_;
  }

 private:
  void fail(TokenError error) {
    if (!error_) error_ = error;
  }

  optional<std::string> text(string_view name) {
    const string_view* const raw = object_.find(name);
    if (raw == nullptr) return std::nullopt;
    auto value = as_string(*raw);
    if (!value) fail(TokenError::bad_claim);
    return value;
  }

  optional<std::int64_t> seconds(string_view name) {
    const string_view* const raw = object_.find(name);
    if (raw == nullptr) return std::nullopt;
    const auto value = as_seconds(*raw);
    if (!value) fail(TokenError::bad_claim);
    return value;
  }

  void read_times(Claims& claims) {
    const auto expires = seconds("exp");
    if (!expires) return fail(TokenError::no_expiry);
    const std::int64_t leeway_ms = std::chrono::milliseconds(options_.leeway).count();
    claims.expires_ms = *expires * 1000 + leeway_ms;
    if (claims.expires_ms <= wall_ms_) fail(TokenError::expired);
    for (const string_view name : {"nbf", "iat"}) {
      const auto begin = seconds(name);
      if (begin && *begin * 1000 > wall_ms_ + leeway_ms) fail(TokenError::not_yet_valid);
    }
  }

  void check_audience() {
    const string_view* const raw = object_.find("aud");
    if (raw == nullptr) return fail(TokenError::wrong_audience);
    if (as_string(*raw) == options_.audience) return;
    const auto list = as_array(*raw);
    if (!list) return fail(TokenError::wrong_audience);
    for (const string_view element : *list) {
      if (as_string(element) == options_.audience) return;
    }
    fail(TokenError::wrong_audience);
  }

  void read_player(Claims& claims) {
    claims.sub = text("sub").value_or("");
    if (claims.sub.size() > kSubBytesMax || !is_plain_text(claims.sub)) fail(TokenError::bad_claim);
    if (const auto may = text("may")) {
      claims.may_send = *may == "send";
      if (*may != "send" && *may != "watch") fail(TokenError::bad_claim);
    }
    if (const string_view* const info = object_.find("info")) {
      claims.info = *info;
      if (!is_object(*info)) fail(TokenError::bad_claim);
    } else if (text("name")) {
      claims.info = "{\"name\":" + std::string(*object_.find("name")) + '}';
    }
    if (claims.info.size() > limits::kPlayerInfoBytesMax) fail(TokenError::bad_claim);
  }

  void read_rooms(Claims& claims) {
    claims.any_room = !object_.has("room") && !object_.has("rooms");
    if (const auto room = text("room")) {
      claims.room = *room;
      if (room->empty()) fail(TokenError::bad_claim);
    }
    const string_view* const raw = object_.find("rooms");
    if (raw == nullptr) return;
    const auto list = as_array(*raw);
    if (!list || list->size() > limits::kTokenRoomsMax) return fail(TokenError::bad_claim);
    for (const string_view element : *list) {
      auto pattern = as_string(element);
      if (!pattern || pattern->empty()) return fail(TokenError::bad_claim);
      claims.rooms.push_back(std::move(*pattern));
    }
  }

  const JsonObject& object_;
  const VerifierOptions& options_;
  const std::int64_t wall_ms_;
  optional<TokenError> error_;
};

}  // namespace

string_view name_of(TokenAlg alg) { return kAlgNames[static_cast<std::size_t>(alg)]; }

bool parse_token_alg(string_view name, TokenAlg& alg) {
  for (std::size_t i = 0; i < std::size(kAlgNames); ++i) {
    if (kAlgNames[i] != name) continue;
    alg = static_cast<TokenAlg>(i);
    return true;
  }
  return false;
}

string_view describe(TokenError error) {
  switch (error) {
    case TokenError::too_long:
      return "longer than 8 KiB";
    case TokenError::malformed:
      return "not three parts of base64url with a dot between";
    case TokenError::bad_header:
      return "its header is no JSON, or names what is not taken here";
    case TokenError::wrong_alg:
      return "signed with another algorithm than token-alg";
    case TokenError::unknown_key:
      return "its kid is none of the configured keys";
    case TokenError::bad_signature:
      return "the signature is not of the configured key";
    case TokenError::bad_claim:
      return "a claim is there twice, of the wrong type or too long";
    case TokenError::no_expiry:
      return "without exp, the time when it ends";
    case TokenError::expired:
      return "expired";
    case TokenError::not_yet_valid:
      return "not valid yet: nbf or iat is in the future";
    case TokenError::wrong_audience:
      return "for another audience than token-aud";
    case TokenError::wrong_issuer:
      return "of another issuer than token-iss";
  }
  return "";
}

bool matches_pattern(string_view pattern, string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = string_view::npos;  // the last * seen, and where its text ends so far
  std::size_t star_end = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_end = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != string_view::npos) {
      p = star + 1;
      n = ++star_end;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool Claims::allows(string_view room_name) const {
  if (any_room || (!room.empty() && room == room_name)) return true;
  for (const std::string& pattern : rooms) {
    if (matches_pattern(pattern, room_name)) return true;
  }
  return false;
}

Verifier::Verifier(const VerifierOptions& options, std::unique_ptr<TokenKeys> keys)
    : options_{.alg = options.alg,
               .key = {},
               .jwks = {},
               .audience = options.audience,
               .issuer = options.issuer,
               .leeway = options.leeway},
      keys_(std::move(keys)) {}

Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;
Verifier::~Verifier() = default;

Result<Verifier, std::string> Verifier::create(const VerifierOptions& options) {
  auto keys = options.jwks.empty() ? TokenKeys::from_file(options.alg, options.key)
                                   : parse_jwks(options.alg, options.jwks);
  if (!keys) return std::move(keys).error();
  return Verifier(options, std::move(keys).value());
}

Result<Claims, TokenError> Verifier::verify(string_view token, std::int64_t wall_ms) const {
  if (token.size() > limits::kTokenBytesMax) return TokenError::too_long;
  const auto parts = split(token);
  if (!parts) return TokenError::malformed;
  const auto header = base64url_decode(parts->header);
  const auto payload = base64url_decode(parts->claims);
  const auto signature = base64url_decode(parts->signature);
  if (!header || !payload || !signature) return TokenError::malformed;
  optional<std::string> kid;
  if (const auto error = check_header(*header, options_.alg, kid)) return *error;
  const TokenKeys::Key* const key = keys_->find(kid);
  if (key == nullptr) return TokenError::unknown_key;
  if (!keys_->verify(*key, parts->signed_part, *signature)) return TokenError::bad_signature;
  // Only what was signed is looked at: nobody but the issuer chooses what this parser reads.
  const auto object = JsonObject::parse(*payload);
  if (!object) return TokenError::bad_claim;
  Claims claims;
  if (const auto error = ClaimReader(*object, options_, wall_ms).read(claims)) return *error;
  return claims;
}

}  // namespace gavel::session
