#include "base/instants.h"

#include <gtest/gtest.h>

#include <limits>

namespace bl {
namespace {

TEST(Instants, texts_keep_all_nine_digits) {
  for (const char* text : {"2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000000001Z",
                           "2026-11-23T10:00:00.120000Z", "1969-12-31T23:59:59.999999999Z"}) {
    const auto at = parse_instant(text);
    ASSERT_TRUE(at.ok()) << text;
    EXPECT_EQ(instant_text(*at), text);
  }
  EXPECT_EQ(*parse_instant("1969-12-31T23:59:59.999999999Z"), -1);
  EXPECT_EQ(*parse_instant("1763892000000000001"), 1'763'892'000'000'000'001);
}

TEST(Instants, what_no_nanosecond_of_64_bits_says_is_refused) {
  for (const char* text : {"", "now", "2500-01-01T00:00:00Z", "1600-01-01T00:00:00Z",
                           "99999999999999999999", "2026-11-23"}) {
    EXPECT_EQ(parse_instant(text).error().code, Code::invalid) << text;
  }
}

}  // namespace
}  // namespace bl
