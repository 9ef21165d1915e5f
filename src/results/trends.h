#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "verdict/trend.h"

/// Which series of a benchmark have been rising or falling (spec/results-conbench.md 4.9), and
/// which benchmarks are measured at present. Results of the default branch, by their own time; a
/// series' in the unit of its newest result.
namespace bl::results {

/// What is looked at: results from `since` to `until`, both included.
struct TrendWindow {
  Timestamp since, until;
};

struct TrendQuery {
  std::string name;
  std::optional<std::string> repository;
  TrendWindow window;
  std::size_t count = 15;  ///< of each end
};

struct SeriesTrend {
  std::string history_fingerprint, tags_json, context_json, hardware, hardware_hash, repository;
  std::string unit, latest_result_id;
  verdict::Trend trend;
  std::vector<verdict::TrendPoint> points;  ///< those of the line, oldest first
  std::size_t outliers = 0;
  bool less_is_better = true;
  /// Negative is worse.
  bool is_worse() const { return (trend.relative_change > 0) == less_is_better; }
};

/// A parameter of a benchmark's cases.
struct CaseKey {
  std::string key;
  std::int64_t value_count = 0, series_count = 0;
  Timestamp latest_result_timestamp;
  bool is_dead = false;  ///< unused for more than dead_days before the window's end
};

struct Trends {
  std::int64_t ranked = 0;
  std::int64_t not_ranked = 0;  ///< with points, but too few, too old, or without a line
  bool truncated = false;       ///< more points than the limit: some series were not looked at
  std::vector<SeriesTrend> increasing, decreasing;  ///< the largest change first
  std::vector<CaseKey> keys;                        ///< by key
};

struct MeasuredQuery {
  enum class Sort : unsigned char { name, results, recent };
  Sort sort = Sort::name;
  std::optional<std::string> repository;
  std::optional<std::string> text;  ///< every blank-separated word is a substring of the name
  TrendWindow window;
  std::size_t page_size = 100;
};

/// A benchmark with results in the window.
struct MeasuredBenchmark {
  std::string name;
  std::int64_t case_count = 0, series_count = 0, result_count = 0;
  Timestamp latest_result_timestamp;
  /// Sum over the cases of: results / mean age in days, at the window's end, of the newest tenth of
  /// them (at least one). An age counts as one hour at least.
  double recent_results_per_case = 0;
};

struct MeasuredBenchmarks {
  std::vector<MeasuredBenchmark> benchmarks;
  bool more = false;                 ///< the page's size cut the list
  bool truncated = false;            ///< more results than the limit: the oldest were not counted
  std::int64_t results_counted = 0;  ///< of all benchmarks, whatever was searched for
};

struct TrendLimits {
  std::int64_t points_max = 800'000;          ///< of one benchmark
  std::int64_t listed_results_max = 250'000;  ///< that one list counts: the newest
  std::int64_t series_max = 50'000;           ///< of one benchmark, whose keys are gathered
  int stale_days = 30;  ///< a series that ends so long before its benchmark's newest point
  int dead_days = 21;
};

class TrendReader {
 public:
  virtual ~TrendReader() = default;
  /// Errors: not_found: no series has the name.
  virtual Result<Trends> trends(const TrendQuery& query) = 0;
  virtual Result<MeasuredBenchmarks> measured(const MeasuredQuery& query) = 0;
};

}  // namespace bl::results
