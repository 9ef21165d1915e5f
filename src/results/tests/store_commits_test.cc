#include "results/store_commits.h"

#include <gtest/gtest.h>

#include <thread>

#include "results/canned_commits.h"
#include "results/commit_enricher.h"
#include "results/tests/store_fixture.h"

namespace bl::results {
namespace {

using namespace std::chrono_literals;
using testing::Draft;
using testing::k_hour;
using testing::k_repository;
using testing::k_start;
using testing::sha_of;
using testing::submission_of;

constexpr const char* k_branch = "org:main";

Timestamp time_of_commit(int i) {
  return Timestamp{k_start.micros + i * k_hour};
}

/// Knows the commits 0, 1, 2, ... of a straight line, unless told to fail.
class LineSource final : public CommitSource {
 public:
  std::string_view name() const override { return "line"; }
  bool covers(std::string_view repository) const override { return repository == k_repository; }

  Result<KnownCommit> find(const CommitQuestion& question) override {
    questions.push_back(question);
    if (while_asked) while_asked();
    if (fails_with) return *fails_with;
    for (int i = 0; i < length; ++i) {
      if (sha_of(i) != question.sha) continue;
      KnownCommit known;
      known.commit = commit(i);
      if (question.branch) known.commit.branch = question.branch;
      if (forks.contains(i)) {
        known.commit.fork_point_sha = sha_of(forks[i]);
        known.fork_point = commit(forks[i]);
      }
      return known;
    }
    return Error{Code::not_found, "the line does not go there: " + question.sha};
  }

  Result<CommitPage> between(const CommitRange& range, const std::string& from,
                             std::size_t count_max) override {
    ++pages;
    if (pages_fail_with) return *pages_fail_with;
    int at = from.empty() ? index_of(range.newest_sha) : std::stoi(from);
    CommitPage page;
    while (at >= 0 && page.commits.size() < count_max) {
      if (sha_of(at) == range.oldest_sha && !runs_past_the_end) return page;
      page.commits.push_back(commit(at--));
    }
    if (at >= 0) page.next = std::to_string(at);
    return page;
  }

  static Commit commit(int i) {
    Commit commit;
    commit.sha = sha_of(i);
    commit.repository = k_repository;
    if (i > 0) commit.parent = sha_of(i - 1);
    commit.timestamp = time_of_commit(i);
    commit.message = "message " + std::to_string(i);
    commit.author_name = "Ada";
    commit.branch = k_branch;
    commit.fork_point_sha = sha_of(i);
    return commit;
  }

  int length = 1000;
  std::map<int, int> forks;  // commit -> where it left the line
  std::optional<Error> fails_with, pages_fail_with;
  bool runs_past_the_end = false;
  std::function<void()> while_asked;
  std::vector<CommitQuestion> questions;
  int pages = 0;

 private:
  int index_of(const std::string& sha) const {
    for (int i = 0; i < length; ++i) {
      if (sha_of(i) == sha) return i;
    }
    return -1;
  }
};

class Enrichment : public ::testing::Test {
 protected:
  void submit(int i, const std::string& name = "sort") {
    Draft draft;
    draft.name = name;
    draft.sha = sha_of(i);
    Submission submission = submission_of(draft);
    submission.result.commit.message.clear();
    fixture.submit(submission);
  }
  // Until nothing is due any more.
  void work() { work(enricher); }
  static void work(CommitEnricher& by) {
    for (int i = 0; i < 1000 && by.work(); ++i) {
    }
  }
  std::string value(const std::string& sql) { return fixture.value(sql); }
  std::string column(const std::string& name, int i) {
    return value("select " + name + " from \"commit\" where sha = '" + sha_of(i) + "'");
  }
  std::string commit_count() { return value("select count(*) from \"commit\""); }
  std::string points() { return value("select sum(point_count) from bl_series"); }
  std::string waiting() { return value("select count(*) from bl_commit_enrichment"); }
  IncompleteCommit only_incomplete() {
    const auto found = commits.incomplete({});
    BL_CHECK(found.ok());
    EXPECT_EQ(found->size(), 1u);
    return found->empty() ? IncompleteCommit{} : found->front();
  }
  RepairReport repair(RepairRequest request = {}) {
    request.deadline = fixture.clock.steady_now() + 10s;
    const auto report = enricher.repair(request);
    BL_CHECK(report.ok());
    return *report;
  }

  testing::StoreFixture fixture;
  LineSource source;
  StoreCommits commits{*fixture.database, fixture.ids, "me"};
  EnrichmentLimits limits{.backfill_max = 0};
  CommitEnricher enricher{commits, source, fixture.clock, fixture.log, fixture.metrics, limits};
  EnrichmentLimits filling{.backfill_max = 1000, .page_commits_max = 3};
  CommitEnricher filler{commits, source, fixture.clock, fixture.log, fixture.metrics, filling};
};

TEST_F(Enrichment, results_of_an_unknown_commit_enter_their_history_once_it_is_known) {
  submit(5);
  submit(5, "find");
  EXPECT_EQ(points(), "0");
  work();
  EXPECT_EQ(points(), "2");
  EXPECT_EQ(column("message", 5), "message 5");
  EXPECT_EQ(column("parent", 5), sha_of(4));
  EXPECT_EQ(column("branch", 5), k_branch);
  EXPECT_EQ(source.questions.size(), 1u) << "once for all results of the commit";
  EXPECT_EQ(waiting(), "0");
  submit(5);
  work();
  EXPECT_EQ(points(), "3");
  EXPECT_EQ(source.questions.size(), 1u) << "what is known is not asked for";
}

TEST_F(Enrichment, what_the_client_said_stays) {
  Draft draft;
  draft.sha = sha_of(5);
  draft.commit_time = Timestamp{k_start.micros + 7};
  draft.branch = "me:topic";  // and no fork point: it has no ancestry
  fixture.submit(submission_of(draft));
  source.forks[5] = 3;
  work();
  EXPECT_EQ(column("fork_point_sha", 5), sha_of(3));
  EXPECT_EQ(column("branch", 5), "me:topic");
  EXPECT_EQ(fixture.runs.result(value("select id from benchmark_result"))
                ->stored_commit->timestamp->micros,
            k_start.micros + 7);
  EXPECT_EQ(points(), "0") << "not on the default branch";
  EXPECT_EQ(column("fork_point_sha", 3), sha_of(3)) << "the fork point is needed for ancestry";
  EXPECT_EQ(column("message", 3), "message 3");
  EXPECT_EQ(waiting(), "0");
}

TEST_F(Enrichment, a_source_that_fails_is_asked_again_later_and_for_ever) {
  submit(5);
  source.fails_with = Error{Code::unavailable, "the source is down"};
  std::vector<std::size_t> asked;
  for (int i = 0; i < 40; ++i) {
    work();
    asked.push_back(source.questions.size());
    fixture.clock.advance(30s);
  }
  EXPECT_EQ(asked[0], 1u);
  EXPECT_EQ(asked[1], 2u) << "after 30 s";
  EXPECT_EQ(asked[2], 2u);
  EXPECT_EQ(asked[3], 3u) << "after another 60 s";
  EXPECT_EQ(asked[39], 6u) << "the pauses double";
  EXPECT_EQ(only_incomplete().reason, "the source is down");
  for (int i = 0; i < 30; ++i) {
    fixture.clock.advance(1h);
    work();
  }
  EXPECT_EQ(only_incomplete().state, "waiting");
  source.fails_with.reset();
  fixture.clock.advance(1h);
  work();
  EXPECT_EQ(points(), "1");
}

TEST_F(Enrichment, a_commit_that_nobody_knows_is_given_up_until_somebody_asks) {
  source.length = 3;
  submit(5);
  for (int i = 0; i < 30; ++i) {
    fixture.clock.advance(1h);
    work();
  }
  EXPECT_EQ(source.questions.size(), 12u);
  EXPECT_EQ(only_incomplete().state, "given up");
  EXPECT_FALSE(only_incomplete().next_try_at);
  EXPECT_NE(only_incomplete().reason.find("does not go there"), std::string::npos);
  source.length = 10;  // it was pushed at last
  fixture.clock.advance(100h);
  work();
  EXPECT_EQ(points(), "0");
  const RepairReport report = repair();
  ASSERT_EQ(report.commits.size(), 1u);
  EXPECT_EQ(report.commits[0].outcome, RepairedCommit::Outcome::repaired);
  EXPECT_EQ(points(), "1");
  EXPECT_EQ(commits.counts()->incomplete, 0);
}

TEST_F(Enrichment, what_is_no_hash_is_given_up_at_once_and_a_quota_never) {
  submit(5);
  source.fails_with = Error{Code::too_many, "the quota is used up"};
  for (int i = 0; i < 50; ++i) {
    work();
    fixture.clock.advance(5min);
  }
  EXPECT_EQ(only_incomplete().state, "waiting");
  EXPECT_EQ(source.questions.size(), 50u);
  source.fails_with = Error{Code::invalid, "not a commit hash: x"};
  work();
  EXPECT_EQ(only_incomplete().state, "given up");
}

TEST_F(Enrichment, repositories_that_no_source_covers_do_not_wait) {
  Draft draft;
  draft.sha = sha_of(1);
  Submission submission = submission_of(draft);
  submission.result.repository = submission.result.commit.repository = "https://example.org/x";
  fixture.submit(submission);
  work();
  EXPECT_EQ(waiting(), "0");
  EXPECT_EQ(only_incomplete().state, "new");
  const RepairReport report = repair();
  ASSERT_EQ(report.commits.size(), 1u);
  EXPECT_NE(report.commits[0].reason.find("no commit source"), std::string::npos);
  EXPECT_TRUE(source.questions.empty());
}

TEST_F(Enrichment, the_default_branch_is_filled_up_between_two_commits_without_either) {
  submit(2);
  work();
  submit(13);
  work(filler);
  EXPECT_EQ(commit_count(), "12");
  EXPECT_EQ(column("message", 3), "message 3");
  EXPECT_EQ(column("fork_point_sha", 12), sha_of(12));
  EXPECT_EQ(column("message", 1), "") << "below the commit that was known";
  EXPECT_EQ(source.pages, 4) << "of three commits each";
  EXPECT_EQ(waiting(), "0");
  EXPECT_EQ(points(), "2");
  EXPECT_EQ(value("select count(*) from (select sha from \"commit\" group by sha "
                  "having count(*) > 1) as twice"),
            "0");
}

TEST_F(Enrichment, a_source_that_goes_on_below_the_range_adds_nothing_there) {
  submit(2);
  work();
  submit(6);
  source.runs_past_the_end = true;
  work(filler);
  EXPECT_EQ(commit_count(), "5");
}

TEST_F(Enrichment, filling_up_goes_on_where_it_was_after_a_restart) {
  submit(20);
  ASSERT_TRUE(filler.work());  // the commit
  ASSERT_TRUE(filler.work());  // one page
  EXPECT_EQ(source.pages, 1);
  CommitEnricher restarted(commits, source, fixture.clock, fixture.log, fixture.metrics, filling);
  work(restarted);
  EXPECT_EQ(commit_count(), "21");
  EXPECT_EQ(source.pages, 7) << "no page twice";
}

TEST_F(Enrichment, a_page_that_fails_is_asked_for_again) {
  submit(20);
  ASSERT_TRUE(filler.work());
  ASSERT_TRUE(filler.work());
  source.pages_fail_with = Error{Code::timeout, "too slow"};
  work(filler);
  EXPECT_EQ(commit_count(), "3") << "20, 19, 18";
  EXPECT_EQ(points(), "1") << "the commit itself is known all the same";
  source.pages_fail_with.reset();
  fixture.clock.advance(1min);
  work(filler);
  EXPECT_EQ(commit_count(), "21");
}

TEST_F(Enrichment, filling_up_is_bounded) {
  submit(900);
  EnrichmentLimits few = filling;
  few.backfill_max = 10;
  CommitEnricher bounded(commits, source, fixture.clock, fixture.log, fixture.metrics, few);
  work(bounded);
  EXPECT_EQ(commit_count(), "11");
  EXPECT_EQ(waiting(), "0");
}

TEST_F(Enrichment, commits_that_follow_one_another_are_not_filled_up_between) {
  for (int i = 3; i < 30; ++i) submit(i);
  work(filler);
  EXPECT_EQ(commit_count(), "30");
  EXPECT_EQ(source.pages, 2) << "of three commits, below the first one only";
  EXPECT_EQ(waiting(), "0");
}

TEST_F(Enrichment, one_filling_up_leaves_to_others_what_lies_below_them) {
  for (const int i : {10, 20, 30}) submit(i);
  work(filler);
  EXPECT_EQ(commit_count(), "31");
  EXPECT_EQ(points(), "3");
  EXPECT_LE(source.pages, 15) << "10 pages of three commits, and where they meet";
}

TEST_F(Enrichment, an_unknown_commit_inside_of_a_range_becomes_known_on_the_way) {
  submit(5);
  source.fails_with = Error{Code::unavailable, "down"};
  work(filler);
  source.fails_with.reset();
  submit(8);
  work(filler);
  EXPECT_EQ(points(), "2");
  fixture.clock.advance(1h);
  work(filler);
  EXPECT_EQ(points(), "2") << "no point twice";
  EXPECT_EQ(waiting(), "0");
}

TEST_F(Enrichment, a_commit_that_a_submission_completes_meanwhile_counts_once) {
  submit(5);
  source.while_asked = [&] {
    Draft draft;
    draft.sha = sha_of(5);
    draft.commit_time = time_of_commit(5);
    fixture.submit(submission_of(draft));
  };
  work();
  EXPECT_EQ(points(), "2");
  EXPECT_EQ(waiting(), "0");
}

TEST_F(Enrichment, results_that_are_stored_while_their_commit_becomes_known_are_all_points) {
  constexpr int k_commits = 20, k_results = 8;
  for (int i = 0; i < k_commits; ++i) {
    std::thread submitting([&] {
      for (int result = 0; result < k_results; ++result) {
        Draft draft;
        draft.sha = sha_of(i);
        draft.timestamp = Timestamp{k_start.micros + result};
        EXPECT_TRUE(fixture.writer.submit(submission_of(draft)).ok());
      }
    });
    while (column("timestamp", i).empty()) enricher.work();
    submitting.join();
  }
  EXPECT_EQ(points(), std::to_string(k_commits * k_results));
}

TEST_F(Enrichment, results_that_are_stored_while_another_submission_knows_their_commit_are_points) {
  constexpr int k_commits = 20, k_results = 8;
  for (int i = 0; i < k_commits; ++i) {
    submit(i);
    std::thread submitting([&] {
      for (int result = 0; result < k_results; ++result) submit(i);
    });
    Draft draft;
    draft.sha = sha_of(i);
    draft.commit_time = time_of_commit(i);
    fixture.submit(submission_of(draft));
    submitting.join();
  }
  EXPECT_EQ(points(), std::to_string(k_commits * (k_results + 2)));
}

TEST_F(Enrichment, two_servers_never_work_on_the_same_commit) {
  submit(5);
  StoreCommits others(*fixture.database, fixture.ids, "other");
  CommitEnricher other(others, source, fixture.clock, fixture.log, fixture.metrics, limits);
  other.work();  // takes over what the dead left, once, before there is anything
  source.questions.clear();
  submit(6);
  source.while_asked = [&] {
    const auto stolen = others.claim(fixture.clock.now(), 1min);
    ASSERT_TRUE(stolen.ok());
    EXPECT_FALSE(*stolen) << "it is ours until the lease ends";
    const auto by_name =
        others.claim_commit(only_incomplete().commit.id, fixture.clock.now(), 1min);
    ASSERT_TRUE(by_name.ok());
    EXPECT_FALSE(*by_name);
  };
  work();
  EXPECT_EQ(source.questions.size(), 1u);
}

TEST_F(Enrichment, the_work_of_a_server_that_died_is_taken_up_when_its_lease_ends) {
  submit(5);
  StoreCommits others(*fixture.database, fixture.ids, "other");
  work();
  submit(6);
  ASSERT_EQ(commits.discover("", 10, [](auto) { return true; }, fixture.clock.now())->queued, 1u);
  ASSERT_TRUE(others.claim(fixture.clock.now(), 2min).value());
  work();
  EXPECT_EQ(source.questions.size(), 1u);
  fixture.clock.advance(2min);
  work();
  EXPECT_EQ(source.questions.size(), 2u);
  EXPECT_EQ(points(), "2");
}

TEST_F(Enrichment, a_dry_run_changes_nothing) {
  submit(5);
  const RepairReport report = repair({.dry_run = true});
  ASSERT_EQ(report.commits.size(), 1u);
  EXPECT_EQ(report.commits[0].outcome, RepairedCommit::Outcome::would_repair);
  EXPECT_EQ(report.commits[0].commit.message, "message 5");
  EXPECT_EQ(column("message", 5), "");
  EXPECT_EQ(only_incomplete().attempts, 0);
}

TEST_F(Enrichment, a_repair_goes_page_by_page_and_may_fill_up_at_once) {
  for (const int i : {4, 8, 12}) submit(i);
  RepairRequest request;
  request.count_max = 2;
  request.backfill = true;
  request.deadline = fixture.clock.steady_now() + 10s;
  const auto first = filler.repair(request);
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->commits.size(), 2u);
  EXPECT_EQ(first->commits[0].commit.sha, sha_of(12)) << "newest first";
  EXPECT_GT(first->commits[0].backfilled, 0u);
  ASSERT_TRUE(first->next_before);
  request.before_id = first->next_before;
  const auto second = filler.repair(request);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->next_before);
  EXPECT_EQ(commits.counts()->incomplete, 0);
  EXPECT_EQ(points(), "3");
  EXPECT_EQ(commit_count(), "13");
}

TEST_F(Enrichment, a_commit_without_a_fork_point_says_why) {
  class Orphans final : public CommitSource {
   public:
    std::string_view name() const override { return "orphans"; }
    bool covers(std::string_view) const override { return true; }
    Result<KnownCommit> find(const CommitQuestion& question) override {
      KnownCommit known;
      known.commit = LineSource::commit(5);
      known.commit.sha = question.sha;
      known.commit.fork_point_sha.reset();
      known.why_no_fork_point = "another history";
      return known;
    }
    Result<CommitPage> between(const CommitRange&, const std::string&, std::size_t) override {
      return CommitPage{};
    }
  } orphans;
  submit(5);
  CommitEnricher by(commits, orphans, fixture.clock, fixture.log, fixture.metrics, filling);
  work(by);
  EXPECT_EQ(column("message", 5), "message 5");
  EXPECT_EQ(only_incomplete().state, "given up");
  EXPECT_EQ(only_incomplete().reason, "another history");
  EXPECT_FALSE(by.work()) << "it is not queued again";
}

TEST_F(Enrichment, the_pull_request_of_a_submission_reaches_the_source) {
  CommitNotingWriter writer(fixture.writer, commits, source, fixture.log);
  Draft draft;
  draft.sha = sha_of(5);
  Submission submission = submission_of(draft);
  submission.result.commit.pull_request = 77;
  ASSERT_TRUE(writer.submit(submission).ok());
  ASSERT_TRUE(writer.submit(submission).ok());
  EXPECT_EQ(value("select count(*) from bl_commit_hint"), "1");
  work();
  ASSERT_EQ(source.questions.size(), 1u);
  EXPECT_EQ(source.questions[0].pull_request, 77);
  EXPECT_EQ(value("select count(*) from bl_commit_hint"), "0") << "it is needed no more";
}

TEST_F(Enrichment, an_instant_source_answers_within_the_submission) {
  CannedCommits canned;
  CommitNotingWriter writer(fixture.writer, commits, canned, fixture.log);
  Draft draft;
  draft.sha = "02addad336ba19a654f9c857ede546331be7b631";
  Submission submission = submission_of(draft);
  submission.result.commit.pull_request = 12345678;
  ASSERT_TRUE(writer.submit(submission).ok());
  EXPECT_EQ(points(), "1");
  EXPECT_EQ(value("select branch from \"commit\""), "some_user_or_org:some_branch");
  EXPECT_EQ(value("select parent from \"commit\""), "4beb514d071c9beec69b8917b5265e77ade22fb3");
  draft.sha = "unknown commit";
  ASSERT_TRUE(writer.submit(submission_of(draft)).ok());
  EXPECT_EQ(commits.counts()->incomplete, 1);
}

}  // namespace
}  // namespace bl::results
