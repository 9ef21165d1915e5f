#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "results/alert_delivery.h"
#include "results/alert_evaluator.h"
#include "results/store_alerts.h"
#include "results/tests/store_fixture.h"

/// Alert rules over a real store, with a report that says what it is told to and a channel that
/// keeps what it is sent.

namespace bl::results::testing {

inline constexpr const char* k_ada = "user-ada";
inline constexpr const char* k_bob = "user-bob";

/// Says what it is told to.
class ToldReporter final : public CiReporter {
 public:
  Result<CiReport> report(const CiQuery& query) override {
    queries.push_back(query);
    if (before_answer) before_answer();
    if (fails_with) return *fails_with;
    CiReport report;
    report.status = status;
    report.status_reason = std::string("it is ") + name_of(status);
    report.summary.improvements = improvements;
    report.report_url = "/ci?run_ids=" + query.run_ids.front();
    return report;
  }
  ReportStatus status = ReportStatus::failure;
  std::int64_t improvements = 0;
  std::optional<Error> fails_with;
  std::function<void()> before_answer;
  std::vector<CiQuery> queries;
};

/// Keeps what it is sent.
class KeptChannel final : public AlertChannel {
 public:
  struct Box {
    std::vector<AlertDelivery> sent;
    std::optional<Error> fails_with;
    std::function<void()> before_answer;
  };
  KeptChannel(AlertTarget target, Box& box) : target_(std::move(target)), box_(box) {}
  const AlertTarget& target() const override { return target_; }
  Result<void> send(const AlertDelivery& delivery) override {
    box_.sent.push_back(delivery);
    if (box_.before_answer) box_.before_answer();
    if (box_.fails_with) return *box_.fails_with;
    return {};
  }

 private:
  const AlertTarget target_;
  Box& box_;
};

class Alerts : public ::testing::Test {
 protected:
  Alerts() {
    for (const char* user : {k_ada, k_bob}) {
      fixture.run_sql(std::string("insert into \"user\" (id, email, name, password) values ('") +
                      user + "', '" + user + "@example.com', 'n', 'p')");
    }
  }

  static AlertRuleBody body(const std::string& name = "main") {
    AlertRuleBody body;
    body.name = name;
    body.repository = k_repository;
    return body;
  }
  AlertRule create(const AlertRuleBody& body, const char* user = k_ada) {
    auto rule = alerts.create(body, user, {"ada", "Ada"});
    if (!rule.ok()) ADD_FAILURE() << rule.error().message;
    BL_CHECK(rule.ok());
    return *rule;
  }
  AlertRule rule(const AlertRule& of) { return alerts.rule(of.id).value(); }
  void submit(const std::string& run_id, const char* reason = nullptr) {
    Draft draft = on_commit(1);
    draft.run_id = run_id;
    if (reason != nullptr) draft.run_reason = reason;
    draft.timestamp = draft.timestamp + std::chrono::hours(++submitted);
    fixture.submit(submission_of(draft));
  }
  std::unique_ptr<AlertDeliverer> make_deliverer(AlertDeliveryLimits limits = {}) {
    std::vector<std::unique_ptr<AlertChannel>> channels;
    channels.push_back(std::make_unique<KeptChannel>(hook, box));
    return std::make_unique<AlertDeliverer>(alerts, std::move(channels), jobs, fixture.clock,
                                            fixture.log, fixture.metrics, limits);
  }
  std::vector<std::string> kinds(const AlertRule& rule) {
    std::vector<std::string> kinds;
    const auto events = alerts.events(rule.id, 50).value();
    for (const AlertEvent& event : events) kinds.push_back(event.kind);
    return kinds;
  }
  std::string statuses() {
    std::string text;
    const auto found = alerts.deliveries("", {}, 100).value();
    for (const auto& one : found) text += one.status + " ";
    return text;
  }
  /// An event with a message that waits.
  AlertRule open_one() {
    const AlertRule made = create(body());
    submit("run-" + std::to_string(submitted));
    reporter.status = ReportStatus::failure;
    BL_CHECK(evaluator.evaluate_all().ok());
    return made;
  }
  using Names = std::vector<std::string>;

  StoreFixture fixture;
  int submitted = 0;
  StoreAlerts alerts{*fixture.database, fixture.ids, fixture.clock};
  store::Jobs jobs{*fixture.database, fixture.clock, "me"};
  ToldReporter reporter;
  AlertTarget hook{"webhook", "https://hooks.example.com#1", ""};
  AlertEvaluator evaluator{alerts,        reporter,    jobs,           {hook},
                           fixture.clock, fixture.log, fixture.metrics};
  KeptChannel::Box box;
};

}  // namespace bl::results::testing
