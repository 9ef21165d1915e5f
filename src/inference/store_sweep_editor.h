#pragma once

#include "base/time.h"
#include "inference/sweep_editor.h"
#include "store/database.h"

namespace bl::inference {

/// SweepEditor over the store; its tables, and those of store/audit.h. Threads: any. An ingest of a
/// run and its purge wait for each other. Cost: the rows of the runs.
class StoreSweepEditor final : public SweepEditor {
 public:
  StoreSweepEditor(store::Database& database, const Clock& clock)
      : database_(database), clock_(clock) {}

  Result<std::vector<AttemptEdit>> preview(const Overrides& overrides) override;
  Result<std::vector<AttemptEdit>> apply(const Overrides& overrides,
                                         const SweepEditorName& editor) override;

 private:
  store::Database& database_;
  const Clock& clock_;
};

}  // namespace bl::inference
