#include <gtest/gtest.h>

#include "results/read_freshness.h"
#include "results/read_router.h"
#include "results/reads/pending_changes.h"
#include "results/tests/store_fixture.h"

namespace bl::results::testing {
namespace {

using namespace std::chrono_literals;

/// The lake's side: the store's answers, unless a test says otherwise.
class FakeHistory final : public HistoryReader {
 public:
  explicit FakeHistory(HistoryReader& store) : store_(store) {}
  Result<History> history(std::string_view fingerprint) override {
    ++asked;
    if (on_ask) on_ask();
    if (error) return *error;
    auto answer = store_.history(fingerprint);
    if (answer.ok() && is_wrong && !answer->points.empty()) answer->points.pop_back();
    return answer;
  }
  Result<HistoryDetails> details(std::string_view fingerprint) override {
    return store_.details(fingerprint);
  }
  Result<std::string> fingerprint_of(std::string_view id) override {
    return store_.fingerprint_of(id);
  }
  int asked = 0;
  bool is_wrong = false;
  std::optional<Error> error;
  std::function<void()> on_ask;

 private:
  HistoryReader& store_;
};

class StoreReads : public ::testing::Test {
 protected:
  StoreReads() {
    for (int i = 0; i < 3; ++i)
      fingerprint = store.submit(submission_of(on_commit(i))).history_fingerprint;
    status.is_whole = true;
    catch_up();
  }
  void catch_up() { status.place = *reads::newest_place(*store.database); }
  void set(const char* mode) {
    ReadModes modes;
    mode_of(modes, ReadPort::history) = *parse_read_mode(mode);
    router.set_modes(modes);
  }
  std::size_t points() { return router.readers().history.history(fingerprint)->points.size(); }
  ReadState state() { return router.states().front(); }
  /// Comparisons until none is due, and the account written.
  ReadTally compare() {
    while (router.compare_some()) {
    }
    store.clock.advance(6s);
    router.compare_some();
    return evidence.standing(ReadPort::history)->tally;
  }

  StoreFixture store;
  ReplicaStatus status;
  std::string fingerprint;
  FakeHistory lake_history{store.history};
  ReadEvidence evidence{*store.database, store.ids, store.clock};
  ReadRouter router{{store.history, store.compare, store.health, store.runs},
                    {lake_history, store.compare, store.health, store.runs},
                    evidence,
                    {*store.database, [this] { return status; }, store.clock, store.random,
                     store.log, store.metrics}};
};

TEST_F(StoreReads, TheStoreAnswersUntilTheModeSaysOtherwise) {
  EXPECT_EQ(points(), 3u);
  EXPECT_EQ(lake_history.asked, 0);
  set("lake");
  EXPECT_EQ(points(), 3u);
  EXPECT_EQ(lake_history.asked, 1);
  EXPECT_EQ(state().by_lake, 1);
  set("store");
  EXPECT_EQ(points(), 3u);
  EXPECT_EQ(lake_history.asked, 1);
}

TEST_F(StoreReads, WhatTheLakeDoesNotKnowYetIsAskedOfTheStore) {
  set("lake");
  lake_history.is_wrong = true;  // so that one sees who answered
  EXPECT_EQ(points(), 2u);
  Draft other = on_commit(3);
  other.name = "another series";
  store.submit(submission_of(other));
  EXPECT_EQ(points(), 2u) << "a change of another series";
  store.submit(submission_of(on_commit(3)));
  EXPECT_EQ(points(), 4u);
  catch_up();
  EXPECT_EQ(points(), 3u);
}

TEST_F(StoreReads, ALakeThatIsFarBehindOrNeverRanIsNotAsked) {
  set("lake");
  status.seconds_behind = 31;
  points();
  status.seconds_behind = 0;
  status.error = "the disk is full";
  points();
  status.error = "";
  status.is_whole = false;
  points();
  EXPECT_EQ(lake_history.asked, 0);
}

TEST_F(StoreReads, AFailedLakeIsAnsweredForByTheStoreAndLeftAloneAfterTooMany) {
  set("lake");
  lake_history.error = Error{Code::io, "the file is gone"};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(points(), 3u);
  EXPECT_EQ(lake_history.asked, 11);
  EXPECT_TRUE(state().is_paused);
  lake_history.error.reset();
  store.clock.advance(61s);
  EXPECT_EQ(points(), 3u);
  EXPECT_FALSE(state().is_paused);
  EXPECT_EQ(lake_history.asked, 12);
}

TEST_F(StoreReads, WhatTheLakeDoesNotHaveTheStoreIsAskedFor) {
  set("lake");
  lake_history.error = Error{Code::not_found, "no series"};
  for (int i = 0; i < 50; ++i) EXPECT_EQ(points(), 3u);
  EXPECT_FALSE(state().is_paused) << "that is no failure";
  EXPECT_EQ(router.readers().history.history("nothing").error().code, Code::not_found);
}

TEST_F(StoreReads, AShadowIsComparedBesideTheService) {
  set("shadow");
  points();
  points();
  EXPECT_EQ(lake_history.asked, 0) << "not by who reads";
  EXPECT_EQ(state().comparisons_waiting, 2);
  const ReadTally tally = compare();
  EXPECT_EQ(tally.equal, 2);
  EXPECT_EQ(lake_history.asked, 2);
  EXPECT_EQ(state().comparisons_waiting, 0);
}

TEST_F(StoreReads, AShareOfTheReadsIsCompared) {
  set("shadow(10%)");
  for (int i = 0; i < 400; ++i) points();
  const auto drawn = state().comparisons_waiting;
  EXPECT_GT(drawn, 15);
  EXPECT_LT(drawn, 80);
}

TEST_F(StoreReads, ADifferentAnswerIsKeptAndCanBeAskedAgainAndExplained) {
  set("shadow");
  lake_history.is_wrong = true;
  points();
  EXPECT_EQ(compare().different, 1);
  const auto kept = *evidence.mismatches(ReadPort::history, 10);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].question,
            R"({"port":"history","method":"history","texts":[")" + fingerprint + R"("]})");
  EXPECT_NE(kept[0].store_answer, kept[0].lake_answer);
  EXPECT_EQ(kept[0].place, status.place);
  EXPECT_FALSE(router.replay(kept[0])->is_equal);
  lake_history.is_wrong = false;
  EXPECT_TRUE(router.replay(kept[0])->is_equal);
  ASSERT_TRUE(evidence.note_replay(kept[0].id, true).ok());

  EXPECT_EQ(evidence.standing(ReadPort::history)->unexplained, 1);
  ASSERT_TRUE(evidence.explain(kept[0].id, "a bug that is mended", "u1", "ada").ok());
  EXPECT_EQ(evidence.standing(ReadPort::history)->unexplained, 0);
  const ReadMismatch explained = *evidence.mismatch(kept[0].id);
  EXPECT_EQ(explained.explanation, "a bug that is mended");
  EXPECT_EQ(explained.explained_by, "ada");
  EXPECT_EQ(explained.is_equal_now, true);
  EXPECT_EQ(store.value("select count(*) from bl_audit where action = 'reads.explain'"), "1");
  EXPECT_EQ(evidence.explain("no such", "x", "u1", "ada").error().code, Code::not_found);
  EXPECT_EQ(evidence.explain(kept[0].id, "", "u1", "ada").error().code, Code::invalid);
}

TEST_F(StoreReads, ALakeThatIsBehindIsWaitedFor) {
  set("shadow");
  lake_history.is_wrong = true;  // as if it did not have the newest result
  points();
  status.place -= 1;
  EXPECT_EQ(compare().different, 0);
  EXPECT_EQ(state().comparisons_waiting, 1);
  lake_history.is_wrong = false;
  catch_up();
  const ReadTally tally = compare();
  EXPECT_EQ(tally.equal, 1);
  EXPECT_EQ(tally.different, 0);
}

TEST_F(StoreReads, ALakeThatNeverCatchesUpProvesNothing) {
  set("shadow");
  lake_history.is_wrong = true;
  points();
  status.place -= 1;
  compare();
  store.clock.advance(121s);
  const ReadTally tally = compare();
  EXPECT_EQ(tally.moved, 1);
  EXPECT_EQ(tally.different, 0);
  EXPECT_EQ(state().comparisons_waiting, 0);
}

TEST_F(StoreReads, AnAnswerThatKeepsChangingIsNotCalledDifferent) {
  set("shadow");
  int next = 3;
  lake_history.is_wrong = true;
  // Whenever the lake is asked, the store has another result right after.
  lake_history.on_ask = [&] {
    if (next < 20) store.submit(submission_of(on_commit(next++)));
    catch_up();
  };
  points();
  for (int i = 0; i < 10; ++i) compare();
  const ReadTally tally = evidence.standing(ReadPort::history)->tally;
  EXPECT_EQ(tally.different, 0);
  EXPECT_EQ(tally.moved, 1);
}

TEST_F(StoreReads, NothingIsComparedBeforeTheLakeWasMade) {
  set("shadow");
  status.is_whole = false;
  points();
  compare();
  EXPECT_EQ(lake_history.asked, 0);
  status.is_whole = true;
  EXPECT_EQ(compare().equal, 1);
}

TEST_F(StoreReads, ALakeWithoutAnAnswerIsCountedAndNobodyNotices) {
  set("shadow");
  lake_history.error = Error{Code::timeout, "too slow"};
  EXPECT_EQ(points(), 3u);
  EXPECT_EQ(compare().failed, 1);
}

TEST_F(StoreReads, TooManyComparisonsAreLeftOutAndCounted) {
  set("shadow");
  for (int i = 0; i < 300; ++i) points();
  EXPECT_EQ(state().comparisons_waiting, 256);
  EXPECT_EQ(state().comparisons_left_out, 44);
}

TEST_F(StoreReads, TheLakeAnswersOnlyWhatIsProved) {
  ReadModes modes;
  mode_of(modes, ReadPort::history) = {.is_lake = true, .shadow_percent = 1};
  const auto refusal = [&] {
    const auto demanded = demand_proved(modes, evidence);
    return demanded.ok() ? "" : demanded.error().message;
  };
  EXPECT_NE(refusal().find("reads.history = lake+shadow(1%): no proof"), std::string::npos)
      << refusal();
  ReadProof proof{ReadPort::history, false, 100, store.clock.now(), "1.0"};
  ASSERT_TRUE(evidence.record_proof(proof).ok());
  EXPECT_NE(refusal().find("does not answer as the store does"), std::string::npos);
  proof.passed = true;
  ASSERT_TRUE(evidence.record_proof(proof).ok());
  ASSERT_TRUE(evidence.count(ReadPort::history, {.equal = 9'999}).ok());
  EXPECT_NE(refusal().find("9999 of 10000 comparisons"), std::string::npos) << refusal();
  ASSERT_TRUE(evidence.count(ReadPort::history, {.equal = 1}).ok());
  EXPECT_EQ(refusal(), "");
  const std::string id = *evidence.keep(
      {.port = ReadPort::history, .question = "{}", .store_answer = "1", .lake_answer = "2"});
  EXPECT_NE(refusal().find("1 answers of the lake differ"), std::string::npos);
  ASSERT_TRUE(evidence.explain(id, "known", "", "operator").ok());
  EXPECT_EQ(refusal(), "");
  EXPECT_TRUE(demand_proved({}, evidence).ok()) << "the store needs no proof";
}

TEST_F(StoreReads, OnlySoManyMismatchesAreKeptAndExplainedOnesGoFirst) {
  ReadEvidence small(*store.database, store.ids, store.clock,
                     {.mismatches_max = 2, .answer_bytes_max = 3});
  const auto keep = [&] {
    return *small.keep({.port = ReadPort::runs,
                        .question = "{}",
                        .store_answer = "12345",
                        .lake_answer = "\xc3\xa4\xc3\xb6"});
  };
  const std::string first = keep();
  const std::string second = keep();
  EXPECT_EQ(keep(), "") << "no room: all are unexplained";
  ASSERT_TRUE(small.explain(second, "known", "", "operator").ok());
  const std::string third = keep();
  EXPECT_NE(third, "");
  const auto kept = *small.mismatches(std::nullopt, 10);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].id, third);
  EXPECT_EQ(kept[1].id, first);
  EXPECT_EQ(kept[0].store_answer, "123");
  EXPECT_TRUE(kept[0].lake_answer.starts_with("\xc3\xa4")) << "cut, and still a text";
}

TEST_F(StoreReads, ChangesAreKnownByWhatTheyAreAbout) {
  const std::int64_t before = status.place;
  Draft draft = on_commit(4);
  draft.run_id = "run-9";
  draft.batch_id = "batch-9";
  const Submitted added = store.submit(submission_of(draft));
  const auto touched = [&](const reads::Subject& subject) {
    return *reads::is_touched(*store.database, before, subject);
  };
  EXPECT_TRUE(touched({.fingerprint = added.history_fingerprint}));
  EXPECT_FALSE(touched({.fingerprint = "0123"}));
  EXPECT_TRUE(touched({.run_id = "run-9"}));
  EXPECT_FALSE(touched({.run_id = "run-8"}));
  EXPECT_TRUE(touched({.batch_id = "batch-9"}));
  EXPECT_TRUE(touched({.result_ids = {added.id}}));
  const std::string neighbour =
      store.value("select id from benchmark_result where run_id = 'run-1' order by id limit 1");
  EXPECT_TRUE(touched({.result_ids = {neighbour}})) << "the series has another result";
  EXPECT_FALSE(touched({.result_ids = {"unknown"}}));
  EXPECT_TRUE(*reads::is_touched(*store.database, 0, {.run_id = "run-8"}, {.changes_max = 2}))
      << "too many to look at";
}

TEST_F(StoreReads, FreshnessIsToldToWhoAsks) {
  set("lake");
  const net::Handler handler = telling_freshness([this](net::Request&) {
    points();
    return net::Response::json(200, "{}");
  });
  net::Request request;
  EXPECT_EQ(handler(request).headers.get("Benchlake-Answered-By"), "");
  request.headers.add("Benchlake-Freshness", "ask");
  net::Response told = handler(request);
  EXPECT_EQ(told.headers.get("Benchlake-Answered-By"), "lake");
  EXPECT_EQ(told.headers.get("Benchlake-Lake-Place"), std::to_string(status.place));
  set("store");
  told = handler(request);
  EXPECT_EQ(told.headers.get("Benchlake-Answered-By"), "store");
  EXPECT_EQ(told.headers.get("Benchlake-Lake-Place"), "");
}

}  // namespace
}  // namespace bl::results::testing
