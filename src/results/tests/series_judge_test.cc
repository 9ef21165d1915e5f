#include "results/series_judge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/json.h"
#include "results/store/verdict_points.h"
#include "results/verdict_encode.h"

/// What a series is told: the rules that lie above the detector (docs/verdict.md).
namespace bl::results {
namespace {

using verdict::Lesson;

std::vector<VerdictPoint> points_of(const std::vector<double>& values) {
  std::vector<VerdictPoint> points;
  for (std::size_t i = 0; i < values.size(); ++i) {
    VerdictPoint point;
    point.result_id = "r";
    point.result_id += std::to_string(i);
    point.commit_sha = "c";
    point.commit_sha += std::to_string(i);
    point.commit_timestamp = Timestamp{1'700'000'000'000'000 + std::int64_t(i) * 3'600'000'000};
    point.result_timestamp = point.commit_timestamp;
    point.value = values[i];
    points.push_back(std::move(point));
  }
  return points;
}

/// Noise of one percent around the level of each stretch.
std::vector<double> steps(const std::vector<std::pair<int, double>>& stretches, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.01);
  std::vector<double> values;
  for (const auto& [count, level] : stretches) {
    for (int i = 0; i < count; ++i) values.push_back(level * (1 + noise(random)));
  }
  return values;
}

SeriesVerdict verdict_of(const std::vector<double>& values, const char* unit = "s") {
  return judge_points(points_of(values), unit).verdict;
}

TEST(SeriesJudge, no_result_is_unknown) {
  const JudgedSeries judged = judge_points({}, "s");
  EXPECT_EQ(judged.verdict.decision, VerdictDecision::unknown);
  EXPECT_EQ(judged.verdict.sentence, "No result to judge.");
  EXPECT_FALSE(judged.verdict.judged_result_id);
  EXPECT_TRUE(judged.segments.empty());
}

TEST(SeriesJudge, one_result_is_too_few) {
  const SeriesVerdict verdict = verdict_of({1.5});
  EXPECT_EQ(verdict.decision, VerdictDecision::unknown);
  EXPECT_FALSE(verdict.confidence);
  EXPECT_EQ(verdict.judged_result_id, "r0");
}

TEST(SeriesJudge, a_constant_series_is_steady) {
  const SeriesVerdict verdict = verdict_of(std::vector<double>(50, 2.0));
  EXPECT_EQ(verdict.decision, VerdictDecision::steady);
  EXPECT_FALSE(verdict.change);
}

TEST(SeriesJudge, noise_alone_is_steady) {
  const SeriesVerdict verdict = verdict_of(steps({{100, 10}}));
  EXPECT_EQ(verdict.decision, VerdictDecision::steady);
  EXPECT_GT(*verdict.confidence, 0.5);
  EXPECT_NEAR(*verdict.noise_percent, 1, 0.5);
}

TEST(SeriesJudge, a_step_is_slower_since_its_first_commit) {
  const SeriesVerdict verdict = verdict_of(steps({{60, 10}, {6, 12}}));
  ASSERT_EQ(verdict.decision, VerdictDecision::slower);
  EXPECT_EQ(verdict.change->commit_sha, "c60");
  EXPECT_EQ(verdict.change->result_id, "r60");
  EXPECT_NEAR(verdict.change->percent, 20, 2);
  EXPECT_NEAR(verdict.change->before, 10, 0.1);
  EXPECT_NEAR(verdict.change->after, 12, 0.2);
  EXPECT_TRUE(verdict.change->is_worse);
  EXPECT_GT(*verdict.confidence, 0.8);
  EXPECT_NE(verdict.sentence.find("slower since commit c60"), std::string::npos)
      << verdict.sentence;
}

TEST(SeriesJudge, where_more_is_better_the_same_step_is_faster) {
  const SeriesVerdict verdict = verdict_of(steps({{60, 10}, {6, 12}}), "i/s");
  EXPECT_EQ(verdict.decision, VerdictDecision::faster);
  EXPECT_FALSE(verdict.change->is_worse);
  EXPECT_GT(verdict.change->percent, 0);
}

TEST(SeriesJudge, news_become_the_level_after_two_dozen_results) {
  const SeriesVerdict verdict = verdict_of(steps({{60, 10}, {40, 12}}));
  EXPECT_EQ(verdict.decision, VerdictDecision::steady);
  ASSERT_TRUE(verdict.change) << "the last change is still told";
  EXPECT_EQ(verdict.change->commit_sha, "c60");
}

TEST(SeriesJudge, a_hiccup_that_went_away_is_no_news) {
  const SeriesVerdict verdict = verdict_of(steps({{60, 10}, {1, 20}, {6, 10}}));
  EXPECT_EQ(verdict.decision, VerdictDecision::steady) << verdict.sentence;
}

TEST(SeriesJudge, a_return_is_a_recovery) {
  const SeriesVerdict verdict = verdict_of(steps({{60, 10}, {30, 12}, {8, 10}}));
  ASSERT_EQ(verdict.decision, VerdictDecision::faster) << verdict.sentence;
  EXPECT_TRUE(verdict.change->is_recovery);
}

TEST(SeriesJudge, what_waits_says_how_many_results_decide) {
  // Some sizes of a single new value are worth a repeat: look for one.
  bool waited = false;
  for (double level = 10.1; level < 11 && !waited; level += 0.02) {
    const SeriesVerdict verdict = verdict_of(steps({{60, 10}, {1, level}}));
    if (verdict.decision != VerdictDecision::wait) continue;
    waited = true;
    EXPECT_TRUE(verdict.change);
    EXPECT_TRUE(!verdict.repeats || (*verdict.repeats >= 1 && *verdict.repeats <= 10));
    EXPECT_TRUE(verdict.sentence.starts_with("Perhaps ")) << verdict.sentence;
  }
  EXPECT_TRUE(waited);
}

TEST(SeriesJudge, an_expected_change_is_no_news) {
  auto points = points_of(steps({{60, 10}, {6, 12}}));
  points[60].lesson = Lesson::expected;
  const SeriesVerdict verdict = judge_points(points, "s").verdict;
  EXPECT_NE(verdict.decision, VerdictDecision::slower) << verdict.sentence;
}

TEST(SeriesJudge, another_machine_is_no_change_of_code) {
  auto points = points_of(steps({{60, 10}, {20, 12}}));
  for (std::size_t i = 60; i < points.size(); ++i) points[i].environment = 1;
  const JudgedSeries judged = judge_points(points, "s");
  EXPECT_EQ(judged.verdict.decision, VerdictDecision::steady) << judged.verdict.sentence;
  EXPECT_TRUE(judged.changes.empty());
  ASSERT_EQ(judged.segments.size(), 2u);
  EXPECT_EQ(judged.segments[0].environment, 0u);
  EXPECT_EQ(judged.segments[1].environment, 1u);
  EXPECT_NEAR(judged.segments[1].level, 12, 0.1);
}

TEST(SeriesJudge, segments_lie_end_to_end) {
  const JudgedSeries judged = judge_points(points_of(steps({{40, 10}, {40, 13}, {40, 8}})), "s");
  ASSERT_EQ(judged.changes.size(), 2u);
  ASSERT_EQ(judged.segments.size(), 3u);
  EXPECT_EQ(judged.segments[0].first_result_id, "r0");
  EXPECT_EQ(judged.segments[0].last_result_id, "r39");
  EXPECT_EQ(judged.segments[1].first_result_id, "r40");
  EXPECT_EQ(judged.segments[2].last_result_id, "r119");
  std::int64_t results = 0;
  for (const VerdictSegment& segment : judged.segments) {
    results += segment.results;
    EXPECT_LE(segment.low, segment.level);
    EXPECT_LE(segment.level, segment.high);
  }
  EXPECT_EQ(results, 120);
}

TEST(SeriesJudge, future_results_never_change_what_was_said) {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    const auto values = steps({{40, 10}, {1, 30}, {20, 10.5}, {30, 9}, {30, 9.4}}, seed);
    const auto points = points_of(values);
    const auto whole = judge_points(points, "s").said;
    for (std::size_t end = 1; end < points.size(); end += 7) {
      const auto said = judge_points(std::span(points).first(end), "s").said;
      ASSERT_LE(said.size(), whole.size());
      for (std::size_t i = 0; i < said.size(); ++i) {
        EXPECT_EQ(said[i].at_result_id, whole[i].at_result_id) << "seed " << seed;
        EXPECT_EQ(said[i].since_result_id, whole[i].since_result_id);
        EXPECT_EQ(said[i].is_worse, whole[i].is_worse);
        EXPECT_EQ(said[i].percent, whole[i].percent);
        EXPECT_EQ(said[i].confidence, whole[i].confidence);
      }
    }
  }
}

// Wandering series and modes: what the detector compared with is not always a segment's level.
TEST(SeriesJudge, the_levels_of_a_change_say_what_its_percent_says) {
  int seen = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> noise(0, 0.02);
    std::vector<double> values;
    double level = 100;
    for (int i = 0; i < 120; ++i) {
      level *= 1 + noise(random) / 2;
      values.push_back((random() % 6 == 0 ? 1.25 : 1) * level * (1 + noise(random)));
    }
    const JudgedSeries judged = judge_points(points_of(values), "s");
    std::vector<VerdictChange> changes = judged.changes;
    if (judged.verdict.change) changes.push_back(*judged.verdict.change);
    for (const VerdictChange& change : changes) {
      ++seen;
      const double percent = (change.after / change.before - 1) * 100;
      EXPECT_NEAR(change.percent, percent, 0.01 * std::abs(percent) + 0.01) << seed;
      EXPECT_EQ(change.is_worse, change.percent > 0) << seed;
    }
  }
  EXPECT_GT(seen, 30);
}

TEST(SeriesJudge, a_long_history_is_judged_by_its_newest_results) {
  const VerdictRules rules{.online_results_min = 64, .history_results_max = 100};
  const auto values = steps({{300, 10}, {5, 13}});
  const JudgedSeries judged = judge_points(points_of(values), "s", rules);
  EXPECT_EQ(judged.verdict.decision, VerdictDecision::slower) << judged.verdict.sentence;
  EXPECT_EQ(judged.verdict.change->commit_sha, "c300");
  EXPECT_EQ(judged.verdict.results, 305);
  EXPECT_EQ(judged.segments.front().first_result_id, "r205");
}

TEST(SeriesJudge, a_step_from_unit_to_unit_says_so) {
  const SeriesVerdict verdict = verdict_of(steps({{60, 10}, {8, 10'000}}));
  ASSERT_EQ(verdict.decision, VerdictDecision::slower) << verdict.sentence;
  EXPECT_TRUE(verdict.change->of_unit);
  EXPECT_NE(verdict.sentence.find("from one unit to another"), std::string::npos);
  EXPECT_NE(encode_verdict(verdict).find("\"of_unit\":true"), std::string::npos);
  const SeriesVerdict other = verdict_of(steps({{60, 10}, {8, 12}}));
  EXPECT_EQ(encode_verdict(other).find("of_unit"), std::string::npos);
}

TEST(SeriesJudge, odd_values_give_numbers) {
  for (const auto& values :
       std::vector<std::vector<double>>{std::vector<double>(30, 0.0),
                                        steps({{30, -5}, {10, -7}}),
                                        steps({{30, 1e300}, {10, 1.7e308}}),
                                        steps({{30, 5e-324}, {10, 1e-300}}),
                                        {0, 1, 0, 1, 0, 1e308, -1e308, 0, 0, 0, 0, 0}}) {
    const JudgedSeries judged = judge_points(points_of(values), "s");
    for (const std::string& text :
         {encode_verdict(judged.verdict), '{' + encode_segments(judged) + '}'}) {
      EXPECT_TRUE(json::parse(text).ok()) << text;
    }
  }
}

TEST(Lessons, annotations_teach) {
  EXPECT_EQ(lesson_of("{}"), Lesson::none);
  EXPECT_EQ(lesson_of(R"({"begins_distribution_change":true})"), Lesson::expected);
  EXPECT_EQ(lesson_of(R"({"begins_distribution_change":false})"), Lesson::none);
  EXPECT_EQ(lesson_of(R"({"machine_changed":true,"note":"new disk"})"), Lesson::machine_changed);
  EXPECT_EQ(lesson_of(R"({"begins_distribution_change":true,"noise":true})"), Lesson::noise);
  EXPECT_EQ(lesson_of(R"({"noise":"true"})"), Lesson::none);
  EXPECT_EQ(lesson_of("[true"), Lesson::none);
}

TEST(CommitSentence, counts_and_a_common_cause) {
  CommitVerdict verdict;
  verdict.commit_sha = "0123456789abcdef";
  EXPECT_EQ(sentence_of(verdict), "No series is believed to have changed at commit 0123456789.");
  verdict.enabled = false;
  EXPECT_EQ(sentence_of(verdict), "Verdicts are off for this project.");
  verdict.enabled = true;
  verdict.series = 40;
  verdict.slower = 3;
  verdict.common_cause = true;
  verdict.common_percent = 12.3;
  verdict.doubtful = 1;
  EXPECT_EQ(sentence_of(verdict),
            "3 of 40 series changed at commit 0123456789: 3 slower, 0 faster; one common cause is "
            "likely, about 12 % slower; 1 more is doubtful.");
}

}  // namespace
}  // namespace bl::results
