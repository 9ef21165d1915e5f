#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/time.h"
#include "conbench/old_database.h"
#include "results/schema.h"
#include "results/store_backfill.h"
#include "results/store_history.h"
#include "results/store_runs.h"
#include "results/store_series.h"
#include "results/store_series_refresh.h"
#include "results/store_verdict_refresh.h"
#include "results/store_verdicts.h"
#include "results/store_writer.h"
#include "store/audit.h"
#include "store/open.h"

/// An old database with our tables beside it, and the ports over it.
namespace bl::conbench {

inline std::vector<store::Migration> results_steps() {
  std::vector<store::Migration> steps;
  for (const auto part :
       {results::migrations(), results::commit_migrations(), results::later_migrations(),
        store::audit_migrations(), results::ci_migrations(), results::alert_migrations(),
        results::shared_table_migrations(), results::history_migrations(),
        results::verdict_migrations(), results::exemplar_migrations()}) {
    for (store::Migration step : part) {
      step.number = static_cast<int>(steps.size()) + 1;
      steps.push_back(step);
    }
  }
  return steps;
}

struct OpenedDatabase {
  explicit OpenedDatabase(Schema schema) : old(schema) {}
  /// BL_CHECKs that it works, as all below do.
  void migrate() {
    const auto migrated = database->migrate(results_steps());
    if (!migrated.ok()) ADD_FAILURE() << migrated.error().message;
    BL_CHECK(migrated.ok());
  }
  /// True: there is more to do at once.
  bool step() {
    const auto stepped = backfill.step();
    if (!stepped.ok()) ADD_FAILURE() << stepped.error().message;
    BL_CHECK(stepped.ok());
    return *stepped;
  }
  void work() {
    while (step()) {
    }
  }
  /// The whole slow round, at once.
  void work_a_round() {
    clock.advance(std::chrono::hours(2));
    for (int i = 0; i < 20; ++i) work();
  }
  std::string value(const std::string& sql) const { return old.run(sql); }

  OldDatabase old;
  ManualClock clock{Timestamp{1'722'600'000'000'000}};  // 2024-08-02T12:00:00Z
  SeededRandom random{7};
  IdSource ids{clock, random};
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  Metrics metrics;
  std::unique_ptr<store::Database> database =
      store::open_database(old.uri(), {}, log, metrics).value();
  results::Backfill backfill{*database, clock, metrics, {.page_facts = 3, .round_rows = 2}};
  results::StoreResultWriter writer{*database, ids, clock};
  results::StoreRunBrowser runs{*database};
  results::StoreHistoryReader history{*database};
  results::StoreProjectHealthReader health{*database};
  results::SeriesRefresher refresher{*database};
};

}  // namespace bl::conbench
