#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/thresholds.h"

/// Which benchmarks a run should have had, and has not. Expected is what most of the runs before it
/// had (same repository, same reason, same hardware), and what somebody pinned.
namespace bl::results {

/// What must be there whatever was there before: a benchmark in any variant, or one series.
struct InventoryPin {
  std::string name;                 ///< of the benchmark; empty with a fingerprint
  std::string history_fingerprint;  ///< of the series; empty with a name
  bool operator==(const InventoryPin&) const = default;
};

/// The pins of a repository's runs of one reason.
struct PinList {
  std::string repository;
  std::string run_reason;  ///< empty: of all its runs
  std::vector<InventoryPin> pins;
};

struct InventoryLimits {
  std::size_t pins_max = 10'000;     ///< of one list
  std::size_t missing_max = 10'000;  ///< told one by one; all are counted
  int runs_max = 50;                 ///< learnt from
  int candidates_factor = 5;         ///< runs looked at for each that is wanted
};

struct InventoryQuery {
  std::string run_id;
  int runs = 10;       ///< to learn from: the newest before this one
  double share = 0.5;  ///< of them that must have had a series, 0 < share <= 1
};

struct MissingBenchmark {
  std::string name, tags_json, hardware;  ///< hardware empty: any
  std::optional<std::string> history_fingerprint, last_run_id, last_result_id;
  int seen_in_runs = 0;
  bool pinned = false;
};

struct Inventory {
  std::string run_id, repository;
  std::optional<std::string> run_reason;
  std::vector<std::string> learnt_from_run_ids;  ///< newest first
  std::int64_t expected = 0, present = 0;        ///< series and pinned names
  std::int64_t missing_count = 0;
  std::int64_t additional = 0;            ///< series of the run that nobody expected
  std::vector<MissingBenchmark> missing;  ///< by name, tags, hardware
};

class InventoryStore {
 public:
  virtual ~InventoryStore() = default;
  /// Errors: not_found (no such run), invalid (runs, share). Cost: the series of the run and of
  /// those that it learns from.
  virtual Result<Inventory> inventory(const InventoryQuery& query) = 0;
  /// By reason, then name.
  virtual Result<std::vector<PinList>> pins(std::string_view repository) = 0;
  /// Replaces the list of that repository and reason; an empty one removes it. Durable, with its
  /// audit row. Errors: invalid (more than pins_max).
  virtual Result<void> set_pins(const PinList& list, const Change& change) = 0;
};

}  // namespace bl::results
