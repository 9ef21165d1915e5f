#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "inference/decode.h"
#include "inference/ingest.h"
#include "inference/ingest/byte_budget.h"
#include "inference/ingest/sources.h"

/// Artifacts of one run -> its sweep, in batches. Private to the ingest.
namespace bl::inference {

/// What a run is stored as. Errors: invalid: what is missing, or no date.
Result<SweepRun> run_of(const RunFacts& facts);

/// About how much memory a batch takes.
std::uint64_t bytes_of(const SweepPoint& point);

/// Reads one run, once. One thread.
///
/// Of artifacts with one name the newest is read, an older one only when nothing in that can be.
/// Where single rows (bmk_*) are there, collections of them (results_*) are not read, but for the
/// rows that a damaged artifact lacks; evaluations likewise. Of equal rows the newest artifact's is
/// the last, and so counts.
class RunReader {
 public:
  /// Takes a batch: of one run they are given in order. An error ends the reading.
  using Emit = std::function<Result<void>(Sweep batch, std::uint64_t bytes)>;

  struct Around {
    const Registry& registry;
    const MappingRules& rules;
    const IngestLimits& limits;
    ByteBudget& parsing;
    std::function<void()> on_artifact;  ///< may be empty
  };
  RunReader(const Around& around, const RunSource& source, SweepRun run, Emit emit)
      : around_(around), source_(source), run_(std::move(run)), emit_(std::move(emit)) {}

  /// Errors: those of `emit`. All else is a skip.
  Result<void> read();
  const SkipTracker& skips() const { return skips_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  using Group = std::vector<const Artifact*>;  // of one name, newest first
  using RowSink = std::function<void(const json::Value& row, const std::string& path)>;
  struct Reading {
    const Artifact& artifact;
    SkipTracker& skips;
    std::size_t entries = 0;

    std::string place(std::string_view entry) const {
      return artifact.label + "/" + std::string(entry);
    }
  };
  using ReadOne = std::function<Result<void>(Reading&)>;

  void sort_into_groups();
  const std::vector<Group>& groups(ArtifactKind kind);
  Result<bool> read_newest(const Group& group, const ReadOne& read);
  Result<void> read_all(ArtifactKind kind, const ReadOne& read);
  Result<void> entries_of(Reading& reading, const EntryFilter& wanted, const EntrySink& sink);
  bool has_room(Reading& reading, std::string_view entry, std::uint64_t& used, std::uint64_t bytes,
                std::uint64_t bytes_max);
  void each_row(Reading& reading, std::string_view entry, std::string_view text,
                const RowSink& sink);

  Result<void> read_changelog(Reading& reading);
  Result<void> read_stats(Reading& reading);
  Result<void> read_benchmarks();
  Result<void> read_rows(Reading& reading, bool only_new);
  Result<void> read_evaluations();
  Result<void> read_evaluation(Reading& reading);
  Result<void> read_evaluation_collection(Reading& reading);
  Result<void> read_gpu_metrics(Reading& reading);
  void read_log_of(const Artifact& benchmark);

  void add(BenchmarkRow row, Origin origin);
  Result<void> flush_if_full();
  Result<void> flush();

  Around around_;
  const RunSource& source_;
  SweepRun run_;
  Emit emit_;
  SkipTracker skips_;
  std::vector<std::string> warnings_;
  std::vector<std::pair<ArtifactKind, std::vector<Group>>> by_kind_;
  std::unordered_map<std::string_view, std::size_t> logs_;  // by what they belong to: the group
  bool is_evals_only_ = false;
  std::uint64_t changelog_bytes_ = 0, stats_bytes_ = 0;
  bool has_damage_ = false;                 // in an artifact of the kind that is being read
  std::unordered_set<std::uint64_t> keys_;  // hashes of the rows' natural keys
  std::optional<ServerLog> log_;            // of the benchmark that is being read
  std::optional<std::size_t> log_at_;       // in the batch
  Sweep batch_;
  std::uint64_t batch_bytes_ = 0;
  std::optional<Error> emit_error_;
};

}  // namespace bl::inference
