#include "base/utf8.h"

#include <gtest/gtest.h>

namespace bl {
namespace {

TEST(DecodeUtf8, takes_one_code_point_from_the_front) {
  EXPECT_EQ(decode_utf8("ab").code_point, U'a');
  EXPECT_EQ(decode_utf8("\xc3\xa9x").code_point, U'\u00e9');
  EXPECT_EQ(decode_utf8("\xe2\x82\xacx").code_point, U'\u20ac');
  EXPECT_EQ(decode_utf8("\xf0\x9f\x9a\x80x").code_point, U'\U0001f680');
  EXPECT_EQ(decode_utf8("\xf0\x9f\x9a\x80x").bytes, 4u);
  EXPECT_EQ(decode_utf8(std::string_view("\0", 1)).code_point, U'\0');
}

TEST(DecodeUtf8, what_is_not_utf8_is_one_invalid_byte) {
  for (std::string_view text :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xe2(\xa1", "\xc3"}) {
    Utf8Step step = decode_utf8(text);
    EXPECT_FALSE(step.valid) << text;
    EXPECT_EQ(step.bytes, 1u);
    EXPECT_EQ(step.code_point, U'\ufffd');
  }
}

TEST(DecodeUtf8, reads_every_code_point_that_there_is) {
  for (char32_t c = 0x800; c <= 0xffff; ++c) {
    const char bytes[] = {static_cast<char>(0xe0 | c >> 12),
                          static_cast<char>(0x80 | (c >> 6 & 63)),
                          static_cast<char>(0x80 | (c & 63))};
    Utf8Step step = decode_utf8(std::string_view(bytes, 3));
    bool surrogate = c >= 0xd800 && c <= 0xdfff;
    ASSERT_EQ(step.valid, !surrogate) << std::hex << static_cast<unsigned>(c);
    if (step.valid) {
      ASSERT_EQ(step.code_point, c);
    }
  }
}

TEST(IsUtf8, asks_for_all_of_the_text) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a\u20ac"));
  EXPECT_FALSE(is_utf8("a\xe2\x82"));
}

TEST(ValidUtf8, replaces_what_is_not_byte_by_byte) {
  EXPECT_EQ(valid_utf8("aé€😀"), "aé€😀");
  EXPECT_EQ(valid_utf8("a\xff\xc3(b\xe2\x82"), "a\ufffd\ufffd(b\ufffd\ufffd");
  EXPECT_EQ(valid_utf8(""), "");
}

TEST(PrefixOfBytes, never_parts_a_code_point) {
  EXPECT_EQ(prefix_of_bytes("abc", 5), "abc");
  EXPECT_EQ(prefix_of_bytes("abc", 2), "ab");
  EXPECT_EQ(prefix_of_bytes("abc", 0), "");
  EXPECT_EQ(prefix_of_bytes("a\u20acb", 1), "a");
  EXPECT_EQ(prefix_of_bytes("a\u20acb", 2), "a");
  EXPECT_EQ(prefix_of_bytes("a\u20acb", 3), "a");
  EXPECT_EQ(prefix_of_bytes("a\u20acb", 4), "a\u20ac");
  EXPECT_EQ(prefix_of_bytes("\U0001f680", 3), "");
  EXPECT_EQ(prefix_of_bytes("\x80\x80\x80\x80", 2), "\x80\x80");
}

TEST(IsControl, names_c0_delete_and_c1) {
  EXPECT_TRUE(is_control(0x1b));
  EXPECT_TRUE(is_control(0x7f));
  EXPECT_TRUE(is_control(0x9b));
  EXPECT_FALSE(is_control(' '));
  EXPECT_FALSE(is_control(0xa0));
}

TEST(Utf8, code_points_are_counted) {
  EXPECT_EQ(code_point_count(""), 0u);
  EXPECT_EQ(code_point_count("aé€😀"), 4u);
  EXPECT_EQ(prefix_of_code_points("aé€😀", 2), "aé");
  EXPECT_EQ(prefix_of_code_points("aé€😀", 4), "aé€😀");
  EXPECT_EQ(prefix_of_code_points("aé€😀", 40), "aé€😀");
  EXPECT_EQ(prefix_of_code_points("é", 0), "");
}

}  // namespace
}  // namespace bl
