#pragma once

#include <memory>

#include "app/alert_settings.h"
#include "app/periodic_task.h"
#include "results/alert_routes.h"
#include "results/receipts.h"
#include "store/jobs.h"

/// Alerts, receipts and the state of background jobs, over the store. Bindings, no logic.
namespace bl::app {

class Alerts {
 public:
  /// `owner`: an id of this process. `reporter` outlives this.
  Alerts(store::Database& database, IdSource& ids, const Clock& clock, Log& log, Metrics& metrics,
         const AlertSettings& settings, std::string owner);

  /// nullptr when none are to be written; what is there can be read all the same.
  results::Receipts* receipts() { return settings_.receipts ? &receipts_ : nullptr; }
  store::Jobs& jobs() { return jobs_; }
  void open(results::CiReporter& reporter);
  void add_routes(net::Router& router);
  /// Begins to work in the background.
  void start();
  /// Ends it, and writes what waits.
  void stop();

 private:
  std::vector<std::unique_ptr<results::AlertChannel>> channels();

  const AlertSettings settings_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  store::Jobs jobs_;
  results::StoreAlerts alerts_;
  results::Receipts receipts_;
  std::unique_ptr<results::GitHubApp> github_app_;  // absent with a token; before its users
  std::unique_ptr<results::AlertDeliverer> deliverer_;
  std::unique_ptr<results::AlertEvaluator> evaluator_;
  std::unique_ptr<PeriodicTask> evaluation_task_, delivery_task_, receipt_task_;
};

}  // namespace bl::app
