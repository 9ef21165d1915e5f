#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "results/series_judge.h"
#include "results/store/warm_detectors.h"
#include "results/verdict_encode.h"

/// A judgement that goes on from the one before gives what a replay of the whole series gives.
namespace bl::results {
namespace {

using verdict::Lesson;

VerdictPoint point_of(int number, double value) {
  VerdictPoint point;
  point.result_id = "r";
  point.result_id += std::to_string(number);
  point.commit_sha = "c";
  point.commit_sha += std::to_string(number);
  point.commit_timestamp = Timestamp{1'700'000'000'000'000 + std::int64_t(number) * 3'600'000'000};
  point.result_timestamp = point.commit_timestamp;
  point.value = value;
  return point;
}

std::string everything_of(const JudgedSeries& judged) {
  return encode_verdict(judged.verdict) + encode_segments(judged);
}

// Steps, hiccups, modes, drift, machines and lessons; one seed is one series.
class OddSeries {
 public:
  explicit OddSeries(unsigned seed) : random_(seed) {}
  VerdictPoint next() {
    if (chance(60)) level_ *= 1 + 0.2 * noise_(random_);
    level_ *= 1 + drift_;
    if (chance(150)) drift_ = 0.001 * noise_(random_);
    double value = level_ * (1 + 0.01 * noise_(random_));
    if (chance(40)) value *= 3;
    if (chance(300)) value = 0;
    VerdictPoint point = point_of(count_++, value);
    if (chance(80)) environment_ = 1 - environment_;
    point.environment = environment_;
    if (chance(90)) point.lesson = static_cast<Lesson>(random_() % 4);
    return point;
  }
  bool chance(unsigned one_in) { return random_() % one_in == 0; }
  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  std::mt19937 random_;
  std::normal_distribution<double> noise_{0, 1};
  double level_ = 100, drift_ = 0;
  int count_ = 0;
  std::uint32_t environment_ = 0;
};

/// What happens to stored points between two judgements.
void disturb(OddSeries& odd, std::vector<VerdictPoint>& points) {
  if (points.size() < 3) return;
  const std::size_t at = odd.below(points.size());
  const auto place = points.begin() + static_cast<std::ptrdiff_t>(at);
  if (odd.chance(4)) {
    points.erase(place);
  } else if (odd.chance(3)) {
    place->lesson = Lesson::expected;
  } else if (odd.chance(2)) {
    place->value *= 1.5;
  } else {
    points.insert(place, point_of(1'000'000 + static_cast<int>(odd.below(1'000'000)), 100));
  }
}

TEST(WarmSeries, a_warm_judgement_is_the_replayed_one) {
  const char* chosen = std::getenv("BL_TEST_SEED");
  const unsigned first = chosen != nullptr ? static_cast<unsigned>(std::atoi(chosen)) : 1;
  const unsigned last = chosen != nullptr ? first : 4;
  // Small, so that the newest stretch of a long history begins anew several times.
  const VerdictRules rules{
      .online_results_min = 90, .history_results_max = 150, .said_max = 6, .changes_max = 8};
  int warm_ones = 0, cold_ones = 0;
  for (unsigned seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("BL_TEST_SEED=" + std::to_string(seed));
    OddSeries odd(seed);
    std::vector<VerdictPoint> points;
    WarmSeries warm;
    for (int round = 0; round < 160; ++round) {
      for (std::size_t some = odd.below(4); some > 0; --some) points.push_back(odd.next());
      if (odd.chance(25)) disturb(odd, points);
      const WarmJudgement judgement = judge_points(points, "s", warm, rules);
      ++(judgement.was_warm ? warm_ones : cold_ones);
      ASSERT_EQ(everything_of(judgement.judged), everything_of(judge_points(points, "s", rules)))
          << "at round " << round << ", " << points.size() << " points";
    }
  }
  if (chosen != nullptr) return;
  EXPECT_GT(warm_ones, 400);
  EXPECT_GT(cold_ones, 20);
}

TEST(WarmSeries, what_was_seen_must_be_the_beginning) {
  std::vector<VerdictPoint> points;
  for (int i = 0; i < 50; ++i) points.push_back(point_of(i, 10 + 0.01 * (i % 7)));
  const auto is_warm_after = [&](auto change) {
    WarmSeries warm;
    (void)judge_points(points, "s", warm);
    std::vector<VerdictPoint> now = points;
    change(now);
    return judge_points(now, "s", warm).was_warm;
  };
  EXPECT_TRUE(is_warm_after([](auto&) {})) << "nothing new";
  EXPECT_TRUE(is_warm_after([](auto& now) { now.push_back(point_of(50, 10)); }));
  EXPECT_FALSE(is_warm_after([](auto& now) { now.pop_back(); })) << "the newest was deleted";
  EXPECT_FALSE(is_warm_after([](auto& now) { now.erase(now.begin()); })) << "one was deleted";
  EXPECT_FALSE(is_warm_after([](auto& now) { now.insert(now.begin(), point_of(99, 10)); }))
      << "one came late";
  EXPECT_FALSE(is_warm_after([](auto& now) { now[20].value = 11; })) << "a value changed";
  EXPECT_FALSE(is_warm_after([](auto& now) { now[20].lesson = Lesson::noise; })) << "an annotation";
  EXPECT_FALSE(is_warm_after([](auto& now) { now[20].environment = 1; })) << "another machine";
  EXPECT_FALSE(is_warm_after([](auto& now) { now[20].result_id = "other"; })) << "another result";
  EXPECT_TRUE(is_warm_after([](auto& now) { now[20].commit_message = "reworded"; }));
}

WarmSeries warm_of(int results) {
  std::vector<VerdictPoint> points;
  for (int i = 0; i < results; ++i) points.push_back(point_of(i, 10));
  WarmSeries warm;
  (void)judge_points(points, "s", warm);
  return warm;
}

TEST(WarmDetectors, kept_series_are_taken_out_once) {
  WarmDetectors detectors({});
  detectors.keep(7, warm_of(20));
  EXPECT_EQ(detectors.size(), 1u);
  EXPECT_EQ(detectors.take(8).end, 0u);
  EXPECT_EQ(detectors.take(7).end, 20u);
  EXPECT_EQ(detectors.take(7).end, 0u);
  EXPECT_EQ(detectors.bytes(), 0u);
}

TEST(WarmDetectors, never_holds_more_than_its_limits) {
  WarmDetectors by_series({.series_max = 3});
  for (int i = 0; i < 50; ++i) by_series.keep(i, warm_of(10));
  EXPECT_EQ(by_series.size(), 3u);
  const std::size_t one = by_series.bytes() / 3;
  WarmDetectors by_bytes({.bytes_max = 5 * one});
  for (int i = 0; i < 50; ++i) {
    by_bytes.keep(i % 11, warm_of(10 + i));
    EXPECT_LE(by_bytes.bytes(), 5 * one);
  }
  EXPECT_GE(by_bytes.size(), 1u);
  by_bytes.keep(99, warm_of(1'000));
  EXPECT_EQ(by_bytes.take(99).end, 0u) << "larger than all room";
}

TEST(WarmDetectors, a_round_over_more_series_than_there_is_room_for_finds_some) {
  WarmDetectors detectors({.series_max = 50});
  const WarmSeries warm = warm_of(5);
  int found = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i) {
      found += detectors.take(i).end > 0 ? 1 : 0;
      detectors.keep(i, warm);
    }
  }
  EXPECT_GT(found, 200) << "of 2,000";
}

}  // namespace
}  // namespace bl::results
