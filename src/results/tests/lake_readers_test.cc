// The readers over the lake beside those over the store: the same answers, to the byte. The suite
// is readers_world.h.
#include <gmock/gmock.h>
#include <stdlib.h>

#include "results/tests/readers_world.h"

namespace bl::results::testing {
namespace {

using ::testing::HasSubstr;

TEST(LakeReaders, say_what_the_store_says) {
  ReadersWorld world(3);
  world.fill(45);
  world.refresh_all();
  world.refresh();
  world.compare_all();
  world.compare_all({.mode = SummaryMode::mean, .commits = 7});
}

TEST(LakeReaders, judge_stale_series_anew) {
  ReadersWorld world(4);
  world.fill(25);
  world.refresh();  // no status was ever stored
  world.compare_all();
}

TEST(LakeReaders, follow_what_is_changed_and_removed) {
  ReadersWorld world(5);
  const auto made = world.fill(35);
  world.refresh_all();
  world.refresh();
  const Editor who{.id = "u", .name = "operator"};
  const auto change =
      json::Value::object({{"begins_distribution_change", json::Value::boolean(true)}});
  for (std::size_t i = 0; i < made.size(); i += 3) {
    ASSERT_TRUE(world.editor.annotate(made[i].id, change, who).ok());
  }
  for (std::size_t i = 1; i < made.size(); i += 5) {
    ASSERT_TRUE(world.editor.remove(made[i].id, who).ok());
  }
  world.fill(10);
  world.refresh_all();
  world.refresh();
  world.compare_all();
}

TEST(LakeReaders, end_a_page_of_whole_results_at_its_bytes) {
  ReadersWorld world(6);
  world.fill(25);
  world.refresh();
  world.compare_all({.page_bytes = 200});
}

TEST(LakeReaders, answer_of_a_store_without_results) {
  ReadersWorld world;
  world.refresh();
  world.compare_all();
}

TEST(LakeReaders, are_unavailable_before_the_replica_is_made) {
  ReadersWorld world;
  LakeRunBrowser runs(*world.lake, *world.engine);
  LakeHistoryReader history(*world.lake, *world.engine, world.database->dialect());
  EXPECT_EQ(runs.results({}).error().code, Code::unavailable);
  EXPECT_EQ(runs.result("x").error().code, Code::unavailable);
  EXPECT_EQ(history.history("x").error().code, Code::unavailable);
  EXPECT_THAT(history.history("x").error().message, HasSubstr("not made yet"));
}

// Ids of other programs: any text, and digits that are negative numbers in the lake.
TEST(LakeReaders, list_odd_ids_in_the_order_of_their_texts) {
  ReadersWorld world(8);
  auto made = world.fill(12);
  const char* const odd[] = {"fedcba98765432100000000000000000",
                             "80000000000000000000000000000001",
                             "7fffffffffffffffffffffffffffffff",
                             "7fffffffffffffff0000000000000000",
                             "00000000000000000000000000000000",
                             "abc-def",
                             "zebra",
                             "06",
                             "0A",
                             "ffffffffffffffffffffffffffffffff",
                             "a\xC3\xBC"};
  world.made.clear();
  for (std::size_t i = 0; i < std::size(odd); ++i) {
    for (const char* table : {"bl_result_number", "benchmark_result"}) {
      world.run_sql(
          fmt::format("update {} set id = '{}' where id = '{}'", table, odd[i], made[i].id));
    }
    world.made.push_back({odd[i], made[i].run_id, made[i].history_fingerprint, false});
  }
  world.refresh();
  LakeRunBrowser lake_runs(*world.lake, *world.engine);
  LakeHistoryReader lake_history(*world.lake, *world.engine, world.database->dialect());
  LakeCompareReader lake_compare(*world.lake, *world.engine);
  LakeProjectHealthReader lake_health(*world.lake, *world.engine, world.database->dialect());
  const Readers lake{lake_history, lake_compare, lake_health, lake_runs};
  const Readers store{world.history, world.compare, world.health, world.runs};
  std::vector<std::string> ids(std::begin(odd), std::end(odd));
  for (const char* cursor : {"", "0", "8", "7g", "~", "7fffffffffffffffffffffffffffffff0"}) {
    ids.emplace_back(cursor);
  }
  world.compare_lists(store, lake, ids, SummaryMode::best);
  for (const std::string& id : ids) {
    EXPECT_EQ(said_of_result(lake, id, SummaryMode::best),
              said_of_result(store, id, SummaryMode::best));
    ResultFilter from;
    from.from_id = id;
    EXPECT_EQ(said_of_list(lake, from), said_of_list(store, from)) << id;
  }
  for (const char* prefix : {"7ff", "abc", "fed", "000"}) {
    EXPECT_EQ(said_of_search(lake, prefix, 3), said_of_search(store, prefix, 3)) << prefix;
  }
}

// Rows of other programs: some without a mean, which no distribution counts, some with samples
// alone.
TEST(LakeReaders, judge_by_old_rows_without_aggregates) {
  ReadersWorld world(9);
  world.fill(40);
  world.run_sql("update benchmark_result set mean = null where substr(id, 32, 1) < '5'");
  world.run_sql("update benchmark_result set min = null, max = null where substr(id, 32, 1) > '9'");
  world.refresh();
  for (const SummaryMode mode : {SummaryMode::best, SummaryMode::mean}) {
    StoreRunBrowser store_runs(*world.database, mode);
    StoreCompareReader store_compare(*world.database, mode);
    LakeRunBrowser lake_runs(*world.lake, *world.engine, mode);
    LakeCompareReader lake_compare(*world.lake, *world.engine, mode);
    const Readers lake{world.history, lake_compare, world.health, lake_runs};
    const Readers store{world.history, store_compare, world.health, store_runs};
    world.compare_pairs(store, lake);
    std::vector<std::string> ids;
    for (const Submitted& one : world.made) ids.push_back(one.id);
    world.compare_lists(store, lake, ids, mode);
  }
}

// Whatever is done in whatever order. BENCHLAKE_FAULTS_ALL=1 tells many stories.
TEST(LakeReaders, agree_after_any_story) {
  const bool is_long = getenv("BENCHLAKE_FAULTS_ALL") != nullptr;
  for (unsigned seed = 100; seed < (is_long ? 130u : 102u); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ReadersWorld world(seed);
    if (seed % 2 == 1) world.seal_at_once();
    world.limits.changes_max = 7;
    world.limits.export_rows_max = 10;
    world.replicator = world.make_replicator();
    const Editor who{.id = "u", .name = "operator"};
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < 18; ++i) {
        const int what = world.below(10);
        if (what == 0 && !world.made.empty()) {
          // A commit that came and went between two refreshes would not be in the lake.
          world.refresh();
          const auto at = world.made.begin() + world.below(static_cast<int>(world.made.size()));
          ASSERT_TRUE(world.editor.remove(at->id, who).ok());
          world.made.erase(at);
        } else if (what == 1) {
          world.refresh_all();
        } else if (what == 2) {
          world.refresh();
        } else {
          world.fill(1);
        }
      }
      world.refresh();
    }
    world.compare_all({.mode = world.below(2) == 0 ? SummaryMode::best : SummaryMode::mean,
                       .commits = 1 + world.below(30)});
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace bl::results::testing
