#include "base/random.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "base/hash.h"

namespace bl {
namespace {

TEST(SeededRandom, gives_the_same_bytes_on_every_machine) {
  SeededRandom random(5489);  // the default seed of mt19937_64, whose values the standard gives
  EXPECT_EQ(random.next_u64(), 14514284786278117030u);
  SeededRandom again(5489);
  std::array<std::byte, 3> bytes;
  again.fill(bytes);
  EXPECT_EQ(to_hex(bytes), "a6aef6");
}

TEST(SeededRandom, other_seeds_give_other_bytes) {
  EXPECT_NE(SeededRandom(1).next_u64(), SeededRandom(2).next_u64());
}

TEST(SystemRandom, fills_every_byte) {
  SystemRandom random;
  std::array<std::byte, 64> ever_set{};
  for (int round = 0; round < 20; ++round) {
    std::array<std::byte, 64> bytes{};
    random.fill(bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) ever_set[i] |= bytes[i];
  }
  for (const std::byte byte : ever_set) EXPECT_NE(byte, std::byte{0});
}

RC_GTEST_PROP(Random, below_stays_below, (std::uint64_t seed, std::uint64_t bound)) {
  RC_PRE(bound > 0u);
  SeededRandom random(seed);
  for (int i = 0; i < 20; ++i) RC_ASSERT(random.below(bound) < bound);
}

TEST(Random, below_reaches_every_value_about_equally) {
  SeededRandom random(7);
  std::array<int, 10> counts{};
  for (int i = 0; i < 100000; ++i) ++counts[random.below(10)];
  for (const int count : counts) {
    EXPECT_GT(count, 9500);
    EXPECT_LT(count, 10500);
  }
}

}  // namespace
}  // namespace bl
