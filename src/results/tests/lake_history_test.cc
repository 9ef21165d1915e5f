// The lake's HistoryReader beside the store's: the same answers, to the byte.
#include "results/lake_history.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>

#include "results/encode.h"
#include "results/legacy_encode.h"
#include "results/tests/replica_world.h"

namespace bl::results::testing {
namespace {

using ::testing::HasSubstr;

#define ASSERT_OK(result) \
  if (const auto& r_ = (result); !r_.ok()) FAIL() << r_.error().message

constexpr std::int64_t k_month = 31LL * 24 * k_hour;

/// What one reader says of a series, or why it does not, as text.
std::string said_by(HistoryReader& reader, const std::string& fingerprint) {
  const auto history = reader.history(fingerprint);
  if (!history.ok()) return history.error().message;
  const auto details = reader.details(fingerprint);
  if (!details.ok()) return details.error().message;
  std::string text = history->repository + " " + history->hardware_hash + " " +
                     encode_history(*history) + encode_legacy_history(*history, *details);
  for (const auto& [id, times] : details->times_jsons) text += "\n" + id + " " + times;
  for (const auto& [id, info] : history->infos) text += "\n" + id + " " + info;
  for (const HistoryPoint& point : history->points) {
    text += fmt::format("\n{} {} {} {} {}", point.result_id, point.data_json, point.run_tags_json,
                        point.change_annotations_json, point.mean.value_or(-1));
  }
  return text;
}

struct Histories : ReplicaWorld {
  std::vector<Submitted> fill(unsigned seed, int count) {
    std::mt19937 source(seed);
    const auto below = [&](int bound) {
      return std::uniform_int_distribution<int>(0, bound - 1)(source);
    };
    std::vector<Submitted> made;
    for (int i = 0; i < count; ++i) {
      const int commit = below(20);
      Draft draft = on_commit(commit);
      if (below(8) == 0) draft.sha.clear();
      if (below(8) == 0) draft.fork_point = sha_of(below(20));
      draft.name = "case-" + std::to_string(below(3));
      draft.unit = below(6) == 0 ? "B/s" : "s";  // mixed within a series
      draft.errored = below(9) == 0;
      draft.begins_change = below(9) == 0;
      draft.run_id = "run-" + std::to_string(below(5));
      draft.timestamp = Timestamp{k_start.micros + below(3) * k_month + below(3) * k_hour};
      // One, two or more samples: Conbench keeps aggregates of three and more.
      draft.data.clear();
      for (int n = below(5); n >= 0; --n) draft.data.push_back(0.1 + below(1'000) / 7.0);
      made.push_back(submit(submission_of(draft)));
    }
    return made;
  }
};

TEST(LakeHistory, says_what_the_store_says) {
  Histories world;
  const auto made = world.fill(3, 90);
  ASSERT_OK(world.editor.remove(made[5].id, {.id = "u", .name = "operator"}));
  world.refresh();
  std::set<std::string> fingerprints{"0123456789abcdef0123456789abcdef", "no such series"};
  for (const Submitted& one : made) fingerprints.insert(one.history_fingerprint);
  std::size_t points = 0;
  for (const SummaryMode mode : {SummaryMode::best, SummaryMode::mean}) {
    StoreHistoryReader store(*world.database, mode);
    LakeHistoryReader lake(*world.lake, world.database->dialect(), mode);
    for (const std::string& fingerprint : fingerprints) {
      const std::string expected = said_by(store, fingerprint);
      EXPECT_EQ(said_by(lake, fingerprint), expected);
      points += static_cast<std::size_t>(std::ranges::count(expected, '\n'));
    }
  }
  EXPECT_GT(points, 100u);
}

TEST(LakeHistory, finds_the_series_of_a_result) {
  Histories world;
  const auto made = world.fill(4, 5);
  world.refresh();
  LakeHistoryReader lake(*world.lake, world.database->dialect());
  for (const Submitted& one : made) {
    const auto found = lake.fingerprint_of(one.id);
    ASSERT_OK(found);
    EXPECT_EQ(*found, one.history_fingerprint);
  }
  EXPECT_EQ(lake.fingerprint_of("0123456789abcdef0123456789abcdef").error().code, Code::not_found);
  EXPECT_THAT(lake.fingerprint_of("odd").error().message, HasSubstr("odd"));
}

}  // namespace
}  // namespace bl::results::testing
