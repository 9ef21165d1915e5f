#include "base/trace_id.h"

#include <gtest/gtest.h>

namespace bl {
namespace {

TEST(TraceIdTest, HexDigitsOfAnyCaseAreTheSameIdAndAreWrittenInLowerCase) {
  const auto id = TraceId::from_hex("5B8EFFF798038103D269B633813FC60C");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->hex(), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(TraceId::from_bytes(id->bytes()), id);
  EXPECT_EQ(static_cast<unsigned char>(id->bytes()[0]), 0x5b);
}

TEST(TraceIdTest, OrderIsThatOfTheDigits) {
  const auto low = TraceId::from_hex("7fffffffffffffff0000000000000000");
  const auto high = TraceId::from_hex("80000000000000000000000000000000");
  EXPECT_LT(*low, *high);
}

TEST(TraceIdTest, PeopleMayLeaveOutLeadingZerosAndWriteDashes) {
  EXPECT_EQ(TraceId::from_text("2f")->hex(), "0000000000000000000000000000002f");
  EXPECT_EQ(TraceId::from_text("5b8efff7-9803-8103-d269-b633813fc60c")->hex(),
            "5b8efff798038103d269b633813fc60c");
}

TEST(TraceIdTest, WhatIsNoIdIsRefused) {
  for (const char* text : {"", "-", "0", "00000000000000000000000000000000", "xyz", "12 ",
                           "15b8efff798038103d269b633813fc60c"}) {
    EXPECT_FALSE(TraceId::from_text(text)) << text;
  }
  EXPECT_FALSE(TraceId::from_hex("2f"));
  EXPECT_FALSE(TraceId::from_bytes("2f"));
  EXPECT_FALSE(TraceId{}.is_valid());
}

TEST(SpanIdTest, SixteenDigitsOrEightBytes) {
  const auto id = SpanId::from_hex("EEE19B7EC3C1B174");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->hex(), "eee19b7ec3c1b174");
  EXPECT_EQ(SpanId::from_bytes(id->bytes()), id);
  EXPECT_FALSE(SpanId::from_hex("eee19b7ec3c1b17"));
  EXPECT_FALSE(SpanId::from_hex("eee19b7ec3c1b17g"));
  EXPECT_FALSE(SpanId::from_bytes("eee19b7"));
  EXPECT_FALSE(SpanId{}.is_valid());
}

}  // namespace
}  // namespace bl
