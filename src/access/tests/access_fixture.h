#pragma once

#include <memory>
#include <vector>

#include "access/tokens.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/open.h"

/// A real SQLite database in memory with the tables of access.
namespace bl::access::testing {

inline constexpr Timestamp k_start{1'722'513'600'000'000};  ///< 2024-08-01T12:00:00Z

inline std::unique_ptr<store::Database> open_store(Log& log, Metrics& metrics) {
  auto database = store::open_database("sqlite::memory:", {}, log, metrics).value();
  // The numbers before ours belong to results.
  std::vector<store::Migration> steps = {{1, "of_results", "select 1", "select 1"},
                                         {2, "of_results_too", "select 1", "select 1"}};
  steps.insert(steps.end(), migrations().begin(), migrations().end());
  BL_CHECK(database->migrate(steps).ok());
  return database;
}

struct AccessFixture {
  ManualClock clock{k_start};
  SeededRandom random{7};
  IdSource ids{clock, random};
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  Metrics metrics;
  std::unique_ptr<store::Database> database = open_store(log, metrics);
  Tokens tokens{*database, clock, random, ids};

  void pass(std::int64_t milliseconds) { clock.advance(std::chrono::milliseconds(milliseconds)); }
};

}  // namespace bl::access::testing
