#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "advice/alert_cost/parts.h"
#include "advice/tests/alert_cost_world.h"
#include "verdict/comparison.h"

namespace bl::advice {
namespace {

const ReplayPoint& point_at(const Replay& replay, double threshold) {
  return *std::ranges::find(replay.points, threshold, &ReplayPoint::threshold);
}

TEST(JudgedValues, are_what_a_report_against_the_commit_before_says) {
  CostWorld world(40);
  const std::size_t s = world.add_series(step(40, 20, 40));
  const MeasuredSeries series(world.facts.series[s]);
  const auto judged = judged_values(series, hour(20), hour(40), 100);
  ASSERT_EQ(judged.size(), 20u) << "those before the time are not judged";
  std::vector<verdict::LookbackRow> rows;
  for (std::size_t i = 0; i < 20; ++i) {
    const CostResult& one = world.facts.series[s].results[i];
    rows.push_back({one.commit_timestamp.micros, one.result_timestamp.micros, one.value, false});
  }
  const auto expected =
      verdict::z_score(verdict::distribution(rows, {}), 109.8, verdict::Direction::less_is_better);
  ASSERT_TRUE(expected);
  EXPECT_DOUBLE_EQ(*judged[0].z, expected->score);
  EXPECT_LT(*judged[0].z, -20) << "ten percent in a noise of a tenth";
  EXPECT_NEAR(*judged[0].percent, -9.58, 0.01) << "109.8 after 100.2";
}

TEST(Replays, count_a_series_that_stays_beyond_the_threshold_once) {
  CostWorld world(40);
  const std::size_t s = world.add_series(step(40, 20, 40));
  const MeasuredSeries series(world.facts.series[s]);
  ReplayWorld replayed;
  replayed.series = {&series};
  for (std::size_t c = 1; c < 40; ++c)
    replayed.judged.resize(1),
        replayed.judged[0].push_back({c, c >= 20 && c < 30 ? -6.0 : 0.0, {}});
  replayed.witnesses = {{CostWorld::sha(19), hour(19), {0}, true}};
  const Replay replay = advice::replay(replayed, "z", 5, {});
  EXPECT_EQ(point_at(replay, 5).alarms, 1);
  EXPECT_EQ(point_at(replay, 5).confirmed, 1);
  EXPECT_EQ(point_at(replay, 5).misses, 0);
  EXPECT_EQ(point_at(replay, 6).alarms, 0) << "the threshold itself is not beyond it";
  EXPECT_EQ(point_at(replay, 6).misses, 1);
  EXPECT_EQ(point_at(replay, 6).cost, 5);
}

// Forty slowdowns of three percent that people confirmed, as many wobbles of a percent that they
// called noise.
CostWorld slowdowns_and_wobbles() {
  constexpr std::size_t k_commits = 600;
  CostWorld world(k_commits);
  std::vector<double> values = step(k_commits, k_commits, k_commits);
  for (std::size_t i = 30; i + 12 < k_commits; i += 20) {
    const bool is_slowdown = i % 40 == 30;
    values[i] += is_slowdown ? 3 : 1;
  }
  const std::size_t s = world.add_series(values);
  for (std::size_t i = 30; i + 12 < k_commits; i += 20)
    world.mark(s, i, i % 40 == 30 ? Mark::confirmed : Mark::noise);
  return world;
}

TEST(Proposals, lie_between_slowdowns_and_noise) {
  const AlertCost cost = slowdowns_and_wobbles().cost();
  ASSERT_TRUE(cost.percent.proposed) << cost.percent.reason;
  EXPECT_GE(*cost.percent.proposed, 1.0);
  EXPECT_LE(*cost.percent.proposed, 3.0);
  const ReplayPoint& best = point_at(cost.percent, *cost.percent.proposed);
  EXPECT_EQ(best.misses, 0);
  EXPECT_TRUE(best.is_front);
  EXPECT_EQ(point_at(cost.percent, 5).misses, cost.percent.slowdowns) << "5 % sees none of them";
  EXPECT_FALSE(point_at(cost.percent, 5).is_front && best.false_alarms + best.unknown == 0);
}

TEST(Proposals, keep_the_threshold_that_is_as_cheap_as_any) {
  CostWorld world = slowdowns_and_wobbles();
  world.facts.thresholds.percent = 2.5;
  const AlertCost cost = world.cost();
  ASSERT_TRUE(cost.percent.proposed) << cost.percent.reason;
  EXPECT_EQ(*cost.percent.proposed, 2.5);
}

TEST(Proposals, are_refused_by_name) {
  EXPECT_EQ(CostWorld(40).cost().z.refusal, Refusal::too_few_results);

  CostWorld quiet(300);
  quiet.add_series(step(300, 300, 300));
  EXPECT_EQ(quiet.cost().z.refusal, Refusal::too_few_slowdowns);
  EXPECT_FALSE(quiet.cost().z.proposed);

  CostWorld few = slowdowns_and_wobbles();
  for (CostResult& result : few.facts.series[0].results) {
    if (result.mark == Mark::noise) result.mark = Mark::none;
  }
  EXPECT_EQ(few.cost().percent.refusal, Refusal::too_few_answers);

  // Wobbles that nobody spoke of, everywhere, larger than any known slowdown.
  CostWorld restless = slowdowns_and_wobbles();
  std::vector<double> values = step(600, 600, 600);
  for (std::size_t i = 5; i < 600; i += 4) values[i] += 60;
  restless.add_series(values);
  EXPECT_EQ(restless.cost(1000).percent.refusal, Refusal::mostly_unknown);
}

// The replay once more, written straight from its definition: no places are prepared, every
// alarm is looked for at every commit.
ReplayPoint slow_replay(const ReplayWorld& world, bool by_z, double threshold,
                        const CostLimits& limits) {
  ReplayPoint point;
  std::set<std::string> commits;
  for (const MeasuredSeries* series : world.series) {
    for (const auto& commit : series->commits()) commits.insert(std::string(commit.sha));
  }
  const auto score = [&](std::size_t s, std::size_t commit) {
    std::optional<double> worst;
    for (const JudgedValue& one : world.judged[s]) {
      const auto& value = by_z ? one.z : one.percent;
      if (one.commit == commit && value) worst = std::min(worst.value_or(*value), *value);
    }
    return worst;
  };
  const auto begins = [&](std::size_t s, std::size_t place) {
    const auto here = score(s, place);
    if (!here || -*here <= threshold) return false;
    for (std::size_t before = place; before-- > 0;) {
      if (const auto there = score(s, before)) return -*there <= threshold;
    }
    return true;
  };
  const auto speaks_of = [&](const Witness& witness, std::size_t s, std::size_t place) {
    if (!witness.series.empty() && !witness.series.contains(s)) return false;
    const std::size_t of = world.series[s]->place_of(witness.commit_sha, witness.timestamp);
    return of <= place && place - of <= limits.near_commits;
  };
  std::vector<bool> is_met(world.witnesses.size(), false);
  for (const std::string& sha : commits) {
    bool is_alarm = false, is_right = false, is_false = false;
    for (std::size_t s = 0; s < world.series.size(); ++s) {
      for (std::size_t place = 0; place < world.series[s]->commits().size(); ++place) {
        if (world.series[s]->commits()[place].sha != sha || !begins(s, place)) continue;
        is_alarm = true;
        for (std::size_t w = 0; w < world.witnesses.size(); ++w) {
          if (!speaks_of(world.witnesses[w], s, place)) continue;
          is_met[w] = true;
          (world.witnesses[w].is_slowdown ? is_right : is_false) = true;
        }
      }
    }
    if (!is_alarm) continue;
    ++point.alarms;
    ++(is_right ? point.confirmed : is_false ? point.false_alarms : point.unknown);
  }
  for (std::size_t w = 0; w < is_met.size(); ++w)
    point.misses += world.witnesses[w].is_slowdown && !is_met[w] ? 1 : 0;
  return point;
}

TEST(Replays, equal_a_slow_twin_in_random_worlds) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto up_to = [&](std::size_t most) { return random() % (most + 1); };
    const std::size_t commits = 5 + up_to(25);
    CostWorld facts(commits);
    for (std::size_t s = 0; s < 1 + up_to(3); ++s) facts.add_series(step(commits, 0, 0));
    for (CostSeries& series : facts.facts.series)
      std::erase_if(series.results, [&](const CostResult&) { return up_to(4) == 0; });
    std::deque<MeasuredSeries> measured;
    ReplayWorld world;
    for (const CostSeries& series : facts.facts.series) {
      world.series.push_back(&measured.emplace_back(series));
      auto& judged = world.judged.emplace_back();
      for (std::size_t c = 0; c < measured.back().commits().size(); ++c) {
        for (std::size_t results = up_to(2); results > 0; --results) {
          JudgedValue& one = judged.emplace_back();
          one.commit = c;
          if (up_to(5) != 0) one.z = static_cast<double>(up_to(20)) - 12;
          if (up_to(5) != 0) one.percent = static_cast<double>(up_to(20)) - 12;
        }
      }
    }
    for (std::size_t w = up_to(6); w > 0; --w) {
      const std::size_t at = up_to(commits - 1);
      Witness witness{CostWorld::sha(at), hour(at), {}, up_to(1) == 0};
      if (up_to(2) != 0) witness.series.insert(up_to(world.series.size() - 1));
      world.witnesses.push_back(witness);
    }
    for (const char* name : {"z", "percent"}) {
      for (const ReplayPoint& fast : replay(world, name, 5, {}).points) {
        const ReplayPoint slow =
            slow_replay(world, std::string_view(name) == "z", fast.threshold, {});
        const auto numbers = [](const ReplayPoint& one) {
          return std::array{one.alarms, one.confirmed, one.false_alarms, one.unknown, one.misses};
        };
        ASSERT_EQ(numbers(fast), numbers(slow))
            << "seed " << seed << ", " << name << " " << fast.threshold;
        ASSERT_EQ(fast.alarms, fast.confirmed + fast.false_alarms + fast.unknown);
      }
    }
  }
}

}  // namespace
}  // namespace bl::advice
