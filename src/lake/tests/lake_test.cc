// A whole lake of real parts: what one process keeps, the next one finds, and programs of others
// read.
#include "lake/lake.h"

#include "lake/lease.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "lake/tests/lake_world.h"
#include "objects/testing/s3_server.h"

namespace bl::lake {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

#define ASSERT_OK(result) \
  if (const auto& r_ = (result); !r_.ok()) FAIL() << r_.error().message

TEST(Lake, tables_and_rows_are_there_after_the_next_start) {
  LakeOnDisk on;
  {
    auto lake = on.open();
    auto table = lake->create_table("points", Points::schema(), LakeOnDisk::layout());
    ASSERT_OK(table);
    ASSERT_OK((*table)->append(points(1, 10)));
    ASSERT_OK((*table)->flush());
    ASSERT_OK((*table)->append(points(11, 5)));
    EXPECT_EQ(on.numbers(*lake).value(), counting(1, 15));
    EXPECT_EQ(lake->create_table("points", Points::schema(), {}).error().code, Code::conflict);
    EXPECT_EQ(on.try_open().error().code, Code::conflict) << "the folder is this process's";
  }
  auto lake = on.open();
  EXPECT_EQ(on.numbers(*lake).value(), counting(1, 15));
  auto table = lake->table("points").value();
  EXPECT_EQ(table->schema(), Points::schema());
  ASSERT_OK(table->flush());
  ASSERT_OK(table->append(points(16)));
  EXPECT_EQ(on.numbers(*lake).value(), counting(1, 16));
  EXPECT_EQ(lake->table("nothing").error().code, Code::not_found);
}

// Times without a zone, and times of day.
using Clocks = columns::Table<columns::Is<"no", std::int64_t>,
                              columns::Is<"clock", std::optional<columns::TimeOfDay>>,
                              columns::Is<"local", std::optional<columns::NaiveTimestamp>>>;
constexpr std::int64_t k_local = 1'704'164'645'250'000;  // 2024-01-02 03:04:05.25

columns::Batch clock_row(std::int64_t no) {
  Clocks::Builder builder;
  BL_CHECK(builder.append(no, columns::TimeOfDay{no}, columns::NaiveTimestamp{k_local + no}));
  BL_CHECK(builder.append(-no, std::nullopt, std::nullopt));
  return builder.finish().value();
}

TEST(Lake, times_of_day_and_times_without_a_zone_come_back_from_journal_and_files) {
  LakeOnDisk on;
  on.limits.table.compact_files_min = 2;
  {
    auto lake = on.open();
    auto table = lake->create_table("clocks", Clocks::schema(), {}).value();
    for (const std::int64_t no : {1, 2}) {
      ASSERT_OK(table->append(clock_row(no)));
      ASSERT_OK(table->flush());
    }
    const ColumnRange late{"local", Timestamp{k_local + 2}, std::nullopt};
    EXPECT_THAT(table->snapshot().files().may_hold({&late, 1}), SizeIs(1)) << "of two files";
    ASSERT_OK(table->append(clock_row(3)));
  }
  auto lake = on.open();
  auto table = lake->table("clocks").value();
  EXPECT_EQ(table->schema(), Clocks::schema());
  EXPECT_EQ(table->snapshot().tail()[0], clock_row(3)) << "from the journal";
  ASSERT_OK(table->flush());
  EXPECT_EQ(table->compact()->commits, 1);
  EXPECT_THAT(table->verify().value(), IsEmpty());

  duck::DatabaseOptions options;
  options.extensions = {"sqlite_scanner", "ducklake"};
  const auto reader = duck::Database::open(options).value();
  const auto connection = reader->connect().value();
  ASSERT_OK(connection->run("ATTACH 'ducklake:sqlite:" + on.folder + "/catalog.sqlite' AS lake"));
  auto answer = connection->query("SELECT no, clock, local FROM lake.clocks ORDER BY no DESC");
  ASSERT_OK(answer);
  const columns::Batch all = answer->all().value();
  const auto rows = Clocks::read(all.with_schema(Clocks::schema()).value()).value();
  ASSERT_EQ(rows.size(), 6);
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rows.column<"clock">().get(i), columns::TimeOfDay{3 - i});
    EXPECT_EQ(rows.column<"local">().get(i), columns::NaiveTimestamp{k_local + 3 - i});
    EXPECT_EQ(rows.column<"clock">().get(5 - i), std::nullopt);
  }
}

// Dropping -----------------------------------------------------------------------------------

TEST(Lake, a_dropped_table_is_gone_and_its_name_is_free) {
  LakeOnDisk on;
  on.limits.keep_snapshots = std::chrono::seconds(0);
  {
    auto lake = on.open();
    auto table = lake->create_table("points", Points::schema(), LakeOnDisk::layout()).value();
    ASSERT_OK(table->append(points(1, 10)));
    ASSERT_OK(table->flush());
    ASSERT_OK(table->append(points(11, 5)));
    ASSERT_OK(lake->drop_table("points"));

    EXPECT_EQ(lake->table("points").error().code, Code::not_found);
    EXPECT_THAT(lake->tables(), IsEmpty());
    EXPECT_EQ(table->append(points(16)).error().code, Code::not_found) << "who still has it";
    EXPECT_EQ(table->flush().error().code, Code::not_found);
    EXPECT_EQ(table->replace({}).error().code, Code::not_found);
    EXPECT_EQ(lake->drop_table("points").error().code, Code::not_found);

    auto again = lake->create_table("points", Points::schema(), LakeOnDisk::layout());
    ASSERT_OK(again);
    EXPECT_THAT(on.numbers(*lake).value(), IsEmpty()) << "none of the one before";
    ASSERT_OK((*again)->append(points(100, 3)));
  }
  auto lake = on.open();
  EXPECT_EQ(on.numbers(*lake).value(), counting(100, 3));
}

TEST(Lake, files_of_a_dropped_table_stay_while_somebody_reads_them_and_go_then) {
  LakeOnDisk on;
  on.limits.keep_snapshots = std::chrono::seconds(0);
  on.limits.catalog.expire_age_min = std::chrono::milliseconds(0);
  auto lake = on.open();
  auto table = lake->create_table("points", Points::schema(), LakeOnDisk::layout()).value();
  ASSERT_OK(table->append(points(1, 10)));
  ASSERT_OK(table->flush());
  auto reader = std::make_unique<Snapshot>(table->snapshot());
  const std::string key = reader->files().files()[0].key;
  table.reset();
  ASSERT_OK(lake->drop_table("points"));
  // Another table moves the lake on: the snapshot of before the drop is not the newest.
  ASSERT_OK(lake->create_table("others", Points::schema(), {}));
  ASSERT_OK(lake->expire());
  EXPECT_TRUE(lake->store().head(key).ok());
  reader.reset();
  ASSERT_OK(lake->expire());
  EXPECT_EQ(lake->store().head(key).error().code, Code::not_found);
}

// A lake with a table of 15 rows, whose disk fails for good from its n-th call on; 0: never.
struct LakeToDropOf : LakeOnDisk {
  explicit LakeToDropOf(std::uint64_t fail_at) {
    disk = std::make_unique<FaultyDisk>(
        *real, FaultPlan{.fail_at = fail_at, .lasting = FaultPlan::Lasting::for_good});
    lake = open();
    auto table = lake->create_table("points", Points::schema(), layout()).value();
    BL_CHECK(table->append(points(1, 10)).ok() && table->flush().ok());
    BL_CHECK(table->append(points(11, 5)).ok());
    begin = calls();
  }
  std::uint64_t calls() const { return static_cast<FaultyDisk&>(*disk).calls(); }
  std::unique_ptr<Disk> real = make_real_disk();
  std::unique_ptr<Lake> lake;
  std::uint64_t begin = 0;  ///< calls of the disk until here
};

TEST(Lake, a_drop_that_was_cut_off_anywhere_never_was_or_is_finished_by_the_next_start) {
  std::uint64_t begin = 0, end = 0;
  {
    LakeToDropOf whole(0);
    ASSERT_OK(whole.lake->drop_table("points"));
    begin = whole.begin;
    end = whole.calls();
    whole.lake.reset();
  }
  ASSERT_GT(end, begin + 5);
  int finished = 0;
  for (std::uint64_t n = begin + 1; n <= end; n += n < begin + 4 ? 1 : 5) {
    SCOPED_TRACE(n - begin);
    LakeToDropOf on(n);
    EXPECT_FALSE(on.lake->drop_table("points").ok());
    on.lake.reset();
    on.disk = make_real_disk();
    const auto lake = on.open();
    if (lake->table("points").ok()) {
      EXPECT_EQ(on.numbers(*lake).value(), counting(1, 15));
      continue;
    }
    ++finished;
    for (const char* prefix : {"dropped/", "tables/points/_delta_log/"}) {
      EXPECT_THAT(lake->store().list({.prefix = prefix})->objects, IsEmpty()) << prefix;
    }
    ASSERT_OK(lake->create_table("points", Points::schema(), LakeOnDisk::layout()));
    EXPECT_THAT(on.numbers(*lake).value(), IsEmpty());
  }
  EXPECT_GT(finished, 1);
}

TEST(Lake, a_catalog_that_is_made_again_does_not_have_tables_that_were_being_dropped) {
  LakeOnDisk on;
  {
    auto lake = on.open();
    for (const char* name : {"points", "others"}) {
      auto table = lake->create_table(name, Points::schema(), LakeOnDisk::layout()).value();
      ASSERT_OK(table->append(points(1, 10)));
      ASSERT_OK(table->flush());
    }
    // As a drop leaves it that was cut off behind its first step.
    ASSERT_OK(lake->store().put_if_absent("dropped/points", "{}"));
  }
  std::filesystem::remove(on.folder + "/catalog.sqlite");
  std::filesystem::remove(on.folder + "/objects/catalog.json");
  const auto rebuilt = rebuild_catalog(on.options(), on.world());
  ASSERT_OK(rebuilt);
  EXPECT_EQ(rebuilt->tables, 1);
  auto lake = on.open();
  EXPECT_EQ(lake->table("points").error().code, Code::not_found);
  EXPECT_EQ(on.numbers(*lake, "others").value(), counting(1, 10));
  EXPECT_EQ(lake->store().head("dropped/points").error().code, Code::not_found);
}

TEST(Lake, an_official_engine_reads_the_catalog_and_the_delta_log) {
  LakeOnDisk on;
  auto lake = on.open();
  auto table = lake->create_table("points", Points::schema(), LakeOnDisk::layout()).value();
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(table->append(points(1 + i * 100, 100)));
    ASSERT_OK(table->flush());
  }
  Change change;
  change.removed = {table->snapshot().files().files()[0].key};
  change.select = "(SELECT * FROM removed_rows WHERE no % 2 = 0)";
  ASSERT_OK(table->replace(change));
  const auto ours = on.numbers(*lake).value();
  ASSERT_THAT(ours, SizeIs(250));

  auto engine = duck::Database::open({.extensions = {"sqlite_scanner", "ducklake", "delta"}});
  ASSERT_OK(engine);
  auto connection = (*engine)->connect().value();
  ASSERT_OK(connection->run("ATTACH 'ducklake:sqlite:" + on.folder +
                            "/catalog.sqlite' AS theirs (READ_ONLY)"));
  const auto by_catalog = LakeOnDisk::numbers(*connection, "theirs.points");
  ASSERT_OK(by_catalog);
  EXPECT_EQ(*by_catalog, ours);
  const auto by_delta =
      LakeOnDisk::numbers(*connection, "delta_scan('" + on.folder + "/objects/tables/points')");
  ASSERT_OK(by_delta);
  EXPECT_EQ(*by_delta, ours);
}

TEST(Lake, a_lost_catalog_is_made_again_from_the_delta_logs) {
  LakeOnDisk on;
  on.limits.table.compact_files_min = 2;
  std::vector<std::int64_t> rows;
  {
    auto lake = on.open();
    auto table = lake->create_table("points", Points::schema(), LakeOnDisk::layout()).value();
    for (int i = 0; i < 4; ++i) {
      ASSERT_OK(table->append(points(1 + i * 10, 10)));
      ASSERT_OK(table->flush());
    }
    ASSERT_OK(table->compact());
    ASSERT_OK(table->append(points(41, 3)));
    ASSERT_OK(table->flush());
    ASSERT_OK(table->append(points(44, 2)));  // in the journal only
    rows = on.numbers(*lake).value();
  }
  ASSERT_EQ(rows, counting(1, 45));
  std::filesystem::remove(on.folder + "/catalog.sqlite");
  const auto refused = on.try_open();
  ASSERT_FALSE(refused.ok()) << "a lake whose catalog is gone does not begin anew in silence";
  EXPECT_EQ(refused.error().code, Code::corrupt);

  const auto rebuilt = rebuild_catalog(on.options(), on.world());
  ASSERT_OK(rebuilt);
  EXPECT_EQ(rebuilt->tables, 1);
  EXPECT_EQ(rebuilt->rows, 43);
  {
    auto lake = on.open();
    EXPECT_EQ(on.numbers(*lake).value(), rows);
    auto table = lake->table("points").value();
    EXPECT_THAT(table->verify().value(), IsEmpty());
    ASSERT_OK(table->append(points(46)));
    ASSERT_OK(table->flush());
    std::set<std::string> keys;
    for (const DataFile& file : table->snapshot().files().files()) keys.insert(file.key);
    EXPECT_EQ(table->mirrored(on.clock.now()).value(), keys)
        << "the Delta log follows the new catalog";
  }
  auto lake = on.open();
  EXPECT_EQ(on.numbers(*lake).value(), counting(1, 46));
  lake.reset();
  EXPECT_EQ(rebuild_catalog(on.options(), on.world()).error().code, Code::conflict)
      << "a catalog that is there is not written over";
}

TEST(Lake, what_nobody_reads_goes_and_what_somebody_reads_stays) {
  LakeOnDisk on;
  on.limits.keep_snapshots = std::chrono::seconds(0);
  on.limits.catalog.expire_age_min = std::chrono::milliseconds(0);
  on.limits.table.compact_files_min = 2;
  auto lake = on.open();
  auto table = lake->create_table("points", Points::schema(), LakeOnDisk::layout()).value();
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(table->append(points(1 + i * 10, 10)));
    ASSERT_OK(table->flush());
  }
  auto held = std::make_unique<Snapshot>(table->snapshot());
  ASSERT_OK(table->compact());
  const auto files_of = [&] {
    return on.disk->list(on.folder + "/objects/tables/points/data")->size();
  };
  ASSERT_EQ(files_of(), 4U);
  ASSERT_OK(lake->expire());
  EXPECT_EQ(files_of(), 4U) << "a snapshot is held";
  held.reset();
  ASSERT_OK(lake->expire());
  EXPECT_EQ(files_of(), 1U);
  EXPECT_EQ(on.numbers(*lake).value(), counting(1, 30));
}

TEST(Lake, a_table_that_stands_still_keeps_no_files_of_the_others) {
  LakeOnDisk on;
  on.limits.keep_snapshots = std::chrono::seconds(0);
  on.limits.catalog.expire_age_min = std::chrono::milliseconds(0);
  on.limits.table.compact_files_min = 2;
  auto lake = on.open();
  auto moving = lake->create_table("points", Points::schema(), LakeOnDisk::layout()).value();
  ASSERT_OK(moving->append(points(1, 10)));
  ASSERT_OK(moving->flush());
  auto still = lake->create_table("still", Points::schema(), LakeOnDisk::layout()).value();
  ASSERT_OK(still->append(points(1)));
  ASSERT_OK(still->flush());
  ASSERT_OK(moving->append(points(11, 10)));
  ASSERT_OK(moving->flush());
  ASSERT_OK(moving->compact());
  const auto files_of_moving = [&] {
    return on.disk->list(on.folder + "/objects/tables/points/data")->size();
  };
  ASSERT_EQ(files_of_moving(), 3U);

  ASSERT_OK(lake->expire());
  ASSERT_OK(lake->expire());
  EXPECT_EQ(files_of_moving(), 1U) << "the newest snapshot of `still` kept the first file";
  EXPECT_EQ(on.numbers(*lake, "still").value(), counting(1, 1));

  const std::int64_t kept = still->snapshot().id();
  ASSERT_OK(lake->expire());
  EXPECT_EQ(still->snapshot().id(), kept) << "nothing was removed since: nothing to keep up with";
}

TEST(Lake, a_lease_of_another_process_keeps_its_snapshot) {
  LakeOnDisk on;
  on.limits.keep_snapshots = std::chrono::seconds(0);
  on.limits.catalog.expire_age_min = std::chrono::milliseconds(0);
  auto lake = on.open();
  auto table = lake->create_table("points", Points::schema(), LakeOnDisk::layout()).value();
  ASSERT_OK(table->append(points(1)));
  ASSERT_OK(table->flush());
  const std::int64_t old = table->snapshot().id();
  ASSERT_OK(table->append(points(2)));
  ASSERT_OK(table->flush());
  IdSource ids(on.clock, on.random);
  Lease lease(lake->store(), ids, on.clock);
  ASSERT_OK(lease.renew({old}));
  ASSERT_OK(lake->expire());
  EXPECT_TRUE(lake->catalog().snapshot("points", old).ok());
  lease.drop();
  ASSERT_OK(lake->expire());
  EXPECT_EQ(lake->catalog().snapshot("points", old).error().code, Code::not_found);
}

TEST(Lake, housekeeping_flushes_by_itself) {
  LakeOnDisk on;
  on.limits.table.flush_ms_max = std::chrono::milliseconds(50);
  auto options = on.options();
  options.housekeeping = true;
  auto lake = Lake::open(options, on.world()).value();
  auto table = lake->create_table("points", Points::schema(), LakeOnDisk::layout()).value();
  ASSERT_OK(table->append(points(1, 10)));
  for (int i = 0; i < 600 && table->status().files == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(table->status().files, 1);
  EXPECT_EQ(table->status().tail_rows, 0);
}

TEST(Lake, on_s3_with_journals_of_objects_a_new_machine_finds_every_row) {
  auto& server = objects::testing::S3Server::shared();
  LakeOnDisk on;
  on.journal = JournalKind::object;
  on.objects = objects::testing::S3Server::uri(server.create_bucket(), "lake", server.port());
  on.variables = objects::testing::S3Server::any_credentials();
  {
    auto lake = on.open();
    auto table = lake->create_table("points", Points::schema(), LakeOnDisk::layout());
    ASSERT_OK(table);
    ASSERT_OK((*table)->append(points(1, 10)));
    ASSERT_OK((*table)->flush());
    ASSERT_OK((*table)->append(points(11, 5), "key"));
    EXPECT_EQ(on.numbers(*lake).value(), counting(1, 15));
  }
  std::filesystem::remove_all(on.folder + "/lake");  // the machine is gone, the catalog is not
  auto lake = on.open();
  EXPECT_EQ(on.numbers(*lake).value(), counting(1, 15));
  auto table = lake->table("points").value();
  EXPECT_TRUE(table->append(points(11, 5), "key")->replayed) << "the key is known here too";
  ASSERT_OK(table->append(points(16)));
  EXPECT_EQ(on.numbers(*lake).value(), counting(1, 16));
  EXPECT_THAT(table->verify().value(), IsEmpty());
}

}  // namespace
}  // namespace bl::lake
