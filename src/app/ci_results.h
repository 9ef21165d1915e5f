#pragma once

#include "results/ci_routes.h"
#include "results/exemplars.h"
#include "results/store_ci_report.h"
#include "results/store_inventory.h"
#include "results/store_project.h"
#include "results/store_snapshots.h"
#include "results/store_thresholds.h"
#include "results/store_trends.h"
#include "results/store_verdicts.h"

/// What a CI asks of the results, over the store: reports, thresholds, expected inventory, rollups
/// of projects, trends, verdicts of series; which traces they name. Bindings, no logic.
namespace bl::app {

class CiResults {
 public:
  /// Verdicts come from `writer`: a job asks for one when its results have just been stored.
  /// `readers` may be a replica that lags; rollups, trends and stored verdicts come from there.
  CiResults(store::Database& writer, store::Database& readers, const Clock& clock, IdSource& ids,
            results::DistributionOptions options = {});

  void add_routes(net::Router& router);
  /// For the evaluation of alerts.
  results::CiReporter& reporter() { return reporter_; }
  results::ThresholdStore& thresholds() { return thresholds_; }
  /// For what the other routes show of a series.
  results::VerdictReader& verdicts() { return verdicts_; }
  /// For the retention of traces: what a result names stays.
  results::Exemplars& exemplars() { return exemplars_; }

 private:
  const Clock& clock_;
  results::StoreCiReporter reporter_;
  results::StoreSnapshots snapshots_;
  results::StoreThresholds thresholds_;
  results::StoreInventory inventory_;
  results::StoreProjectReader project_;
  results::StoreTrendReader trends_;
  results::StoreVerdictReader verdicts_;
  results::StoreVerdictSwitches verdict_switches_;
  results::Exemplars exemplars_;
};

}  // namespace bl::app
