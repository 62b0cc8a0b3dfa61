#include "app/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "app/config/print.h"
#include "app/config/value.h"

namespace gavel::app {
namespace {

Loaded load_text(const std::string& text) {
  Loaded loaded;
  load_toml(text, "gavel.toml", loaded);
  if (loaded.ok()) check_together(loaded);
  return loaded;
}

// The errors, one a line.
std::string errors_of(const Loaded& loaded) {
  std::string all;
  for (const std::string& error : loaded.errors) all += (all.empty() ? "" : "\n") + error;
  return all;
}

const Option& option(std::string_view name) {
  for (const Option& row : options()) {
    if (row.name == name) return row;
  }
  ADD_FAILURE() << "no option " << name;
  return options()[0];
}

CommandLine command_line(std::initializer_list<std::pair<const char*, Strings>> given) {
  CommandLine line;
  for (const auto& [name, values] : given) line.given.emplace_back(&option(name), values);
  return line;
}

const Origin& origin(const Loaded& loaded, std::string_view name) {
  return loaded.origins[static_cast<std::size_t>(&option(name) - options().data())];
}

TEST(Load, WhatIsGivenLaterStandsAboveWhatIsGivenEarlier) {
  Loaded loaded;
  const char* const environment[] = {"GAVEL_THREADS=3", "GAVEL_DRAIN=3s", "HOME=/root", nullptr};
  load_toml("[server]\nthreads = 2\ndrain = \"2s\"\nstats = \"2s\"\n", "gavel.toml", loaded);
  const Loaded all = load(command_line({{"threads", {"4"}}}), environment);
  EXPECT_EQ(errors_of(all), "");
  EXPECT_EQ(all.config.threads, 4);
  EXPECT_EQ(origin(all, "threads").where, "--threads");
  EXPECT_EQ(all.config.drain, std::chrono::seconds(3));
  EXPECT_EQ(origin(all, "drain").where, "GAVEL_DRAIN");
  EXPECT_EQ(origin(all, "stats").kind, Origin::Kind::built_in);
  EXPECT_EQ(origin(loaded, "stats").where, "gavel.toml:4:1");
}

TEST(Load, AListOfOneSourceReplacesThatOfAnother) {
  const char* const environment[] = {"GAVEL_LISTEN=a:1,b:2", nullptr};
  EXPECT_EQ(load({}, environment).config.listen, (Strings{"a:1", "b:2"}));
  EXPECT_EQ(load(command_line({{"listen", {"c:3", "d:4"}}}), environment).config.listen,
            (Strings{"c:3", "d:4"}));
  EXPECT_EQ(load_text("[server]\nlisten = \"e:5\"").config.listen, Strings{"e:5"});
  EXPECT_EQ(load_text("[server]\nlisten = [\"e:5\", \"[::1]:6\"]").config.listen,
            (Strings{"e:5", "[::1]:6"}));
}

TEST(Load, TakesEveryOptionOfThePrintedDefaults) {
  // Each line is made a setting; what is read is what a new Config holds.
  std::string text = print_defaults();
  for (std::size_t at = 0; (at = text.find("\n#", at)) != std::string::npos; ++at) {
    const std::size_t behind = at + 2;
    if (text[behind] != ' ') text.erase(at + 1, 1);
  }
  const Loaded loaded = load_text(text);
  EXPECT_EQ(errors_of(loaded), "");
  EXPECT_TRUE(differences(loaded.config, Config{}).empty());
  for (std::size_t i = 0; i < options().size(); ++i) {
    EXPECT_EQ(loaded.origins[i].kind, Origin::Kind::file) << options()[i].name;
  }
}

TEST(Load, TakesEveryDefaultFromTheEnvironment) {
  const Config built_in;
  for (const Option& row : options()) {
    const std::string variable = environment_name(row) + '=' + format(row, built_in);
    const char* const environment[] = {variable.c_str(), nullptr};
    const Loaded loaded = load({}, environment);
    EXPECT_EQ(loaded.warnings.size(), 0u) << variable;
    EXPECT_TRUE(same(row, loaded.config, built_in)) << variable;
  }
}

TEST(Load, GivesEveryOptionAPlaceOfItsOwn) {
  for (const Option& row : options()) {
    EXPECT_EQ(find_option(row.section, row.key), &row) << row.name;
    EXPECT_EQ(&option(row.name), &row);
    EXPECT_FALSE(row.help.ends_with('.')) << row.name;
    if (row.kind == Kind::number || row.kind == Kind::size || row.kind == Kind::duration) {
      EXPECT_LT(row.min, row.max) << row.name;
    }
  }
}

struct Wrong {
  const char* toml;
  const char* error;
};

constexpr Wrong kWrongFiles[] = {
    // Names
    {"[server]\nthread = 2", "gavel.toml:2:1: no option server.thread; did you mean threads?"},
    {"[rooms]\nmembers_max = 2",
     "gavel.toml:2:1: no option rooms.members_max; did you mean members-max?"},
    {"[server]\nping-interval = \"5s\"",
     "gavel.toml:2:1: no option server.ping-interval; did you mean ping-interval in "
     "[connections]?"},
    {"[server]\nrooms-max = 5",
     "gavel.toml:2:1: no option server.rooms-max; did you mean max in [rooms]?"},
    {"[server]\nxyzzy = 2", "gavel.toml:2:1: no option server.xyzzy"},
    {"[sever]\nthreads = 2", "gavel.toml:1:2: no section [sever]; did you mean server?"},
    {"[kitchen]\nsink = 1", "gavel.toml:1:2: no section [kitchen]"},
    {"threads = 2",
     "gavel.toml:1:1: no option threads outside of a section; did you mean threads in [server]?"},
    // Syntax
    {"[server]\nthreads = 1\nthreads = 2",
     "gavel.toml:3:11: Error while parsing key-value pair: cannot redefine existing integer "
     "'threads'"},
    {"[log]\nlevel = \"info\n", nullptr},
    {"[log]\nlevel = info\n", nullptr},
    {"[server", nullptr},
    {"[log]\nlevel = \"\xff\"\n", nullptr},
    // Types
    {"[server]\nthreads = \"2\"",
     "gavel.toml:2:11: server.threads: \"2\" is a text where a number belongs: 0 to 256"},
    {"[server]\nthreads = 2.5",
     "gavel.toml:2:11: server.threads: a decimal number where a whole number belongs"},
    {"[server]\nthreads = true",
     "gavel.toml:2:11: server.threads: true or false where a whole number belongs"},
    {"[server]\necho = \"yes\"",
     "gavel.toml:2:8: server.echo: \"yes\" is a text where true or false belongs"},
    {"[server]\necho = 1", "gavel.toml:2:8: server.echo: a number where true or false belongs"},
    {"[server]\nadmin = 8766",
     "gavel.toml:2:9: server.admin: a number where a text belongs: write \"8766\""},
    {"[server]\nadmin = [\"a:1\"]", "gavel.toml:2:9: server.admin: a list where a text belongs"},
    {"[server]\ndrain = 1979-05-27",
     "gavel.toml:2:9: server.drain: a date or time where a duration (\"5s\") belongs"},
    {"[server.listen]\na = 1",
     "gavel.toml:1:1: server.listen: a table where a list of texts belongs"},
    // Numbers and units
    {"[server]\nthreads = -1", "gavel.toml:2:11: server.threads: \"-1\" is too small: 0 to 256"},
    {"[server]\nthreads = 257", "gavel.toml:2:11: server.threads: \"257\" is too large: 0 to 256"},
    {"[rooms]\nmax = 0", "gavel.toml:2:7: rooms.max: \"0\" is too small: 1 to 100000000"},
    {"[server]\ndrain = 5",
     "gavel.toml:2:9: server.drain: \"5\" is not a duration: write 5s or 5ms; a duration is a "
     "whole number and us, "
     "ms, s, m, h or d: 250ms, 5s, 2m"},
    {"[server]\ndrain = \"2h\"", "gavel.toml:2:9: server.drain: \"2h\" is too large: 0 to 1h"},
    {"[messages]\nbytes-max = \"1 MB\"",
     "gavel.toml:2:13: messages.bytes-max: \"1 MB\" is not a size: write 1MB or 1MiB; a size is a "
     "whole number and B, "
     "KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024): 4096, 64KiB"},
    {"[messages]\nbytes-max = \"2MiB\"",
     "gavel.toml:2:13: messages.bytes-max: \"2MiB\" is too large: 128 to 1MiB"},
    {"[messages]\nbytes-max = -5",
     "gavel.toml:2:13: messages.bytes-max: \"-5\" is too small: 128 to 1MiB"},
    // Texts
    {"[server]\nlisten = \"127.0.0.1:70000\"",
     "gavel.toml:2:10: server.listen: \"127.0.0.1:70000\": \"70000\" is no port: 1 to 65535, or 0 "
     "for a free one"},
    {"[server]\nlisten = [\"127.0.0.1:80\", \"localhost\"]",
     "gavel.toml:2:27: server.listen: \"localhost\": the port is missing: write HOST:PORT, e.g. "
     "0.0.0.0:8765 or "
     "[::]:8765"},
    {"[server]\nlisten = \"::1:80\"",
     "gavel.toml:2:10: server.listen: \"::1:80\": an IPv6 address needs brackets: write HOST:PORT, "
     "e.g. 0.0.0.0:8765 "
     "or [::]:8765"},
    {"[server]\nlisten = []",
     "gavel.toml:2:1: server.listen: no address for players: write e.g. 127.0.0.1:8765"},
    {"[store]\nurl = \"rock:./data\"",
     "gavel.toml:2:7: store.url: \"rock:./data\": no store: memory, rocks:DIR, redis://HOST:PORT, "
     "rediss://HOST:PORT, "
     "redis-cluster://HOST:PORT, unix:PATH; did you mean rocks?"},
    {"[store]\ndurability = \"syncd\"",
     "gavel.toml:2:14: store.durability: \"syncd\" is not one of written or synced; did you mean "
     "synced?"},
    {"[token]\nalg = \"none\"",
     "gavel.toml:2:7: token.alg: \"none\" is not one of HS256, RS256, ES256, EdDSA or empty"},
    {"[log]\nlevel = \"verbose\"",
     "gavel.toml:2:9: log.level: \"verbose\": \"verbose\" is no log level: debug, info, warning, "
     "error, off"},
    {"[connections]\nallow-origin = [\"game.example\"]",
     "gavel.toml:2:17: connections.allow-origin: \"game.example\": an origin begins with its "
     "scheme: write "
     "https://game.example"},
    // Together
    {"[tls]\ncert = \"c.pem\"",
     "gavel.toml:2:1: tls.cert: a certificate without its key: set tls-key"},
    {"[token]\nrequired = true",
     "gavel.toml:2:1: token.required: no token can be checked: set token-alg"},
    {"[token]\nalg = \"ES256\"",
     "gavel.toml:2:1: token.alg: no key to check tokens with: set token-key-file or "
     "token-jwks-file"},
    {"[server]\nadmin = \"0.0.0.0:8766\"",
     "gavel.toml:2:1: server.admin: \"0.0.0.0:8766\" can be reached from other machines, and no "
     "key is asked for: set "
     "admin-key-file, or listen on 127.0.0.1"},
    {"[rooms]\nbacklog-bytes = \"32KiB\"",
     "gavel.toml:2:1: rooms.backlog-bytes: smaller than message-bytes-max: the longest message "
     "doesn't fit"},
    {"[redis]\nwait-replicas = 1", "gavel.toml:2:1: redis.wait-replicas: the store is not Redis"},
};

TEST(Load, SaysWhatIsWrongInAFileWhereAndWhatToWrite) {  // F48, B73
  for (const Wrong& wrong : kWrongFiles) {
    const std::string errors = errors_of(load_text(wrong.toml));
    if (wrong.error != nullptr) {
      EXPECT_EQ(errors, wrong.error) << wrong.toml;
    } else {  // the words are the TOML library's, the place is ours
      EXPECT_EQ(errors.substr(0, 11), "gavel.toml:") << wrong.toml << '\n' << errors;
    }
  }
}

TEST(Load, TellsAllThatIsWrongAtOnce) {
  EXPECT_EQ(errors_of(load_text("[server]\nthread = 2\nthreads = 999\n[log]\nlevel = 5")),
            "gavel.toml:5:9: log.level: a number where a text belongs: write \"5\"\n"
            "gavel.toml:2:1: no option server.thread; did you mean threads?\n"
            "gavel.toml:3:11: server.threads: \"999\" is too large: 0 to 256");
}

TEST(Load, NamesTheVariableOrTheOptionThatIsWrong) {
  const char* const environment[] = {"GAVEL_THREADS=many", "GAVEL_ECHO=1", nullptr};
  const Loaded loaded =
      load(command_line({{"drain", {"5"}}, {"listen", {"a:1", "b"}}}), environment);
  EXPECT_EQ(
      errors_of(loaded),
      "GAVEL_THREADS: \"many\" is no whole number: 0 to 256\n"
      "GAVEL_ECHO: \"1\" is neither true nor false: write true\n"
      "--drain: \"5\" is not a duration: write 5s or 5ms; a duration is a whole number and us, ms, "
      "s, m, h or "
      "d: 250ms, 5s, 2m\n"
      "--listen: \"b\": the port is missing: write HOST:PORT, e.g. 0.0.0.0:8765 or [::]:8765");
}

TEST(Load, WarnsOfVariablesThatNobodyReads) {
  const char* const environment[] = {"GAVEL_THREAD=2", "GAVEL_SERVICE_HOST=10.0.0.1", nullptr};
  const Loaded loaded = load({}, environment);
  EXPECT_TRUE(loaded.ok());
  ASSERT_EQ(loaded.warnings.size(), 2u);
  EXPECT_EQ(loaded.warnings[0], "GAVEL_THREAD: no such option; did you mean GAVEL_THREADS?");
  EXPECT_EQ(loaded.warnings[1], "GAVEL_SERVICE_HOST: no such option");
}

TEST(Load, SaysThatAFileIsMissing) {
  CommandLine line;
  line.config_file = "/nowhere/gavel.toml";
  EXPECT_EQ(errors_of(load(line, nullptr)),
            "/nowhere/gavel.toml: can't be read: No such file or directory");
  const char* const environment[] = {"GAVEL_CONFIG=/nowhere/else.toml", nullptr};
  EXPECT_EQ(errors_of(load({}, environment)),
            "/nowhere/else.toml: can't be read: No such file or directory");
}

TEST(Print, TheEffectiveConfigurationNamesOriginsAndHidesPasswords) {
  const char* const environment[] = {"GAVEL_STORE=redis://u:s3cret@h:1/0", nullptr};
  const std::string text = print_effective(load(command_line({{"threads", {"2"}}}), environment));
  EXPECT_EQ(text.find("s3cret"), std::string::npos);
  EXPECT_THAT(text,
              testing::ContainsRegex("\nurl = \"redis://u:[*][*][*]@h:1/0\" +# GAVEL_STORE\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\nthreads = 2 +# --threads\n"));
  EXPECT_EQ(errors_of(load_text(text)), "");
}

TEST(Print, TheReferenceHasARowForEachOption) {
  const std::string text = print_reference();
  for (const Option& row : options()) {
    EXPECT_NE(text.find("`--" + std::string(row.name) + "`"), std::string::npos) << row.name;
  }
}

}  // namespace
}  // namespace gavel::app
