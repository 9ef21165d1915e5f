// A store as a file: what an operator's commands do with it, beside its owner and without.
#include "store/sqlite_file.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "store/inspection.h"
#include "store/sqlite/tests/batch_store.h"
#include "store/sqlite/tests/fault_vfs.h"

namespace bl::store::testing {
namespace {

const auto k_quietly = [](std::uint64_t, std::uint64_t) { return true; };

class SqliteFile : public ::testing::Test {
 protected:
  std::unique_ptr<Database> own(const std::string& path) {
    auto database = open_sqlite(path, {}, quiet_.log, metrics_).value();
    BL_CHECK(database->migrate(std::span(&k_batch_schema, 1)).ok());
    return database;
  }
  std::map<std::int64_t, int> stored_in(const std::string& path) {
    auto database = open_sqlite_for_reading(path, {}, metrics_).value();
    return stored_batches(*database).value();
  }

  TemporaryFolder folder_;
  QuietLog quiet_;
  Metrics metrics_;
  const std::string store_ = folder_.at("store.db");
  const std::string copy_ = folder_.at("copy.db");
};

TEST_F(SqliteFile, a_copy_of_a_running_store_is_one_file_with_everything_acknowledged) {
  const auto database = own(store_);
  for (std::int64_t batch = 0; batch < 50; ++batch) ASSERT_TRUE(add_batch(*database, batch).ok());
  std::uint64_t done = 0, total = 0;
  ASSERT_TRUE(copy_sqlite_file(store_, copy_, [&](std::uint64_t d, std::uint64_t t) {
                done = d, total = t;
                return true;
              }).ok());
  EXPECT_EQ(stored_in(copy_), stored_batches(*database).value());
  EXPECT_EQ(done, total);
  EXPECT_EQ(total, std::filesystem::file_size(copy_));
  EXPECT_FALSE(std::filesystem::exists(copy_ + "-wal"));
  EXPECT_TRUE(check_sqlite_file(copy_, CheckDepth::full)->empty());
}

TEST_F(SqliteFile, a_copy_is_one_snapshot_and_ends_although_writers_never_pause) {
  const auto database = own(store_);
  std::atomic<bool> stop = false;
  std::atomic<std::int64_t> written = 0;
  std::thread writer([&] {
    while (!stop) BL_CHECK(add_batch(*database, written++, 4'000).ok());
  });
  while (written < 100) std::this_thread::yield();
  const std::int64_t before = written - 1;
  std::int64_t steps = 0;
  const auto copied = copy_sqlite_file(store_, copy_, [&](std::uint64_t, std::uint64_t) {
    // Each step sees some more commits go by.
    const std::int64_t now = written;
    while (written < now + 3) std::this_thread::yield();
    return ++steps > 0;
  });
  stop = true;
  writer.join();
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  const auto stored = stored_in(copy_);
  EXPECT_GE(static_cast<std::int64_t>(stored.size()), before);
  EXPECT_EQ(stored.rbegin()->first + 1, static_cast<std::int64_t>(stored.size())) << "no gaps";
  for (const auto& [batch, parts] : stored) EXPECT_EQ(parts, k_parts) << batch;
  EXPECT_TRUE(check_sqlite_file(copy_, CheckDepth::full)->empty());
}

TEST_F(SqliteFile, a_copy_overwrites_nothing_and_can_be_cancelled) {
  const auto database = own(store_);
  for (std::int64_t batch = 0; batch < 400; ++batch)
    ASSERT_TRUE(add_batch(*database, batch, 4'000).ok());
  std::ofstream(copy_) << "precious";
  EXPECT_EQ(copy_sqlite_file(store_, copy_, k_quietly).error().code, Code::conflict);
  EXPECT_EQ(std::filesystem::file_size(copy_), 8u);
  const std::string other = folder_.at("other.db");
  const auto cancelled =
      copy_sqlite_file(store_, other, [](std::uint64_t, std::uint64_t) { return false; });
  EXPECT_EQ(cancelled.error().code, Code::cancelled);
  EXPECT_FALSE(std::filesystem::exists(other));
  EXPECT_EQ(copy_sqlite_file(folder_.at("none"), other, k_quietly).error().code, Code::not_found);
}

// Whatever fails while it copies: the copy is whole or it is not there, and the store goes on.
TEST_F(SqliteFile, a_copy_that_fails_leaves_nothing_behind) {
  FaultVfs& vfs = FaultVfs::install();
  const TemporaryFolder memory(TemporaryFolder::Place::memory);
  const std::string store = memory.at("store.db");
  const auto database = own(store);
  for (std::int64_t batch = 0; batch < 100; ++batch) ASSERT_TRUE(add_batch(*database, batch).ok());
  for (const Fault::Kind kind : {Fault::Kind::full, Fault::Kind::io, Fault::Kind::io_torn}) {
    int failed = 0;
    for (std::int64_t n = 0;; ++n) {
      const std::string copy = memory.at("copy.db");
      vfs.arm({.at = n, .kind = kind});
      const auto copied = copy_sqlite_file(store, copy, k_quietly);
      const bool fired = vfs.has_fired();
      vfs.disarm();
      if (copied.ok()) {
        EXPECT_TRUE(check_sqlite_file(copy, CheckDepth::full)->empty()) << n;
        EXPECT_EQ(stored_in(copy).size(), 100u) << n;
        std::filesystem::remove(copy);
      } else {
        ++failed;
        EXPECT_EQ(copied.error().code, kind == Fault::Kind::full ? Code::disk_full : Code::io)
            << copied.error().message;
        EXPECT_FALSE(std::filesystem::exists(copy)) << n;
      }
      if (!fired) break;
    }
    EXPECT_GT(failed, 10);
  }
  EXPECT_TRUE(add_batch(*database, 100).ok());
}

TEST_F(SqliteFile, a_check_names_what_is_broken) {
  {
    const auto database = own(store_);
    for (std::int64_t batch = 0; batch < 200; ++batch)
      ASSERT_TRUE(add_batch(*database, batch).ok());
  }
  EXPECT_TRUE(check_sqlite_file(store_, CheckDepth::quick)->empty());
  {
    std::fstream file(store_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5 * 4096);
    const std::string garbage(4096, '\x5a');
    file.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
  }
  EXPECT_FALSE(check_sqlite_file(store_, CheckDepth::quick)->empty());
  std::ofstream(copy_) << std::string(8192, 'x');
  EXPECT_EQ(check_sqlite_file(copy_, CheckDepth::quick).error().code, Code::corrupt);
  EXPECT_EQ(check_sqlite_file(folder_.at("none"), CheckDepth::quick).error().code, Code::not_found);
}

TEST_F(SqliteFile, settling_leaves_one_file_with_everything) {
  {
    const auto database = own(store_);
    ASSERT_TRUE(add_batch(*database, 1).ok());
    // As a crash leaves it: the file as it was before, and a WAL beside it.
    for (const char* suffix : {"", "-wal"})
      std::filesystem::copy_file(store_ + suffix, copy_ + suffix);
  }
  ASSERT_GT(std::filesystem::file_size(copy_ + "-wal"), 0u);
  ASSERT_TRUE(settle_sqlite_file(copy_).ok());
  EXPECT_FALSE(std::filesystem::exists(copy_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(copy_ + "-shm"));
  EXPECT_EQ(stored_in(copy_).size(), 1u);
}

TEST_F(SqliteFile, a_reader_reads_beside_the_owner_and_never_writes) {
  const auto database = own(store_);
  const auto reader = open_sqlite_for_reading(store_, {}, metrics_).value();
  ASSERT_TRUE(add_batch(*database, 7).ok());
  EXPECT_EQ(stored_batches(*reader)->size(), 1u);
  EXPECT_EQ(add_batch(*reader, 8).error().code, Code::forbidden);
  EXPECT_EQ(reader->migrate({}).error().code, Code::forbidden);
}

TEST_F(SqliteFile, rows_are_counted_by_table) {
  const auto database = own(store_);
  ASSERT_TRUE(add_batch(*database, 1).ok());
  EXPECT_EQ(count_rows(*database).value(),
            (std::vector<TableRows>{{"batch_part", 3}, {"bl_migration", 1}}));
}

TEST_F(SqliteFile, a_plan_says_what_a_migration_would_do) {
  using State = MigrationStep::State;
  const Migration renamed{1, "batch", "CREATE TABLE other (id INTEGER)", ""};
  const Migration second{2, "second", "CREATE TABLE second (id INTEGER)", ""};
  auto database = open_sqlite(store_, {}, quiet_.log, metrics_).value();
  const auto states = [&](const std::vector<Migration>& migrations) {
    std::vector<State> found;
    const auto steps = plan_migrations(*database, migrations);
    for (const MigrationStep& step : *steps) found.push_back(step.state);
    return found;
  };
  EXPECT_EQ(states({k_batch_schema, second}), (std::vector{State::missing, State::missing}));
  ASSERT_TRUE(database->migrate(std::span(&k_batch_schema, 1)).ok());
  EXPECT_EQ(states({k_batch_schema, second}), (std::vector{State::applied, State::missing}));
  EXPECT_EQ(states({renamed, second}), (std::vector{State::changed, State::missing}));
  EXPECT_EQ(states({}), (std::vector{State::unknown}));
}

}  // namespace
}  // namespace bl::store::testing
