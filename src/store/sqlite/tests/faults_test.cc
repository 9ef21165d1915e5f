// Every write, truncation and sync that SQLite makes may fail, once or for
// good. Whatever fails: what was acknowledged is there after the next open,
// what was refused is not, and a disk that works again is written again.
#include <gtest/gtest.h>

#include <random>

#include "store/sqlite/tests/batch_store.h"
#include "store/sqlite/tests/fault_vfs.h"

namespace bl::store::testing {
namespace {

constexpr std::int64_t k_exhaustive_calls = 200;
constexpr std::int64_t k_stride = 17;
constexpr std::int64_t k_batches = 24;

// Small enough for checkpoints, restarts of the log and spills of the cache in
// a short run.
DatabaseLimits small_limits() {
  DatabaseLimits limits;
  limits.checkpoint_wal_bytes = 40 << 10;
  limits.checkpoint_wait_ms_max = 0;
  limits.writer_cache_bytes = 8 << 10;
  return limits;
}

class Faults : public ::testing::TestWithParam<Fault> {
 protected:
  Result<std::unique_ptr<Database>> open(const std::string& path) {
    BL_TRY(auto database, open_sqlite(path, small_limits(), quiet_.log, metrics_));
    BL_RETURN_IF_ERROR(database->migrate(std::span(&k_batch_schema, 1)));
    return database;
  }

  void write_in_sequence(Database& database, Answers& answers) {
    for (std::int64_t batch = 0; batch < k_batches; ++batch) {
      note_answer(answers, batch, add_batch(database, batch));
    }
  }

  void write_in_groups(Database& database, Answers& answers) {
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        for (std::int64_t batch = t; batch < k_batches; batch += 6) {
          const auto outcome = add_batch(database, batch);
          const std::lock_guard lock(mutex);
          note_answer(answers, batch, outcome);
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }

  enum class Workload : unsigned char { sequence, groups };
  void write(Workload workload, Database& database, Answers& answers) {
    workload == Workload::sequence ? write_in_sequence(database, answers)
                                   : write_in_groups(database, answers);
  }

  // One run with the fault at the n-th call. False when the run made fewer
  // calls.
  bool run_with_fault_at(std::int64_t n, Workload workload) {
    const TemporaryFolder folder(TemporaryFolder::Place::memory);
    const std::string path = folder.at("faulty.db");
    Fault fault = GetParam();
    fault.at = n;
    Answers answers;
    vfs_.arm(fault);
    if (auto database = open(path); database.ok()) {
      write(workload, *database.value(), answers);
      const bool fired = vfs_.has_fired();
      if (fired && fault.span == Fault::Span::once) {
        EXPECT_LE(answers.refused.size() + answers.unknown.size(), 6u) << "the store stays broken";
      }
    }
    const bool fired = vfs_.has_fired();
    vfs_.disarm();
    auto reopened = open(path);
    EXPECT_TRUE(reopened.ok()) << reopened.error().message;
    if (reopened.ok()) {
      expect_kept(*reopened.value(), answers);
      EXPECT_TRUE(add_batch(*reopened.value(), k_batches).ok());
    }
    return fired;
  }

  void run_all(Workload workload) {
    for (std::int64_t n = 0;; n += n < k_exhaustive_calls ? 1 : k_stride) {
      SCOPED_TRACE("fault at call " + std::to_string(n));
      if (!run_with_fault_at(n, workload) || HasFailure()) {
        EXPECT_GT(n, 50) << "the workload is too small to mean something";
        return;
      }
    }
  }

  FaultVfs& vfs_ = FaultVfs::install();
  QuietLog quiet_;
  Metrics metrics_;
};

TEST_P(Faults, lose_nothing_acknowledged_and_keep_nothing_refused) {
  run_all(Workload::sequence);
}

TEST_P(Faults, in_groups_lose_nothing_acknowledged_and_keep_nothing_refused) {
  run_all(Workload::groups);
}

std::string name_of(const Fault& fault) {
  const char* const kinds[] = {"full", "io", "io_torn", "io_applied"};
  return std::string(kinds[static_cast<int>(fault.kind)]) +
         (fault.span == Fault::Span::once ? "_once" : "_for_good");
}

std::string name_of_fault(const ::testing::TestParamInfo<Fault>& info) {
  return name_of(info.param);
}

INSTANTIATE_TEST_SUITE_P(Each, Faults,
                         ::testing::Values(Fault{0, Fault::Kind::full, Fault::Span::once},
                                           Fault{0, Fault::Kind::full, Fault::Span::for_good},
                                           Fault{0, Fault::Kind::io, Fault::Span::once},
                                           Fault{0, Fault::Kind::io, Fault::Span::for_good},
                                           Fault{0, Fault::Kind::io_torn, Fault::Span::once},
                                           Fault{0, Fault::Kind::io_torn, Fault::Span::for_good},
                                           Fault{0, Fault::Kind::io_applied, Fault::Span::once},
                                           Fault{0, Fault::Kind::io_applied,
                                                 Fault::Span::for_good}),
                         name_of_fault);

class PowerCut : public Faults {};

// From the n-th call on nothing reaches the disk; then the machine stops, and
// of what was never synced a random part is there.
TEST_P(PowerCut, loses_nothing_acknowledged) {
  const std::uint64_t seed = std::random_device()();
  std::cout << "seed " << seed << '\n';
  for (std::int64_t n = 0;; n += n < k_exhaustive_calls ? 1 : k_stride) {
    SCOPED_TRACE("power cut at call " + std::to_string(n));
    const TemporaryFolder folder(TemporaryFolder::Place::memory);
    const TemporaryFolder after(TemporaryFolder::Place::memory);
    Answers answers;
    vfs_.start_recording();
    Fault fault = GetParam();
    fault.at = n;
    vfs_.arm(fault);
    if (auto database = open(folder.at("a.db")); database.ok()) {
      write_in_groups(*database.value(), answers);
      vfs_.write_power_cut_image(folder.at(""), after.at(""), seed + n);
    }
    const bool fired = vfs_.has_fired();
    vfs_.stop_recording();
    vfs_.disarm();
    auto reopened = open(after.at("a.db"));
    ASSERT_TRUE(reopened.ok()) << reopened.error().message;
    answers.refused.clear();  // a cut may keep what nobody was promised
    expect_kept(*reopened.value(), answers);
    if (!fired || HasFailure()) {
      EXPECT_GT(n, 50) << "the workload is too small to mean something";
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, PowerCut,
                         ::testing::Values(Fault{0, Fault::Kind::io, Fault::Span::for_good},
                                           Fault{0, Fault::Kind::io_torn, Fault::Span::for_good}),
                         name_of_fault);

}  // namespace
}  // namespace bl::store::testing
