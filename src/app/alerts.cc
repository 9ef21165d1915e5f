#include "app/alerts.h"

#include "ops/job_routes.h"
#include "results/receipt_routes.h"

namespace bl::app {
namespace {

constexpr std::chrono::milliseconds k_evaluation_pause{1'000};
constexpr std::chrono::milliseconds k_delivery_pause{1'000};
constexpr std::chrono::milliseconds k_receipt_pause{500};

}  // namespace

Alerts::Alerts(store::Database& database, IdSource& ids, const Clock& clock, Log& log,
               Metrics& metrics, const AlertSettings& settings, std::string owner)
    : settings_(settings),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      jobs_(database, clock, std::move(owner)),
      alerts_(database, ids, clock),
      receipts_(database, clock, log, metrics, settings.receipt_limits) {}

std::vector<std::unique_ptr<results::AlertChannel>> Alerts::channels() {
  std::vector<std::unique_ptr<results::AlertChannel>> channels;
  if (settings_.webhook) channels.push_back(results::make_webhook(*settings_.webhook, clock_));
  if (settings_.slack) channels.push_back(results::make_slack_webhook(*settings_.slack));
  if (settings_.mail) channels.push_back(results::make_mail_channel(*settings_.mail));
  if (!settings_.github) return channels;
  results::GitHubAlertOptions github = *settings_.github;
  if (settings_.github_app.is_set()) {
    github_app_ = std::make_unique<results::GitHubApp>(settings_.github_app, github.api, clock_);
    github.app = github_app_.get();
  }
  if (settings_.github_check) {
    channels.push_back(results::make_github_check(github, clock_));
  }
  if (settings_.github_comment) {
    channels.push_back(results::make_github_comment(std::move(github), clock_));
  }
  return channels;
}

void Alerts::open(results::CiReporter& reporter) {
  deliverer_ = std::make_unique<results::AlertDeliverer>(alerts_, channels(), jobs_, clock_, log_,
                                                         metrics_, settings_.delivery);
  evaluator_ =
      std::make_unique<results::AlertEvaluator>(alerts_, reporter, jobs_, deliverer_->targets(),
                                                clock_, log_, metrics_, settings_.evaluation);
}

void Alerts::add_routes(net::Router& router) {
  results::add_alert_routes(
      router,
      {.alerts = alerts_, .evaluator = *evaluator_, .deliverer = *deliverer_, .clock = clock_});
  results::add_receipt_routes(router, receipts_);
  ops::add_job_routes(router, jobs_);
}

void Alerts::start() {
  receipt_task_ = std::make_unique<PeriodicTask>(k_receipt_pause, [this] {
    receipts_.work();
    return false;
  });
  if (!settings_.in_background) return;
  evaluation_task_ = std::make_unique<PeriodicTask>(k_evaluation_pause, [this] {
    evaluator_->work();
    return false;
  });
  delivery_task_ = std::make_unique<PeriodicTask>(k_delivery_pause, [this] {
    deliverer_->work();
    return false;
  });
}

void Alerts::stop() {
  evaluation_task_.reset();
  delivery_task_.reset();
  receipt_task_.reset();
  receipts_.work();
}

}  // namespace bl::app
