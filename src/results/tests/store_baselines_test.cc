#include "results/store_baselines.h"

#include <gtest/gtest.h>

#include "results/tests/store_fixture.h"

namespace bl::results::testing {
namespace {

// Commit i of the default branch, measured by a run of its own.
Draft measured(int i, const std::string& run_id) {
  Draft draft = on_commit(i);
  draft.run_id = run_id;
  draft.run_reason = "commit";
  draft.timestamp = Timestamp{draft.commit_time->micros + k_hour};
  return draft;
}

Submission with_parent(const Draft& draft, const std::string& parent) {
  Submission submission = submission_of(draft);
  submission.result.commit.parent = parent;
  return submission;
}

struct Baselines : StoreFixture {
  StoreBaselineReader reader{*database};

  BaselineRun find(const std::string& run_id, BaselineKind kind) {
    return reader.baseline(run_id, kind).value();
  }
  /// The run found, or why there is none.
  std::string found(const std::string& run_id, BaselineKind kind) {
    const BaselineRun run = find(run_id, kind);
    EXPECT_EQ(run.run_id.has_value(), !run.why_not.has_value());
    return run.run_id.value_or(run.message);
  }
};

TEST(Baselines, the_parent_is_searched_back_from_and_what_was_passed_is_named) {
  Baselines store;
  store.submit(submission_of(measured(1, "run1")));
  Draft other = measured(2, "other series");
  other.name = "another";
  store.submit(submission_of(other));
  Draft parent = measured(3, "parent fails to match");
  parent.machine = "m2";
  store.submit(submission_of(parent));
  store.submit(with_parent(measured(4, "run4"), sha_of(3)));
  const BaselineRun run = store.find("run4", BaselineKind::parent);
  EXPECT_EQ(run.run_id, "run1");
  EXPECT_EQ(run.commits_skipped, (std::vector<std::string>{sha_of(3), sha_of(2)}));
  EXPECT_EQ(run.commit->sha, sha_of(1));
  EXPECT_EQ(run.searched_from->sha, sha_of(3));
  EXPECT_EQ(run.searched_commits.size(), 3u);
}

TEST(Baselines, the_same_reason_is_preferred_to_a_nearer_commit_then_the_newest_result) {
  Baselines store;
  store.submit(submission_of(measured(1, "same reason")));
  Draft nearer = measured(2, "nearer");
  nearer.run_reason = "nightly";
  store.submit(submission_of(nearer));
  store.submit(with_parent(measured(3, "contender"), sha_of(2)));
  EXPECT_EQ(store.found("contender", BaselineKind::parent), "same reason");
  Draft newer = measured(1, "newer");
  newer.timestamp = Timestamp{newer.timestamp.micros + k_hour};
  store.submit(submission_of(newer));
  EXPECT_EQ(store.found("contender", BaselineKind::parent), "newer");
}

TEST(Baselines, runs_without_a_reason_have_the_same_one) {
  Baselines store;
  Draft nobody_said = measured(1, "none");
  nobody_said.run_reason.reset();
  store.submit(submission_of(nobody_said));
  store.submit(submission_of(measured(2, "commit")));
  Draft contender = measured(3, "contender");
  contender.run_reason.reset();
  store.submit(with_parent(contender, sha_of(2)));
  EXPECT_EQ(store.found("contender", BaselineKind::parent), "none");
}

TEST(Baselines, a_branch_is_searched_before_the_default_branch_that_it_left) {
  Baselines store;
  store.submit(submission_of(measured(1, "fork")));
  store.submit(submission_of(measured(5, "latest")));
  const auto branch = [&](const std::string& sha, int hours, const std::string& run_id) {
    Draft draft = measured(2, run_id);
    draft.sha = sha;
    draft.commit_time = Timestamp{draft.commit_time->micros + hours * k_hour};
    draft.branch = "org:feature";
    draft.fork_point = sha_of(1);
    return draft;
  };
  store.submit(with_parent(branch("b1", 1, "first of branch"), sha_of(1)));
  store.submit(with_parent(branch("b2", 2, "contender"), "b1"));
  EXPECT_EQ(store.found("contender", BaselineKind::parent), "first of branch");
  EXPECT_EQ(store.found("contender", BaselineKind::fork_point), "fork");
  EXPECT_EQ(store.found("contender", BaselineKind::latest_default), "latest");
}

TEST(Baselines, only_twenty_commits_are_looked_at) {
  Baselines store;
  for (int i = 1; i <= 21; ++i) {
    Draft draft = measured(i, "run" + std::to_string(i));
    if (i > 1) draft.name = "another";
    store.submit(with_parent(draft, sha_of(i - 1)));
  }
  store.submit(with_parent(measured(22, "too far"), sha_of(21)));
  const BaselineRun none = store.find("too far", BaselineKind::parent);
  EXPECT_EQ(none.why_not, NoBaseline::no_matching_run);
  EXPECT_EQ(none.searched_commits.size(), static_cast<std::size_t>(k_baseline_commits_max));
  store.submit(with_parent(measured(21, "near enough"), sha_of(20)));
  EXPECT_EQ(store.found("near enough", BaselineKind::parent), "run1") << "on the twentieth";
}

TEST(Baselines, why_there_is_none_is_said) {
  Baselines store;
  Draft without = measured(1, "no commit");
  without.sha.clear();
  store.submit(submission_of(without));
  store.submit(submission_of(measured(2, "alone")));
  store.submit(with_parent(measured(3, "parent unknown"), sha_of(9)));
  Draft unknown = measured(4, "unknown");
  unknown.commit_time.reset();
  store.submit(submission_of(unknown));
  Draft after = measured(5, "after unknown");
  after.name = "another";
  store.submit(with_parent(after, sha_of(4)));
  const auto parent = BaselineKind::parent;
  EXPECT_EQ(store.found("no commit", parent),
            "the contender run is not connected to the git graph");
  EXPECT_EQ(store.found("alone", BaselineKind::fork_point),
            "the contender run is already on the default branch");
  EXPECT_EQ(store.found("parent unknown", parent),
            "this baseline commit type does not exist for this run");
  EXPECT_EQ(store.found("after unknown", parent),
            "could not find the baseline commit's ancestry because commit timestamp is null");
  EXPECT_EQ(store.found("after unknown", BaselineKind::latest_default),
            "no matching baseline run was found");
  EXPECT_EQ(store.reader.baselines("nope").error().code, Code::not_found);
}

TEST(Baselines, all_three_come_from_one_question) {
  Baselines store;
  store.submit(submission_of(measured(1, "run1")));
  store.submit(with_parent(measured(2, "run2"), sha_of(1)));
  const RunBaselines found = store.reader.baselines("run2").value();
  EXPECT_EQ(found.contender.run_reason, "commit");
  ASSERT_EQ(found.candidates.size(), 3u);
  for (const BaselineRun& candidate : found.candidates) {
    const BaselineRun alone = store.find("run2", candidate.kind);
    EXPECT_EQ(alone.run_id, candidate.run_id) << name_of(candidate.kind);
    EXPECT_EQ(alone.message, candidate.message) << name_of(candidate.kind);
  }
}

}  // namespace
}  // namespace bl::results::testing
