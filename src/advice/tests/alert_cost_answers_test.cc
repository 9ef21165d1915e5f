#include <gtest/gtest.h>

#include "advice/tests/alert_cost_world.h"
#include "base/json.h"

namespace bl::advice {
namespace {

EvidenceKind only_evidence(const AlertCost& cost) {
  EXPECT_EQ(cost.alerts.size(), 1u);
  EXPECT_EQ(cost.alerts.at(0).evidence.size(), 1u);
  return cost.alerts.at(0).evidence.at(0).kind;
}

TEST(Shares, have_wilsons_interval) {
  // By hand: p = 0.25, n = 12, z = 1.96.
  const Share share = share_of(3, 12);
  EXPECT_DOUBLE_EQ(*share.value, 0.25);
  EXPECT_NEAR(*share.low, 0.0889, 1e-4);
  EXPECT_NEAR(*share.high, 0.5323, 1e-4);
  EXPECT_EQ(*share_of(0, 5).low, 0);
  EXPECT_NEAR(*share_of(0, 5).high, 0.4345, 1e-4);
  EXPECT_EQ(*share_of(5, 5).high, 1);
  EXPECT_FALSE(share_of(0, 0).value);
}

TEST(Alerts, are_unknown_while_nothing_speaks_of_them) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 40)), 20, 22);
  const AlertCost cost = world.cost();
  EXPECT_EQ(cost.alerts_told, 1);
  EXPECT_EQ(cost.unknown, 1);
  EXPECT_FALSE(cost.false_share.value) << "nothing is known: no share";
  EXPECT_EQ(*cost.false_share_at_most.value, 1);
  EXPECT_TRUE(cost.alerts.at(0).evidence.empty());
}

TEST(Alerts, are_confirmed_by_a_revert_of_their_commit) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 30)), 20, 22);
  world.revert(20, 30);
  const AlertCost cost = world.cost();
  EXPECT_EQ(cost.confirmed, 1);
  EXPECT_EQ(only_evidence(cost), EvidenceKind::reverted);
  EXPECT_EQ(cost.alerts[0].evidence[0].commit_sha, CostWorld::sha(30));
  EXPECT_EQ(cost.alerts[0].subject, "Change 20");
}

TEST(Alerts, are_confirmed_by_the_revert_of_an_unmeasured_commit_before_theirs) {
  CostWorld world(40);
  const std::size_t s = world.add_series(step(40, 20, 30));
  world.tell(s, 20, 22);
  std::erase_if(world.facts.series[s].results,
                [](const CostResult& one) { return one.commit_sha == CostWorld::sha(19); });
  world.revert(19, 30);
  EXPECT_EQ(world.cost().confirmed, 1);
}

TEST(Alerts, are_not_confirmed_by_a_revert_after_which_it_stays_slow) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 40)), 20, 22);
  world.revert(20, 30);
  const AlertCost cost = world.cost();
  EXPECT_EQ(cost.unknown, 1);
  EXPECT_EQ(only_evidence(cost), EvidenceKind::still_slow_after_revert);
}

TEST(Alerts, are_not_confirmed_by_a_revert_that_was_taken_back) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 30)), 20, 22);
  world.revert(20, 30);
  world.facts.commits[35].message = "Revert \"Revert \"Change 20\"\"";
  const AlertCost cost = world.cost();
  EXPECT_EQ(cost.unknown, 1);
  EXPECT_EQ(only_evidence(cost), EvidenceKind::revert_taken_back);
}

TEST(Alerts, are_what_people_say_of_the_first_slow_result) {
  const auto answer = [](Mark mark) {
    CostWorld world(40);
    world.tell(world.add_series(step(40, 20, 40)), 20, 22);
    world.mark(0, 20, mark);
    return world.cost().alerts.at(0).answer;
  };
  EXPECT_EQ(answer(Mark::confirmed), Answer::confirmed);
  EXPECT_EQ(answer(Mark::expected), Answer::confirmed) << "the level did change";
  EXPECT_EQ(answer(Mark::noise), Answer::false_alarm);
  EXPECT_EQ(answer(Mark::machine_changed), Answer::false_alarm);
}

TEST(Alerts, are_unknown_where_witnesses_disagree) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 30)), 20, 22);
  world.mark(0, 20, Mark::noise);
  world.revert(20, 30);
  const AlertCost cost = world.cost();
  EXPECT_EQ(cost.unknown, 1);
  EXPECT_EQ(cost.alerts[0].evidence.size(), 2u);
}

TEST(Alerts, are_false_when_the_same_commit_measured_again_is_as_before) {
  CostWorld world(40);
  const std::size_t s = world.add_series(step(40, 20, 21));
  world.measure_again(s, 20, 100);
  world.tell(s, 20, 20);
  const AlertCost cost = world.cost();
  EXPECT_EQ(cost.false_alarms, 1);
  EXPECT_EQ(only_evidence(cost), EvidenceKind::undone_at_same_commit);
}

TEST(Alerts, stay_unknown_when_one_repeat_is_as_before_and_the_next_commits_are_slow) {
  CostWorld world(40);
  const std::size_t s = world.add_series(step(40, 20, 40));
  world.measure_again(s, 20, 100);
  world.tell(s, 20, 21);
  EXPECT_EQ(world.cost().unknown, 1);
}

TEST(Alerts, stay_unknown_when_other_code_is_as_before) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 21)), 20, 20);
  const AlertCost cost = world.cost();
  EXPECT_EQ(cost.unknown, 1) << "somebody may have mended it";
  EXPECT_EQ(only_evidence(cost), EvidenceKind::gone_again);
}

TEST(Alerts, of_many_series_at_one_commit_are_one) {
  CostWorld world(40);
  for (std::size_t s = 0; s < 30; ++s) world.tell(world.add_series(step(40, 20, 30)), 20, 22);
  world.revert(20, 30);
  const AlertCost cost = world.cost();
  EXPECT_EQ(cost.alerts_told, 1);
  EXPECT_EQ(cost.false_share.of, 1) << "thirty series are no thirty witnesses";
  EXPECT_EQ(cost.alerts[0].series_count, 30);
  EXPECT_EQ(cost.alerts[0].series.size(), 20u);
}

TEST(Alerts, of_several_series_are_false_only_when_each_is) {
  CostWorld world(40);
  for (std::size_t s = 0; s < 2; ++s) world.tell(world.add_series(step(40, 20, 40)), 20, 22);
  world.mark(0, 20, Mark::noise);
  EXPECT_EQ(world.cost().unknown, 1);
  world.mark(1, 20, Mark::noise);
  EXPECT_EQ(world.cost().false_alarms, 1);
}

TEST(Alerts, of_rules_belong_to_what_was_told_of_an_earlier_commit) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 40)), 20, 22);
  world.facts.rule_alerts = {{"event-1", "rule", "nightly", CostWorld::sha(21), hour(22)},
                             {"event-2", "rule", "nightly", CostWorld::sha(5), hour(6)}};
  const AlertCost cost = world.cost();
  ASSERT_EQ(cost.alerts_told, 2);
  EXPECT_EQ(cost.alerts[0].commit_sha, CostWorld::sha(20));
  EXPECT_EQ(cost.alerts[0].rules.at(0).event_id, "event-1");
  EXPECT_EQ(cost.alerts[1].commit_sha, CostWorld::sha(5)) << "told by the rule alone";
}

TEST(Alerts, before_the_time_asked_for_do_not_count) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 40)), 20, 22);
  world.facts.from = hour(23);
  EXPECT_EQ(world.cost().alerts_told, 0);
}

TEST(Alerts, of_results_that_are_gone_are_counted_apart) {
  CostWorld world(40);
  const std::size_t s = world.add_series(step(40, 20, 40));
  world.facts.series[s].said.push_back({"removed", "removed", true, 10, 0.9});
  const AlertCost cost = world.cost();
  EXPECT_EQ(cost.gone, 1);
  EXPECT_EQ(cost.alerts_told, 0);
}

TEST(Alerts, are_counted_a_week_of_measuring) {
  CostWorld world(8 * 24);
  const std::size_t s = world.add_series(step(7 * 24 + 1, 20, 168));
  world.tell(s, 20, 22);
  world.mark(s, 20, Mark::noise);
  EXPECT_DOUBLE_EQ(world.cost().false_per_week, 1) << "four weeks are asked for, one was measured";
}

TEST(Misses, are_slowdowns_that_people_confirm_and_nothing_told) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 40)), 20, 22);
  world.mark(0, 20, Mark::confirmed);
  world.mark(0, 30, Mark::confirmed);
  const AlertCost cost = world.cost();
  EXPECT_EQ(cost.confirmed, 1);
  ASSERT_EQ(cost.missed, 1);
  EXPECT_EQ(cost.misses[0].commit_sha, CostWorld::sha(30));
  EXPECT_DOUBLE_EQ(*cost.missed_share.value, 0.5);
}

TEST(Misses, are_none_where_the_alert_blamed_a_neighbour) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 40)), 20, 22);
  world.mark(0, 18, Mark::confirmed);
  EXPECT_EQ(world.cost().missed, 0);
}

TEST(Misses, are_reverted_slowdowns_that_came_and_went_with_their_commit) {
  CostWorld world(40);
  world.add_series(step(40, 20, 30));
  world.add_series(step(40, 40, 40));
  world.revert(20, 30);
  const AlertCost cost = world.cost();
  ASSERT_EQ(cost.missed, 1);
  EXPECT_EQ(cost.misses[0].commit_sha, CostWorld::sha(20));
  EXPECT_EQ(cost.misses[0].series_count, 1) << "the quiet series took no part";
  EXPECT_EQ(cost.misses[0].evidence.at(0).kind, EvidenceKind::reverted);
}

TEST(Misses, are_none_where_what_was_reverted_was_not_slow) {
  CostWorld world(40);
  world.add_series(step(40, 40, 40));
  world.revert(20, 30);
  EXPECT_EQ(world.cost().missed, 0);
}

TEST(Misses, need_more_is_worse_to_be_told_by_the_unit) {
  CostWorld world(40);
  world.facts.series[world.add_series(step(40, 20, 30))].less_is_better = false;
  world.revert(20, 30);
  EXPECT_EQ(world.cost().missed, 0) << "it was faster in between";
}

TEST(Answers, are_json_with_everything_that_a_page_shows) {
  CostWorld world(40);
  world.tell(world.add_series(step(40, 20, 30)), 20, 22);
  world.revert(20, 30);
  const auto answer = json::parse(encode_alert_cost(world.cost()));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->find("alerts")->items().at(0).find("answer")->as_string(), "confirmed");
  EXPECT_EQ(answer->find("thresholds")->items().size(), 2u);
  EXPECT_EQ(answer->find("thresholds")->items().at(0).find("refusal")->as_string(),
            "too_few_results");
}

}  // namespace
}  // namespace bl::advice
