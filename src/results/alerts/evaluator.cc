#include "results/alert_evaluator.h"

#include <fmt/format.h>

#include <tuple>

namespace bl::results {
namespace {

CiQuery query_of(const AlertRule& rule, const LatestRun& run) {
  CiQuery query;
  query.run_ids = {run.run_id};
  if (run.commit_sha) {  // others may have a run of that name
    query.repository = rule.repository;
    query.commit_sha = run.commit_sha;
  }
  query.baseline = rule.baseline;
  query.percent = rule.thresholds.percent;
  query.z = rule.thresholds.z;
  return query;
}

std::string sentence_of(const AlertEvaluation& outcome) {
  return fmt::format(
      "{} rules judged, {} events{}", outcome.evaluated, outcome.events.size(),
      outcome.failed_rules.empty()
          ? std::string()
          : fmt::format(", {} failed: {}", outcome.failed_rules.size(), outcome.error));
}

}  // namespace

AlertEvaluator::AlertEvaluator(StoreAlerts& alerts, CiReporter& reporter, store::Jobs& jobs,
                               std::vector<AlertTarget> targets, const Clock& clock, Log& log,
                               Metrics& metrics, AlertEvaluationLimits limits)
    : alerts_(alerts),
      reporter_(reporter),
      jobs_(jobs),
      targets_(std::move(targets)),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      limits_(limits),
      errors_(log, "alert_evaluation"),
      rules_(metrics.gauge("bl_alert_rules", "alert rules", {{"state", "all"}})),
      open_rules_(metrics.gauge("bl_alert_rules", "alert rules", {{"state", "open"}})) {
  for (const char* outcome : {"success", "failure", "skipped", "action_required", "error"}) {
    outcome_counter(outcome);  // there from the start, at zero
  }
}

Counter AlertEvaluator::outcome_counter(const char* outcome) {
  return metrics_.counter("bl_alert_evaluations_total",
                          "alert rules judged, by the status of their report",
                          {{"outcome", outcome}});
}

void AlertEvaluator::work() {
  const auto looked = look();
  if (looked.ok()) {
    errors_.passed();
  } else {
    errors_.failed(looked.error().message);
  }
}

Result<void> AlertEvaluator::look() {
  BL_TRY(const std::int64_t change, alerts_.newest_change());
  const auto now = clock_.steady_now();
  const bool is_time = !looked_at_ || now - *looked_at_ >= limits_.look_every;
  if (change == seen_change_ && waiting_.empty() && !is_time) return {};
  BL_TRY(auto watched, alerts_.watched());
  if (is_time) {
    BL_TRY(const AlertCounts counts, alerts_.counts());
    rules_.set(static_cast<double>(counts.rules));
    open_rules_.set(static_cast<double>(counts.open));
  }
  AlertEvaluation outcome;
  BL_TRY(const std::vector<Due> found, with_runs(std::move(watched), outcome));
  std::map<std::string, Waiting> waiting;
  std::vector<Due> due;
  for (const Due& one : found) {
    if (is_due(one, waiting)) due.push_back(one);
  }
  waiting_ = std::move(waiting);
  seen_change_ = change;
  looked_at_ = now;
  if (due.empty()) return {};
  BL_TRY(outcome, run(due, std::move(outcome)));
  for (const std::string& rule : outcome.failed_rules) {
    Waiting& one = waiting_.try_emplace(rule, Waiting{"", now, now, {}}).first->second;
    one.not_before = now + limits_.failure_pause;
  }
  if (!outcome.error.empty()) return Error{Code::internal, outcome.error};
  return {};
}

Result<std::vector<AlertEvaluator::Due>> AlertEvaluator::with_runs(std::vector<WatchedRule> watched,
                                                                   AlertEvaluation& outcome) {
  std::map<std::tuple<std::string, std::string, AlertRuleKind>, std::optional<LatestRun>> runs;
  std::vector<Due> found;
  outcome.rules = static_cast<std::int64_t>(watched.size());
  for (WatchedRule& one : watched) {
    std::tuple key{one.rule.repository, one.rule.run_reason.value_or(""), one.rule.kind};
    auto known = runs.find(key);
    if (known == runs.end()) {
      BL_TRY(auto run, alerts_.latest_run(one.rule));
      known = runs.emplace(std::move(key), std::move(run)).first;
    }
    if (known->second) {
      found.push_back({std::move(one), *known->second});
    } else {
      ++outcome.without_run;
    }
  }
  return found;
}

bool AlertEvaluator::is_due(const Due& due, std::map<std::string, Waiting>& waiting) const {
  const AlertRule& rule = due.watched.rule;
  const auto now = clock_.steady_now();
  const auto before = waiting_.find(rule.id);
  Waiting one = before == waiting_.end() ? Waiting{due.run.mark, now, now, {}} : before->second;
  if (one.mark != due.run.mark) {
    one.mark = due.run.mark;
    one.since = now;
  }
  if (one.not_before && now < *one.not_before) {
    waiting.emplace(rule.id, std::move(one));
    return false;
  }
  if (due.run.mark == due.watched.evaluated_mark) {
    return !rule.last_evaluated_at || clock_.now() - *rule.last_evaluated_at >= limits_.every;
  }
  const bool is_quiet = now - one.since >= limits_.quiet;
  const bool is_late = now - one.first_since >= limits_.quiet_max;
  // Still there while it is judged, for the case that this fails.
  waiting.emplace(rule.id, std::move(one));
  return is_quiet || is_late;
}

Result<AlertEvaluation> AlertEvaluator::evaluate_all() {
  AlertEvaluation outcome;
  BL_TRY(auto watched, alerts_.watched());
  BL_TRY(const std::vector<Due> found, with_runs(std::move(watched), outcome));
  return run(found, std::move(outcome));
}

Result<AlertEvaluation> AlertEvaluator::run(const std::vector<Due>& due, AlertEvaluation outcome) {
  for (const Due& one : due) {
    // Again for each: the lease is as long as one report may take, and more.
    BL_TRY(const bool mine, jobs_.claim(k_job, limits_.lease));
    if (!mine) {
      outcome.is_busy = true;
      return outcome;
    }
    const auto evaluated = evaluate(one, outcome);
    if (evaluated.ok()) continue;
    outcome.failed_rules.push_back(one.watched.rule.id);
    outcome.error = evaluated.error().message;
    outcome_counter("error").add();
    log_.warning("alert_rule_not_judged",
                 {{"rule", one.watched.rule.id}, {"error", outcome.error}});
  }
  if (due.empty()) return outcome;
  BL_RETURN_IF_ERROR(jobs_.finish(
      k_job, outcome.failed_rules.empty() ? store::Jobs::Outcome::ok : store::Jobs::Outcome::failed,
      sentence_of(outcome)));
  return outcome;
}

Result<AlertFinding> AlertEvaluator::look_at(const AlertRule& rule, const LatestRun& run) {
  if (rule.kind == AlertRuleKind::verdict) return alerts_.verdict_finding(rule);
  BL_TRY(const CiReport report, reporter_.report(query_of(rule, run)));
  return finding_of(report, rule);
}

Result<void> AlertEvaluator::evaluate(const Due& due, AlertEvaluation& outcome) {
  const AlertRule& rule = due.watched.rule;
  BL_TRY(const AlertFinding finding, look_at(rule, due.run));
  BL_TRY(auto events, alerts_.conclude(rule, due.run, finding, targets_));
  ++outcome.evaluated;
  outcome_counter(name_of(finding.verdict.status)).add();
  for (AlertEvent& event : events) {
    note(event);
    outcome.events.push_back(std::move(event));
  }
  return {};
}

void AlertEvaluator::note(const AlertEvent& event) {
  metrics_.counter("bl_alert_events_total", "events of alert rules", {{"kind", event.kind}}).add();
  log_.info("alert_event", {{"kind", event.kind},
                            {"rule", event.rule_id},
                            {"repository", event.repository},
                            {"run_id", event.run_id.value_or("")}});
}

}  // namespace bl::results
