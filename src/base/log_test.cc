#include "base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace gavel::log {
namespace {

// A pipe that the log writes to; what came is read without waiting.
class Target {
 public:
  explicit Target(Format format, const Levels& levels = Options{}.levels) {
    EXPECT_EQ(::pipe2(fds_, O_NONBLOCK), 0);
    start({.levels = levels, .format = format, .fd = fds_[1]});
  }
  ~Target() {
    start({});
    ::close(fds_[0]);
    ::close(fds_[1]);
  }
  // The lines since the last call, each without its time stamp.
  std::string take() {
    std::string text(1 << 20, '\0');
    const ssize_t got = ::read(fds_[0], text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  int read_end() const { return fds_[0]; }

 private:
  int fds_[2] = {-1, -1};
};

std::string behind_time(const std::string& line) { return line.substr(line.find(' ') + 1); }

TEST(Log, WritesATextLineWithItsFields) {
  Target target(Format::text);
  GAVEL_LOG(store, warning, "append failed", {"room", "puzzle 42"}, {"tries", 3}, {"ok", false},
            {"size", std::uint64_t{18446744073709551615u}}, {"delta", -5}, {"wait_s", 0.5});
  EXPECT_EQ(behind_time(target.take()),
            "warning store: append failed room=\"puzzle 42\" tries=3 ok=false "
            "size=18446744073709551615 delta=-5 wait_s=0.5\n");
}

TEST(Log, WritesAJsonLineWithItsFields) {
  Target target(Format::json);
  GAVEL_LOG(net, error, "closed", {"room", "a\"b"}, {"tries", 3});
  const std::string line = target.take();
  EXPECT_EQ(line.substr(0, 11), "{\"time\":\"20");
  EXPECT_EQ(line.substr(line.find(",\"level\"")),
            ",\"level\":\"error\",\"area\":\"net\",\"message\":\"closed\",\"room\":\"a\\\"b\","
            "\"tries\":3}\n");
}

TEST(Log, EscapesForeignTextSoThatALineStaysOneLine) {
  {
    Target target(Format::text);
    GAVEL_LOG(net, info, "joined", {"room", "x\r\n2026 error app: forged\x1b[2J\xff"});
    EXPECT_EQ(behind_time(target.take()),
              "info net: joined room=\"x\\u{d}\\u{a}2026 error app: forged\\u{1b}[2J\\xff\"\n");
  }
  Target target(Format::json);
  GAVEL_LOG(net, info, "joined", {"room", "\",\"level\":\"off\n"});
  const std::string line = target.take();
  EXPECT_NE(line.find(R"("room":"\",\"level\":\"off\\u{a}"})"), std::string::npos) << line;
}

TEST(Log, DoesNotEvaluateTheFieldsOfALevelThatIsOff) {
  Target target(Format::text);
  int evaluated = 0;
  GAVEL_LOG(room, debug, "turn", {"n", ++evaluated});
  EXPECT_EQ(evaluated, 0);
  EXPECT_EQ(target.take(), "");
}

TEST(Log, HasLevelsByArea) {
  auto levels = parse_levels("warning,net=debug,store=off");
  ASSERT_TRUE(levels);
  Target target(Format::text, levels.value());
  GAVEL_LOG(net, debug, "one");
  GAVEL_LOG(app, info, "two");
  GAVEL_LOG(app, warning, "three");
  GAVEL_LOG(store, error, "four");
  const std::string lines = target.take();
  EXPECT_NE(lines.find("one"), std::string::npos);
  EXPECT_EQ(lines.find("two"), std::string::npos);
  EXPECT_NE(lines.find("three"), std::string::npos);
  EXPECT_EQ(lines.find("four"), std::string::npos);
}

TEST(Log, SaysWhatIsWrongWithLevels) {
  const auto error = [](const char* text) { return parse_levels(text).error(); };
  EXPECT_EQ(error("warn"), "\"warn\" is no log level: debug, info, warning, error, off");
  EXPECT_EQ(error(""), "\"\" is no log level: debug, info, warning, error, off");
  EXPECT_EQ(error("info,disk=debug"),
            "\"disk\" is no area: app, net, session, room, store, shard, admin, archive, cli");
  EXPECT_EQ(error("net=debug"), "write one level for all, then those that differ: info,net=debug");
  EXPECT_EQ(error("info,debug"), "write one level for all, then those that differ: info,net=debug");
}

TEST(Log, ACallSiteTellsHowManyLinesItLeftOut) {
  Site site;
  std::uint32_t suppressed = 0;
  for (std::uint32_t i = 0; i < kLinesASecond; ++i) EXPECT_TRUE(site.admit(100, suppressed));
  EXPECT_FALSE(site.admit(100, suppressed));
  EXPECT_FALSE(site.admit(100, suppressed));
  EXPECT_TRUE(site.admit(101, suppressed));
  EXPECT_EQ(suppressed, 2u);
  EXPECT_TRUE(site.admit(101, suppressed));
  EXPECT_EQ(suppressed, 0u);
}

TEST(Log, CutsALineAtWhatAPipeTakesInOnePiece) {
  Target target(Format::json);
  const std::string big(100'000, 'x');
  GAVEL_LOG(net, info, "big", {"a", big}, {"b", big}, {"c", big}, {"d", big}, {"e", big},
            {"f", big}, {"g", big}, {"h", big}, {"i", big});
  const std::string line = target.take();
  EXPECT_LE(line.size(), 4096u);
  EXPECT_EQ(line.substr(line.size() - 2), "}\n");
}

TEST(Log, NeitherWaitsNorFailsWhereNobodyReads) {
  const std::uint64_t before = lost_lines();
  {
    Target target(Format::text);
    const std::string value(500, 'x');
    for (int i = 0; i < 200; ++i) {  // 64 KiB fit into the pipe
      Site site;
      write(site, Area::net, Level::info, "nobody reads", {{"value", value}});
    }
  }
  EXPECT_GT(lost_lines(), before);
}

TEST(Log, GoesOnWhereTheTargetIsClosedOrFull) {
  const std::uint64_t before = lost_lines();
  start({.fd = 987});  // no such descriptor
  GAVEL_LOG(net, info, "into nothing");
  const int full = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  start({.fd = full});
  GAVEL_LOG(net, info, "into a full disk");
  start({});
  ::close(full);
  EXPECT_EQ(lost_lines(), before + 2);
}

TEST(LogDeathTest, KeepsTheStandardDescriptorsFromBecomingSockets) {
  EXPECT_EXIT(
      {
        ::close(0);
        ::close(2);
        hold_standard_descriptors();
        ::_exit(::dup(1) > 2 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace gavel::log
