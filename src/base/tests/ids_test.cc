#include "base/ids.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <thread>

namespace bl {
namespace {

/// The slow twin: an id put together bit by bit, as the draft's picture shows it.
std::string draft02_bits(std::uint64_t seconds, std::uint64_t fraction24, std::uint64_t counter14,
                         std::uint64_t random48) {
  std::string bits;
  const auto put = [&bits](std::uint64_t value, int width) {
    for (int i = width - 1; i >= 0; --i) bits += (value >> i & 1) != 0 ? '1' : '0';
  };
  put(seconds, 36);
  put(fraction24 >> 12, 12);
  put(7, 4);
  put(fraction24 & 0xfff, 12);
  put(2, 2);
  put(counter14, 14);
  put(random48, 48);
  std::string hex;
  for (std::size_t i = 0; i < bits.size(); i += 4) {
    hex += "0123456789abcdef"[std::stoi(bits.substr(i, 4), nullptr, 2)];
  }
  return hex;
}

TEST(Ids, floor_of_the_golden_second) {
  EXPECT_EQ(id_floor(Timestamp::from_seconds(1696118400)), "06518b68000070008000000000000000");
}

TEST(Ids, the_first_id_of_an_instant_begins_with_its_floor) {
  ManualClock clock(Timestamp::from_seconds(1696118400));
  SeededRandom random(1);
  IdSource ids(clock, random);
  EXPECT_EQ(ids.next().substr(0, 20), "06518b68000070008000");
  EXPECT_EQ(ids.next().substr(0, 20), "06518b68000070008001");
}

TEST(Ids, sort_after_millisecond_ids_of_rfc_9562) {
  const std::string floor = id_floor(Timestamp::from_seconds(1722506400));
  EXPECT_GT(floor, "01910dbbe60070008000000000000000");
}

TEST(Ids, keep_increasing_when_the_clock_goes_back) {
  ManualClock clock(Timestamp::from_seconds(1000));
  SeededRandom random(2);
  IdSource ids(clock, random);
  const std::string before = ids.next();
  clock.set(Timestamp::from_seconds(10));
  const std::string after = ids.next();
  EXPECT_GT(after, before);
  EXPECT_EQ(after.substr(0, 16), before.substr(0, 16));
}

TEST(Ids, a_full_counter_moves_the_instant_by_one_tick) {
  ManualClock clock(Timestamp::from_seconds(1000));
  SeededRandom random(3);
  IdSource ids(clock, random);
  std::string last = ids.next();
  for (int i = 1; i < (1 << 14) + 5; ++i) {
    std::string id = ids.next();
    ASSERT_GT(id, last);
    ASSERT_TRUE(is_id(id));
    last = std::move(id);
  }
  EXPECT_EQ(last.substr(0, 20), draft02_bits(1000, 1, 4, 0).substr(0, 20));
}

TEST(Ids, stay_within_their_bits_at_the_ends_of_time) {
  EXPECT_EQ(id_floor(k_timestamp_min), "00000000000070008000000000000000");
  EXPECT_EQ(id_floor(k_timestamp_max), "ffffffffffff7fff8000000000000000");
}

TEST(Ids, are_unique_and_increasing_among_threads) {
  SystemClock clock;
  SystemRandom random;
  IdSource ids(clock, random);
  std::array<std::vector<std::string>, 4> made;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) mine.push_back(ids.next());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 8000u);
}

RC_GTEST_PROP(Ids, floor_is_the_twins_id, ()) {
  const std::int64_t micros = *rc::gen::inRange<std::int64_t>(0, 68'719'476'735'000'000);
  const auto seconds = static_cast<std::uint64_t>(micros / 1'000'000);
  const auto rest = static_cast<unsigned __int128>(micros % 1'000'000);
  const auto fraction = static_cast<std::uint64_t>((rest << 24) / 1'000'000);
  RC_ASSERT(id_floor(Timestamp{micros}) == draft02_bits(seconds, fraction, 0, 0));
}

RC_GTEST_PROP(Ids, order_is_the_order_of_time, ()) {
  const std::int64_t early = *rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000'000);
  const std::int64_t later = early + *rc::gen::inRange<std::int64_t>(1, 1'000'000'000);
  ManualClock clock(Timestamp{early});
  SeededRandom random(static_cast<std::uint64_t>(early));
  IdSource ids(clock, random);
  const std::string first = ids.next();
  clock.set(Timestamp{later});
  const std::string second = ids.next();
  RC_ASSERT(first < id_floor(Timestamp{later}));
  RC_ASSERT(id_floor(Timestamp{later}) <= second);
  RC_ASSERT(first < second);
}

TEST(IsId, wants_32_lower_case_hex_digits) {
  EXPECT_TRUE(is_id("06518b68000070008000000000000000"));
  EXPECT_FALSE(is_id("06518B68000070008000000000000000"));
  EXPECT_FALSE(is_id("06518b6800007000800000000000000"));
  EXPECT_FALSE(is_id("06518b680000700080000000000000000"));
  EXPECT_FALSE(is_id("06518b68-0000-7000-8000-00000000"));
  EXPECT_FALSE(is_id(""));
}

}  // namespace
}  // namespace bl
