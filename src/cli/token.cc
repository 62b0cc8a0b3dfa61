// `gavel token`: makes a join token, for trying things out and for scripts.
#include "cli/token.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/config_file.h"
#include "base/escape.h"
#include "base/units.h"
#include "session/jwt_signer.h"

namespace gavel::cli {
namespace {

struct Given {
  std::string key_file;
  std::string alg = "HS256";
  std::string room;
  std::vector<std::string> rooms;
  std::string sub;
  std::string name;
  std::string audience;
  std::string issuer;
  std::string kid;
  std::string ttl = "1h";
  bool watch = false;
};

int refuse(const std::string& what) {
  std::fprintf(stderr, "gavel token: %s\n", what.c_str());
  return 2;
}

// `text` is plain (is_plain_text()): no control characters to escape.
std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

void add_claim(std::string& claims, const char* name, const std::string& text) {
  if (!text.empty()) claims += std::string(",\"") + name + "\":" + json_text(text);
}

std::string claims_of(const Given& given, std::int64_t now_s, std::int64_t ttl_s) {
  std::string claims =
      "{\"iat\":" + std::to_string(now_s) + ",\"exp\":" + std::to_string(now_s + ttl_s);
  add_claim(claims, "sub", given.sub);
  add_claim(claims, "name", given.name);
  add_claim(claims, "aud", given.audience);
  add_claim(claims, "iss", given.issuer);
  add_claim(claims, "room", given.room);
  if (!given.rooms.empty()) {
    std::string list;
    for (const std::string& pattern : given.rooms) {
      list += (list.empty() ? "" : ",") + json_text(pattern);
    }
    claims += ",\"rooms\":[" + list + ']';
  }
  if (given.watch) claims += ",\"may\":\"watch\"";
  return claims + '}';
}

int run_token(const Given& given) {
  session::TokenAlg alg{};
  if (!session::parse_token_alg(given.alg, alg)) {
    return refuse("--alg: \"" + escape_for_log(given.alg) +
                  "\" is not one of HS256, RS256, ES256, EdDSA");
  }
  const auto ttl = parse_duration(given.ttl);
  if (!ttl) return refuse("--ttl: " + ttl.error());
  const auto ttl_s = std::chrono::duration_cast<std::chrono::seconds>(ttl.value()).count();
  if (ttl_s < 1) return refuse("--ttl: a token lives for a second at least");
  for (const std::string* text :
       {&given.room, &given.sub, &given.name, &given.audience, &given.issuer, &given.kid}) {
    if (!is_plain_text(*text)) return refuse("control characters or no UTF-8 in a text");
  }
  for (const std::string& pattern : given.rooms) {
    if (!is_plain_text(pattern)) return refuse("control characters or no UTF-8 in --rooms");
  }
  std::string error;
  const auto key = read_small_file(given.key_file, error);
  if (!key) return refuse("--key-file: " + error);
  const auto signer = session::Signer::create(alg, *key);
  if (!signer)
    return refuse("--key-file: " + escape_for_log(given.key_file) + ": " + signer.error());
  const std::int64_t now_s = SystemClock().wall_ms() / 1000;
  std::string header = "{\"alg\":\"" + std::string(session::name_of(alg)) + "\",\"typ\":\"JWT\"";
  add_claim(header, "kid", given.kid);
  const std::string token = signer.value().sign(header + '}', claims_of(given, now_s, ttl_s));
  if (token.size() > limits::kTokenBytesMax) return refuse("the token is longer than 8 KiB");
  const bool good = !token.empty() && std::puts(token.c_str()) >= 0 && std::fflush(stdout) == 0;
  return good ? 0 : 1;
}

}  // namespace

void add_token_command(CLI::App& app, std::function<int()>& run) {
  CLI::App* const command =
      app.add_subcommand("token", "Make a join token and print it")
          ->footer(
              "A key: openssl rand -hex 32 > key (HS256), openssl genpkey -algorithm ed25519 "
              "-out key.pem (EdDSA; the server gets openssl pkey -in key.pem -pubout)");
  const auto given = std::make_shared<Given>();
  command->add_option("--key-file", given->key_file, "Private key in PEM, or the secret for HS256")
      ->type_name("FILE")
      ->required();
  command->add_option("--alg", given->alg, "HS256, RS256, ES256 or EdDSA [HS256]")
      ->type_name("ALG");
  command->add_option("--room", given->room, "The one room that it is good for")->type_name("ROOM");
  command
      ->add_option(
          "--rooms", given->rooms,
          "Rooms that it is good for; * stands for any text. Without --room and --rooms: all")
      ->type_name("PATTERN")
      ->expected(1, -1)
      ->allow_extra_args(false);
  command->add_option("--sub", given->sub, "Who the player is")->type_name("TEXT");
  command->add_option("--name", given->name, "What the others are told")->type_name("TEXT");
  command->add_option("--ttl", given->ttl, "How long it is good [1h]")->type_name("DURATION");
  command->add_option("--aud", given->audience, "Whom it is meant for")->type_name("TEXT");
  command->add_option("--iss", given->issuer, "Who made it")->type_name("TEXT");
  command->add_option("--kid", given->kid, "Which key of a key set")->type_name("TEXT");
  command->add_flag("--watch", given->watch, "The player may watch, not send");
  command->callback([given, &run] { run = [given] { return run_token(*given); }; });
}

}  // namespace gavel::cli
