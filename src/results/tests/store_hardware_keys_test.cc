#include <gtest/gtest.h>

#include "results/store_settings.h"
#include "results/tests/store_fixture.h"

/// What happens to series when results.hardware_keys is set or changed. Over both stores.
namespace bl::results::testing {
namespace {

struct HardwareKeysOfAStore : ::testing::Test {
  StoreFixture store;

  /// As a server with these keys does.
  StoredResult submit(const char* keys, const std::string& kernel, int commit) {
    StoreResultWriter writer{*store.database, store.ids,
                             store.clock,     writer_limits(store.database->dialect()),
                             nullptr,         HardwareKeys::parse(keys).value()};
    Submission submission = submission_of(on_commit(commit));
    submission.result.hardware.kernel_name = kernel;
    const auto submitted = writer.submit(submission);
    BL_CHECK(submitted.ok());
    return store.runs.result(submitted->id).value();
  }
};

TEST_F(HardwareKeysOfAStore, machines_that_agree_in_the_keys_share_a_series) {
  const StoredResult first = submit("cpu_core_count", "5.10", 0);
  const StoredResult second = submit("cpu_core_count", "5.11", 1);
  EXPECT_NE(first.hardware_id, second.hardware_id);
  EXPECT_EQ(first.hardware_hash, second.hardware_hash);
  EXPECT_EQ(first.history_fingerprint, second.history_fingerprint);
  const auto history = store.history.history(first.history_fingerprint);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->points.size(), 2u);
  EXPECT_EQ(history->hardware_hash, first.hardware_hash);
  EXPECT_EQ(first.hardware_hash.substr(0, 3), "m1-");
  EXPECT_EQ(first.hardware_hash.size(), 3u + 32u);
}

TEST_F(HardwareKeysOfAStore, those_that_differ_in_a_key_do_not) {
  const StoredResult first = submit("kernel_name", "5.10", 0);
  const StoredResult second = submit("kernel_name", "5.11", 1);
  EXPECT_NE(first.history_fingerprint, second.history_fingerprint);
  EXPECT_EQ(first.history_fingerprint, history_fingerprint(first.case_id, first.context_id,
                                                           first.hardware_hash, first.repository));
}

TEST_F(HardwareKeysOfAStore, a_change_leaves_history_alone_and_new_machines_begin_series) {
  const StoredResult before = submit("", "5.10", 0);
  EXPECT_EQ(before.hardware_hash, "m1-0-2-0-0");
  const StoredResult known = submit("cpu_core_count", "5.10", 1);
  EXPECT_EQ(known.history_fingerprint, before.history_fingerprint) << "its row keeps its hash";
  const StoredResult fresh = submit("cpu_core_count", "5.11", 2);
  EXPECT_NE(fresh.history_fingerprint, before.history_fingerprint);
  const StoredResult back = submit("", "5.11", 3);
  EXPECT_EQ(back.history_fingerprint, fresh.history_fingerprint);
  EXPECT_EQ(store.runs.result(before.id)->hardware_hash, "m1-0-2-0-0");
  EXPECT_EQ(store.history.history(before.history_fingerprint)->points.size(), 2u);
}

TEST_F(HardwareKeysOfAStore, machines_of_other_keys_are_counted) {
  submit("", "5.10", 0);
  submit("cpu_core_count", "5.11", 1);
  submit("cpu_core_count", "5.12", 2);
  EXPECT_EQ(*machines_with_other_keys(*store.database, {}), 2);
  const HardwareKeys keys = HardwareKeys::parse("cpu_core_count").value();
  EXPECT_EQ(*machines_with_other_keys(*store.database, keys), 1);
}

TEST_F(HardwareKeysOfAStore, a_row_that_is_found_without_a_key_keeps_its_hash_too) {
  const StoredResult before = submit("", "5.10", 0);
  if (store.database->dialect() != store::Dialect::postgres) return;  // SQLite: always by key
  store.run_sql("delete from @dimension_key");
  const StoredResult known = submit("cpu_core_count", "5.10", 1);
  EXPECT_EQ(known.hardware_id, before.hardware_id);
  EXPECT_EQ(known.history_fingerprint, before.history_fingerprint);
}

}  // namespace
}  // namespace bl::results::testing
