#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "results/ports.h"
#include "store/database.h"

/// What the results of a whole run are judged by. Private to the store's side.
namespace bl::results {

struct DistributionOptions {
  SummaryMode mode = SummaryMode::best;
  int commits = 100;  ///< DISTRIBUTION_COMMITS: of the ancestry, and of the window
  /// From so many on, a run's history is read by two processes of PostgreSQL: that costs 25 ms more
  /// of its CPU for 90,000 results, and less time.
  std::size_t large_run_series = 1'000;
};

/// How many commits an ancestry has at most, and the window over its results.
int ancestry_commits(int wanted);
verdict::LookbackOptions ancestry_window(int commits);

/// By history fingerprint; a series without a usable result there is absent.
using Distributions = std::unordered_map<std::string, verdict::Distribution>;

struct WholeRun {
  std::string_view run_id;
  std::span<const std::string_view> series;  ///< fingerprints of all its results, in any order
};

/// The distributions of the series of a run over the ancestry of `commit` [4.3, 4.4]: at most three
/// statements, however many series there are. Nothing when the commit has no known ancestry. Cost:
/// the results on at most options.commits commits.
Result<std::optional<Distributions>> distributions_of(store::Connection& connection,
                                                      const StoredCommit& commit,
                                                      const WholeRun& run,
                                                      const DistributionOptions& options);
/// The same of some series. Cost on PostgreSQL: all results of these series.
Result<std::optional<Distributions>> distributions_of(
    store::Connection& connection, const StoredCommit& commit,
    std::span<const std::string_view> fingerprints, const DistributionOptions& options);
/// The same of one series; empty where nothing is known.
Result<verdict::Distribution> distribution_of(store::Connection& connection,
                                              const StoredCommit& commit,
                                              std::string_view fingerprint,
                                              const DistributionOptions& options);

}  // namespace bl::results
