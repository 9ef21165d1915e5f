// Whatever is submitted, edited and deleted, and wherever the replicator ends: lake and store are
// the same in the end. BENCHLAKE_FAULTS_ALL=1 makes many rounds of it.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <random>

#include "results/tests/replica_world.h"

namespace bl::results::testing {
namespace {

using ::testing::IsEmpty;

constexpr std::int64_t k_month = 31LL * 24 * k_hour;

struct History : ReplicaWorld {
  explicit History(unsigned seed) : random(seed) {}

  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random); }

  void submit_one() {
    Draft draft;
    const int commit = below(12);
    // Of some commits only the hash is known at first.
    draft.sha = below(6) == 0 ? "" : sha_of(commit);
    if (!draft.sha.empty() && below(3) > 0) {
      draft.commit_time = Timestamp{k_start.micros + commit * k_hour};
    }
    draft.name = "case-" + std::to_string(below(3));
    draft.machine = below(4) == 0 ? "m2" : "m1";
    draft.run_id = "run-" + std::to_string(below(8));
    if (below(2) == 0) draft.batch_id = "batch-" + std::to_string(below(3));
    draft.errored = below(8) == 0;
    draft.unit = below(5) == 0 ? "B/s" : "s";
    draft.data.assign(static_cast<std::size_t>(1 + below(4)), 0.1 * (1 + below(100)));
    // Late ones too: months back.
    draft.timestamp = Timestamp{k_start.micros + below(4) * k_month + below(600) * k_hour};
    ids_there.push_back(submit(submission_of(draft)).id);
  }
  void annotate_one() {
    if (ids_there.empty()) return;
    const auto changes =
        json::Value::object({{"begins_distribution_change", json::Value::boolean(below(2) == 0)}});
    const auto done = editor.annotate(ids_there[any()], changes, who);
    BL_CHECK(done.ok());
  }
  void remove_one() {
    if (ids_there.empty()) return;
    const auto at = ids_there.begin() + static_cast<std::ptrdiff_t>(any());
    BL_CHECK(editor.remove(*at, who).ok());
    ids_there.erase(at);
  }
  std::size_t any() { return static_cast<std::size_t>(below(static_cast<int>(ids_there.size()))); }

  void act() {
    clock.advance(std::chrono::seconds(1 + below(100)));
    switch (below(8)) {
      case 0:
        return annotate_one();
      case 1:
        return remove_one();
      case 2:
        return refresh_all();
      default:
        return submit_one();
    }
  }

  std::mt19937 random;
  std::vector<std::string> ids_there;
  const Editor who{.id = "u", .name = "operator"};
};

void run(unsigned seed, int rounds) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  History history(seed);
  history.limits.changes_max = 5;
  history.limits.export_rows_max = 4;
  history.limits.page_rows = 3;
  history.replicator = history.make_replicator();
  if (seed % 2 == 0) history.seal_at_once();
  for (int i = 0; i < 15; ++i) history.submit_one();
  int failed = 0;
  for (int round = 0; round < rounds; ++round) {
    // The n-th read of the store fails; the commits before it are made.
    history.faulty.fail_at(1 + history.below(60));
    const auto done = history.replicator->refresh();
    failed += done.ok() ? 0 : 1;
    if (!done.ok()) {
      ASSERT_EQ(done.error().code, Code::io) << done.error().message;
    }
    for (int i = history.below(6); i >= 0; --i) history.act();
    // As after SIGKILL: nothing but the lake's files remembers.
    if (history.below(3) == 0) history.replicator = history.make_replicator();
  }
  history.faulty.fail_at(0);
  history.refresh_all();
  history.refresh();
  EXPECT_GT(failed, 0);
  EXPECT_THAT(history.differences(), IsEmpty());
  std::ranges::sort(history.ids_there);
  EXPECT_EQ(history.lake_ids(), history.ids_there);
}

TEST(ReplicaProperty, lake_and_store_are_the_same_in_the_end) {
  const bool is_long = getenv("BENCHLAKE_FAULTS_ALL") != nullptr;
  for (unsigned seed = 1; seed <= (is_long ? 60u : 2u); ++seed) run(seed, is_long ? 40 : 16);
}

}  // namespace
}  // namespace bl::results::testing
