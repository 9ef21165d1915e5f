#pragma once

#include "results/baselines.h"
#include "store/database.h"

namespace bl::results {

/// BaselineReader over the store. Threads: any.
class StoreBaselineReader final : public BaselineReader {
 public:
  explicit StoreBaselineReader(store::Database& database) : database_(database) {}

  Result<BaselineRun> baseline(std::string_view run_id, BaselineKind kind) override;
  Result<RunBaselines> baselines(std::string_view run_id) override;

 private:
  store::Database& database_;
};

/// The run as its earliest result has it. Errors: not_found. Private to the store's side.
Result<ContenderRun> contender_run(store::Connection& connection, std::string_view run_id);
/// One search. Private to the store's side.
Result<BaselineRun> find_baseline(store::Connection& connection, const ContenderRun& contender,
                                  BaselineKind kind);

}  // namespace bl::results
