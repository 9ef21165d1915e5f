#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conbench/opened_database.h"

// Results that others wrote: all of a restored database, and what another program does to it later.

namespace bl::conbench {
namespace {

using ::testing::HasSubstr;

class Backfill : public ::testing::Test {
 protected:
  Backfill() { opened_.old.add_dimensions(); }
  void add(int number, const std::string& fingerprint = "fp-1", const std::string& run = "run-1") {
    opened_.old.add({.id = id_at(number, number),
                     .run_id = run,
                     .fingerprint = fingerprint,
                     .timestamp = "2024-08-01 12:00:" + std::to_string(10 + number)});
  }
  /// name|counts of all series and of all runs, in one text.
  std::string series() {
    return opened_.value(
        "select string_agg(history_fingerprint || ' ' || result_count || ' ' || point_count || ' ' "
        "|| latest_result_id, ', ' order by history_fingerprint) from benchlake.series");
  }
  std::string runs() {
    return opened_.value(
        "select string_agg(run_id || ' ' || result_count || ' ' || series_count || ' ' || "
        "latest_result_id, ', ' order by run_id) from benchlake.run");
  }

  OpenedDatabase opened_{Schema::legacy};
};

TEST_F(Backfill, lists_fill_from_the_newest_result_and_the_walk_goes_on_where_it_was) {
  for (int i = 0; i < 8; ++i) add(i, i < 4 ? "fp-old" : "fp-new");
  opened_.migrate();
  EXPECT_EQ(series(), "");
  ASSERT_TRUE(opened_.step());
  EXPECT_EQ(series(), "fp-new 3 3 " + id_at(7, 7));
  results::Backfill after_a_restart(*opened_.database, opened_.clock, opened_.metrics,
                                    {.page_facts = 3});
  ASSERT_TRUE(after_a_restart.step().value());
  ASSERT_FALSE(after_a_restart.step().value());
  EXPECT_TRUE(after_a_restart.walk_is_done().value());
  EXPECT_EQ(series(), "fp-new 4 4 " + id_at(7, 7) + ", fp-old 4 4 " + id_at(3, 3));
  EXPECT_EQ(runs(), "run-1 8 2 " + id_at(7, 7));
  EXPECT_EQ(opened_.value("select count(*) from benchlake.result_number"), "8");
}

TEST_F(Backfill, verdicts_are_off_until_the_operator_switches_a_project_on) {
  for (int i = 0; i < 8; ++i) add(i);
  opened_.migrate();
  opened_.work();
  while (opened_.refresher.refresh_some(10).value() > 0) {
  }
  results::VerdictRefresher verdicts(*opened_.database, opened_.clock, opened_.metrics);
  EXPECT_EQ(verdicts.judge_some(10)->judged, 0);
  EXPECT_EQ(opened_.value("select count(*) from benchlake.verdict_due"), "0");
  results::StoreVerdictSwitches switches(*opened_.database);
  EXPECT_FALSE(switches.projects()->enabled_by_default);
  const std::string repository = opened_.value("select min(repository) from benchlake.series");
  ASSERT_TRUE(switches.set(repository, true, {"", "ann", opened_.clock.now()}).ok());
  EXPECT_EQ(verdicts.judge_some(10)->judged, 1);
  EXPECT_EQ(opened_.value("select count(*) from benchlake.series_verdict"), "1");
}

TEST_F(Backfill, many_results_of_one_instant_are_each_counted_once) {
  for (int i = 0; i < 10; ++i)
    opened_.old.add({.id = id_at(1, i), .timestamp = "2024-08-01 12:00:00.123456"});
  opened_.migrate();
  opened_.work();
  EXPECT_EQ(series(), "fp-1 10 10 " + id_at(1, 9));
}

TEST_F(Backfill, a_history_is_read_from_facts_that_no_walk_has_reached) {
  add(1);
  add(2);
  opened_.migrate();
  const auto history = opened_.history.history("fp-1");
  ASSERT_TRUE(history.ok()) << history.error().message;
  EXPECT_EQ(history->points.size(), 2u);
  EXPECT_EQ(history->hardware_hash, "m1-0-2-4-17179869184");
  EXPECT_EQ(opened_.history.history("fp-none").error().code, Code::not_found);
}

TEST_F(Backfill, what_another_program_inserts_is_found_by_its_id) {
  opened_.migrate();
  opened_.work();
  // Now is 2024-08-02T12:00:00Z; ids of either layout of UUIDv7.
  const Timestamp now = opened_.clock.now();
  const std::string conbench = id_floor(now);
  std::string rfc = "01911313e8007000";  // 2024-08-02T12:00:00Z in milliseconds
  rfc.append("8000000000000000");
  opened_.old.add({.id = conbench, .timestamp = "2024-08-02 12:00:00"});
  opened_.old.add({.id = rfc, .fingerprint = "fp-rfc", .timestamp = "2024-08-02 12:00:00"});
  opened_.clock.advance(std::chrono::seconds(1));
  opened_.work();
  EXPECT_EQ(series(), "fp-1 1 1 " + conbench + ", fp-rfc 1 1 " + rfc);
  EXPECT_EQ(opened_.value("select count(*) from benchlake.change_log where op = 'insert'"), "2");
}

TEST_F(Backfill, an_insert_that_no_id_tells_of_is_found_by_the_round) {
  add(1);
  opened_.migrate();
  opened_.work();
  opened_.old.add({.id = "0a5a7b3c4f1e4d7a9b3c4f1e8d7a0001"});
  opened_.work_a_round();
  EXPECT_THAT(series(), HasSubstr("fp-1 2 2 "));
  EXPECT_THAT(runs(), HasSubstr("run-1 2 1 "));
}

TEST_F(Backfill, deleted_results_leave_lists_counts_and_numbers) {
  for (int i = 0; i < 6; ++i) add(i, i % 2 == 0 ? "fp-1" : "fp-2", i < 3 ? "run-1" : "run-2");
  opened_.migrate();
  opened_.work();
  opened_.old.run("delete from benchmark_result where run_id = 'run-2' or id = '" + id_at(2, 2) +
                  "'");
  opened_.work_a_round();
  EXPECT_EQ(series(), "fp-1 1 1 " + id_at(0, 0) + ", fp-2 1 1 " + id_at(1, 1));
  EXPECT_EQ(runs(), "run-1 2 2 " + id_at(1, 1));
  EXPECT_EQ(opened_.value("select count(*) from benchlake.result_number"), "2");
  EXPECT_EQ(opened_.value("select count(*) from benchlake.change_log where op = 'delete'"), "4");
}

TEST_F(Backfill, triggers_tell_of_other_writers_at_once_and_pass_over_our_own) {
  add(1);
  opened_.migrate();
  opened_.work();
  for (const std::string& statement : results::foreign_change_triggers())
    opened_.old.run(statement);
  opened_.old.add({.id = "0a5a7b3c4f1e4d7a9b3c4f1e8d7a0001", .fingerprint = "fp-new"});
  opened_.work();
  EXPECT_THAT(series(), HasSubstr("fp-new 1 1 "));
  opened_.old.run(
      "update benchmark_result set history_fingerprint = 'fp-moved' where "
      "history_fingerprint = 'fp-new'; delete from benchmark_result where "
      "history_fingerprint = 'fp-1'");
  opened_.work();
  EXPECT_EQ(series(), "fp-moved 1 1 0a5a7b3c4f1e4d7a9b3c4f1e8d7a0001");
  EXPECT_EQ(opened_.value("select count(*) from benchlake.foreign_change"), "0");
  ASSERT_TRUE(opened_.database
                  ->write([](store::Connection& connection) -> Result<void> {
                    BL_TRY([[maybe_unused]] const auto changed,
                           connection.execute("update benchmark_result set run_reason = 'x'", {}));
                    return {};
                  })
                  .ok());
  EXPECT_EQ(opened_.value("select count(*) from benchlake.foreign_change"), "0");
}

TEST_F(Backfill, rows_in_odd_shapes_are_walked_and_judged_like_all_others) {
  const auto ids = opened_.old.add_odd_rows();
  opened_.migrate();
  opened_.work();
  EXPECT_EQ(opened_.value("select count(*) from benchlake.result_number"),
            std::to_string(ids.size()));
  EXPECT_EQ(opened_.value("select sum(result_count) from benchlake.series"),
            std::to_string(ids.size()));
  EXPECT_EQ(opened_.value("select sum(result_count) from benchlake.run"),
            std::to_string(ids.size()));
  const auto refreshed = opened_.refresher.refresh_some(100);
  ASSERT_TRUE(refreshed.ok()) << refreshed.error().message;
  EXPECT_EQ(opened_.value("select count(*) from benchlake.series where change_count <> "
                          "fresh_count"),
            "0");
}

TEST_F(Backfill, the_state_is_told_before_and_after) {
  for (int i = 0; i < 5; ++i) add(i);
  opened_.old.run("analyze benchmark_result");
  const auto before = results::backfill_state(*opened_.database).value();
  EXPECT_FALSE(before.done);
  EXPECT_EQ(before.left(), 5);
  opened_.migrate();
  opened_.work();
  EXPECT_EQ(results::backfill_state(*opened_.database).value().left(), 0);
}

}  // namespace
}  // namespace bl::conbench
