// What is wrong in the lake is found, named and mended.
#include <gmock/gmock.h>

#include "results/tests/replica_world.h"

namespace bl::results::testing {
namespace {

using replica::results_shape;
using replica::samples_shape;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

#define ASSERT_OK(result) \
  if (const auto& r_ = (result); !r_.ok()) FAIL() << r_.error().message

constexpr std::int64_t k_month = 31LL * 24 * k_hour;

/// Four results in a file each of two months.
struct Damaged : ReplicaWorld {
  Damaged() {
    for (int i = 0; i < 4; ++i) {
      Draft draft = on_commit(i);
      draft.timestamp = Timestamp{k_start.micros + (i / 2) * k_month + i * k_hour};
      results.push_back(submit(submission_of(draft)));
    }
    refresh();
  }
  /// Makes the file of a month again with other rows.
  void damage(const replica::Shape& shape, std::int64_t month, const std::string& select,
              std::int64_t into_month = 0) {
    auto table = lake->table(std::string(shape.name)).value();
    lake::Change change;
    change.select = "(" + select + ")";
    change.group = std::to_string(into_month == 0 ? month : into_month);
    for (const lake::DataFile& file : table->snapshot().files().files()) {
      const auto group = replica::group_of_file(shape.name, file.key);
      if (group && group->first_month == month) change.removed.push_back(file.key);
    }
    const auto done = table->replace(change);
    if (!done.ok()) ADD_FAILURE() << done.error().message;
  }
  void mend_and_look_again() {
    const auto mended = replicator->check(ReplicaRepair::yes);
    ASSERT_OK(mended);
    EXPECT_TRUE(mended->repaired);
    EXPECT_THAT(differences(), IsEmpty());
    EXPECT_EQ(lake_ids().size(), 4u);
  }
  std::vector<Submitted> results;
};

TEST(ReplicaCheck, missing_rows) {
  Damaged world;
  world.damage(results_shape(), 202408, "SELECT * FROM removed_rows WHERE result_no <> 1");
  EXPECT_THAT(world.differences(), ElementsAre("results missing"));
  world.mend_and_look_again();
}

TEST(ReplicaCheck, doubled_rows_even_two_more_which_an_exclusive_or_does_not_see) {
  Damaged world;
  world.damage(samples_shape(), 202408,
               "SELECT * FROM removed_rows UNION ALL SELECT * FROM removed_rows UNION ALL "
               "SELECT * FROM removed_rows");
  EXPECT_THAT(world.differences(), ElementsAre("result_samples doubled", "result_samples doubled"));
  world.mend_and_look_again();
}

TEST(ReplicaCheck, stale_rows) {
  Damaged world;
  world.damage(results_shape(), 202409,
               "SELECT * REPLACE (CASE result_no WHEN 3 THEN mean + 1 ELSE mean END AS mean) "
               "FROM removed_rows");
  EXPECT_THAT(world.differences(), ElementsAre("results stale"));
  world.mend_and_look_again();
}

TEST(ReplicaCheck, rows_in_the_file_of_another_month) {
  Damaged world;
  world.damage(results_shape(), 202408, "SELECT * FROM removed_rows", 202407);
  EXPECT_THAT(world.differences(), ElementsAre("results wrong month", "results wrong month"));
  world.mend_and_look_again();
}

TEST(ReplicaCheck, rows_of_nobody) {
  Damaged world;
  world.damage(results_shape(), 202408,
               "SELECT * FROM removed_rows UNION ALL SELECT * REPLACE (result_no + 1000 AS "
               "result_no, id_low + 1 AS id_low) FROM removed_rows WHERE result_no = 1");
  EXPECT_THAT(world.differences(), ElementsAre("results surplus"));
  world.mend_and_look_again();
}

TEST(ReplicaCheck, a_result_that_another_program_wrote_without_a_word) {
  Damaged world;
  world.run_sql("update benchmark_result set mean = 77 where id = '" + world.results[0].id + "'");
  EXPECT_THAT(world.differences(), ElementsAre("results stale"));
  world.mend_and_look_again();
  EXPECT_THAT(world.lake_values(results_shape(), "mean", "WHERE mean > 50"), ElementsAre("77.0"));
}

TEST(ReplicaCheck, what_is_on_its_way_is_no_difference) {
  Damaged world;
  world.damage(results_shape(), 202408, "SELECT * FROM removed_rows WHERE result_no <> 1");
  ASSERT_OK(world.editor.remove(world.results[3].id, {.id = "u", .name = "operator"}));
  EXPECT_THAT(world.differences(), ElementsAre("results missing"));
}

TEST(ReplicaCheck, a_store_of_an_earlier_time_is_refused_then_mended) {
  Damaged world;
  // As if the last result had never been submitted.
  world.run_sql("delete from bl_change_log where seq = (select max(seq) from bl_change_log)");
  world.run_sql("delete from benchmark_result where id = '" + world.results[3].id + "'");
  world.open_lake();
  const auto refused = world.replicator->refresh();
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("restored to an earlier time"));
  EXPECT_THAT(world.replicator->status().error, HasSubstr("restored"));

  ASSERT_OK(world.replicator->check(ReplicaRepair::yes));
  EXPECT_EQ(world.lake_ids().size(), 3u);
  EXPECT_EQ(world.refresh().state, ReplicaRound::State::current);
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(ReplicaCheck, a_store_of_an_earlier_time_is_found_when_its_log_was_pruned) {
  ReplicaWorld world;
  world.limits.log_kept = std::chrono::hours(1);
  world.replicator = world.make_replicator();
  for (int i = 0; i < 3; ++i) world.submit(submission_of(on_commit(i)));
  world.clock.advance(std::chrono::hours(2));
  ASSERT_EQ(world.refresh().log_pruned, 2);
  // As restored: the newest result, and what was said of it, never were.
  world.run_sql("delete from bl_change_log where seq = (select max(seq) from bl_change_log)");
  world.replicator = world.make_replicator();
  const auto refused = world.replicator->refresh();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::conflict);
  ASSERT_TRUE(world.replicator->check(ReplicaRepair::yes).ok());
  EXPECT_TRUE(world.replicator->refresh().ok());
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(ReplicaCheck, another_stores_replica_is_refused) {
  Damaged world;
  world.run_sql("update bl_results_setting set value = 'another' where name = 'replica_source'");
  world.open_lake();
  EXPECT_THAT(world.replicator->refresh().error().message, HasSubstr("another store"));
}

TEST(ReplicaCheck, a_table_that_was_rolled_back_catches_up) {
  Damaged world;
  auto table = world.lake->table("results").value();
  const auto before = table->snapshot().id();
  world.submit(submission_of(on_commit(9)));
  world.refresh();
  ASSERT_OK(table->roll_back(before));
  EXPECT_EQ(world.lake_ids().size(), 4u);
  EXPECT_EQ(world.refresh().changes, 1);
  EXPECT_THAT(world.differences(), IsEmpty());
  EXPECT_EQ(world.lake_ids().size(), 5u);
}

TEST(ReplicaRemoval, a_deleted_result_is_in_no_file) {
  Damaged world;
  const std::string id = world.results[1].id;
  EXPECT_EQ(world.replicator->prove_removed({id}).error().code, Code::conflict);
  ASSERT_OK(world.editor.remove(id, {.id = "u", .name = "operator"}));
  // The catalog dates its snapshots by the real clock.
  world.clock.set(SystemClock().now() + std::chrono::hours(1));
  const auto proof = world.replicator->prove_removed({id});
  ASSERT_OK(proof);
  EXPECT_TRUE(proof->is_gone()) << ::testing::PrintToString(proof->held);
  EXPECT_GT(proof->files, 0);
  EXPECT_GT(proof->files_removed, 0);
  EXPECT_EQ(world.lake_ids().size(), 3u);
}

}  // namespace
}  // namespace bl::results::testing
