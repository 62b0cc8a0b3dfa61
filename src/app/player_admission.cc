#include "app/player_admission.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "base/log.h"
#include "session/jwt.h"
#include "session/resume_token.h"

namespace gavel::app {
namespace {

class PlayerAdmission final : public session::Admission {
 public:
  PlayerAdmission(std::optional<session::Verifier> verifier, bool required, store::SigningKey key)
      : verifier_(std::move(verifier)), required_(required), key_(key) {}

  std::optional<session::Player> admit(std::string_view token, std::string_view room,
                                       std::int64_t wall_ms, std::string& reason) const override {
    if (!verifier_ || (token.empty() && !required_)) return session::Player{};
    if (token.empty()) {
      reason = "a token is required";
      return std::nullopt;
    }
    auto claims = verifier_->verify(token, wall_ms);
    if (!claims) {
      // Why goes into the log; the client learns only what helps an honest one.
      GAVEL_LOG(session, warning, "join refused", {"room", room},
                {"reason", session::describe(claims.error())});
      if (claims.error() == session::TokenError::expired) reason = "the token has expired";
      return std::nullopt;
    }
    if (!claims.value().allows(room)) {
      GAVEL_LOG(session, warning, "join refused", {"room", room},
                {"reason", "token for another room"});
      return std::nullopt;
    }
    session::Player player;
    player.sub = std::move(claims.value().sub);
    player.info = std::move(claims.value().info);
    player.may_send = claims.value().may_send;
    player.expires_ms = claims.value().expires_ms;
    return player;
  }

  std::string make_resume_token(std::string_view room, Epoch epoch, ClientId client,
                                std::string_view sub) const override {
    return session::make_resume_token(key_, room, sub, {.epoch = epoch, .client = client});
  }

  std::optional<session::Resumed> check_resume_token(std::string_view token, std::string_view room,
                                                     std::string_view sub) const override {
    const auto claims = session::check_resume_token(key_, token, room, sub);
    if (!claims) return std::nullopt;
    return session::Resumed{claims.value().epoch, claims.value().client};
  }

 private:
  const std::optional<session::Verifier> verifier_;
  const bool required_;
  const store::SigningKey key_;
};

bool read_file(const std::string& path, std::string& content, std::string& error) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    error = "can't read the key file " + path;
    return false;
  }
  content.assign(std::istreambuf_iterator<char>(file), {});
  return true;
}

}  // namespace

std::unique_ptr<session::Admission> make_admission(const Config& config, const store::Store& store,
                                                   std::string& error) {
  std::optional<session::Verifier> verifier;
  if (!config.token_alg.empty()) {
    session::VerifierOptions options;
    if (!session::parse_token_alg(config.token_alg, options.alg)) {
      error = "--token-alg " + config.token_alg + " is none of HS256, RS256, ES256, EdDSA";
      return nullptr;
    }
    if (!config.token_key_file.empty() && !read_file(config.token_key_file, options.key, error))
      return nullptr;
    if (!config.token_jwks_file.empty() && !read_file(config.token_jwks_file, options.jwks, error))
      return nullptr;
    options.audience = config.token_aud;
    options.issuer = config.token_iss;
    options.leeway = std::chrono::duration_cast<std::chrono::seconds>(config.token_leeway);
    auto made = session::Verifier::create(options);
    if (!made) {
      error = made.error();
      return nullptr;
    }
    verifier = std::move(made.value());
  }
  return std::make_unique<PlayerAdmission>(std::move(verifier), config.token_required,
                                           store.signing_key());
}

}  // namespace gavel::app
