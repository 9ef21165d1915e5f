// The replica when the world around it misbehaves: another replicator, a clock that jumps.
#include <gmock/gmock.h>

#include "results/tests/replica_world.h"

namespace bl::results::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

#define ASSERT_OK(result) \
  if (const auto& r_ = (result); !r_.ok()) FAIL() << r_.error().message

/// As another process has it: the same objects and catalog, a folder of its own.
struct Rival {
  explicit Rival(ReplicaWorld& world) {
    lake::LakeOptions options;
    options.folder = world.lake_folder + "/rival";
    options.objects = world.lake_folder + "/objects";
    options.catalog = "sqlite://" + world.lake_folder + "/catalog.sqlite";
    options.housekeeping = false;
    options.delta = false;
    auto opened = lake::Lake::open(
        options, {*world.disk, world.clock, world.random, world.log, world.metrics});
    if (!opened.ok()) ADD_FAILURE() << opened.error().message;
    BL_CHECK(opened.ok());
    lake = *std::move(opened);
    replicator = std::make_unique<Replicator>(world.faulty, *lake, world.ids, world.clock,
                                              world.log, world.metrics, world.limits);
  }
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<Replicator> replicator;
};

TEST(ReplicaTrouble, of_two_replicators_one_publishes_and_nothing_is_doubled) {
  ReplicaWorld world;
  for (int i = 0; i < 3; ++i) world.submit(submission_of(on_commit(i)));
  world.refresh();

  Rival rival(world);
  world.submit(submission_of(on_commit(3)));
  ASSERT_OK(rival.replicator->refresh());
  world.submit(submission_of(on_commit(4)));
  const auto refused = world.replicator->refresh();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::conflict) << refused.error().message;
  ASSERT_OK(rival.replicator->refresh());

  // The first one starts again: it takes the tables back, and the rival is refused.
  world.open_lake();
  world.submit(submission_of(on_commit(5)));
  EXPECT_EQ(world.refresh().changes, 1);
  world.submit(submission_of(on_commit(6)));
  const auto late = rival.replicator->refresh();
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Code::conflict) << late.error().message;
  EXPECT_EQ(world.refresh().changes, 1);
  EXPECT_THAT(world.lake_ids(), SizeIs(7));
  EXPECT_THAT(world.differences(), IsEmpty());
}

TEST(ReplicaTrouble, a_clock_that_jumps_loses_nothing) {
  ReplicaWorld world;
  world.limits.log_kept = std::chrono::hours(24);
  world.replicator = world.make_replicator();
  int commit = 0;
  for (const auto at : {k_start, Timestamp{k_start.micros + 10 * 365 * 24 * k_hour}, k_start,
                        Timestamp{k_start.micros - 365 * 24 * k_hour}}) {
    world.clock.set(at);
    world.submit(submission_of(on_commit(commit++)));
    world.refresh();
    world.submit(submission_of(on_commit(commit++)));
    world.replicator = world.make_replicator();
    EXPECT_EQ(world.refresh().changes, 1);
  }
  EXPECT_THAT(world.lake_ids(), SizeIs(8));
  EXPECT_THAT(world.differences(), IsEmpty());
}

}  // namespace
}  // namespace bl::results::testing
