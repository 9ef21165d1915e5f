#include "results/store_project.h"

#include <gtest/gtest.h>

#include "results/store_inventory.h"
#include "results/tests/store_fixture.h"

namespace bl::results::testing {
namespace {

struct ProjectFixture : StoreFixture {
  StoreInventory inventory{*database};
  StoreProjectReader project{*database};

  Submitted add(int commit, const std::string& name, double value, const std::string& machine,
                const char* reason = nullptr) {
    Draft draft = on_commit(commit);
    draft.name = name;
    draft.data = {value};
    draft.machine = machine;
    if (reason != nullptr) draft.run_reason = reason;
    return submit(submission_of(draft));
  }
  Inventory inventory_of(const InventoryQuery& query) {
    auto made = inventory.inventory(query);
    if (!made.ok()) ADD_FAILURE() << made.error().message;
    BL_CHECK(made.ok());
    return std::move(*made);
  }
  static std::vector<std::string> names(const std::vector<MissingBenchmark>& missing) {
    std::vector<std::string> found;
    for (const MissingBenchmark& one : missing) found.push_back(one.name);
    return found;
  }
};

// ---- expected inventory

TEST(StoreInventory, what_most_runs_before_had_is_expected) {
  ProjectFixture store;
  for (int i = 0; i < 4; ++i) {
    store.add(i, "always", 1, "m1");
    if (i >= 2) store.add(i, "half", 1, "m1");
    if (i == 0) store.add(i, "once", 1, "m1");
  }
  store.add(4, "always", 1, "m1");
  store.add(4, "new", 1, "m1");

  const Inventory inventory = store.inventory_of({.run_id = "run-4"});

  EXPECT_EQ(inventory.learnt_from_run_ids,
            (std::vector<std::string>{"run-3", "run-2", "run-1", "run-0"}));
  EXPECT_EQ(inventory.expected, 2);
  EXPECT_EQ(inventory.present, 1);
  EXPECT_EQ(inventory.additional, 1);
  EXPECT_EQ(inventory.missing_count, 1);
  ASSERT_EQ(inventory.missing.size(), 1u);
  const MissingBenchmark& half = inventory.missing[0];
  EXPECT_EQ(half.name, "half");
  EXPECT_EQ(half.tags_json, R"({"name":"half"})");
  EXPECT_EQ(half.hardware, "m1");
  EXPECT_EQ(half.seen_in_runs, 2);
  EXPECT_EQ(half.last_run_id, "run-3");
  EXPECT_TRUE(half.last_result_id);
  EXPECT_FALSE(half.pinned);

  EXPECT_EQ(ProjectFixture::names(store.inventory_of({.run_id = "run-4", .share = 0.1}).missing),
            (std::vector<std::string>{"half", "once"}));
  EXPECT_EQ(store.inventory_of({.run_id = "run-4", .runs = 1}).learnt_from_run_ids,
            std::vector<std::string>{"run-3"});
  EXPECT_EQ(store.inventory.inventory({.run_id = "gone"}).error().code, Code::not_found);
  EXPECT_EQ(store.inventory.inventory({.run_id = "run-4", .runs = 51}).error().code, Code::invalid);
}

TEST(StoreInventory, runs_of_other_machines_and_reasons_teach_nothing) {
  ProjectFixture store;
  store.add(0, "on_m2", 1, "m2");
  store.add(1, "nightly_only", 1, "m1", "nightly");
  store.add(2, "sort", 1, "m1");
  store.add(3, "sort", 1, "m1");
  const Inventory inventory = store.inventory_of({.run_id = "run-3"});
  EXPECT_EQ(inventory.learnt_from_run_ids, std::vector<std::string>{"run-2"});
  EXPECT_TRUE(inventory.missing.empty());
}

TEST(StoreInventory, what_is_pinned_is_expected_whatever_was_there_before) {
  ProjectFixture store;
  const std::string old = store.add(0, "old", 1, "m1").history_fingerprint;
  for (int i = 1; i < 4; ++i) store.add(i, "sort", 1, "m1");
  PinList list{k_repository, "", {{"never_run", ""}, {"sort", ""}, {"", old}}};
  ASSERT_TRUE(store.inventory.set_pins(list, {}).ok());

  const Inventory inventory = store.inventory_of({.run_id = "run-3", .runs = 2});

  EXPECT_EQ(ProjectFixture::names(inventory.missing),
            (std::vector<std::string>{"never_run", "old"}));
  EXPECT_TRUE(inventory.missing[0].pinned);
  EXPECT_FALSE(inventory.missing[0].history_fingerprint);
  EXPECT_EQ(inventory.missing[1].history_fingerprint, old);
  EXPECT_EQ(inventory.expected, 3);
  EXPECT_EQ(inventory.present, 1);

  const auto lists = *store.inventory.pins(k_repository);
  ASSERT_EQ(lists.size(), 1u);
  EXPECT_EQ(lists[0].pins.size(), 3u);
  list.run_reason = "nightly";
  list.pins = {{"other", ""}};
  ASSERT_TRUE(store.inventory.set_pins(list, {}).ok());
  EXPECT_EQ(store.inventory_of({.run_id = "run-3"}).missing_count, 2) << "of another reason";
  list.run_reason = "";
  list.pins.clear();
  ASSERT_TRUE(store.inventory.set_pins(list, {}).ok());
  EXPECT_EQ(store.inventory.pins(k_repository)->size(), 1u) << "an empty list removes it";
  EXPECT_EQ(store.inventory_of({.run_id = "run-3", .runs = 2}).missing_count, 0);
  EXPECT_EQ(store.value("select count(*) from bl_audit where action = 'inventory.set'"), "3");
  list.pins.assign(10'001, {"x", ""});
  EXPECT_EQ(store.inventory.set_pins(list, {}).error().code, Code::invalid);
}

// ---- rollups

struct Rollups : ProjectFixture {
  Rollups() {
    for (int i = 0; i < 20; ++i) {
      const double wave = 0.1 * (i % 3);
      add(i, "slower", i == 19 ? 50 : 10 + wave, "m1");
      add(i, "slower", i == 19 ? 60 : 10 + wave, "m2");
      add(i, "faster", i == 19 ? 1 : 10 + wave, "m1");
      add(i, "steady", 10 + wave, "m1");
    }
    add(19, "young", 1, "m1");
    refresh_all();
  }
};

TEST(StoreProject, attention_counts_series_and_shows_the_worst) {
  Rollups store;
  const auto projects = store.project.attention({});
  ASSERT_TRUE(projects.ok()) << projects.error().message;
  ASSERT_EQ(projects->size(), 1u);
  const ProjectAttention& project = projects->at(0);
  EXPECT_EQ(project.repository, k_repository);
  EXPECT_EQ(project.counts.series, 5);
  EXPECT_EQ(project.counts.regressed, 2);
  EXPECT_EQ(project.counts.improved, 1);
  EXPECT_EQ(project.counts.stable, 1);
  EXPECT_EQ(project.counts.insufficient, 1);
  EXPECT_EQ(project.runs, 20);
  EXPECT_EQ(project.results, 81);
  EXPECT_EQ(project.errors, 0);
  ASSERT_EQ(project.worst.size(), 2u);
  EXPECT_EQ(project.worst[0].hardware, "m2");
  EXPECT_EQ(project.worst[0].status, SeriesStatus::regressed);
  EXPECT_EQ(project.latest_runs.size(), 5u);
  EXPECT_EQ(project.latest_runs[0].run_id, "run-19");

  AttentionQuery later;
  later.repository = k_repository;
  later.since = Timestamp{on_commit(19).timestamp.micros + k_hour};
  EXPECT_EQ(store.project.attention(later)->at(0).counts.series, 0);
  EXPECT_EQ(store.project.attention(later)->at(0).runs, 0);
  later.repository = "https://github.com/no/one";
  EXPECT_EQ(store.project.attention(later).error().code, Code::not_found);
}

TEST(StoreProject, a_family_is_the_series_of_a_name) {
  Rollups store;
  const auto families = store.project.families({});
  ASSERT_TRUE(families.ok()) << families.error().message;
  ASSERT_EQ(families->size(), 4u);
  EXPECT_EQ(families->at(0).name, "faster");
  EXPECT_EQ(families->at(0).best.at(0).status, SeriesStatus::improved);
  const Family& slower = families->at(1);
  EXPECT_EQ(slower.name, "slower");
  EXPECT_EQ(slower.counts.series, 2);
  EXPECT_EQ(slower.counts.regressed, 2);
  EXPECT_EQ(slower.hardware_count, 2);
  EXPECT_EQ(slower.context_count, 1);
  EXPECT_EQ(slower.worst.at(0).hardware, "m2");

  FamilyFilter page;
  page.page_size = 2;
  page.after_name = "faster";
  page.after_repository = k_repository;
  const auto second = *store.project.families(page);
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(second[0].name, "slower");
  EXPECT_EQ(second[1].name, "steady");

  FamilyFilter by_regressions;
  by_regressions.sort = FamilyFilter::Sort::regressed;
  by_regressions.page_size = 1;
  EXPECT_EQ(store.project.families(by_regressions)->at(0).name, "slower");
  FamilyFilter found;
  found.text = "STEA";
  EXPECT_EQ(store.project.families(found)->at(0).name, "steady");
}

TEST(StoreProject, since_a_commit_compares_then_with_now) {
  Rollups store;
  Draft failed = on_commit(5);
  failed.name = "broken";
  failed.errored = true;
  store.submit(submission_of(failed));

  const auto since = store.project.since({.repository = k_repository, .commit_sha = sha_of(5)});

  ASSERT_TRUE(since.ok()) << since.error().message;
  EXPECT_EQ(since->compared, 4);
  EXPECT_EQ(since->regressions, 2);
  EXPECT_EQ(since->improvements, 1);
  EXPECT_EQ(since->not_comparable, 1);
  ASSERT_EQ(since->rows.size(), 5u);
  EXPECT_EQ(since->rows[0].name, "slower");
  EXPECT_EQ(since->rows[0].hardware, "m2");
  EXPECT_NEAR(since->rows[0].change->score, (10.2 - 60) / 10.2 * 100, 1e-9);
  EXPECT_EQ(since->rows[0].latest_commit_sha, sha_of(19));
  EXPECT_EQ(since->rows[3].name, "faster");
  EXPECT_EQ(since->rows[4].name, "broken");
  EXPECT_EQ(store.project.since({.repository = k_repository, .commit_sha = "none"}).error().code,
            Code::not_found);
}

}  // namespace
}  // namespace bl::results::testing
