#include "objects/key.h"

#include <gtest/gtest.h>

namespace bl::objects {
namespace {

TEST(Key, may_hold_whatever_every_store_can_hold) {
  for (const char* key :
       {"a", "a/b/c.parquet", "month=2024-08/part 1+2%2F.parquet", "_delta_log/0.json",
        "\xe6\x97\xa5\xe6\x9c\xac/\xc3\xa9", ".hidden", "a..b", "...", "~!*'();:@&=$,?#[]\\"}) {
    EXPECT_TRUE(check_key(key).ok()) << key;
  }
  EXPECT_TRUE(check_key(std::string(255, 'a')).ok());
}

TEST(Key, is_refused_with_its_reason) {
  const auto message = [](std::string_view key) {
    const auto checked = check_key(key);
    return checked.ok() ? std::string("ok") : checked.error().message;
  };
  EXPECT_EQ(message(""), "an object's key is empty: ''");
  EXPECT_EQ(message("/a"), "an object's key has an empty segment: '/a'");
  EXPECT_EQ(message("a//b"), "an object's key has an empty segment: 'a//b'");
  EXPECT_EQ(message("a/"), "an object's key has an empty segment: 'a/'");
  EXPECT_EQ(message("a/../b"), "an object's key has a segment of dots: 'a/../b'");
  EXPECT_EQ(message("."), "an object's key has a segment of dots: '.'");
  EXPECT_EQ(message(".benchlake-staging/x"),
            "an object's key has a reserved segment (.benchlake-): '.benchlake-staging/x'");
  EXPECT_EQ(message("a\nb"), "an object's key has a control character, or is not UTF-8: 'a?b'");
  EXPECT_EQ(message(std::string_view("a\0b", 3)),
            "an object's key has a control character, or is not UTF-8: 'a?b'");
  EXPECT_TRUE(message("\xff").starts_with("an object's key has a control character"));
  EXPECT_TRUE(message("\xc2\x80").starts_with("an object's key has a control character"));
  EXPECT_TRUE(message(std::string(256, 'a')).starts_with("an object's key has a segment of more"));
  std::string deep = "a";
  while (deep.size() <= k_key_bytes_max) deep += "/a";
  EXPECT_TRUE(message(deep).starts_with("an object's key has more than 1000 bytes: 'a/a/"));
}

TEST(Key, a_prefix_is_any_front_of_one) {
  for (const char* prefix : {"", "a", "a/", "a/b", "_delta_log/0000", "."}) {
    EXPECT_TRUE(check_prefix(prefix).ok()) << prefix;
  }
  for (const char* prefix : {"/", "/a", "a//", "a\n"}) {
    EXPECT_FALSE(check_prefix(prefix).ok()) << prefix;
  }
}

}  // namespace
}  // namespace bl::objects
