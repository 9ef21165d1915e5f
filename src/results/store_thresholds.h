#pragma once

#include "results/thresholds.h"
#include "store/database.h"

namespace bl::results {

/// ThresholdStore over the store. Threads: any.
class StoreThresholds final : public ThresholdStore {
 public:
  explicit StoreThresholds(store::Database& database, ThresholdLimits limits = {})
      : database_(database), limits_(limits) {}

  Result<std::vector<ThresholdRule>> rules(std::string_view repository) override;
  Result<ThresholdRules> rules_of_series(std::string_view history_fingerprint) override;
  Result<void> set(const ThresholdRule& rule, const Change& change) override;
  Result<bool> remove(std::string_view repository, std::string_view history_fingerprint,
                      const Change& change) override;

 private:
  store::Database& database_;
  ThresholdLimits limits_;
};

/// The project's rules, inside of a reader's snapshot. Private to the store's side.
Result<std::vector<ThresholdRule>> threshold_rules(store::Connection& connection,
                                                   std::string_view repository);

}  // namespace bl::results
