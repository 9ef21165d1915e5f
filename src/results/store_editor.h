#pragma once

#include "base/time.h"
#include "results/annotations.h"
#include "results/result_editor.h"
#include "store/database.h"

namespace bl::results {

/// ResultEditor over the store. Cost of a removal: one pass over the results of its run, and, when
/// it was the newest of its series, a look for the one before.
class StoreResultEditor final : public ResultEditor {
 public:
  StoreResultEditor(store::Database& database, const Clock& clock, AnnotationLimits limits = {})
      : database_(database), clock_(clock), limits_(limits) {}

  Result<void> annotate(std::string_view result_id, const json::Value& changes,
                        const Editor& editor) override;
  Result<void> remove(std::string_view result_id, const Editor& editor) override;

 private:
  store::Database& database_;
  const Clock& clock_;
  AnnotationLimits limits_;
};

}  // namespace bl::results
