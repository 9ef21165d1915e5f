#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/tokens.h"
#include "base/testing/faulty_disk.h"
#include "base/testing/memory_disk.h"

namespace bl::access {
namespace {

const std::string k_path = "/data/operator.token";

class OperatorTokenTest : public ::testing::Test {
 protected:
  OperatorTokenTest() { BL_CHECK(disk_.make_folder("/data").ok()); }
  Result<OperatorToken> load() { return load_operator_token(disk_, "/data", random_); }
  void put(std::string_view bytes) {
    BL_CHECK(write_file_atomically(disk_, k_path, bytes, FileMode::normal).ok());
  }
  MemoryDisk disk_;
  SeededRandom random_{7};
};

TEST_F(OperatorTokenTest, the_first_start_writes_it_for_its_owner_only) {
  auto token = load().value();
  EXPECT_TRUE(token.created);
  EXPECT_THAT(token.plaintext, ::testing::MatchesRegex("bl_[A-Za-z0-9_-]{43}"));
  EXPECT_EQ(disk_.content(k_path).value(), token.plaintext + "\n");
  EXPECT_EQ(disk_.mode(k_path), FileMode::secret);
}

TEST_F(OperatorTokenTest, later_starts_read_the_same) {
  auto first = load().value();
  auto second = load().value();
  EXPECT_FALSE(second.created);
  EXPECT_EQ(second.plaintext, first.plaintext);
}

TEST_F(OperatorTokenTest, it_survives_a_power_cut_when_it_was_given_out) {
  auto token = load().value();
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    auto left = disk_.after_power_cut(seed);
    EXPECT_EQ(load_operator_token(*left, "/data", random_)->plaintext, token.plaintext)
        << "seed " << seed;
  }
}

TEST_F(OperatorTokenTest, an_operator_may_choose_his_own) {
  put("  \n");
  EXPECT_FALSE(load().ok());
  put("correct-horse-battery-staple\r\n");
  EXPECT_EQ(load()->plaintext, "correct-horse-battery-staple");
}

TEST_F(OperatorTokenTest, what_cannot_be_a_token_is_corrupt_and_is_not_printed) {
  for (const std::string& bytes :
       {std::string(), std::string("short"), std::string("two words, long enough by far"),
        std::string("secret-with-a-\x01-inside-of-it"), std::string(201, 's'),
        std::string(5000, 's')}) {
    put(bytes);
    auto token = load();
    ASSERT_FALSE(token.ok()) << bytes;
    EXPECT_EQ(token.error().code, Code::corrupt);
    EXPECT_THAT(token.error().message, ::testing::EndsWith(k_path));
  }
}

TEST_F(OperatorTokenTest, a_disk_that_fails_gives_no_token_or_a_durable_one) {
  for (std::uint64_t n = 1; n < 12; ++n) {
    MemoryDisk memory;
    ASSERT_TRUE(memory.make_folder("/data").ok());
    FaultyDisk disk(memory, {.fail_at = n, .code = Code::disk_full});
    auto token = load_operator_token(disk, "/data", random_);
    if (!token.ok()) {
      EXPECT_EQ(token.error().code, Code::disk_full);
      continue;
    }
    auto left = memory.after_power_cut(0);
    EXPECT_EQ(load_operator_token(*left, "/data", random_)->plaintext, token->plaintext)
        << "call " << n;
  }
}

}  // namespace
}  // namespace bl::access
