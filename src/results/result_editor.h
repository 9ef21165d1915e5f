#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

/// Changes of what is stored: annotations, and removal (spec/results-conbench.md 3.2, 3.5, 4.10).
namespace bl::results {

/// Who asked for a change; for the audit row.
struct Editor {
  std::string id, name;  ///< of net::Principal
};

/// Each change is one transaction with its audit row and its change-log row: durable on return, and
/// seen by every read that begins afterwards, histories, series and runs included. Threads: any.
/// Errors of both: not_found, and
/// those of the store. Whether the repository may be written to is asked before.
class ResultEditor {
 public:
  virtual ~ResultEditor() = default;
  /// Merges the changes over the stored annotations (annotations.h). A changed
  /// `begins_distribution_change` moves the segments of the history from that commit on. Errors
  /// also: invalid (the annotations would become too large).
  virtual Result<void> annotate(std::string_view result_id, const json::Value& changes,
                                const Editor& editor) = 0;
  /// Dimension rows and commits stay: others may refer to them.
  virtual Result<void> remove(std::string_view result_id, const Editor& editor) = 0;
};

}  // namespace bl::results
