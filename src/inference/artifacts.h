#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/disk.h"
#include "base/result.h"
#include "inference/skips.h"

/// What a run of an inference team's CI leaves behind: artifacts, each a zip or an unpacked folder,
/// known by their names (spec/inference.md 2.1). Archives come from anywhere, so nothing in them is
/// believed: what is too large, leads elsewhere or is damaged is skipped by name, and the rest is
/// read. Reads through base/disk.h only.
namespace bl::inference {

enum class ArtifactKind : unsigned char {
  benchmark,              ///< bmk_NAME: rows of one point
  benchmark_collection,   ///< results_bmk, results_PREFIX: arrays of rows
  agentic_benchmark,      ///< bmk_agentic_NAME: AgentX rows
  agentic_traces,         ///< agentic_NAME: raw traces
  evaluation,             ///< eval_NAME: meta_env.json and results*.json
  evaluation_collection,  ///< eval_results_all
  run_stats,              ///< run-stats, run_stats
  changelog,              ///< changelog-metadata
  server_log,             ///< server_logs_NAME, multinode_server_logs_NAME
  gpu_metrics,            ///< gpu_metrics_NAME
  other,                  ///< known to be of no use here, or unknown
};

struct ArtifactName {
  ArtifactKind kind = ArtifactKind::other;
  /// What pairs a log or metrics with its benchmark: the name without its kind's prefix and the
  /// archive's numbers.
  std::string result;
  std::optional<std::int64_t>
      artifact_id;  ///< of `_<n>_<id>.zip`; newer artifacts have larger ones
};
/// By a folder's name, or a file's with `.zip`.
ArtifactName classify_artifact(std::string_view name);

/// Memory while one archive is read: at most entry_bytes_max, about eight times
/// directory_bytes_max, and 64 KiB.
struct ArtifactLimits {
  std::uint64_t archive_bytes_max = 4ull << 30;
  std::uint64_t directory_bytes_max = 4ull << 20;  ///< the archive's list of entries
  std::uint64_t entry_bytes_max = 64ull << 20;     ///< unpacked
  std::uint64_t total_bytes_max = 8ull << 30;      ///< unpacked, of one artifact
  std::uint64_t ratio_max = 200;  ///< unpacked to packed, where more than ratio_from_bytes come
  std::uint64_t ratio_from_bytes = 8ull << 20;
  std::size_t entries_max = 60'000;
  std::size_t name_bytes_max = 1024;
  int depth_max = 16;  ///< of folders
};

/// True for the entries whose bytes are wanted; the others are not unpacked.
using EntryFilter = std::function<bool(std::string_view name)>;
/// Takes an entry. An error ends the walk.
using EntrySink = std::function<Result<void>(std::string_view name, std::string bytes)>;

/// Reads a zip. What cannot be read is counted in `tracker` as bad_zip, with `artifact`, the entry
/// and the reason: no zip, cut off, zip64, encrypted, a damaged or unsupported entry, a name twice
/// (the first stands), names that lead out of the archive or are not UTF-8, archives in archives,
/// and whatever is over a limit.
/// Errors: io (the file cannot be read), and the sink's.
Result<void> read_zip(File& file, std::string_view artifact, const ArtifactLimits& limits,
                      const EntryFilter& wanted, const EntrySink& sink, SkipTracker& tracker);

/// Reads an unpacked artifact, its entries sorted by name, under the same rules; symbolic links are
/// not followed. Errors: not_found, io, and the sink's.
Result<void> read_artifact_folder(Disk& disk, const std::string& folder, std::string_view artifact,
                                  const ArtifactLimits& limits, const EntryFilter& wanted,
                                  const EntrySink& sink, SkipTracker& tracker);

}  // namespace bl::inference
