#include "wire/codes.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace gavel::wire {
namespace {

TEST(Codes, NumbersTellWhetherToComeBack) {
  for (const CloseInfo& close : close_codes()) {
    const int code = number(close.code);
    if (code >= 4000 && code < 4100) {
      EXPECT_EQ(close.reconnect, Reconnect::resume) << code;
    }
    if (code >= 4100) {
      EXPECT_EQ(close.reconnect, Reconnect::no) << code;
    }
    EXPECT_TRUE((code >= 1000 && code < 1016) || (code >= 4000 && code < 4200)) << code;
  }
}

TEST(Codes, EachIsThereOnce) {
  std::set<int> numbers;
  std::set<std::string_view> names;
  for (const CloseInfo& close : close_codes()) {
    EXPECT_TRUE(numbers.insert(number(close.code)).second) << close.name;
    EXPECT_TRUE(names.insert(close.name).second) << close.name;
  }
  names.clear();
  for (const ErrorInfo& error : error_codes())
    EXPECT_TRUE(names.insert(error.name).second) << error.name;
}

TEST(Codes, AreFoundByNumberAndByName) {
  EXPECT_EQ(find_close(4104)->code, CloseCode::replaced);
  EXPECT_FALSE(find_close(4199));
  EXPECT_EQ(find_error("bad_json")->code, ErrorCode::bad_json);
  EXPECT_FALSE(find_error("bad"));
  for (const ErrorInfo& error : error_codes()) EXPECT_EQ(info(error.code).name, error.name);
  EXPECT_EQ(info(ErrorCode::room_full).close, CloseCode::room_full);
}

TEST(Codes, FitInACloseFrame) {
  for (const CloseInfo& close : close_codes()) EXPECT_LE(close.meaning.size(), 123u) << close.name;
}

}  // namespace
}  // namespace gavel::wire
