#include "app/alert_cost.h"

#include "results/store_alert_history.h"

namespace bl::app {
namespace {

advice::Mark mark_of(const results::VerdictPoint& point) {
  if (point.lesson == verdict::Lesson::noise) return advice::Mark::noise;
  if (point.lesson == verdict::Lesson::machine_changed) return advice::Mark::machine_changed;
  if (point.is_confirmed) return advice::Mark::confirmed;
  return point.lesson == verdict::Lesson::expected ? advice::Mark::expected : advice::Mark::none;
}

Result<std::string> normalised(std::string_view repository) {
  return results::normalise_repository(repository);
}

advice::CostSeries series_of(results::AlertHistorySeries&& from) {
  advice::CostSeries series;
  series.fingerprint = std::move(from.fingerprint);
  series.name = std::move(from.name);
  series.less_is_better =
      !from.unit || results::direction_of(*from.unit) == verdict::Direction::less_is_better;
  for (results::VerdictPoint& point : from.points) {
    series.results.push_back({std::move(point.result_id), std::move(point.commit_sha),
                              point.commit_timestamp, point.result_timestamp, point.value,
                              point.environment, mark_of(point)});
  }
  for (results::SaidVerdict& said : from.said) {
    series.said.push_back({std::move(said.at_result_id), std::move(said.since_result_id),
                           said.is_worse, said.percent, said.confidence});
  }
  return series;
}

}  // namespace

void AlertCost::add_routes(net::Router& router) {
  advice::add_alert_cost_routes(router, {.facts = *this, .normalise_repository = normalised});
}

Result<advice::CostFacts> AlertCost::facts(const advice::CostQuestion& question) {
  advice::CostFacts facts;
  facts.repository = question.repository;
  facts.to = question.until.value_or(clock_.now());
  facts.from = facts.to - std::chrono::days(question.days);
  facts.distribution_commits = results::ancestry_commits(options_.commits);
  BL_TRY(results::AlertHistory history,
         results::alert_history(readers_, question.repository, facts.from, options_.mode));
  facts.verdicts_enabled = history.verdicts_enabled;
  facts.is_cut = history.is_cut;
  for (results::AlertHistorySeries& one : history.series)
    facts.series.push_back(series_of(std::move(one)));
  for (results::AlertHistoryCommit& one : history.commits)
    facts.commits.push_back({std::move(one.sha), std::move(one.message), one.timestamp});
  for (results::OpenedAlert& one : history.opened) {
    facts.rule_alerts.push_back({std::move(one.event_id), std::move(one.rule_id),
                                 std::move(one.rule_name), std::move(one.commit_sha), one.at});
  }
  BL_TRY(std::vector<results::ThresholdRule> rules, thresholds_.rules(question.repository));
  const auto used = results::ThresholdRules(std::move(rules)).of_project({}, {}).values;
  facts.thresholds = {.percent = used.percent, .z = used.z};
  return facts;
}

}  // namespace bl::app
