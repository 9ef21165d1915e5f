#pragma once

#include <string>
#include <vector>

#include "inference/overrides.h"

/// Overrides put upon what is stored already (spec/inference.md 3.9).
namespace bl::inference {

/// What overrides change, or changed, of one stored attempt of a run.
struct AttemptEdit {
  std::int64_t github_run_id = 0;
  std::int64_t attempt = 0;
  std::string date, reason;
  bool is_purged = false;
  std::optional<std::string> conclusion_before, conclusion_after;  ///< where it is not purged
  std::int64_t points = 0, evals = 0, stats = 0, changelogs = 0, server_logs = 0,
               gpu_metrics = 0;  ///< rows that go with it
  bool operator==(const AttemptEdit&) const = default;
};

/// Who asked for a change; for the audit row.
struct SweepEditorName {
  std::string id, name;  ///< of net::Principal
};

/// Threads: any. Errors of both: those of the store.
class SweepEditor {
 public:
  virtual ~SweepEditor() = default;
  /// What apply() would do now; by run, then attempt. Nothing when all is as the overrides say.
  virtual Result<std::vector<AttemptEdit>> preview(const Overrides& overrides) = 0;
  /// One transaction for each run, each with an audit row for each attempt, durable before the next
  /// begins: what fails leaves the runs before it done, and may be called again. Where the newest
  /// attempt goes, the one before it is seen. Gives what was done.
  virtual Result<std::vector<AttemptEdit>> apply(const Overrides& overrides,
                                                 const SweepEditorName& editor) = 0;
};

}  // namespace bl::inference
