// The write-ahead log is checkpointed by the writer and stays bounded.
#include <gtest/gtest.h>

#include <latch>

#include "store/sqlite/tests/batch_store.h"
#include "store/sqlite/tests/fault_vfs.h"

namespace bl::store::testing {
namespace {

constexpr std::int64_t k_wal_bytes = 64 << 10;

class Wal : public ::testing::Test {
 protected:
  void SetUp() override {
    FaultVfs::install().disarm();
    DatabaseLimits limits;
    limits.checkpoint_wal_bytes = k_wal_bytes;
    limits.checkpoint_wait_ms_max = checkpoint_wait_ms_max_;
    limits.checkpoint_idle_ms = checkpoint_idle_ms_;
    database_ = open_sqlite(path_, limits, quiet_.log, metrics_).value();
    ASSERT_TRUE(database_->migrate(std::span(&k_batch_schema, 1)).ok());
  }
  std::int64_t wal_file_bytes() const {
    return static_cast<std::int64_t>(std::filesystem::file_size(path_ + "-wal"));
  }
  double checkpoints() {
    return metric_value(metrics_, "bl_store_checkpoints_total{outcome=\"ok\"}").value_or(-1);
  }
  void write(std::int64_t from, std::int64_t to) {
    for (std::int64_t batch = from; batch < to; ++batch) {
      ASSERT_TRUE(add_batch(*database_, batch, 2'000).ok());
    }
  }

  std::int64_t checkpoint_wait_ms_max_ = 5;
  std::int64_t checkpoint_idle_ms_ = 60'000;
  TemporaryFolder folder_;
  std::string path_ = folder_.at("wal.db");
  QuietLog quiet_;
  Metrics metrics_;
  std::unique_ptr<Database> database_;
};

TEST_F(Wal, starts_over_when_nobody_reads) {
  write(0, 200);
  EXPECT_GT(checkpoints(), 2);
  EXPECT_LT(wal_file_bytes(), 2 * k_wal_bytes);
}

TEST_F(Wal, is_checkpointed_while_a_long_reader_lives_and_bounded_after_it) {
  write(0, 1);
  std::latch reading(1);
  std::latch let_go(1);
  std::thread reader([&] {
    EXPECT_TRUE(database_
                    ->read([&](Connection& c) -> Result<void> {
                      const auto count = [&] {
                        std::int64_t rows = 0;
                        EXPECT_TRUE(
                            c.query("SELECT count(*) FROM batch_part", {}, [&](const Row& row) {
                               rows = row.integer(0);
                               return true;
                             }).ok());
                        return rows;
                      };
                      EXPECT_EQ(count(), k_parts);
                      reading.count_down();
                      let_go.wait();
                      EXPECT_EQ(count(), k_parts);
                      return {};
                    })
                    .ok());
  });
  reading.wait();
  const double before = checkpoints();
  write(1, 200);
  EXPECT_GT(checkpoints(), before);
  EXPECT_GT(wal_file_bytes(), 5 * k_wal_bytes) << "the reader needs the old pages";
  let_go.count_down();
  reader.join();
  write(200, 300);
  EXPECT_LT(wal_file_bytes(), 2 * k_wal_bytes);
}

class BusyWal : public Wal {
 protected:
  BusyWal() { checkpoint_wait_ms_max_ = 5'000; }
};

TEST_F(BusyWal, stays_bounded_although_somebody_always_reads) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      while (!stop) {
        EXPECT_TRUE(database_
                        ->read([](Connection& c) {
                          return c.query("SELECT count(*) FROM batch_part WHERE batch < 20", {},
                                         [](const Row&) { return true; });
                        })
                        .ok());
      }
    });
  }
  std::int64_t longest = 0;
  for (std::int64_t batch = 0; batch < 200; batch += 10) {
    write(batch, batch + 10);
    longest = std::max(longest, wal_file_bytes());
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_LT(longest, 6 * k_wal_bytes);
}

class IdleWal : public Wal {
 protected:
  IdleWal() { checkpoint_idle_ms_ = 20; }
};

TEST_F(IdleWal, is_checkpointed_when_no_write_came_for_a_while) {
  for (std::int64_t batch = 0; batch < 3; ++batch) {
    const double before = checkpoints();
    write(batch, batch + 1);
    while (checkpoints() == before) std::this_thread::yield();
  }
  EXPECT_LT(wal_file_bytes(), k_wal_bytes);  // so it was not its length
}

TEST_F(Wal, is_folded_in_at_the_next_open_after_a_crash) {
  write(0, 5);
  TemporaryFolder copy;
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(path_ + suffix, copy.at("wal.db") + suffix);
  }
  const auto reopened = open_sqlite(copy.at("wal.db"), {}, quiet_.log, metrics_);
  ASSERT_TRUE(reopened.ok());
  EXPECT_EQ(stored_batches(*reopened.value()).value().size(), 5u);
  EXPECT_EQ(std::filesystem::file_size(copy.at("wal.db-wal")), 0u);
}

}  // namespace
}  // namespace bl::store::testing
