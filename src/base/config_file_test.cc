#include "base/config_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace gavel {
namespace {

class ConfigFile : public testing::Test {
 protected:
  std::string path_ = testing::TempDir() + "gavel_config_file_" + std::to_string(::getpid());
  std::string error_;

  void write(const std::string& content) {
    std::FILE* const file = std::fopen(path_.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    std::fwrite(content.data(), 1, content.size(), file);
    std::fclose(file);
  }
  ~ConfigFile() override { ::unlink(path_.c_str()); }
};

TEST_F(ConfigFile, IsReadWholeWithAllItsBytes) {
  const std::string content("a\0b\nc\n", 6);
  write(content);
  EXPECT_EQ(read_small_file(path_, error_), content);
  EXPECT_EQ(read_small_file(path_, error_, 6), content);
  EXPECT_EQ(read_small_file(path_, error_, 5), std::nullopt);
  EXPECT_EQ(error_, path_ + ": larger than 5 bytes: is it the right file?");
}

TEST_F(ConfigFile, SaysWhyItCanNotBeRead) {
  EXPECT_EQ(read_small_file(path_, error_), std::nullopt);
  EXPECT_EQ(error_, path_ + ": can't be read: No such file or directory");
  EXPECT_EQ(read_small_file("/", error_), std::nullopt);
  EXPECT_EQ(error_, "/: can't be read: Is a directory");
}

TEST_F(ConfigFile, GivesASecretWithoutTheEndOfItsLine) {
  for (const char* content : {"s3cret", "s3cret\n", "s3cret\r\n", "s3cret\nsecond line\n"}) {
    write(content);
    EXPECT_EQ(read_secret_line(path_, error_), "s3cret");
  }
  for (const char* content : {"", "\n", "\r\ns3cret"}) {
    write(content);
    EXPECT_EQ(read_secret_line(path_, error_), std::nullopt);
    EXPECT_EQ(error_, path_ + ": the first line is empty: it must hold the key");
  }
}

}  // namespace
}  // namespace gavel
