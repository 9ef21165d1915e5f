// What an operator does to a Delta event log while others use it.
#include <fstream>
#include <thread>

#include "events/delta_admin.h"
#include "events/tests/delta_log_world.h"

namespace bl::events {
namespace {

using namespace testing;
using std::chrono::hours;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Ten flushes, nothing compacted.
std::vector<BuildEvent> ten_files(DeltaWorld& world) {
  const auto log = world.open();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(said_of(log->append(events_of_writer(1, i * 10, 10))), "ok");
    EXPECT_EQ(said_of(log->publish()), "ok");
  }
  return all_of(*log);
}

std::vector<std::string> data_files(const DeltaWorld& world) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(world.table())) {
    if (entry.path().extension() == ".parquet") files.push_back(entry.path());
  }
  return files;
}

TEST(DeltaAdmin, OptimizeMakesOneFileOfManyAndKeepsEveryPlace) {
  DeltaWorld world;
  const auto before = ten_files(world);
  std::vector<std::int64_t> told;
  const auto done =
      optimize(world.uri(), world.world(), [&](std::string_view, std::int64_t at, std::int64_t) {
        told.push_back(at);
        return true;
      });
  ASSERT_EQ(said_of(done), "ok");
  EXPECT_EQ(done->files_before, 10);
  EXPECT_EQ(done->files_after, 1);
  EXPECT_FALSE(told.empty());
  EXPECT_EQ(all_of(*world.open()), before);
  EXPECT_EQ(optimize(world.uri(), world.world(), {})->runs, 0);
  const auto checked = fsck(world.uri(), world.world(), {});
  ASSERT_EQ(said_of(checked), "ok");
  EXPECT_EQ(checked->findings_all, 0) << checked->findings[0].what;
  EXPECT_EQ(checked->events, 100);
}

TEST(DeltaAdmin, OptimizeEndsWhenItsCallerSaysSo) {
  DeltaWorld world;
  ten_files(world);
  const auto done = optimize(world.uri(), world.world(),
                             [](std::string_view, std::int64_t, std::int64_t) { return false; });
  EXPECT_THAT(said_of(done), HasSubstr("cancelled"));
  EXPECT_EQ(data_files(world).size(), 10u);
}

TEST(DeltaAdmin, VacuumRemovesOnlyWhatNobodyHasAndIsOld) {
  DeltaWorld world;
  const auto before = ten_files(world);
  ASSERT_EQ(said_of(optimize(world.uri(), world.world(), {})), "ok");
  EXPECT_EQ(data_files(world).size(), 11u);
  std::ofstream(world.table() + "/part-of-a-writer-that-died.parquet") << "x";
  std::ofstream(world.table() + "/_hidden.parquet") << "x";

  EXPECT_EQ(vacuum(world.uri(), world.world(), {}, {})->files, 0);
  EXPECT_THAT(
      said_of(vacuum(world.uri(), world.world(), {.retention = std::chrono::minutes(59)}, {})),
      HasSubstr("invalid"));
  const VacuumOptions dry{.retention = std::chrono::seconds(0), .force = true, .dry_run = true};
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(vacuum(world.uri(), world.world(), dry, {})->files, 11);
  EXPECT_EQ(data_files(world).size(), 13u);
  const VacuumOptions now{.retention = std::chrono::seconds(0), .force = true};
  const auto done = vacuum(world.uri(), world.world(), now, {});
  ASSERT_EQ(said_of(done), "ok");
  EXPECT_EQ(done->files, 11);
  EXPECT_EQ(data_files(world).size(), 2u);  // the hidden one is nobody's of ours
  EXPECT_EQ(all_of(*world.open(LogUri::Mode::read)), before);
}

TEST(DeltaAdmin, AReaderOfBeforeTheCompactionReadsOnBesideAVacuum) {
  DeltaWorld world;
  ten_files(world);
  const auto log = world.open(LogUri::Mode::read);
  const auto pinned = log->table();
  ASSERT_EQ(said_of(pinned), "ok");
  ASSERT_EQ(said_of(optimize(world.uri(), world.world(), {})), "ok");
  ASSERT_EQ(said_of(vacuum(world.uri(), world.world(), {.retention = hours(1)}, {})), "ok");
  for (const auto& file : pinned->files().files()) {
    EXPECT_TRUE(std::filesystem::exists("/" + file.key)) << file.key;
  }
}

TEST(DeltaAdmin, MigrationAddsColumnsAndBothVersionsAreRead) {
  DeltaWorld world;
  auto before = ten_files(world);
  const auto writer = world.open();  // of before the migration
  const auto done = migrate(world.uri(), world.world(), 2);
  ASSERT_EQ(said_of(done), "ok");
  EXPECT_EQ(done->from, 1);
  EXPECT_EQ(done->to, 2);
  ASSERT_EQ(said_of(writer->append(events_of_writer(2, 0, 5))), "ok");
  ASSERT_EQ(said_of(writer->publish()), "ok");
  const auto more = events_of_writer(2, 0, 5);
  before.insert(before.end(), more.begin(), more.end());
  const auto log = world.open();
  EXPECT_EQ(all_of(*log), before);
  EXPECT_EQ(log->status()->schema_version, 2);
  ASSERT_EQ(said_of(log->append(events_of_writer(3, 0, 5))), "ok");
  const auto table = log->table();
  ASSERT_EQ(said_of(table), "ok");
  EXPECT_EQ(table->schema(), delta::table_schema(2));
  EXPECT_EQ(table->rows(), 110);
  ASSERT_EQ(said_of(log->compact_once({.files_min = 2})), "ok");
  EXPECT_EQ(all_of(*log).size(), 110u);
  EXPECT_EQ(migrate(world.uri(), world.world(), 2)->from, 2);
  EXPECT_THAT(said_of(migrate(world.uri(), world.world(), 3)), HasSubstr("invalid"));
  EXPECT_EQ(fsck(world.uri(), world.world(), {})->findings_all, 0);
}

TEST(DeltaAdmin, OfTwoMigrationsAtOnceOneCommits) {
  DeltaWorld world;
  ten_files(world);
  std::vector<std::thread> threads;
  std::vector<std::string> said(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] { said[i] = said_of(migrate(world.uri(), world.world(), 2)); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(said, ::testing::Each("ok"));
  EXPECT_EQ(world.open(LogUri::Mode::read)->status()->version, 11);
}

/// A table whose properties say other versions.
void say_versions(DeltaWorld& world, const std::map<std::string, std::string>& properties) {
  auto place = delta::place_of(world.uri(), world.world());
  const auto table = delta::EventTable::open(*std::move(place), world.folder.at("own"),
                                             delta::EventTable::Open::or_create, {}, world.world(),
                                             [](std::chrono::milliseconds) { return true; })
                         .value();
  ASSERT_EQ(said_of(table->log().evolve(table->log().snapshot()->metadata->schema, properties)),
            "ok");
}

TEST(DeltaAdmin, ANewerTableThatWeMayReadIsOnlyRead) {
  DeltaWorld world;
  const auto before = ten_files(world);
  say_versions(world, {{"bel.schemaVersion", "7"}, {"bel.minReaderVersion", "2"}});
  const auto log = world.open();
  EXPECT_EQ(all_of(*log), before);
  EXPECT_THAT(said_of(log->append(events_of_writer(2, 0, 1))), HasSubstr("forbidden"));
  EXPECT_THAT(said_of(log->append(events_of_writer(2, 0, 1))), HasSubstr("schema version 7"));
  world.log.flush();
  EXPECT_THAT(world.said, HasSubstr("the event table is only read"));
}

TEST(DeltaAdmin, ANewerTableThatWeMayNotReadIsRefusedWithBothVersions) {
  DeltaWorld world;
  ten_files(world);
  say_versions(world, {{"bel.schemaVersion", "9"}, {"bel.minReaderVersion", "8"}});
  const std::string said = said_of(world.try_open(world.uri()));
  EXPECT_THAT(said, HasSubstr("unsupported"));
  EXPECT_THAT(said, HasSubstr("9"));
  EXPECT_THAT(said, HasSubstr("8"));
  EXPECT_THAT(said, HasSubstr("up to 2"));
}

TEST(DeltaAdmin, FsckNamesWhatIsDamaged) {
  DeltaWorld world;
  ten_files(world);
  const auto files = data_files(world);
  std::filesystem::remove(files[0]);
  std::ofstream(files[1], std::ios::app) << "more";
  const auto checked = fsck(world.uri(), world.world(), {});
  ASSERT_EQ(said_of(checked), "ok");
  ASSERT_GE(checked->findings.size(), 2u);
  std::string all;
  for (const auto& finding : checked->findings) all += finding.where + ": " + finding.what + "\n";
  EXPECT_THAT(all, HasSubstr(files[0].substr(files[0].rfind('/') + 1) + ": the file is not there"));
  EXPECT_THAT(all, HasSubstr(files[1].substr(files[1].rfind('/') + 1)));
}

TEST(DeltaAdmin, TwoCheckpointersAtOnceLeaveATableThatIsRead) {
  DeltaWorld world;
  const auto before = ten_files(world);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(said_of(checkpoint(world.uri(), world.world())), "ok"); });
  }
  for (auto& thread : threads) thread.join();
  for (int version = 0; version < 10; ++version) {
    std::filesystem::remove(fmt::format("{}/_delta_log/{:020}.json", world.table(), version));
  }
  EXPECT_EQ(all_of(*world.open(LogUri::Mode::read)), before);
}

TEST(DeltaAdmin, AnotherTableIsRefused) {
  DeltaWorld world;
  auto uri = world.uri();
  EXPECT_THAT(said_of(checkpoint(uri, world.world())), HasSubstr("not_found"));
  uri.backend = LogUri::Backend::sqlite;
  EXPECT_THAT(said_of(checkpoint(uri, world.world())), HasSubstr("invalid"));
}

}  // namespace
}  // namespace bl::events
