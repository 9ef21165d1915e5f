#include "base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ctime>

namespace bl {
namespace {

Timestamp at(std::string_view text) {
  return parse_iso_datetime(text).value();
}

TEST(TimeText, fraction_only_when_there_is_one) {
  const Timestamp whole = Timestamp::from_seconds(1722506400);
  EXPECT_EQ(to_rfc3339(whole), "2024-08-01T10:00:00Z");
  EXPECT_EQ(to_iso_naive(whole), "2024-08-01T10:00:00");
  const Timestamp fraction{whole.micros + 987654};
  EXPECT_EQ(to_rfc3339(fraction), "2024-08-01T10:00:00.987654Z");
  EXPECT_EQ(to_iso_naive(fraction), "2024-08-01T10:00:00.987654");
  EXPECT_EQ(to_rfc3339(Timestamp{whole.micros + 5}), "2024-08-01T10:00:00.000005Z");
}

TEST(TimeText, result_objects_cut_the_fraction_off) {
  EXPECT_EQ(to_rfc3339_seconds(at("2024-08-01T12:00:00.987654+02:00")), "2024-08-01T10:00:00Z");
}

TEST(TimeText, before_1970_and_at_both_ends) {
  EXPECT_EQ(to_rfc3339(Timestamp{-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(to_rfc3339(k_timestamp_min), "0001-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(k_timestamp_max), "9999-12-31T23:59:59.999999Z");
}

TEST(ParseTime, all_accepted_forms_name_the_same_instant) {
  const Timestamp noon = at("2024-08-01T12:00:00Z");
  for (const char* text :
       {"2024-08-01T14:00:00+02:00", "2024-08-01 12:00:00Z", "2024-08-01t12:00:00z",
        "2024-08-01T06:30:00-05:30", "2024-08-01T12:00:00.0Z", "2024-08-01T12:00:00.000000000Z",
        "2024-08-02T11:59:00+23:59", "2024-08-01T12:00:00-00:00"}) {
    EXPECT_EQ(parse_rfc3339(text).value(), noon) << text;
    EXPECT_EQ(at(text), noon) << text;
  }
  for (const char* text : {"2024-08-01T12:00:00", "2024-08-01 12:00:00", "2024-08-01T12:00",
                           "2024-08-01T14:00:00+0200", "2024-08-01T14:00:00+02"}) {
    EXPECT_EQ(at(text), noon) << text;
    EXPECT_FALSE(parse_rfc3339(text).ok()) << text;
  }
}

TEST(ParseTime, fractions_are_cut_to_microseconds) {
  EXPECT_EQ(at("1970-01-01T00:00:00.1Z").micros, 100000);
  EXPECT_EQ(at("1970-01-01T00:00:00.123456789Z").micros, 123456);
  EXPECT_EQ(at("1970-01-01T00:00:00.0000019Z").micros, 1);
}

TEST(ParseTime, a_leap_second_is_the_last_microsecond_before_it_ends) {
  EXPECT_EQ(to_rfc3339(at("2016-12-31T23:59:60Z")), "2016-12-31T23:59:59.999999Z");
}

TEST(ParseTime, rejects_everything_else) {
  for (const char* text : {"",
                           "2024-08-01",
                           "1722506400",
                           "yesterday",
                           "2024-08-01T",
                           "2024-08-01T12:00:00.Z",
                           "2024-08-01T12:00:00.1234567890Z",
                           "2024-13-01T00:00:00Z",
                           "2024-00-01T00:00:00Z",
                           "2024-02-30T00:00:00Z",
                           "2023-02-29T00:00:00Z",
                           "2024-08-01T24:00:00Z",
                           "2024-08-01T12:60:00Z",
                           "2024-08-01T12:00:61Z",
                           "0000-01-01T00:00:00Z",
                           "2024-08-01T12:00:00+24:00",
                           "2024-08-01T12:00:00+02:60",
                           "2024-08-01T12:00:00 Z",
                           " 2024-08-01T12:00:00Z",
                           "2024-08-01T12:00:00ZZ",
                           "2024-8-1T12:00:00Z",
                           "12024-08-01T12:00:00Z",
                           "2024-08-01T12:00:00+2",
                           "2024/08/01T12:00:00Z",
                           "9999-12-31T23:59:59-00:01",
                           "0001-01-01T00:00:00+00:01"}) {
    EXPECT_FALSE(parse_iso_datetime(text).ok()) << text;
    EXPECT_FALSE(parse_rfc3339(text).ok()) << text;
  }
  EXPECT_EQ(parse_rfc3339("soon").error().code, Code::invalid);
  EXPECT_EQ(parse_rfc3339("soon").error().message, "not an RFC 3339 time: soon");
}

rc::Gen<std::int64_t> any_micros() {
  return rc::gen::inRange<std::int64_t>(k_timestamp_min.micros, k_timestamp_max.micros + 1);
}

RC_GTEST_PROP(TimeText, reads_back_to_the_same_instant, ()) {
  const Timestamp time{*any_micros()};
  RC_ASSERT(parse_rfc3339(to_rfc3339(time)).value() == time);
  RC_ASSERT(parse_iso_datetime(to_iso_naive(time)).value() == time);
}

RC_GTEST_PROP(TimeText, agrees_with_the_c_library, ()) {
  const std::int64_t seconds = *rc::gen::inRange<std::int64_t>(-62135596800, 253402300800);
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  RC_ASSERT(to_rfc3339(Timestamp::from_seconds(seconds)) == text);
}

TEST(ManualClock, stands_still_until_it_is_moved) {
  ManualClock clock(Timestamp::from_seconds(100));
  const auto steady = clock.steady_now();
  EXPECT_EQ(clock.now(), Timestamp::from_seconds(100));
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(clock.now(), Timestamp::from_seconds(105));
  EXPECT_EQ(clock.steady_now() - steady, std::chrono::seconds(5));
}

TEST(ManualClock, a_jump_of_the_wall_clock_leaves_the_steady_one) {
  ManualClock clock(Timestamp::from_seconds(100));
  const auto steady = clock.steady_now();
  clock.set(Timestamp::from_seconds(1));
  EXPECT_EQ(clock.now(), Timestamp::from_seconds(1));
  EXPECT_EQ(clock.steady_now(), steady);
}

TEST(SystemClock, is_in_this_century) {
  EXPECT_GT(SystemClock().now(), at("2020-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace bl
