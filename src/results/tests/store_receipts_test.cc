#include <gtest/gtest.h>

#include "results/receipts.h"
#include "results/tests/store_fixture.h"

// Receipts over a real store: with every stored result, and a moment after a refusal.

namespace bl::results {
namespace {

using namespace std::chrono_literals;
using testing::Draft;
using testing::submission_of;
using Outcome = Receipt::Outcome;

class ReceiptsTest : public ::testing::Test {
 protected:
  Submission submission(const std::string& run_id, std::optional<std::string> key = {},
                        double value = 1) {
    Draft draft;
    draft.run_id = run_id;
    draft.key = std::move(key);
    draft.data = {value};
    Submission submission = submission_of(draft);
    submission.payload_sha256 = std::to_string(value);
    submission.submitter = {"token-1", "ci"};
    return submission;
  }
  Submitted submit(const Submission& submission) {
    auto submitted = writer.submit(submission);
    BL_CHECK(submitted.ok());
    return *submitted;
  }
  std::vector<Receipt> list(const ReceiptFilter& filter = {}) {
    return receipts.list(filter).value().receipts;
  }
  void refuse(const std::string& run_id) {
    receipts.refused({"token-1", "ci"}, Error{Code::invalid, "no"}, {.run_id = run_id});
    BL_CHECK(receipts.flush().ok());
  }
  static std::string outcomes(const std::vector<Receipt>& receipts) {
    std::string text;
    for (const Receipt& one : receipts) text.append(name_of(one.outcome)).append(" ");
    return text;
  }

  testing::StoreFixture fixture;
  ReceiptLimits limits{.count_max = 100, .queue_max = 3, .removed_at_once = 2};
  Receipts receipts{*fixture.database, fixture.clock, fixture.log, fixture.metrics, limits};
  StoreResultWriter writer{*fixture.database, fixture.ids, fixture.clock,
                           writer_limits(fixture.database->dialect()), &receipts};
};

TEST_F(ReceiptsTest, a_stored_result_has_its_receipt_at_once) {
  const Submitted submitted = submit(submission("run-1", "key-1"));
  const auto found = list({.submission_key = "key-1"});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].outcome, Outcome::stored);
  EXPECT_LE(std::abs(found[0].at.micros - fixture.clock.now().micros), 1);
  EXPECT_EQ(found[0].submission_key, "key-1");
  EXPECT_EQ(found[0].submitter.id, "token-1");
  EXPECT_EQ(found[0].submitter.name, "ci");
  EXPECT_EQ(found[0].run_id, "run-1");
  EXPECT_EQ(found[0].result_id, submitted.id);
  EXPECT_FALSE(found[0].code);
}

TEST_F(ReceiptsTest, a_replay_is_told_from_the_first) {
  submit(submission("run-1", "key-1"));
  fixture.clock.advance(1s);
  submit(submission("run-1", "key-1"));
  EXPECT_EQ(outcomes(list({.submission_key = "key-1"})), "replayed stored ");
}

TEST_F(ReceiptsTest, a_batch_has_a_receipt_for_each_that_was_stored) {
  std::vector<Submission> batch;
  for (int i = 0; i < 5; ++i) batch.push_back(submission("run-1", "key-" + std::to_string(i)));
  batch.push_back(submission("run-1", "key-0", 2));  // another content: refused
  batch[3].submitter = {"token-2", "other"};
  const auto outcomes_of_batch = writer.submit_many(batch);
  EXPECT_FALSE(outcomes_of_batch[5].ok());
  EXPECT_EQ(outcomes(list({.run_id = "run-1"})), "stored stored stored stored stored ");
  EXPECT_EQ(list({.submission_key = "key-3"})[0].submitter.name, "other");
  EXPECT_EQ(fixture.value("select count(*) from @submitter"), "2");
}

TEST_F(ReceiptsTest, a_result_that_is_not_stored_has_none) {
  fixture.run_sql("drop table @change_log");
  EXPECT_FALSE(writer.submit(submission("run-1")).ok());
  EXPECT_TRUE(list().empty());
}

TEST_F(ReceiptsTest, without_receipts_none_are_written) {
  ASSERT_TRUE(fixture.writer.submit(submission("run-1")).ok());
  EXPECT_TRUE(list().empty());
}

TEST_F(ReceiptsTest, refusals_are_found_at_once_though_they_are_written_in_groups) {
  receipts.refused({"token-1", "ci"}, Error{Code::invalid, "stats are missing"},
                   receipt_subject(R"({"submission_key":"key-1","run_id":"run-1","x":1})"));
  const auto found = list({.submission_key = "key-1"});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].outcome, Outcome::refused);
  EXPECT_EQ(found[0].run_id, "run-1");
  EXPECT_EQ(found[0].code, "invalid");
  EXPECT_EQ(found[0].summary, "stats are missing");
  EXPECT_FALSE(found[0].result_id);
}

TEST_F(ReceiptsTest, what_is_written_late_stands_where_it_happened) {
  const auto at = [](const char* key) {
    return ReceiptSubject{.submission_key = key, .run_id = std::nullopt};
  };
  receipts.refused({}, Error{Code::invalid, "first"}, at("key-1"));
  fixture.clock.advance(1s);
  receipts.refused({}, Error{Code::invalid, "second"}, at("key-2"));
  receipts.work();
  fixture.clock.set(fixture.clock.now() - 2s);
  receipts.refused({}, Error{Code::invalid, "written last"}, at("key-0"));
  receipts.work();
  const auto found = list();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].summary, "second");
  EXPECT_EQ(found[2].summary, "written last");
}

TEST_F(ReceiptsTest, what_is_the_servers_own_trouble_is_no_refusal) {
  for (const Code code : {Code::io, Code::overloaded, Code::unavailable, Code::disk_full}) {
    receipts.refused({}, Error{code, "trouble"}, {});
  }
  receipts.work();
  EXPECT_TRUE(list().empty());
}

TEST_F(ReceiptsTest, what_a_refusal_keeps_is_bounded_and_fit_for_every_store) {
  ReceiptSubject subject;
  subject.submission_key = std::string("a\0b", 3);
  subject.run_id = std::string(5'000, 'r');
  receipts.refused({}, Error{Code::malformed, std::string(10'000, 's')}, subject);
  receipts.refused({}, Error{Code::malformed, "not JSON"}, receipt_subject("{\"run_id\":"));
  receipts.refused({}, Error{Code::malformed, "a number"}, receipt_subject(R"({"run_id":7})"));
  receipts.refused({}, Error{Code::malformed, "one too many"}, {});
  receipts.work();
  const auto found = list();
  ASSERT_EQ(found.size(), 3u) << "queue_max is 3";
  EXPECT_EQ(found[2].submission_key, "a b");
  EXPECT_EQ(found[2].run_id->size(), limits.key_bytes_max);
  EXPECT_EQ(found[2].summary->size(), limits.summary_bytes_max);
  EXPECT_FALSE(found[1].run_id);
  EXPECT_FALSE(found[0].run_id);
  EXPECT_NE(fixture.metrics.text().find("bl_receipts_limit_hits_total{limit=\"queue_max\"} 1"),
            std::string::npos);
}

TEST_F(ReceiptsTest, refusals_wait_while_the_store_is_away) {
  receipts.refused({}, Error{Code::invalid, "no"}, {});
  fixture.run_sql("alter table @receipt rename to away");
  EXPECT_FALSE(receipts.flush().ok());
  fixture.run_sql(fixture.database->dialect() == store::Dialect::sqlite
                      ? "alter table away rename to bl_receipt"
                      : "alter table benchlake.away rename to receipt");
  EXPECT_TRUE(receipts.flush().ok());
  EXPECT_EQ(outcomes(list()), "refused ");
}

TEST_F(ReceiptsTest, are_listed_newest_first_in_pages_and_since_an_instant) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(submit(submission("run-" + std::to_string(i % 2))).id);
    fixture.clock.advance(2h);
  }
  std::vector<std::string> seen;
  ReceiptFilter filter{.count_max = 2};
  for (;;) {
    const ReceiptPage page = receipts.list(filter).value();
    for (const Receipt& one : page.receipts) seen.insert(seen.begin(), *one.result_id);
    if (!page.next) break;
    filter.before = *page.next;
  }
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(list({.run_id = "run-1"}).size(), 2u);
  EXPECT_EQ(list({.since = fixture.clock.now() - 5h}).size(), 2u);
  EXPECT_EQ(list({.run_id = "run-0", .since = fixture.clock.now() - 5h}).size(), 1u);
}

TEST_F(ReceiptsTest, of_both_kinds_are_paged_in_the_order_of_time) {
  std::vector<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    if (i % 3 == 0) {
      refuse("run-1");
      expected.insert(expected.begin(), "refused");
    } else {
      submit(submission("run-1"));
      expected.insert(expected.begin(), "stored");
    }
    fixture.clock.advance(1s);
  }
  std::vector<std::string> seen;
  ReceiptFilter filter{.run_id = "run-1", .count_max = 2};
  for (int pages = 0; pages < 10; ++pages) {
    const ReceiptPage page = receipts.list(filter).value();
    for (const Receipt& one : page.receipts) seen.emplace_back(name_of(one.outcome));
    if (!page.next) break;
    filter.before = *page.next;
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(ReceiptsTest, a_stored_results_receipt_has_the_time_of_its_id) {
  fixture.clock.advance(123'456us);
  submit(submission("run-1"));
  const auto found = list();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_LE(std::abs(found[0].at.micros - fixture.clock.now().micros), 1);
}

TEST_F(ReceiptsTest, old_refusals_go) {
  for (int i = 0; i < 5; ++i) refuse("run-1");
  submit(submission("run-1"));
  fixture.clock.advance(24h * 89);
  refuse("run-2");
  receipts.work();
  EXPECT_EQ(list().size(), 7u);
  fixture.clock.advance(24h * 2);
  receipts.work();
  EXPECT_EQ(outcomes(list()), "refused stored ");
  EXPECT_EQ(list()[0].run_id, "run-2");
}

TEST_F(ReceiptsTest, the_oldest_refusals_beyond_the_number_go) {
  for (int i = 0; i < 105; ++i) refuse("run-" + std::to_string(i));
  receipts.work();
  EXPECT_EQ(fixture.value("select count(*) from @receipt"), "100");
  EXPECT_EQ(list({.run_id = "run-4"}).size(), 0u);
  EXPECT_EQ(list({.run_id = "run-5"}).size(), 1u);
}

}  // namespace
}  // namespace bl::results
