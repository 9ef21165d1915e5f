#include "results/store_run_comparison.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "results/tests/store_fixture.h"

namespace bl::results::testing {
namespace {

using Page = RunComparisonPage;

struct RunComparisons : StoreFixture {
  StoreRunComparisonReader reader{*database};

  Submitted add(const std::string& run_id, const std::string& name, double value, int commit = 1,
                const std::string& unit = "s") {
    Draft draft = on_commit(commit);
    draft.run_id = run_id;
    draft.name = name;
    draft.data = {value};
    draft.unit = unit;
    return submit(submission_of(draft));
  }
  /// `name: baseline/contender` of every pair, `-` for a side that is not there.
  std::vector<std::string> pairs(const Page& page) {
    std::vector<std::string> texts;
    for (const Page::Pair& pair : page.pairs) {
      const auto value = [&](std::size_t place) -> std::string {
        if (place == Page::k_absent) return "-";
        return json::to_text(page.results[place].stats.data[0]);
      };
      const std::size_t any = pair.baseline == Page::k_absent ? pair.contender : pair.baseline;
      texts.push_back(page.results[any].benchmark_case.name + ": " + value(pair.baseline) + "/" +
                      value(pair.contender));
    }
    return texts;
  }
  std::vector<std::string> sorted_pairs(const RunPair& pair) {
    auto texts = pairs(reader.page(pair).value());
    std::sort(texts.begin(), texts.end());
    return texts;
  }
};

TEST(RunComparison, every_series_of_either_run_has_its_pairs) {
  RunComparisons store;
  store.add("a", "both", 1);
  store.add("b", "both", 2);
  store.add("a", "gone", 3);
  store.add("b", "new", 4);
  store.add("a", "twice", 5);
  store.add("b", "twice", 6);
  store.add("b", "twice", 7);
  store.add("c", "both", 9);
  EXPECT_EQ(
      store.sorted_pairs({.baseline = "a", .contender = "b"}),
      (std::vector<std::string>{"both: 1/2", "gone: 3/-", "new: -/4", "twice: 5/6", "twice: 5/7"}));
}

TEST(RunComparison, a_page_is_so_many_fingerprints_and_pages_make_the_whole) {
  RunComparisons store;
  for (int i = 0; i < 7; ++i) {
    const std::string name = "n" + std::to_string(i);
    store.add("a", name, i);
    store.add("b", name, i + 0.5);
    if (i % 2 == 0) store.add("b", name, i + 0.75);
  }
  RunPair pair{.baseline = "a", .contender = "b", .page_size = 3};
  std::vector<std::string> seen, fingerprints;
  std::vector<std::size_t> sizes;
  for (int pages = 0; pages < 9; ++pages) {
    const Page page = store.reader.page(pair).value();
    std::vector<std::string> texts = store.pairs(page);
    sizes.push_back(texts.size());
    seen.insert(seen.end(), texts.begin(), texts.end());
    for (const StoredResult& result : page.results) {
      fingerprints.push_back(result.history_fingerprint);
    }
    if (!page.next_cursor) break;
    pair.after = page.next_cursor;
  }
  EXPECT_EQ(sizes.size(), 3u);
  EXPECT_TRUE(std::is_sorted(fingerprints.begin(), fingerprints.end()));
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, store.sorted_pairs({.baseline = "a", .contender = "b"}));
  EXPECT_EQ(seen.size(), 11u);
}

TEST(RunComparison, an_exactly_full_page_has_a_cursor_to_an_empty_one) {
  RunComparisons store;
  store.add("a", "n", 1);
  RunPair pair{.baseline = "a", .contender = "a", .page_size = 1};
  const Page full = store.reader.page(pair).value();
  EXPECT_EQ(store.pairs(full), (std::vector<std::string>{"n: 1/1"})) << "a run and itself";
  pair.after = full.next_cursor.value();
  const Page empty = store.reader.page(pair).value();
  EXPECT_TRUE(empty.pairs.empty());
  EXPECT_FALSE(empty.next_cursor);
}

TEST(RunComparison, units_that_do_not_match_make_no_pair) {
  RunComparisons store;
  store.add("a", "n", 1, 1, "s");
  store.add("b", "n", 1, 1, "B/s");
  EXPECT_TRUE(store.sorted_pairs({.baseline = "a", .contender = "b"}).empty());
}

TEST(RunComparison, a_run_that_is_not_there_is_named) {
  RunComparisons store;
  store.add("a", "n", 1);
  EXPECT_EQ(store.reader.page({.baseline = "x", .contender = "a"}).error().message, "x");
  const Error error = store.reader.page({.baseline = "a", .contender = "y"}).error();
  EXPECT_EQ(error.code, Code::not_found);
  EXPECT_EQ(error.message, "y");
}

TEST(RunComparison, each_series_has_the_distribution_that_two_results_would_be_judged_by) {
  RunComparisons store;
  for (int i = 1; i <= 6; ++i) {
    for (const char* name : {"n", "m"}) {
      store.add("run" + std::to_string(i), name, 10 + 0.1 * (i % 3), i);
    }
  }
  const Page page = store.reader.page({.baseline = "run5", .contender = "run6"}).value();
  ASSERT_EQ(page.pairs.size(), 2u);
  for (const Page::Pair& pair : page.pairs) {
    const CompareInput alone =
        store.compare.compare(page.results[pair.baseline].id, page.results[pair.contender].id)
            .value();
    ASSERT_TRUE(alone.distribution.mean && alone.distribution.stddev);
    EXPECT_EQ(pair.distribution.mean, alone.distribution.mean);
    EXPECT_EQ(pair.distribution.stddev, alone.distribution.stddev);
  }
}

TEST(RunComparison, a_page_of_many_pairs_or_samples_ends_early) {
  RunComparisons store;
  for (int i = 0; i < 3; ++i) {
    const std::string name = "n" + std::to_string(i);
    for (int twice = 0; twice < 2; ++twice) {
      store.add("a", name, 1);
      store.add("b", name, 2);
    }
  }
  const auto walk = [&](RunComparisonLimits limits) {
    StoreRunComparisonReader narrow(*store.database, {}, limits);
    RunPair pair{.baseline = "a", .contender = "b"};
    std::vector<std::size_t> sizes;
    for (int pages = 0; pages < 9; ++pages) {
      const Page page = narrow.page(pair).value();
      sizes.push_back(page.pairs.size());
      if (!page.next_cursor) break;
      pair.after = page.next_cursor;
    }
    return sizes;
  };
  EXPECT_EQ(walk({.pairs_max = 8}), (std::vector<std::size_t>{8, 4}));
  EXPECT_EQ(walk({.samples_bytes_max = 1}), (std::vector<std::size_t>{4, 4, 4}));
  StoreRunComparisonReader none(*store.database, {}, {.pairs_max = 3});
  EXPECT_EQ(none.page({.baseline = "a", .contender = "b"}).error().code, Code::too_large);
}

}  // namespace
}  // namespace bl::results::testing
