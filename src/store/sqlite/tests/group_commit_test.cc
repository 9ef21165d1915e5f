// Who shares a commit, who is refused, and what one work can do to the others of its group.
#include <gtest/gtest.h>

#include <latch>

#include "store/sqlite/tests/batch_store.h"
#include "store/sqlite/tests/fault_vfs.h"

namespace bl::store::testing {
namespace {

class GroupCommit : public ::testing::Test {
 protected:
  void open(const DatabaseLimits& limits) {
    FaultVfs::install().disarm();
    database_.reset();
    auto opened = open_sqlite(folder_.at("group.db"), limits, quiet_.log, metrics_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    database_ = std::move(opened).value();
    ASSERT_TRUE(database_->migrate(std::span(&k_batch_schema, 1)).ok());
  }
  double metric(const std::string& name) { return metric_value(metrics_, name).value_or(-1); }
  void wait_until_queued(std::size_t writes) {
    while (metric("bl_store_write_queue") != static_cast<double>(writes)) {
      std::this_thread::yield();
    }
  }

  // Keeps the writer in a work of its own while `meanwhile` fills the queue behind it.
  void while_the_writer_is_held(const std::function<void()>& meanwhile) {
    std::latch held(1);
    std::latch let_go(1);
    std::thread holder([&] {
      EXPECT_TRUE(database_
                      ->write([&](Connection&) -> Result<void> {
                        held.count_down();
                        let_go.wait();
                        return {};
                      })
                      .ok());
    });
    held.wait();
    meanwhile();
    let_go.count_down();
    holder.join();
  }

  // Starts one thread a work, so that they stand in the queue in their order.
  std::vector<Result<void>> write_as_one_group(
      const std::vector<std::function<Result<void>(Connection&)>>& works) {
    std::vector<Result<void>> outcomes(works.size());
    std::vector<std::thread> threads;
    while_the_writer_is_held([&] {
      for (std::size_t i = 0; i < works.size(); ++i) {
        threads.emplace_back([&, i] { outcomes[i] = database_->write(works[i]); });
        wait_until_queued(i + 1);
      }
    });
    for (auto& thread : threads) thread.join();
    return outcomes;
  }

  static std::function<Result<void>(Connection&)> insert(std::int64_t batch) {
    return [batch](Connection& c) -> Result<void> {
      BL_RETURN_IF_ERROR(c.execute("INSERT INTO batch_part (batch, part) VALUES ($1, 0)", {batch}));
      return {};
    };
  }
  std::set<std::int64_t> stored() {
    std::set<std::int64_t> batches;
    const auto read = stored_batches(*database_);
    for (const auto& [batch, parts] : read.value()) batches.insert(batch);
    return batches;
  }

  TemporaryFolder folder_;
  QuietLog quiet_;
  Metrics metrics_;
  std::unique_ptr<Database> database_;
};

TEST_F(GroupCommit, what_waits_shares_one_commit) {
  open({});
  const double before = metric("bl_store_commits_total");
  std::vector<std::function<Result<void>(Connection&)>> works;
  for (std::int64_t i = 0; i < 64; ++i) works.push_back(insert(i));
  for (const auto& outcome : write_as_one_group(works)) EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(metric("bl_store_commits_total") - before, 2);  // the holder's, and that of the 64
  EXPECT_EQ(stored().size(), 64u);
}

TEST_F(GroupCommit, no_group_is_larger_than_its_limit) {
  DatabaseLimits limits;
  limits.group_commit_max = 4;
  open(limits);
  const double before = metric("bl_store_commits_total");
  std::vector<std::function<Result<void>(Connection&)>> works;
  for (std::int64_t i = 0; i < 10; ++i) works.push_back(insert(i));
  for (const auto& outcome : write_as_one_group(works)) EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(metric("bl_store_commits_total") - before, 1 + 3);
}

TEST_F(GroupCommit, a_work_sees_those_before_it_and_fails_alone) {
  open({});
  const auto outcomes = write_as_one_group({
      insert(1),
      insert(1),
      insert(2),
      [](Connection& c) -> Result<void> {
        BL_RETURN_IF_ERROR(insert(3)(c));
        throw std::runtime_error("thrown in a group");
      },
      insert(4),
  });
  EXPECT_TRUE(outcomes[0].ok());
  ASSERT_FALSE(outcomes[1].ok());
  EXPECT_EQ(outcomes[1].error().code, Code::conflict);
  EXPECT_TRUE(outcomes[2].ok());
  ASSERT_FALSE(outcomes[3].ok());
  EXPECT_EQ(outcomes[3].error().code, Code::internal);
  EXPECT_TRUE(outcomes[4].ok());
  EXPECT_EQ(stored(), (std::set<std::int64_t>{1, 2, 4}));
}

TEST_F(GroupCommit, others_run_again_when_sqlite_rolls_the_transaction_back_under_one) {
  DatabaseLimits limits;
  limits.write_ms_max = 200;
  open(limits);
  int runs_of_first = 0;
  const auto outcomes = write_as_one_group({
      [&](Connection& c) -> Result<void> {
        ++runs_of_first;
        return insert(1)(c);
      },
      // An insert that is interrupted takes its whole transaction along.
      [](Connection& c) -> Result<void> {
        BL_RETURN_IF_ERROR(
            c.execute("INSERT INTO batch_part (batch, part) WITH RECURSIVE n(i) AS "
                      "(SELECT 100 UNION ALL SELECT i + 1 FROM n) SELECT i % 1000, i FROM n",
                      {}));
        return {};
      },
      insert(2),
  });
  EXPECT_TRUE(outcomes[0].ok());
  ASSERT_FALSE(outcomes[1].ok());
  EXPECT_EQ(outcomes[1].error().code, Code::timeout);
  EXPECT_TRUE(outcomes[2].ok());
  EXPECT_EQ(runs_of_first, 2);
  EXPECT_EQ(stored(), (std::set<std::int64_t>{1, 2}));
  EXPECT_EQ(metric("bl_store_limit_hits_total{limit=\"write_ms_max\"}"), 1);
}

TEST_F(GroupCommit, a_work_that_ends_the_transaction_fails_and_the_others_are_kept) {
  open({});
  const auto outcomes = write_as_one_group({
      insert(1),
      [](Connection& c) -> Result<void> {
        BL_RETURN_IF_ERROR(c.execute("COMMIT", {}));
        return {};
      },
      insert(2),
  });
  EXPECT_TRUE(outcomes[0].ok() || stored().contains(1));
  ASSERT_FALSE(outcomes[1].ok());
  EXPECT_EQ(outcomes[1].error().code, Code::internal);
  EXPECT_TRUE(outcomes[2].ok());
}

TEST_F(GroupCommit, a_full_queue_refuses_at_once) {
  DatabaseLimits limits;
  limits.write_queue_max = 2;
  open(limits);
  std::vector<std::thread> threads;
  while_the_writer_is_held([&] {
    for (std::int64_t i = 0; i < 2; ++i) {
      threads.emplace_back([&, i] { EXPECT_TRUE(database_->write(insert(i)).ok()); });
      wait_until_queued(static_cast<std::size_t>(i) + 1);
    }
    const auto refused = database_->write(insert(9));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::overloaded);
  });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stored(), (std::set<std::int64_t>{0, 1}));
  EXPECT_EQ(metric("bl_store_limit_hits_total{limit=\"write_queue_max\"}"), 1);
}

TEST_F(GroupCommit, no_free_reader_is_overloaded) {
  DatabaseLimits limits;
  limits.readers = 1;
  limits.read_wait_ms_max = 1;
  open(limits);
  const auto outer = database_->read([&](Connection&) -> Result<void> {
    const auto inner = database_->read([](Connection&) -> Result<void> { return {}; });
    EXPECT_EQ(inner.ok() ? Code::internal : inner.error().code, Code::overloaded);
    return {};
  });
  EXPECT_TRUE(outer.ok());
  EXPECT_EQ(metric("bl_store_reader_waits_total"), 1);
  EXPECT_EQ(metric("bl_store_limit_hits_total{limit=\"read_wait_ms_max\"}"), 1);
  EXPECT_TRUE(database_->read([](Connection&) -> Result<void> { return {}; }).ok());
}

TEST_F(GroupCommit, a_commit_that_fails_answers_all_of_its_group_with_the_error) {
  open({});
  const auto outcomes = write_as_one_group({
      [](Connection& c) -> Result<void> {
        // The holder's commit is over, the next call is of this group's.
        FaultVfs::install().arm({.at = 0, .kind = Fault::Kind::io_applied});
        return insert(1)(c);
      },
      insert(1),  // a conflict with a row that is then rolled back
      insert(2),
  });
  for (const auto& outcome : outcomes) {
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, Code::io) << outcome.error().message;
  }
  EXPECT_TRUE(stored().empty());
  EXPECT_TRUE(database_->write(insert(1)).ok());
  open({});
  EXPECT_EQ(stored(), std::set<std::int64_t>{1});
}

TEST_F(GroupCommit, a_full_disk_refuses_writes_and_reads_go_on_until_there_is_space) {
  open({});
  ASSERT_TRUE(database_->write(insert(1)).ok());
  FaultVfs::install().arm({.at = 0, .kind = Fault::Kind::full, .span = Fault::Span::for_good});
  for (int i = 0; i < 3; ++i) {
    const auto refused = database_->write(insert(3));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::disk_full) << refused.error().message;
    EXPECT_EQ(stored(), std::set<std::int64_t>{1});
  }
  FaultVfs::install().disarm();
  EXPECT_TRUE(database_->write(insert(4)).ok());
  EXPECT_EQ(stored(), (std::set<std::int64_t>{1, 4}));
}

TEST_F(GroupCommit, a_broken_disk_leaves_one_outcome_unknown_and_refuses_what_comes_after) {
  open({});
  ASSERT_TRUE(database_->write(insert(1)).ok());
  ASSERT_EQ(stored(), std::set<std::int64_t>{1});  // the file is open for reading
  FaultVfs::install().arm({.at = 0, .kind = Fault::Kind::io, .span = Fault::Span::for_good});
  const auto unknown = database_->write(insert(2));
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, Code::outcome_unknown);
  for (int i = 0; i < 3; ++i) {
    const auto refused = database_->write(insert(3));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::io) << refused.error().message;
    EXPECT_EQ(stored(), std::set<std::int64_t>{1});
  }
  FaultVfs::install().disarm();
  EXPECT_TRUE(database_->write(insert(4)).ok());
  EXPECT_EQ(stored(), (std::set<std::int64_t>{1, 4}));
}

TEST_F(GroupCommit, sixty_four_writers_and_their_readers_see_what_was_acknowledged) {
  open({});
  std::vector<std::thread> threads;
  for (std::int64_t t = 0; t < 64; ++t) {
    threads.emplace_back([&, t] {
      for (std::int64_t i = 0; i < 10; ++i) {
        const std::int64_t batch = t * 10 + i;
        EXPECT_TRUE(add_batch(*database_, batch).ok());
        int parts = 0;
        EXPECT_TRUE(database_
                        ->read([&](Connection& c) {
                          return c.query("SELECT part FROM batch_part WHERE batch = $1", {batch},
                                         [&](const Row&) { return ++parts > 0; });
                        })
                        .ok());
        EXPECT_EQ(parts, k_parts);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stored().size(), 640u);
  EXPECT_EQ(metric("bl_store_writes_total"), 640 + 2);  // and the two of the migration
}

}  // namespace
}  // namespace bl::store::testing
