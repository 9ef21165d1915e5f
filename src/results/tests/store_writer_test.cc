#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "results/store_schema_revision.h"
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

// What an array literal, COPY and JSON each write differently.
Submission odd_submission(std::size_t i) {
  const std::string odd = R"(q" b\\ {a,b} NULL )" + std::string("\ttab\nline '") + "\u00e9";
  Draft draft = on_commit(1);
  draft.data = {0.1, 1e-300, -2.5e17};
  draft.timestamp = {-1'500'000};  // before 1970, with half a second
  draft.batch_id = i % 2 == 0 ? std::optional(odd) : std::nullopt;
  draft.run_reason = "NULL";
  draft.unit = "";
  Submission submission = submission_of(draft);
  submission.result.run_tags.set("name", json::Value::string(odd));
  submission.result.validation = json::Value::object();
  submission.result.validation.set("type", json::Value::string(odd));
  submission.result.change_annotations.set("note", json::Value::string(odd));
  submission.result.stats.times.push_back(json::Value());
  submission.result.stats.iterations = 2'147'483'647;
  return submission;
}

TEST(StoreWriter, a_result_is_stored_alike_alone_and_among_many) {
  StoreFixture store;
  std::vector<Submission> many;
  for (std::size_t i = 0; i < 200; ++i) many.push_back(odd_submission(i));
  for (const auto& outcome : store.writer.submit_many(many)) {
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  }
  for (std::size_t i = 0; i < 2; ++i) store.submit(many[i]);

  EXPECT_EQ(store.value("select count(*) from benchmark_result"), "202");
  EXPECT_EQ(store.value("select count(*) from (select distinct case_id, context_id, run_id, unit, "
                        "time_unit, batch_id, timestamp, iterations, min, max, mean, median, "
                        "stdev, q1, q3, iqr, info_id, error, data, times, validation, "
                        "optional_benchmark_info, change_annotations, run_tags, run_reason, "
                        "commit_id, hardware_id, commit_repo_url, history_fingerprint "
                        "from benchmark_result) as d"),
            "2");  // with the batch and without
  EXPECT_EQ(store.runs.result(store.value("select max(id) from benchmark_result"))->timestamp,
            Timestamp{-1'500'000});
}

// Counts transactions, and holds the first one that is told to wait.
class WatchedDatabase final : public store::Database {
 public:
  explicit WatchedDatabase(store::Database& of) : of_(of) {}

  store::Dialect dialect() const override { return of_.dialect(); }
  Result<void> read(const std::function<Result<void>(store::Connection&)>& work) override {
    return of_.read(work);
  }
  Result<void> write(const std::function<Result<void>(store::Connection&)>& work) override {
    {
      std::unique_lock lock(mutex_);
      const bool is_held = ++writes_ == 1 && holds_first_;
      changed_.notify_all();
      if (is_held) changed_.wait(lock, [&] { return !holds_first_; });
    }
    return of_.write(work);
  }
  Result<void> migrate(std::span<const store::Migration> steps) override {
    return of_.migrate(steps);
  }

  void hold_first() { holds_first_ = true; }
  void let_go() {
    const std::lock_guard lock(mutex_);
    holds_first_ = false;
    changed_.notify_all();
  }
  void wait_for_writes(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return writes_ >= count; });
  }
  int writes() {
    const std::lock_guard lock(mutex_);
    return writes_;
  }

 private:
  store::Database& of_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int writes_ = 0;            // guarded by mutex_
  bool holds_first_ = false;  // guarded by mutex_
};

TEST(StoreWriter, clients_that_come_back_at_once_share_their_transactions) {
  StoreFixture store;
  WatchedDatabase database(*store.database);
  StoreResultWriter writer(database, store.ids, store.clock,
                           {.beside_min = 32, .gather_us_max = 2'000'000});
  constexpr int k_clients = 4;
  constexpr int k_each = 6;
  std::atomic<int> stored = 0;
  {
    std::vector<std::jthread> clients;
    for (int c = 0; c < k_clients; ++c) {
      clients.emplace_back([&] {
        for (int i = 0; i < k_each; ++i) {
          if (writer.submit(submission_of(on_commit(i))).ok()) ++stored;
        }
      });
    }
  }
  EXPECT_EQ(stored, k_clients * k_each);
  // Six would be none to spare: who begins alone is one ahead of the others until they meet. Whom
  // nobody waits for meets the others in every other transaction: twelve.
  EXPECT_LT(database.writes(), 12);
}

TEST(StoreWriter, a_transaction_begins_beside_another_when_many_wait) {
  StoreFixture store;
  WatchedDatabase database(*store.database);
  database.hold_first();
  StoreResultWriter writer(database, store.ids, store.clock,
                           {.group_max = 8, .beside_min = 4, .gather_us_max = 0});
  std::jthread alone([&] { EXPECT_TRUE(writer.submit(submission_of(on_commit(1))).ok()); });
  database.wait_for_writes(1);
  std::jthread many([&] {
    for (const auto& outcome : writer.submit_many(std::vector(11, submission_of(on_commit(2))))) {
      EXPECT_TRUE(outcome.ok());
    }
  });
  database.wait_for_writes(2);  // 8 of the 11, while the first is held
  database.let_go();
  many.join();
  alone.join();
  EXPECT_EQ(database.writes(), 3);
  EXPECT_EQ(store.value("select count(*) from benchmark_result"), "12");
}

TEST(StoreWriter, clients_that_wait_together_are_stored_by_halves) {
  StoreFixture store;
  WatchedDatabase database(*store.database);
  database.hold_first();
  StoreResultWriter writer(database, store.ids, store.clock,
                           {.beside_min = 100, .halved_min = 4, .gather_us_max = 0});
  std::jthread first([&] { EXPECT_TRUE(writer.submit(submission_of(on_commit(1))).ok()); });
  database.wait_for_writes(1);
  constexpr int k_clients = 8;
  std::atomic<int> begun = 0;
  std::vector<std::jthread> clients;
  for (int c = 0; c < k_clients; ++c) {
    clients.emplace_back([&] {
      ++begun;
      EXPECT_TRUE(writer.submit(submission_of(on_commit(2))).ok());
    });
  }
  while (begun < k_clients) std::this_thread::yield();
  database.let_go();
  clients.clear();
  first.join();
  EXPECT_GE(database.writes(), 3) << "all eight together would make it two";
  EXPECT_EQ(store.value("select count(*) from benchmark_result"), "9");
}

TEST(StoreWriter, a_request_with_many_results_is_not_halved) {
  StoreFixture store;
  WatchedDatabase database(*store.database);
  StoreResultWriter writer(database, store.ids, store.clock, {.halved_min = 4});
  for (const auto& outcome : writer.submit_many(std::vector(20, submission_of(on_commit(1))))) {
    EXPECT_TRUE(outcome.ok());
  }
  EXPECT_EQ(database.writes(), 1);
}

TEST(StoreWriter, rows_that_it_knows_and_somebody_deleted_are_made_again) {
  StoreFixture store;
  store.submit(submission_of(on_commit(1)));
  ASSERT_TRUE(wipe_results(*store.database).ok());
  const Submitted again = store.submit(submission_of(on_commit(1)));
  EXPECT_EQ(store.runs.result(again.id)->history_fingerprint, again.history_fingerprint);
  EXPECT_EQ(store.value("select count(*) from hardware"), "1");
  // And from one transaction to the next.
  EXPECT_EQ(store.submit(submission_of(on_commit(2))).history_fingerprint,
            again.history_fingerprint);
  EXPECT_EQ(store.value("select count(*) from \"case\""), "1");
}

TEST(StoreWriter, what_a_failed_transaction_made_is_not_known) {
  StoreFixture store;
  Submission bad = submission_of(on_commit(1));
  bad.result.run_id = std::string("no\0run", 6);  // which PostgreSQL keeps not
  const auto refused = store.writer.submit(bad);
  EXPECT_EQ(refused.ok(), store.database->dialect() == store::Dialect::sqlite);
  const Submitted good = store.submit(submission_of(on_commit(1)));
  EXPECT_EQ(store.runs.result(good.id)->history_fingerprint, good.history_fingerprint);
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
