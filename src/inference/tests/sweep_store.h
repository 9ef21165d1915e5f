#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "inference/store_sweeps.h"
#include "store/open.h"

/// A real store with the tables of sweeps: a SQLite file, or, when the environment says
/// BL_TEST_STORE=postgres, a database of a real PostgreSQL.
namespace bl::inference::testing {

/// 2026-08-01T00:00:00Z
inline constexpr Timestamp k_start{1'785'542'400'000'000};
inline constexpr std::int64_t k_day = 86'400'000'000;

struct SweepStore {
  explicit SweepStore(store::DatabaseLimits limits = {});
  ~SweepStore();
  SweepStore(const SweepStore&) = delete;

  /// BL_CHECKs success.
  Written write(const Sweep& sweep);
  std::vector<StoredPoint> points(const PointsWhen& when = {}, LineRule rule = LineRule::snapshot);
  std::int64_t revision();
  /// What check_sweeps() finds wrong, one sentence a line.
  std::string faults();
  /// One column of one row as text. Tables are named `@inference_point`.
  std::string value(const std::string& sql);
  /// The error of a statement; "" when it has none.
  std::string refusal(const std::string& sql);

  std::string folder, database_name;
  ManualClock clock{k_start};
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  bl::Metrics metrics;
  std::unique_ptr<store::Database> database;
  StoreSweepWriter writer;
  StoreSweepReader reader;

 private:
  std::unique_ptr<store::Database> open(store::DatabaseLimits limits);
};

/// A run of the day-th day; days count from 0.
SweepRun run_of(std::int64_t github_run_id, int day, std::int64_t attempt = 1);
/// A point of `dsr1` on `mi355x` with vllm, fp4, 1k/1k.
SweepPoint point_of(std::int64_t conc, double tput = 100, std::string image = "vllm:1");
Sweep sweep_of(SweepRun run, std::vector<SweepPoint> points);

/// Of users instead of a length.
SweepPoint agentic_point(std::int64_t users, double tput = 100);
/// A run with a row of every kind, each member filled.
Sweep everything();

/// `conc=tput`, in the order of the points.
std::string text_of(const std::vector<StoredPoint>& points);

}  // namespace bl::inference::testing
