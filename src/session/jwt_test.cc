// The rows B58 to B66 of the list of bad inputs, with tokens made here.
#include "session/jwt.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

#include "base/base64.h"
#include "session/jwt_keys_test.h"
#include "session/jwt_signer.h"

namespace gavel::session {
namespace {

constexpr std::int64_t kNowMs = 1'764'036'000'000;
constexpr TokenAlg kAlgs[] = {TokenAlg::hs256, TokenAlg::rs256, TokenAlg::es256, TokenAlg::eddsa};

Verifier make_verifier(VerifierOptions options) {
  if (options.key.empty() && options.jwks.empty()) {
    options.key = test::key_pair(options.alg).public_pem;
  }
  auto verifier = Verifier::create(options);
  EXPECT_TRUE(verifier) << verifier.error();
  return std::move(verifier).value();
}

Signer make_signer(TokenAlg alg = TokenAlg::hs256) {
  auto signer = Signer::create(alg, test::key_pair(alg).private_pem);
  EXPECT_TRUE(signer) << signer.error();
  return std::move(signer).value();
}

// A second and more are left: seconds since 1970 as text.
std::string in_seconds(std::int64_t seconds) { return std::to_string(kNowMs / 1000 + seconds); }
std::string good_claims(const std::string& more = "") {
  return R"({"sub":"ada","exp":)" + in_seconds(60) + more + '}';
}

// The name of the error, or "accepted".
std::string outcome(const Verifier& verifier, std::string_view token) {
  const auto verified = verifier.verify(token, kNowMs);
  return verified ? "accepted" : std::string(describe(verified.error()));
}
std::string outcome_of_claims(const std::string& claims, const VerifierOptions& options = {}) {
  return outcome(make_verifier(options), make_signer().sign(claims));
}
std::string outcome_of_header(const std::string& header) {
  return outcome(make_verifier({}), make_signer().sign(header, good_claims()));
}
std::string is(TokenError error) { return std::string(describe(error)); }

TEST(Jwt, AcceptsATokenOfEachAlgorithmAndRefusesAChangedOne) {
  for (const TokenAlg alg : kAlgs) {
    SCOPED_TRACE(name_of(alg));
    const Verifier verifier = make_verifier({.alg = alg});
    const std::string token = make_signer(alg).sign(good_claims());
    const auto verified = verifier.verify(token, kNowMs);
    ASSERT_TRUE(verified) << describe(verified.error());
    EXPECT_EQ(verified.value().sub, "ada");
    EXPECT_TRUE(verified.value().may_send);
    EXPECT_TRUE(verified.value().any_room);
    EXPECT_EQ(verified.value().expires_ms, kNowMs + 60'000 + 30'000);
    for (std::size_t at = 0; at < token.size(); at += alg == TokenAlg::hs256 ? 1 : 7) {
      std::string changed = token;
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      if (changed == token) continue;
      EXPECT_NE(outcome(verifier, changed), "accepted") << at;
    }
  }
}

TEST(Jwt, RefusesAlgNoneInEverySpelling) {  // B58
  for (const char* none : {"none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS384"}) {
    EXPECT_EQ(outcome_of_header(R"({"alg":")" + std::string(none) + "\"}"),
              is(TokenError::wrong_alg))
        << none;
  }
  const std::string unsigned_token =
      base64url_encode(R"({"alg":"none"})") + '.' + base64url_encode(good_claims()) + '.';
  EXPECT_EQ(outcome(make_verifier({}), unsigned_token), is(TokenError::wrong_alg));
  for (const TokenAlg alg : kAlgs) {
    const std::string token = base64url_encode("{\"alg\":\"" + std::string(name_of(alg)) + "\"}") +
                              '.' + base64url_encode(good_claims()) + '.';
    EXPECT_EQ(outcome(make_verifier({.alg = alg}), token), is(TokenError::bad_signature));
  }
  EXPECT_EQ(outcome_of_header("{}"), is(TokenError::bad_header));
  EXPECT_EQ(outcome_of_header(R"({"alg":256})"), is(TokenError::wrong_alg));
  EXPECT_EQ(outcome_of_header(R"({"alg":"none","alg":"HS256"})"), is(TokenError::bad_header));
}

// What an attacker makes of a public key: a secret that the server surely has.
std::string sign_with_public_key(const std::string& header, const std::string& pem) {
  const std::string signed_part = base64url_encode(header) + '.' + base64url_encode(good_claims());
  unsigned char mac[32];
  unsigned size = 0;
  HMAC(EVP_sha256(), pem.data(), static_cast<int>(pem.size()),
       reinterpret_cast<const unsigned char*>(signed_part.data()), signed_part.size(), mac, &size);
  return signed_part + '.' + base64url_encode({reinterpret_cast<char*>(mac), size});
}

TEST(Jwt, RefusesHs256SignedWithThePublicKey) {  // B59
  for (const TokenAlg alg : {TokenAlg::rs256, TokenAlg::es256, TokenAlg::eddsa}) {
    const Verifier verifier = make_verifier({.alg = alg});
    const std::string pem = test::key_pair(alg).public_pem;
    const std::string named = "{\"alg\":\"" + std::string(name_of(alg)) + "\"}";
    EXPECT_EQ(outcome(verifier, sign_with_public_key(R"({"alg":"HS256"})", pem)),
              is(TokenError::wrong_alg));
    EXPECT_EQ(outcome(verifier, sign_with_public_key(named, pem)), is(TokenError::bad_signature));
    // The same mistake on the server's side.
    const auto confused = Verifier::create({.alg = TokenAlg::hs256, .key = pem});
    ASSERT_FALSE(confused);
    EXPECT_EQ(confused.error().substr(0, 35), "a PEM file is no secret for HS256: ");
  }
}

TEST(Jwt, LooksUpKidAmongItsKeysAndNowhereElse) {  // B60
  const std::string k = base64url_encode(test::key_pair(TokenAlg::hs256).public_pem);
  const std::string other = base64url_encode(std::string(32, 'o'));
  const Verifier verifier =
      make_verifier({.jwks = R"({"keys":[{"kty":"oct","kid":"a","k":")" + k +
                             R"("},{"kty":"oct","kid":"b","k":")" + other + R"("}]})"});
  const auto with_kid = [&](const std::string& kid) {
    return outcome(verifier,
                   make_signer().sign(R"({"alg":"HS256","kid":)" + kid + '}', good_claims()));
  };
  EXPECT_EQ(with_kid("\"a\""), "accepted");
  EXPECT_EQ(with_kid("\"b\""), is(TokenError::bad_signature));
  EXPECT_EQ(with_kid("\"../../dev/null\""), is(TokenError::unknown_key));
  EXPECT_EQ(with_kid("\"' OR 1=1\""), is(TokenError::unknown_key));
  EXPECT_EQ(with_kid("\"\""), is(TokenError::unknown_key));
  EXPECT_EQ(with_kid("\"c\""), is(TokenError::unknown_key));
  EXPECT_EQ(with_kid("1"), is(TokenError::bad_header));
  EXPECT_EQ(with_kid("null"), is(TokenError::bad_header));
  EXPECT_EQ(with_kid('"' + std::string(1 << 20, 'a') + '"'), is(TokenError::too_long));
  // Without a kid two keys could have signed: it is not guessed.
  EXPECT_EQ(outcome(verifier, make_signer().sign(good_claims())), is(TokenError::unknown_key));
}

TEST(Jwt, RefusesHeadersThatBringTheirKeyAlong) {  // B61
  for (const char* name : {"jku", "x5u", "jwk", "x5c", "crit"}) {
    EXPECT_EQ(outcome_of_header(R"({"alg":"HS256",")" + std::string(name) +
                                R"(":"https://evil.example/keys"})"),
              is(TokenError::bad_header))
        << name;
  }
}

TEST(Jwt, WantsAnExpiryThatIsANumberAndAhead) {  // B62
  EXPECT_EQ(outcome_of_claims(R"({"sub":"ada"})"), is(TokenError::no_expiry));
  const auto with_exp = [](const std::string& exp) {
    return outcome_of_claims(R"({"exp":)" + exp + '}');
  };
  EXPECT_EQ(with_exp(in_seconds(-29)), "accepted");  // the leeway is 30 s
  EXPECT_EQ(with_exp(in_seconds(-30)), is(TokenError::expired));
  EXPECT_EQ(with_exp("0"), is(TokenError::expired));
  EXPECT_EQ(with_exp("1e400"), is(TokenError::bad_claim));
  EXPECT_EQ(with_exp("-1"), is(TokenError::bad_claim));
  EXPECT_EQ(with_exp("99999999999999999999"), is(TokenError::bad_claim));
  EXPECT_EQ(with_exp('"' + in_seconds(60) + '"'), is(TokenError::bad_claim));
  EXPECT_EQ(with_exp("null"), is(TokenError::bad_claim));
  EXPECT_EQ(with_exp("true"), is(TokenError::bad_claim));
  EXPECT_EQ(with_exp(in_seconds(60) + ".25"), "accepted");
  EXPECT_EQ(with_exp("1.7e9"), is(TokenError::bad_claim));
}

TEST(Jwt, RefusesWhatIsNotValidYet) {  // B62
  for (const std::string name : {"nbf", "iat"}) {
    const auto with = [&](std::int64_t seconds) {
      return outcome_of_claims(good_claims(",\"" + name + "\":" + in_seconds(seconds)));
    };
    EXPECT_EQ(with(0), "accepted");
    EXPECT_EQ(with(30), "accepted");
    EXPECT_EQ(with(31), is(TokenError::not_yet_valid));
    EXPECT_EQ(outcome_of_claims(good_claims(",\"" + name + "\":\"now\"")),
              is(TokenError::bad_claim));
  }
}

TEST(Jwt, ChecksAudienceAndIssuerWhereTheyAreConfigured) {  // B63
  const VerifierOptions options{.audience = "game", .issuer = "lobby"};
  const auto with = [&](const std::string& more) {
    return outcome_of_claims(good_claims(more), options);
  };
  EXPECT_EQ(with(R"(,"aud":"game","iss":"lobby")"), "accepted");
  EXPECT_EQ(with(R"(,"aud":["shop","game"],"iss":"lobby")"), "accepted");
  EXPECT_EQ(with(R"(,"aud":["shop"],"iss":"lobby")"), is(TokenError::wrong_audience));
  EXPECT_EQ(with(R"(,"aud":"Game","iss":"lobby")"), is(TokenError::wrong_audience));
  EXPECT_EQ(with(R"(,"aud":{"game":1},"iss":"lobby")"), is(TokenError::wrong_audience));
  EXPECT_EQ(with(R"(,"iss":"lobby")"), is(TokenError::wrong_audience));
  EXPECT_EQ(with(R"(,"aud":"game","iss":"other")"), is(TokenError::wrong_issuer));
  EXPECT_EQ(with(R"(,"aud":"game")"), is(TokenError::wrong_issuer));
  EXPECT_EQ(outcome_of_claims(good_claims(R"(,"aud":"any","iss":"any")")), "accepted");
}

TEST(Jwt, IsGoodForTheRoomsThatItNames) {  // B63
  const auto allows = [](const std::string& more, std::string_view room) {
    const auto verified = make_verifier({}).verify(make_signer().sign(good_claims(more)), kNowMs);
    return verified && verified.value().allows(room);
  };
  EXPECT_TRUE(allows("", "anything"));
  EXPECT_TRUE(allows(R"(,"room":"a")", "a"));
  EXPECT_FALSE(allows(R"(,"room":"a")", "b"));
  EXPECT_FALSE(allows(R"(,"room":"a")", "A"));
  EXPECT_FALSE(allows(R"(,"room":"*")", "b"));  // exact: a star there is a star
  EXPECT_TRUE(allows(R"(,"rooms":["lobby-*","x"])", "lobby-7"));
  EXPECT_TRUE(allows(R"(,"rooms":["lobby-*","x"])", "x"));
  EXPECT_FALSE(allows(R"(,"rooms":["lobby-*","x"])", "xy"));
  EXPECT_FALSE(allows(R"(,"rooms":[])", "x"));
  EXPECT_TRUE(allows(R"(,"room":"a","rooms":["b"])", "a"));
  EXPECT_TRUE(allows(R"(,"room":"a","rooms":["b"])", "b"));
}

TEST(Jwt, RefusesWhatIsNotThreePartsOfBase64url) {  // B64
  const Verifier verifier = make_verifier({});
  const std::string token = make_signer().sign(good_claims());
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  const std::string wrong[] = {"",
                               ".",
                               "..",
                               "...",
                               "a.b.c",
                               token.substr(0, second),
                               token + ".",
                               token + ".AAAA",
                               token + "=",
                               token.substr(0, first) + "=" + token.substr(first),
                               ' ' + token,
                               token + '\n',
                               token.substr(0, first) + "+/" + token.substr(first),
                               "Bearer " + token};
  for (const std::string& text : wrong) {
    EXPECT_NE(outcome(verifier, text), "accepted") << text;
  }
  EXPECT_EQ(outcome(verifier, token + "=="), is(TokenError::malformed));
  EXPECT_EQ(outcome(verifier, std::string(1 << 20, 'A')), is(TokenError::too_long));
}

TEST(Jwt, TakesATokenAtTheLimitAndNotOnePastIt) {
  const Verifier verifier = make_verifier({});
  std::string padding;
  std::string token;
  do {
    padding += 'x';
    token = make_signer().sign(good_claims(R"(,"pad":")" + padding + '"'));
  } while (token.size() < limits::kTokenBytesMax - 1);
  while (token.size() <= limits::kTokenBytesMax) {
    EXPECT_EQ(outcome(verifier, token), "accepted") << token.size();
    padding += 'x';
    token = make_signer().sign(good_claims(R"(,"pad":")" + padding + '"'));
  }
  EXPECT_EQ(outcome(verifier, token), is(TokenError::too_long));
}

TEST(Jwt, RefusesClaimsThatComeTwice) {  // B65
  EXPECT_EQ(outcome_of_claims(good_claims(R"(,"sub":"bob")")), is(TokenError::bad_claim));
  EXPECT_EQ(outcome_of_claims(good_claims(R"(,"s\u0075b":"bob")")), is(TokenError::bad_claim));
  EXPECT_EQ(outcome_of_claims(good_claims(",\"exp\":" + in_seconds(9999))),
            is(TokenError::bad_claim));
}

TEST(Jwt, RefusesClaimsOfAnotherTypeOrSize) {
  const std::string wrong[] = {
      "[]",
      "null",
      "\"text\"",
      "",
      "{",
      good_claims() + "x",
      "{\"exp\":" + in_seconds(60) + ",}",
      good_claims(R"(,"may":"admin")"),
      good_claims(R"(,"may":true)"),
      good_claims(R"(,"info":"text")"),
      good_claims(R"(,"info":[1])"),
      good_claims(R"(,"name":5)"),
      good_claims(R"(,"room":5)"),
      good_claims(R"(,"room":"")"),
      good_claims(R"(,"rooms":"a")"),
      good_claims(R"(,"rooms":[5])"),
      good_claims(R"(,"rooms":[""])"),
      good_claims(",\"info\":{\"a\":\"" + std::string(1024, 'x') + "\"}"),
      good_claims(",\"name\":\"" + std::string(1024, 'x') + '"'),
      R"({"sub":"\u001b[2J","exp":)" + in_seconds(60) + '}',
      R"({"sub":5,"exp":)" + in_seconds(60) + '}',
      "{\"sub\":\"\xff\",\"exp\":" + in_seconds(60) + '}',
      "{\"sub\":\"" + std::string(257, 'x') + "\",\"exp\":" + in_seconds(60) + '}',
      good_claims(",\"deep\":" + std::string(100, '[') + std::string(100, ']'))};
  for (const std::string& claims : wrong) {
    EXPECT_EQ(outcome_of_claims(claims), is(TokenError::bad_claim)) << claims;
  }
}

TEST(Jwt, SaysWhoThePlayerIs) {
  const auto read = [](const std::string& more) {
    return make_verifier({}).verify(make_signer().sign(good_claims(more)), kNowMs).value();
  };
  EXPECT_FALSE(read(R"(,"may":"watch")").may_send);
  EXPECT_TRUE(read(R"(,"may":"send")").may_send);
  EXPECT_EQ(read("").info, "");
  EXPECT_EQ(read(R"(,"name":"Ada \"L\"")").info, R"({"name":"Ada \"L\""})");
  EXPECT_EQ(read(R"(,"name":"Ada","info":{ "team":[1, 2.50] })").info, R"({ "team":[1, 2.50] })");
}

TEST(Jwt, IsGoodAsOftenAsItIsShownUntilItExpires) {  // B66
  const Verifier verifier = make_verifier({});
  const std::string token = make_signer().sign(good_claims());
  EXPECT_TRUE(verifier.verify(token, kNowMs));
  EXPECT_TRUE(verifier.verify(token, kNowMs + 89'999));
  EXPECT_EQ(verifier.verify(token, kNowMs + 90'000).error(), TokenError::expired);
}

TEST(Jwt, SaysWhatIsWrongWithAKey) {
  const auto error = [](TokenAlg alg, const std::string& key) {
    auto verifier = Verifier::create({.alg = alg, .key = key});
    return verifier ? std::string("accepted") : verifier.error();
  };
  EXPECT_EQ(error(TokenAlg::hs256, std::string(31, 'x')),
            "the secret has 31 bytes, and fewer than 32 can be guessed: make one with openssl rand "
            "-hex 32");
  EXPECT_EQ(error(TokenAlg::hs256, std::string(31, 'x') + '\n').substr(0, 23),
            "the secret has 31 bytes");
  EXPECT_EQ(error(TokenAlg::hs256, std::string(32, 'x') + "\r\n"), "accepted");
  EXPECT_EQ(error(TokenAlg::rs256, "nonsense"),
            "no public key or certificate in PEM (-----BEGIN PUBLIC KEY-----)");
  EXPECT_EQ(error(TokenAlg::rs256, test::key_pair(TokenAlg::rs256).private_pem).substr(0, 21),
            "this is a private key");
  EXPECT_EQ(error(TokenAlg::rs256, test::key_pair(TokenAlg::es256).public_pem),
            "RS256 needs an RSA key, and this is none");
  EXPECT_EQ(error(TokenAlg::es256, test::key_pair(TokenAlg::rs256).public_pem),
            "ES256 needs a key on the curve P-256 (prime256v1), and this is none");
  EXPECT_EQ(error(TokenAlg::eddsa, test::key_pair(TokenAlg::es256).public_pem),
            "EdDSA needs an Ed25519 key, and this is none");
  const auto p384 = test::pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
  EXPECT_EQ(error(TokenAlg::es256, p384.public_pem),
            "ES256 needs a key on the curve P-256 (prime256v1), and this is none");
  const auto weak = test::pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024}));
  EXPECT_EQ(error(TokenAlg::rs256, weak.public_pem),
            "the RSA key has 1024 bits, and fewer than 2048 are not safe");
}

TEST(Jwt, MatchesPatternsOfRoomNames) {
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("*", "a"));
  EXPECT_TRUE(matches_pattern("a*", "a"));
  EXPECT_TRUE(matches_pattern("a*c", "abc"));
  EXPECT_TRUE(matches_pattern("a*c", "abcbc"));
  EXPECT_TRUE(matches_pattern("*-*", "a-b-c"));
  EXPECT_TRUE(matches_pattern("**", "x"));
  EXPECT_FALSE(matches_pattern("", "a"));
  EXPECT_FALSE(matches_pattern("a*c", "abcd"));
  EXPECT_FALSE(matches_pattern("a*c", "ac*"));
  EXPECT_FALSE(matches_pattern("a?c", "abc"));
  EXPECT_FALSE(matches_pattern("a*b*c", "acb"));
  // Many stars against a long name: no exponential time.
  EXPECT_FALSE(matches_pattern("*a*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace gavel::session
