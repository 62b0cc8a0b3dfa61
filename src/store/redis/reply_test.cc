#include "store/redis/reply.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/redis/command.h"
#include "store/redis/node.h"

namespace gavel::store::redis {
namespace {

// Every reply as text, e.g. [+OK,:5,$text,_]; "!" at the end where the bytes are not RESP.
std::string text_of(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::nil:
      return "_";
    case Reply::Kind::text:
      return "$" + reply.text;
    case Reply::Kind::status:
      return "+" + reply.text;
    case Reply::Kind::error:
      return "-" + reply.text;
    case Reply::Kind::integer:
      return ":" + std::to_string(reply.integer);
    case Reply::Kind::array:
      break;
  }
  std::string out = "[";
  for (const Reply& item : reply.items) out += (out.size() > 1 ? "," : "") + text_of(item);
  return out + "]";
}

std::string read_in_pieces(std::string_view bytes, std::size_t piece) {
  ReplyReader reader;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const bool fine = reader.feed(bytes.substr(at, piece), [&](Reply& reply) {
      out += text_of(reply) + ";";
      return true;
    });
    if (!fine) return out + "!";
  }
  return out;
}

TEST(ReplyReader, ReadsRepliesOnEverySplit) {
  const std::string bytes =
      "+OK\r\n:-42\r\n$5\r\na\r\nbc\r\n$-1\r\n*-1\r\n-ERR no\r\n"
      "*3\r\n$8\r\nsmessage\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n_x\r\n";
  const std::string good = bytes.substr(0, bytes.size() - 4) + "+end\r\n";
  const std::string expected = "+OK;:-42;$a\r\nbc;_;_;-ERR no;[$smessage,[:1,[$]],+end];";
  for (std::size_t piece = 1; piece <= good.size(); ++piece) {
    ASSERT_EQ(read_in_pieces(good, piece), expected) << "in pieces of " << piece;
  }
}

TEST(ReplyReader, WhatIsNotRespEndsIt) {
  for (const std::string_view bytes :
       {"HTTP/1.1 400 Bad Request\r\n", "$abc\r\n", ":\r\n", "*99999999999999\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "$-2\r\n"}) {
    for (const std::size_t piece : {std::size_t{1}, bytes.size()}) {
      const std::string read = read_in_pieces(bytes, piece);
      EXPECT_TRUE(read.ends_with("!")) << bytes << " gave " << read;
    }
  }
}

TEST(ReplyReader, AReplyThatWouldFillTheMemoryEndsIt) {
  ReplyReader reader;
  const auto ignore = [](Reply&) { return true; };
  EXPECT_TRUE(reader.feed("$536870912\r\n", ignore));
  const std::string piece(1 << 20, 'x');
  int fed = 0;
  while (reader.feed(piece, ignore)) ASSERT_LT(++fed, 20);
  ReplyReader another;
  EXPECT_TRUE(another.feed("*2147483647\r\n", ignore)) << "a count reserves nothing";
}

TEST(Reply, NumbersComeAsTextOrAsIntegers) {
  Reply reply;
  ReplyReader reader;
  reader.feed("*5\r\n:7\r\n$2\r\n12\r\n$1\r\nx\r\n:-1\r\n$-1\r\n", [&](Reply& one) {
    reply = one;
    return true;
  });
  EXPECT_EQ(reply.number(0), 7u);
  EXPECT_EQ(reply.number(1), 12u);
  for (const std::size_t item : {2u, 3u, 4u, 5u}) EXPECT_EQ(reply.number(item), 0u);
}

TEST(Command, IsAnArrayOfBulkStrings) {
  Command command{"SET", "k\r\n"};
  command.add(std::uint64_t{42}).add("");
  std::string out = "before";
  command.write_to(out);
  EXPECT_EQ(out, "before*4\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$2\r\n42\r\n$0\r\n\r\n");
}

TEST(Trouble, EachErrorOfRedisHasItsAnswer) {
  const std::pair<const char*, Trouble> table[] = {
      {"OOM command not allowed when used memory > 'maxmemory'.", Trouble::full},
      {"MOVED 1234 127.0.0.1:7001", Trouble::moved},
      {"ASK 1234 127.0.0.1:7001", Trouble::later},
      {"TRYAGAIN Multiple keys request during rehashing of slot", Trouble::later},
      {"LOADING Redis is loading the dataset in memory", Trouble::later},
      {"BUSY Redis is busy running a script.", Trouble::later},
      {"CLUSTERDOWN The cluster is down", Trouble::later},
      {"MISCONF Errors writing to the AOF file: No space left on device", Trouble::later},
      {"NOREPLICAS Not enough good replicas to write.", Trouble::later},
      {"READONLY You can't write against a read only replica.", Trouble::not_master},
      {"ERR Function not found", Trouble::no_function},
      {"NOAUTH Authentication required.", Trouble::access},
      {"WRONGPASS invalid username-password pair or user is disabled.", Trouble::access},
      {"NOPERM this user has no permissions", Trouble::access},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", Trouble::wrong_type},
      {"ERR something else", Trouble::unclear},
      {"", Trouble::unclear},
  };
  for (const auto& [error, trouble] : table) EXPECT_EQ(trouble_of(error), trouble) << error;
}

}  // namespace
}  // namespace gavel::store::redis
