#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "results/tests/store_fixture.h"

namespace bl::results::testing {
namespace {

TEST(StoreWriter, what_was_submitted_is_read_back) {
  StoreFixture store;
  Draft draft = on_commit(1);
  draft.tags = {{"size", "10"}};
  draft.batch_id = "b1";
  draft.run_reason = "nightly";
  Submission submission = submission_of(draft);
  submission.result.info.set("z", *json::parse(R"({"b": 1.50, "a": [1, null]})"));
  submission.result.run_tags.set("name", json::Value::string("commit: abc"));
  submission.result.stats.iterations = 3;
  submission.result.stats.time_unit = "s";

  const Submitted submitted = store.submit(submission);
  const auto stored = store.runs.result(submitted.id);

  ASSERT_TRUE(stored.ok()) << stored.error().message;
  EXPECT_FALSE(submitted.replayed);
  EXPECT_EQ(stored->id, submitted.id);
  EXPECT_EQ(stored->run_id, "run-1");
  EXPECT_EQ(stored->batch_id, "b1");
  EXPECT_EQ(stored->run_reason, "nightly");
  EXPECT_EQ(stored->timestamp, draft.timestamp);
  EXPECT_EQ(stored->benchmark_case.name, "sort");
  EXPECT_EQ(stored->benchmark_case.tags, submission.result.benchmark_case.tags);
  EXPECT_EQ(stored->context, submission.result.context);
  EXPECT_EQ(json::to_text(stored->info), R"({"z":{"a":[1,null],"b":1.50}})");  // sorted
  EXPECT_EQ(stored->run_tags, submission.result.run_tags);
  EXPECT_EQ(stored->stats.data, submission.result.stats.data);
  EXPECT_EQ(stored->stats.mean, 2.0);
  EXPECT_EQ(stored->stats.stdev, 1.0);
  EXPECT_EQ(stored->stats.iterations, 3);
  EXPECT_EQ(stored->stats.time_unit, "s");
  EXPECT_TRUE(stored->error.is_null());
  EXPECT_TRUE(stored->validation.is_null());
  EXPECT_EQ(stored->hardware.identity(), submission.result.hardware.identity());
  EXPECT_EQ(stored->hardware_hash, submission.result.hardware.hash());
  EXPECT_EQ(stored->history_fingerprint, history_fingerprint(stored->case_id, stored->context_id,
                                                             stored->hardware_hash, k_repository));
  EXPECT_EQ(stored->history_fingerprint, submitted.history_fingerprint);
  ASSERT_TRUE(stored->stored_commit.has_value());
  EXPECT_EQ(stored->stored_commit->sha, draft.sha);
  EXPECT_TRUE(stored->stored_commit->on_default_branch());
}

TEST(StoreWriter, numbers_keep_their_text_on_the_error_path) {
  StoreFixture store;
  Draft draft;
  draft.errored = true;
  Submission submission = submission_of(draft);
  submission.result.stats.data = {json::Value::number_text("0.100000000000000000000001"),
                                  json::Value{}};

  const auto stored = store.runs.result(store.submit(submission).id);

  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(json::to_text(json::Value::array(stored->stats.data)),
            "[0.100000000000000000000001,null]");
  EXPECT_TRUE(stored->failed());
  EXPECT_EQ(stored->error, submission.result.error);
}

TEST(StoreWriter, equal_documents_share_one_row_and_others_do_not) {
  StoreFixture store;
  Submission first = submission_of(on_commit(1));
  first.result.info = *json::parse(R"({"a": 1, "b": {"c": 2, "d": 3}})");
  Submission same = submission_of(on_commit(2));
  same.result.info = *json::parse(R"({"b": {"d": 3, "c": 2.0}, "a": 1.0})");
  Submission other = submission_of(on_commit(3));
  other.result.info = *json::parse(R"({"a": 1, "b": {"c": 2, "d": 4}})");
  other.result.hardware.kernel_name = "6.1";

  const auto a = store.runs.result(store.submit(first).id);
  const auto b = store.runs.result(store.submit(same).id);
  const auto c = store.runs.result(store.submit(other).id);

  EXPECT_EQ(a->info_id, b->info_id);
  EXPECT_EQ(a->case_id, b->case_id);
  EXPECT_EQ(a->context_id, b->context_id);
  EXPECT_EQ(a->hardware_id, b->hardware_id);
  EXPECT_NE(a->info_id, c->info_id);
  EXPECT_NE(a->hardware_id, c->hardware_id);
  EXPECT_EQ(a->hardware_hash, c->hardware_hash);
  EXPECT_EQ(a->history_fingerprint, c->history_fingerprint)
      << "the hash decides, not the hardware row";
  EXPECT_EQ(store.value("select count(*) from info"), "2");
  EXPECT_EQ(store.value("select count(*) from hardware"), "2");
  EXPECT_EQ(store.value("select count(*) from \"commit\""), "3");
}

TEST(StoreWriter, a_name_never_runs_into_the_tags) {
  StoreFixture store;
  Draft plain;
  plain.name = "a{}";
  Draft tagged;
  tagged.name = "a";
  const auto first = store.runs.result(store.submit(submission_of(plain)).id);
  const auto second = store.runs.result(store.submit(submission_of(tagged)).id);
  EXPECT_NE(first->case_id, second->case_id);
}

TEST(StoreWriter, the_same_submission_key_and_content_is_a_replay) {
  StoreFixture store;
  Draft draft = on_commit(1);
  draft.key = "job-1";
  const Submitted first = store.submit(submission_of(draft));
  const Submitted again = store.submit(submission_of(draft));

  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.run_id, first.run_id);
  EXPECT_EQ(again.history_fingerprint, first.history_fingerprint);
  EXPECT_EQ(store.health.facts()->results, 1);
}

TEST(StoreWriter, the_same_submission_key_with_other_content_is_a_conflict_and_stores_nothing) {
  StoreFixture store;
  Draft draft = on_commit(1);
  draft.key = "job-1";
  store.submit(submission_of(draft));
  draft.data = {9, 9, 9};
  draft.name = "another";

  const auto refused = store.writer.submit(submission_of(draft));

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::conflict);
  ASSERT_EQ(refused.error().faults.size(), 1u);
  EXPECT_EQ(refused.error().faults[0].path, "/submission_key");
  EXPECT_EQ(refused.error().faults[0].value, "\"job-1\"");
  EXPECT_EQ(store.value("select count(*) from benchmark_result"), "1");
  EXPECT_EQ(store.value("select count(*) from \"case\""), "1");
}

TEST(StoreWriter, sixteen_threads_with_one_key_store_one_row) {
  StoreFixture store;
  Draft draft = on_commit(1);
  draft.key = "job-1";
  const Submission submission = submission_of(draft);
  std::vector<std::string> ids(16);
  std::atomic<int> fresh = 0;
  std::vector<std::thread> threads;
  for (auto& id : ids) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const auto submitted = store.writer.submit(submission);
        ASSERT_TRUE(submitted.ok());
        if (!submitted->replayed) ++fresh;
        id = submitted->id;
      }
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1u);
  EXPECT_EQ(store.value("select count(*) from benchmark_result"), "1");
}

TEST(StoreWriter, of_many_the_good_ones_are_stored_and_the_bad_one_is_named) {
  StoreFixture store;
  Draft keyed = on_commit(1);
  keyed.key = "k";
  Draft conflicting = keyed;
  conflicting.data = {4, 5, 6};
  const std::vector<Submission> mixed = {submission_of(on_commit(2)), submission_of(keyed),
                                         submission_of(conflicting), submission_of(keyed)};
  for (int round = 0; round < 2; ++round) {
    const auto outcomes = store.writer.submit_many(mixed);
    ASSERT_EQ(outcomes.size(), 4u);
    EXPECT_TRUE(outcomes[0].ok());
    ASSERT_TRUE(outcomes[1].ok());
    EXPECT_EQ(outcomes[1]->replayed, round == 1);
    ASSERT_FALSE(outcomes[2].ok());
    EXPECT_EQ(outcomes[2].error().code, Code::conflict);
    ASSERT_TRUE(outcomes[3].ok());
    EXPECT_TRUE(outcomes[3]->replayed);
    EXPECT_EQ(outcomes[3]->id, outcomes[1]->id);
  }
  EXPECT_EQ(store.value("select count(*) from benchmark_result"), "3");
  EXPECT_EQ(store.health.facts()->results, 3);
}

TEST(StoreWriter, thousands_at_once_are_more_than_one_transaction) {
  StoreFixture store;
  std::vector<Submission> many;
  for (int i = 0; i < 1'200; ++i) {
    Draft draft = on_commit(i % 7);
    draft.name = "case-" + std::to_string(i % 100);
    draft.run_id = "run-" + std::to_string(i % 3);
    many.push_back(submission_of(draft));
  }
  std::set<std::string> ids;
  for (const auto& outcome : store.writer.submit_many(many)) {
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    ids.insert(outcome->id);
  }
  EXPECT_EQ(ids.size(), many.size());
  EXPECT_EQ(store.health.facts()->results, 1'200);
  EXPECT_EQ(store.health.facts()->series, 100);
  EXPECT_EQ(store.health.facts()->runs, 3);
  EXPECT_EQ(store.value("select sum(result_count) from bl_series"), "1200");
  EXPECT_EQ(store.value("select sum(result_count) from bl_run"), "1200");
}

TEST(StoreWriter, every_result_has_a_number_and_a_change_log_row) {
  StoreFixture store;
  const Submitted first = store.submit(submission_of(on_commit(1)));
  const Submitted second = store.submit(submission_of(on_commit(2)));
  EXPECT_LT(first.id, second.id);
  EXPECT_EQ(store.value("select no from bl_result_number where id = '" + first.id + "'"), "1");
  EXPECT_EQ(store.value("select no from bl_result_number where id = '" + second.id + "'"), "2");
  EXPECT_EQ(store.value("select result_id from bl_change_log where seq = 2 and op = 'insert'"),
            second.id);
}

TEST(StoreWriter, an_unknown_commit_is_repaired_and_its_results_enter_history) {
  StoreFixture store;
  Draft unknown = on_commit(5);
  unknown.commit_time.reset();
  unknown.run_id = "early";
  const Submitted early = store.submit(submission_of(unknown));
  EXPECT_TRUE(store.history.history(early.history_fingerprint)->points.empty());

  const Submitted late = store.submit(submission_of(on_commit(5)));

  const auto history = store.history.history(early.history_fingerprint);
  ASSERT_EQ(history->points.size(), 2u);
  EXPECT_EQ(history->points[0].result_id, early.id);
  EXPECT_EQ(history->points[1].result_id, late.id);
  EXPECT_EQ(history->points[0].commit_message, "change " + sha_of(5));
  EXPECT_EQ(store.value("select count(*) from \"commit\""), "1");
  SeriesFilter filter;
  EXPECT_EQ(store.health.series(filter)->series.at(0).point_count, 2);
}

TEST(StoreWriter, a_known_commit_is_never_changed) {
  StoreFixture store;
  store.submit(submission_of(on_commit(1)));
  Submission other = submission_of(on_commit(1));
  other.result.commit.message = "rewritten";
  other.result.commit.timestamp = Timestamp{1};
  const auto stored = store.runs.result(store.submit(other).id);
  EXPECT_EQ(stored->stored_commit->message, "change " + sha_of(1));
  EXPECT_EQ(stored->stored_commit->timestamp, on_commit(1).commit_time);
}

TEST(StoreWriter, a_cluster_is_read_back_with_its_documents) {
  StoreFixture store;
  Submission submission = submission_of(on_commit(1));
  submission.result.hardware = {};
  submission.result.hardware.type = Hardware::Type::cluster;
  submission.result.hardware.name = "cl";
  submission.result.hardware.info = *json::parse(R"({"b": 2, "a": [1, 2]})");
  submission.result.hardware.optional_info = *json::parse(R"({"x": null})");
  const auto stored = store.runs.result(store.submit(submission).id);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->hardware.type, Hardware::Type::cluster);
  EXPECT_EQ(stored->hardware.info, submission.result.hardware.info);
  EXPECT_EQ(stored->hardware.optional_info, submission.result.hardware.optional_info);
  EXPECT_EQ(stored->hardware_hash, "cl-a81c5444fbf095a1a5001299859fbe87");
}

TEST(StoreWriter, a_cluster_row_is_one_series_however_its_numbers_are_written) {
  StoreFixture store;
  const auto submit = [&](int commit, const char* info) {
    Submission submission = submission_of(on_commit(commit));
    submission.result.hardware = {};
    submission.result.hardware.type = Hardware::Type::cluster;
    submission.result.hardware.name = "cl";
    submission.result.hardware.info = *json::parse(info);
    return store.submit(submission);
  };
  const Submitted integer = submit(1, R"({"nodes": 4})");
  const Submitted real = submit(2, R"({"nodes": 4.0})");
  EXPECT_EQ(store.value("select count(*) from hardware"), "1");
  EXPECT_EQ(integer.history_fingerprint, real.history_fingerprint)
      << "Conbench takes the hash of the row that both share";
}

}  // namespace
}  // namespace bl::results::testing
