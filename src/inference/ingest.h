#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/ids.h"
#include "base/time.h"
#include "inference/artifacts.h"
#include "inference/overrides.h"
#include "inference/registry.h"
#include "inference/rules.h"
#include "inference/skips.h"
#include "inference/sweep_ports.h"

/// From what CI left behind to the store (spec/inference.md 3), in two phases with a bounded queue
/// between them: parsers read runs, writers write them. Nothing is deleted first, each write is one
/// transaction: what was cut off is completed by doing it again, and what is done twice changes
/// nothing.
namespace bl::inference {

/// What is known of a run beside its artifacts: said by the caller, by run.json (GitHub's document
/// of a run), by artifacts_metadata.json (its list of artifacts), by names of folders, in this
/// order. Needed are id and date, or when it was created.
struct RunFacts {
  std::optional<std::int64_t> run_id;
  std::optional<std::int64_t> attempt;
  std::optional<std::string> name, status, conclusion, head_sha, head_branch, html_url;
  std::optional<Timestamp> created_at, started_at;
  std::optional<std::string> date;  ///< YYYY-MM-DD
};

/// Memory of an ingest, whatever it reads: queue_bytes, and for each parser an entry
/// (artifacts.entry_bytes_max), the run's batch (batch_bytes), its metadata and the keys of its
/// rows; and the trees of documents that are read at once, 30 times parse_bytes at worst.
struct IngestLimits {
  std::size_t parsers = 4;  ///< each reads a run
  std::size_t writers = 5;
  std::uint64_t queue_bytes = 128u << 20;   ///< read and not written; at least one batch
  std::uint64_t batch_bytes = 8u << 20;     ///< of one transaction, about; then the run goes on
  std::uint64_t parse_bytes = 16u << 20;    ///< texts that are parsed at once; a larger one alone
  std::uint64_t log_bytes_max = 16u << 20;  ///< of one benchmark's server logs together
  std::uint64_t metadata_bytes_max = 16u << 20;  ///< of a run's changelogs, stats and metas each
  std::size_t warnings_max = 200;                ///< sentences about artifacts that are kept
  int write_attempts_max = 6;                    ///< of a store that is overloaded
  std::chrono::milliseconds write_pause{100};    ///< before the second one; doubles
  ArtifactLimits artifacts;
};

struct IngestOutcome {
  IngestReport report;                  ///< as it was stored
  std::map<std::string, Written> days;  ///< by the date of the runs
  std::vector<std::string> warnings;    ///< `[WARN] ARTIFACT: N rows dropped — ...`
  std::size_t runs = 0;
};

/// Called from the parsers, one at a time: artifacts read so far.
using IngestProgress = std::function<void(std::size_t artifacts)>;

class Ingest {
 public:
  /// All outlive this. What `overrides` purge is not read, and counted as quarantined; conclusions
  /// are put right.
  Ingest(Disk& disk, const Registry& registry, SweepWriter& writer, const Clock& clock,
         IdSource& ids, IngestLimits limits = {}, Overrides overrides = {}, MappingRules rules = {})
      : disk_(disk),
        registry_(registry),
        writer_(writer),
        clock_(clock),
        ids_(ids),
        limits_(limits),
        overrides_(std::move(overrides)),
        rules_(rules) {}

  /// What to read, and what is said of it.
  struct Source {
    /// A folder of artifacts, unpacked or as zips; one artifact; a zip of a run's whole folder; a
    /// JSON file of rows; or an archive of many runs: `gcs/DATE/RUN/artifacts/`, from any of these
    /// levels.
    std::string path;
    std::string name;       ///< of a file whose path does not say it: `bmk_x.zip`; else empty
    std::string label;      ///< how the report calls it; empty: the path
    std::string submitter;  ///< who sends it
    RunFacts facts;         ///< of an archive of many runs only what they share
    std::string spool;      ///< a file that may be made and is removed; for zips of folders
  };
  /// Reads and writes all of it, then keeps the report. Blocks; own threads, gone on return.
  /// Errors: not_found, io; invalid (nothing to ingest, a fact of the run is missing: says which);
  /// those of the store that are not a row's: what was written until then stays.
  Result<IngestOutcome> run(const Source& source, const IngestProgress& progress = {});

 private:
  Disk& disk_;
  const Registry& registry_;
  SweepWriter& writer_;
  const Clock& clock_;
  IdSource& ids_;
  const IngestLimits limits_;
  const Overrides overrides_;
  const MappingRules rules_;
};

}  // namespace bl::inference
