#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/ports.h"

/// How projects stand: what asks for attention, families of variants, what changed since a commit.
/// All from the rows that are kept for each series and run; no scan of the facts.
namespace bl::results {

/// Series by status; a status may lag by one refresh.
struct StatusCounts {
  std::int64_t series = 0, regressed = 0, improved = 0, stable = 0, insufficient = 0;
};

/// A series in a rollup.
struct SeriesNote {
  std::string history_fingerprint, name, tags_json, hardware;
  std::string latest_result_id;
  std::optional<std::string> unit;
  SeriesStatus status = SeriesStatus::insufficient;
  std::optional<double> change_percent, z_score;  ///< negative = worse
};

struct ProjectAttention {
  std::string repository;
  StatusCounts counts;  ///< of series with a result since the window's begin
  std::int64_t runs = 0, results = 0, errors = 0;  ///< of the window
  std::vector<SeriesNote> worst;                   ///< regressed ones, worst change first
  std::vector<RunRow> latest_runs;                 ///< newest first
};

struct AttentionQuery {
  std::optional<std::string> repository;
  std::optional<Timestamp> since;  ///< the window's begin
  int worst_max = 5, runs_max = 5;
};

/// All variants of a benchmark: the series of one name in one repository.
struct Family {
  std::string name, repository;
  StatusCounts counts;
  std::int64_t hardware_count = 0, context_count = 0;
  Timestamp latest_result_timestamp;
  std::vector<SeriesNote> worst;  ///< lowest change first, then
  std::vector<SeriesNote> best;   ///< highest change first
};

struct FamilyFilter {
  enum class Sort : unsigned char { name, regressed };
  std::optional<std::string> repository, name;
  std::optional<std::string> text;  ///< every blank-separated word is a substring of name or tags
  Sort sort = Sort::name;
  std::optional<std::string> after_name, after_repository;  ///< keyset, of Sort::name
  int page_size = 100, notes_max = 3;
};

/// One series then and now.
struct SinceRow {
  std::string history_fingerprint, name, tags_json, hardware;
  std::optional<std::string> unit;
  std::string baseline_result_id, latest_result_id;
  std::optional<double> baseline_value, latest_value;
  std::optional<std::string> latest_commit_sha;
  std::optional<verdict::Judged> change;  ///< pairwise; absent where it cannot be told
};

struct SinceQuery {
  std::string repository, commit_sha;
  double threshold_percent = verdict::k_percent_threshold;
};

struct Since {
  std::string repository, commit_sha;
  std::int64_t compared = 0, regressions = 0, improvements = 0, not_comparable = 0;
  std::vector<SinceRow> rows;  ///< worst first; those that cannot be told last
};

struct ProjectLimits {
  std::size_t since_rows_max = 50'000;
  std::size_t repositories_max = 100;
};

class ProjectReader {
 public:
  virtual ~ProjectReader() = default;
  /// By repository. Errors: not_found (a repository without a run).
  virtual Result<std::vector<ProjectAttention>> attention(const AttentionQuery& query) = 0;
  virtual Result<std::vector<Family>> families(const FamilyFilter& filter) = 0;
  /// The good results of that commit against the newest of each series on the default branch.
  /// Errors: not_found (commit), invalid (more rows than the limit).
  virtual Result<Since> since(const SinceQuery& query) = 0;
};

}  // namespace bl::results
