// What was sent by mistake is taken back: from the store, and, with a replica, from the lake.
#include <gmock/gmock.h>

#include "results/receipts.h"
#include "results/tests/replica_world.h"
#include "results/undo.h"

namespace bl::results::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

#define ASSERT_OK(result) \
  if (const auto& r_ = (result); !r_.ok()) FAIL() << r_.error().message

/// Four good results of `sort`; then a bad batch: three of `sort` and two of `merge`.
struct Mistake : ReplicaWorld {
  Mistake() {
    for (int i = 0; i < 4; ++i) {
      Draft good = draft(i, "sort", "nightly");
      send(sent_by(good, "token-1", "ci"));
    }
    clock.advance(std::chrono::hours(1));
    bad_since = clock.now();
    for (int i = 4; i < 9; ++i) {
      Draft bad = draft(i, i < 7 ? "sort" : "merge", "broken");
      bad.batch_id = "bad-batch";
      send(sent_by(bad, "token-2", "laptop"));
    }
  }
  static Draft draft(int i, const std::string& name, const std::string& run) {
    Draft draft = on_commit(i);
    draft.name = name;
    draft.run_id = run;
    draft.timestamp = Timestamp{k_start.micros + i * k_hour};
    return draft;
  }
  static Submission sent_by(const Draft& draft, const std::string& id, const std::string& name) {
    Submission submission = submission_of(draft);
    submission.submitter = {id, name};
    return submission;
  }
  void send(const Submission& submission) { BL_CHECK(sender.submit(submission).ok()); }
  std::string results() { return value("select count(*) from benchmark_result"); }
  std::string audited() {
    return value("select count(*) from bl_audit where action = 'result.undo'");
  }
  /// Every count that is kept beside the results, as text.
  std::string kept() {
    return value("select result_count || ' ' || point_count from bl_series") + ", runs " +
           value("select run_id || ' ' || result_count || ' ' || batch_count from bl_run") + ", " +
           value("select count(*) from bl_series") + " series";
  }

  Receipts receipts{*database, clock, log, metrics};  // notes who sent what
  StoreResultWriter sender{*database, ids, clock, writer_limits(database->dialect()), &receipts};
  Timestamp bad_since;
  StoreResultUndo undo{*database, clock, {.at_once = 2}};
  const UndoSelection batch{.batch_id = "bad-batch"};
  const Editor who{.id = "u", .name = "operator"};
};

TEST(Undo, a_preview_says_what_would_go_and_changes_nothing) {
  Mistake world;
  const auto preview = world.undo.preview(world.batch);
  ASSERT_OK(preview);
  EXPECT_EQ(preview->results, 5);
  EXPECT_EQ(preview->runs, 1);
  EXPECT_EQ(preview->series, 2);
  ASSERT_THAT(preview->largest_series, SizeIs(2));
  EXPECT_EQ(preview->largest_series[0].results, 3);
  ASSERT_THAT(preview->months, SizeIs(1));
  EXPECT_EQ(preview->months[0].name, "2024-08");
  EXPECT_THAT(preview->repositories, ElementsAre(k_repository));
  ASSERT_THAT(preview->first, SizeIs(5));
  EXPECT_EQ(preview->first[0].name, "sort");
  EXPECT_EQ(preview->first[4].name, "merge");
  EXPECT_EQ(world.results(), "9");
  EXPECT_EQ(world.audited(), "0");
}

TEST(Undo, nothing_is_left_of_a_batch_but_one_audit_row) {
  Mistake world;
  std::vector<std::size_t> seen;
  const auto report =
      world.undo.undo(world.batch, 5, world.who, [&](std::size_t done, std::size_t) {
        seen.push_back(done);
        return true;
      });
  ASSERT_OK(report);
  EXPECT_THAT(report->removed, SizeIs(5));
  EXPECT_TRUE(report->is_complete);
  EXPECT_THAT(seen, ElementsAre(0, 2, 4)) << "in transactions of two";
  EXPECT_EQ(world.results(), "4");
  EXPECT_EQ(world.kept(), "4 4, runs nightly 4 0, 1 series");
  EXPECT_EQ(world.audited(), "1");
  EXPECT_THAT(world.value("select detail from bl_audit where action = 'result.undo'"),
              HasSubstr(R"("batch_id":"bad-batch")"));
  EXPECT_EQ(world.value("select count(*) from bl_change_log where op = 'delete'"), "5");
  EXPECT_EQ(world.undo.preview(world.batch)->results, 0);
}

TEST(Undo, every_word_of_a_selection_narrows_it) {
  Mistake world;
  const auto count = [&](const UndoSelection& selection) {
    return world.undo.preview(selection)->results;
  };
  EXPECT_EQ(count({.submitter = "laptop"}), 5);
  EXPECT_EQ(count({.submitter = "token-1"}), 4);
  EXPECT_EQ(count({.run_id = "nightly", .submitter = "laptop"}), 0);
  EXPECT_EQ(count({.since = world.bad_since}), 5);
  EXPECT_EQ(count({.submitter = "ci", .since = world.bad_since}), 0);
  EXPECT_EQ(world.undo.preview({}).error().code, Code::invalid);
  StoreResultUndo narrow(*world.database, world.clock, {.results_max = 4});
  EXPECT_EQ(narrow.preview(world.batch).error().code, Code::too_large);
}

TEST(Undo, more_than_was_agreed_to_is_refused) {
  Mistake world;
  Draft late = Mistake::draft(9, "sort", "broken");
  late.batch_id = "bad-batch";
  world.submit(submission_of(late));
  const auto refused = world.undo.undo(world.batch, 5, world.who);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_EQ(world.results(), "10");
  EXPECT_EQ(world.audited(), "0");
}

TEST(Undo, the_same_call_goes_on_where_one_was_cut) {
  Mistake world;
  const auto cut = world.undo.undo(world.batch, std::nullopt, world.who,
                                   [](std::size_t done, std::size_t) { return done < 2; });
  ASSERT_OK(cut);
  EXPECT_FALSE(cut->is_complete);
  EXPECT_THAT(cut->removed, SizeIs(2));
  EXPECT_EQ(world.results(), "7");
  const auto rest = world.undo.undo(world.batch, std::nullopt, world.who);
  ASSERT_OK(rest);
  EXPECT_THAT(rest->removed, SizeIs(3));
  EXPECT_EQ(world.kept(), "4 4, runs nightly 4 0, 1 series");
}

TEST(Undo, the_lake_proves_that_nothing_is_left) {
  Mistake world;
  world.refresh();
  ASSERT_THAT(world.lake_ids(), SizeIs(9));
  const auto report = world.undo.undo(world.batch, std::nullopt, world.who);
  ASSERT_OK(report);
  // The catalog dates its snapshots by the real clock.
  world.clock.set(SystemClock().now() + std::chrono::hours(1));
  const auto proof = world.replicator->prove_removed(report->removed);
  ASSERT_OK(proof);
  EXPECT_TRUE(proof->is_gone());
  EXPECT_GT(proof->files_removed, 0);
  EXPECT_THAT(world.lake_ids(), SizeIs(4));
  EXPECT_THAT(world.differences(), IsEmpty());
}

}  // namespace
}  // namespace bl::results::testing
