#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inference/registry_reader.h"
#include "inference/stored.h"

/// What is said against measurements that were made: data, kept in files beside the registries.
/// Pure. Threads: any.
///
///   [conclusions.22806827144]      # of a run: its GitHub id
///   conclusion = "success"
///   reason = "the runner lost its connection after the last result"
///
///   [purged.20286769842]
///   attempts = [1]                 # absent: all of them
///   reason = "measured with the wrong image"
namespace bl::inference {

struct ConclusionOverride {
  std::int64_t github_run_id = 0;
  std::string conclusion;
  std::string reason;
};
/// A run, or some attempts of it, that are not to be seen.
struct PurgedRun {
  std::int64_t github_run_id = 0;
  std::vector<std::int64_t> attempts;  ///< none: all
  std::string reason;
};

class Overrides {
 public:
  /// The tables of a later file replace those of the same name. Errors: malformed, invalid (unknown
  /// keys, wrong types, with file and line).
  static Result<Overrides> read(const std::vector<RegistryFile>& files);
  /// Those of the InferenceX sweeps.
  static std::vector<RegistryFile> built_in_files();

  const std::vector<ConclusionOverride>& conclusions() const { return conclusions_; }
  const std::vector<PurgedRun>& purged() const { return purged_; }
  /// nullptr when the attempt may be seen. An ingest leaves out what is purged.
  const PurgedRun* purge_of(std::int64_t github_run_id, std::int64_t attempt) const;
  /// Puts the conclusion that was said in the place of the run's own.
  void correct(SweepRun& run) const;

 private:
  std::vector<ConclusionOverride> conclusions_;
  std::vector<PurgedRun> purged_;
};

}  // namespace bl::inference
