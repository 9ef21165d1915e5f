#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "generate/result_generator.h"
#include "measure.h"
#include "store/database.h"
#include "store/testing/postgres_server.h"

/// The store that the benchmarks ask: a file in a data folder as `benchlake serve` has it, filled
/// once through the results writer, kept from run to run.
namespace bl::bench {

/// A benchmark has nobody to hand an error to.
[[noreturn]] inline void give_up(const char* what, const Error& error) {
  std::fprintf(stderr, "%s: %s\n", what, error.message.c_str());
  std::exit(2);
}
template <class T>
T must(Result<T> result, const char* what) {
  if (!result.ok()) give_up(what, result.error());
  return std::move(result).value();
}
inline void must(Result<void> result, const char* what) {
  if (!result.ok()) give_up(what, result.error());
}

struct FilledStore {
  SystemClock clock;
  SystemRandom random;
  IdSource ids{clock, random};
  Log log{clock, LogLevel::warning, stderr_sink()};
  Metrics metrics;
  std::unique_ptr<store::testing::PostgresServer>
      server;          ///< null on SQLite, and where the store is a database of somebody's
  int server_pid = 0;  ///< of PostgreSQL, where it is on this machine and tells; else 0
  std::string uri;
  std::unique_ptr<store::Database> database;

  /// CPU seconds of this process and of the database's, when that is another.
  double cpu_seconds_with_database() const;
};

/// The file inside of the data folder.
std::string store_path(const Options& options);

/// The options of every benchmark over it, and `more`.
std::vector<std::pair<std::string, std::string>> with_store_options(
    std::vector<std::pair<std::string, std::string>> more);
ResultPlan plan_of(const Options& options);

/// Opens it; a file that is not there is filled by two threads, `--batch` results in one
/// transaction, and its series are judged. What that took becomes facts of the report.
std::unique_ptr<FilledStore> open_filled_store(const Options& options, Report& report);

/// Judges all series that have new points.
void judge_series(FilledStore& store, Report& report);

/// What to ask for.
struct Samples {
  std::vector<std::string> long_series;  ///< fingerprints of the longest histories
  std::vector<std::string> result_ids, run_ids;
};
Samples sample(store::Database& database);

}  // namespace bl::bench
