// The replica beside a real store: what the store says is in the lake, whatever happens.
#include "results/replica.h"

#include <gmock/gmock.h>

#include "results/tests/replica_world.h"

namespace bl::results::testing {
namespace {

using replica::results_shape;
using replica::runs_shape;
using replica::samples_shape;
using replica::series_shape;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

#define ASSERT_OK(result) \
  if (const auto& r_ = (result); !r_.ok()) FAIL() << r_.error().message

constexpr std::int64_t k_month = 31LL * 24 * k_hour;

Draft at_hour(int hour, const std::string& name = "sort") {
  Draft draft = on_commit(hour);
  draft.name = name;
  draft.timestamp = Timestamp{k_start.micros + hour * k_hour};
  return draft;
}

TEST(Replica, first_refresh_exports_everything_by_month) {
  ReplicaWorld world;
  for (int i = 0; i < 5; ++i) world.submit(submission_of(at_hour(i)));
  Draft later = at_hour(6, "merge");
  later.timestamp = Timestamp{k_start.micros + k_month};
  const auto last = world.submit(submission_of(later));
  world.refresh_all();

  const ReplicaRound round = world.refresh();
  EXPECT_EQ(round.state, ReplicaRound::State::current);
  EXPECT_EQ(round.exported, 6);
  EXPECT_THAT(world.lake_values(results_shape(), "month"),
              ElementsAre("202408", "202408", "202408", "202408", "202408", "202409"));
  EXPECT_EQ(world.lake_ids().back(), last.id);
  EXPECT_THAT(world.lake_values(samples_shape(), "data"), SizeIs(6));
  EXPECT_THAT(world.lake_values(series_shape(), "name"), ElementsAre("merge", "sort"));
  EXPECT_THAT(world.lake_values(runs_shape(), "result_count"), SizeIs(6));
  EXPECT_THAT(world.lake_values(replica::commits_shape(), "sha"), SizeIs(6));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, new_results_are_one_small_file_and_nothing_is_made_again) {
  ReplicaWorld world;
  world.submit(submission_of(at_hour(0)));
  world.refresh();
  const auto before = world.files(results_shape());

  for (int i = 1; i < 4; ++i) world.submit(submission_of(at_hour(i)));
  const ReplicaRound round = world.refresh();
  EXPECT_EQ(round.changes, 3);
  EXPECT_EQ(round.rows, 3);
  EXPECT_EQ(world.files(results_shape()), before + 1);
  EXPECT_EQ(world.refresh().changes, 0);
  EXPECT_EQ(world.files(results_shape()), before + 1);
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, edits_and_deletes_go_over) {
  ReplicaWorld world;
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(world.submit(submission_of(at_hour(i))).id);
  world.refresh();

  const Editor who{.id = "u", .name = "operator"};
  ASSERT_OK(world.editor.annotate(
      ids[1], json::Value::object({{"begins_distribution_change", json::Value::boolean(true)}}),
      who));
  ASSERT_OK(world.editor.remove(ids[2], who));
  world.refresh();
  EXPECT_THAT(world.lake_values(results_shape(), "begins_change"),
              ElementsAre("false", "false", "true"));
  EXPECT_THAT(world.lake_ids(), ElementsAre(ids[0], ids[1], ids[3]));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(Replica, place_in_the_log_outlives_the_process) {
  ReplicaWorld world;
  for (int i = 0; i < 3; ++i) world.submit(submission_of(at_hour(i)));
  world.refresh();
  world.submit(submission_of(at_hour(4)));
  world.refresh();
  world.open_lake();
  const ReplicaRound round = world.refresh();
  EXPECT_EQ(round.exported, 0);
  EXPECT_EQ(round.changes, 0);
  EXPECT_THAT(world.lake_values(results_shape(), "result_no"), SizeIs(4));
}

}  // namespace
}  // namespace bl::results::testing
