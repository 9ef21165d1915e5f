#pragma once

#include <memory>

#include "advice/poster.h"
#include "app/advice_facts.h"
#include "app/advice_settings.h"
#include "app/alert_cost.h"
#include "app/ci_results.h"
#include "app/periodic_task.h"
#include "app/settings.h"
#include "net/router.h"
#include "store/database.h"

/// Advice in a running server: its ports, its routes (the cost of alerts, too), comments in the
/// background. Bindings, no
/// logic.
namespace bl::app {

class AdviceService {
 public:
  /// All outlive this.
  struct Around {
    store::Database& database;
    store::Database& readers;  ///< may be a replica that lags
    CiResults& results;
    TraceService& traces;
    EventLogService& events;
    store::Jobs& jobs;
    const Clock& clock;
    Log& log;
    Metrics& metrics;
  };
  AdviceService(const Settings& settings, const Around& around);

  /// This outlives the router's handlers.
  void add_routes(net::Router& router);
  /// Begins to write comments, where that is configured.
  void start();
  void stop() { task_.reset(); }

 private:
  const AdviceSettings settings_;
  const std::string base_url_;
  ResultFacts changes_;
  ExemplarTraces traces_;
  FailedBuilds builds_;
  advice::Adviser adviser_;
  std::unique_ptr<advice::ResultNews> news_;
  advice::Poster poster_;
  AlertCost alert_cost_;
  std::unique_ptr<PeriodicTask> task_;
};

}  // namespace bl::app
