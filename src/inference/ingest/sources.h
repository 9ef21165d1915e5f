#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "inference/artifacts.h"
#include "inference/ingest.h"
#include "inference/names.h"

/// Where the runs of a source lie, and what each of them left behind. Private to the ingest.
namespace bl::inference {

/// How the entries of one artifact are read: a zip, a folder, a part of a larger zip, a file.
using ReadArtifact =
    std::function<Result<void>(const EntryFilter&, const EntrySink&, SkipTracker&)>;

struct Artifact {
  std::string label;  ///< in origins and skips: `bmk_x.zip`, `2026-01-02/x_123/bmk_x.zip`
  ArtifactName name;
  std::optional<Timestamp> created_at;
  ReadArtifact read;
};

/// A run: facts and artifacts, nothing read yet but its metadata.
struct RunSource {
  std::string label;
  RunFacts facts;
  std::optional<Sequence> sequence;  ///< of rows that do not say it
  std::vector<Artifact> artifacts;
};

/// Opened by whoever reads it.
struct RunPlace {
  enum class Kind : unsigned char { folder, artifact_zip, tree_zip, rows_file };
  Kind kind = Kind::folder;
  std::string path;
  std::string name;                 ///< by which it is told what it is; its path's end, or another
  std::string prefix;               ///< of labels: `2026-01-02/x_123/`; may be empty
  std::optional<std::string> date;  ///< of the folder it lies in
};

struct RunPlaces {
  std::vector<RunPlace> runs;
  bool is_archive = false;  ///< of many runs: one that cannot be read is skipped
};

/// The runs of a path, in their order by date and name. `name`: what a file is called, where its
/// path does not say it. Errors: not_found, io; invalid (nothing there is an artifact).
Result<RunPlaces> find_runs(Disk& disk, const std::string& path, const std::string& name = "");

/// Lists a run's artifacts and reads its metadata; what is `given` stands before that. `spool`: a
/// new file's path, for a tree_zip; what is returned keeps it open, and its name is gone.
/// Errors: io; those of find_runs.
Result<RunSource> open_run(Disk& disk, const RunPlace& place, const RunFacts& given,
                           const ArtifactLimits& limits, const std::string& spool,
                           SkipTracker& tracker);

/// Facts of GitHub's document of a run. What is no fact is left out.
RunFacts facts_of_run(const json::Value& document);
/// What `first` lacks, `second` says.
RunFacts joined(RunFacts first, const RunFacts& second);

}  // namespace bl::inference
