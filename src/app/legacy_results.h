#pragma once

#include "results/legacy_server.h"
#include "results/store_baselines.h"
#include "results/store_catalogue.h"
#include "results/store_editor.h"
#include "results/store_run_comparison.h"
#include "results/undo.h"

/// What the results API has beyond submitting and reading results, over the store: the legacy
/// dialect's catalogues, runs, comparisons of runs and service routes, and changes of a result in
/// both dialects. Bindings, no logic.
namespace bl::app {

class LegacyResults {
 public:
  LegacyResults(store::Database& database, const Clock& clock,
                results::DistributionOptions options = {});

  enum class TestAids : unsigned char { off, on };
  void add_routes(net::Router& router, const results::Ports& ports, TestAids aids);

 private:
  store::Database& database_;
  const Clock& clock_;
  results::DistributionOptions options_;
  results::StoreCatalogueReader catalogue_;
  results::StoreBaselineReader baselines_;
  results::StoreRunComparisonReader comparisons_;
  results::StoreResultEditor editor_;
  results::StoreResultUndo undo_;
};

}  // namespace bl::app
