#include "traces/go_duration.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace bl::traces {
namespace {

TEST(GoDuration, ReadsWhatGoWrites) {
  EXPECT_EQ(*parse_go_duration("1.2ms"), 1'200'000);
  EXPECT_EQ(*parse_go_duration("1h3m"), 3'780'000'000'000);
  EXPECT_EQ(*parse_go_duration("300us"), 300'000);
  EXPECT_EQ(*parse_go_duration("300\u00B5s"), 300'000);
  EXPECT_EQ(*parse_go_duration("300\u03BCs"), 300'000);
  EXPECT_EQ(*parse_go_duration("17ns"), 17);
  EXPECT_EQ(*parse_go_duration("-1.5s"), -1'500'000'000);
  EXPECT_EQ(*parse_go_duration("+2s"), 2'000'000'000);
  EXPECT_EQ(*parse_go_duration("0"), 0);
  EXPECT_EQ(*parse_go_duration(".5s"), 500'000'000);
  EXPECT_EQ(*parse_go_duration("1.s"), 1'000'000'000);
  EXPECT_EQ(*parse_go_duration("1s1s"), 2'000'000'000);
}

TEST(GoDuration, CutsOffWhatIsFinerThanANanosecond) {
  EXPECT_EQ(*parse_go_duration("1.9ns"), 1);
  EXPECT_EQ(*parse_go_duration("0.123456789999999999999999s"), 123'456'789);
}

TEST(GoDuration, EverythingElseIsInvalid) {
  for (const char* text : {"", "-", "1", "ms", "1.2", "1.ms2", "1 ms", " 1ms", "1ms ", "1d", "1e3s",
                           ".s", "1..2s", "--1s", "00", "0x1s", "1\xC2s"}) {
    const auto read = parse_go_duration(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, Code::invalid);
  }
}

TEST(GoDuration, TheRangeIsThatOf64Bits) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(*parse_go_duration("9223372036854775807ns"), most);
  EXPECT_EQ(*parse_go_duration("-9223372036854775808ns"), least);
  EXPECT_FALSE(parse_go_duration("9223372036854775808ns").ok());
  EXPECT_FALSE(parse_go_duration("-9223372036854775809ns").ok());
  EXPECT_FALSE(parse_go_duration("99999999999999999999999999999999999999999h").ok());
  EXPECT_FALSE(parse_go_duration("2562048h").ok());
}

TEST(GoDuration, WritesAsGoDoes) {
  EXPECT_EQ(to_go_duration(0), "0s");
  EXPECT_EQ(to_go_duration(17), "17ns");
  EXPECT_EQ(to_go_duration(1'200), "1.2us");
  EXPECT_EQ(to_go_duration(1'000'001), "1.000001ms");
  EXPECT_EQ(to_go_duration(90'000'000'000), "1m30s");
  EXPECT_EQ(to_go_duration(3'600'000'000'000), "1h0m0s");
  EXPECT_EQ(to_go_duration(3'600'500'000'000), "1h0m0.5s");
  EXPECT_EQ(to_go_duration(-1'500'000'000), "-1.5s");
}

TEST(GoDuration, WhatWasWrittenReadsBack) {
  for (std::uint64_t seed = 1; seed <= 5'000; ++seed) {
    std::mt19937_64 random(seed);
    const auto duration = static_cast<std::int64_t>(random() >> (random() % 64));
    const std::int64_t signed_one = random() % 2 == 0 ? duration : -duration;
    const auto read = parse_go_duration(to_go_duration(signed_one));
    ASSERT_TRUE(read.ok()) << "seed " << seed << " " << signed_one;
    EXPECT_EQ(*read, signed_one) << "seed " << seed;
  }
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(*parse_go_duration(to_go_duration(least)), least);
}

}  // namespace
}  // namespace bl::traces
