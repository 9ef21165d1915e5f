#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/time.h"
#include "results/schema.h"
#include "results/store/repair.h"
#include "results/store_compare.h"
#include "results/store_history.h"
#include "results/store_runs.h"
#include "results/store_series.h"
#include "results/store_series_refresh.h"
#include "results/store_writer.h"
#include "store/open.h"

/// A real store with the results tables, and all ports over it: a SQLite file, or, when the
/// environment says BL_TEST_STORE=postgres, a database of a real PostgreSQL.
namespace bl::results::testing {

/// 2024-08-01T12:00:00Z
inline constexpr Timestamp k_start{1'722'513'600'000'000};
inline constexpr std::int64_t k_hour = 3'600'000'000;
inline constexpr const char* k_repository = "https://github.com/org/repo";

class Folder {
 public:
  enum class Postgres : unsigned char { if_wanted };
  Folder();
  explicit Folder(Postgres);
  ~Folder();
  std::string path;
  std::string database;  ///< on PostgreSQL, else empty
};

struct StoreFixture {
  StoreFixture();

  static std::vector<store::Migration> steps();
  /// Submits; BL_CHECKs success.
  Submitted submit(const Submission& submission);
  void refresh_all();
  /// One column of one row, as text; "" for null. For looking at what no port shows.
  std::string value(const std::string& sql);
  void run_sql(const std::string& sql);
  /// Tables of ours are named as on SQLite (`bl_run`); the marks of store/both_dialects.h work too.
  std::string in_dialect(std::string sql) const;

  Folder folder{Folder::Postgres::if_wanted};
  ManualClock clock{k_start};
  SeededRandom random{7};
  IdSource ids{clock, random};
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  Metrics metrics;
  std::unique_ptr<store::Database> database;
  StoreResultWriter writer;
  StoreRunBrowser runs;
  StoreHistoryReader history;
  StoreCompareReader compare;
  StoreProjectHealthReader health;
  SeriesRefresher refresher;

 private:
  std::unique_ptr<store::Database> open();
};

/// What a test says of a result; the rest is filled in.
struct Draft {
  std::string name = "sort";
  std::vector<std::pair<std::string, std::string>> tags;
  std::string machine = "m1";
  std::string run_id = "run-1";
  std::optional<std::string> batch_id;
  std::optional<std::string> run_reason;
  std::vector<double> data = {1.0, 2.0, 3.0};
  std::string unit = "s";
  Timestamp timestamp = k_start;
  std::string sha;  ///< empty: no commit
  std::optional<Timestamp> commit_time;
  std::optional<std::string> branch, fork_point;  ///< neither: the default branch
  bool begins_change = false;
  bool errored = false;
  std::optional<std::string> key;
};
Submission submission_of(const Draft& draft);

/// The i-th commit of the default branch: its sha and time.
Draft on_commit(int i);
std::string sha_of(int i);

}  // namespace bl::results::testing
