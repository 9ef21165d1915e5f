#pragma once

#include "advice/alert_cost_routes.h"
#include "results/store_distributions.h"
#include "results/store_thresholds.h"

/// What alerts cost, from what the results' store knows. Bindings, no logic.
namespace bl::app {

class AlertCost final : public advice::AlertCostFacts {
 public:
  AlertCost(store::Database& readers, const Clock& clock, results::DistributionOptions options)
      : readers_(readers), clock_(clock), options_(options), thresholds_(readers) {}

  void add_routes(net::Router& router);
  Result<advice::CostFacts> facts(const advice::CostQuestion& question) override;

 private:
  store::Database& readers_;
  const Clock& clock_;
  const results::DistributionOptions options_;
  results::StoreThresholds thresholds_;
};

}  // namespace bl::app
