#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "results/ci_report.h"

/// Alert rules and what a CI report makes of them (spec/results-conbench.md 8.6): values and rules,
/// no I/O. A rule watches the newest run of a repository; a report that fails opens it, one that
/// succeeds resolves it, any other leaves it as it is.
namespace bl::results {

enum class AlertState : unsigned char { inactive, open };
const char* name_of(AlertState state);
/// What another program wrote and we do not know is inactive.
AlertState alert_state_of(std::string_view name);

/// `opened`, `resolved`, and ours: `improved`.
enum class AlertEventKind : unsigned char { opened, resolved, improved };
const char* name_of(AlertEventKind kind);

/// What a rule looks at.
enum class AlertRuleKind : unsigned char {
  report,   ///< the CI report of the newest run
  verdict,  ///< the verdicts of the series that lately had results (docs/verdict.md)
};
/// `report`, `verdict`.
const char* name_of(AlertRuleKind kind);
/// nullopt for a name that no kind has.
std::optional<AlertRuleKind> alert_rule_kind_of(std::string_view name);

/// nullopt for a name that no baseline has.
std::optional<BaselineChoice> baseline_choice_of(std::string_view name);

constexpr double k_alert_confidence = 0.85;

struct AlertRuleLimits {
  std::size_t name_bytes_max = 200;
  std::size_t repository_bytes_max = 300;
  std::size_t run_reason_bytes_max = 500;
  std::size_t muted_benchmarks_max = 100;
  std::size_t benchmark_bytes_max = 500;
  std::int64_t rules_per_user_max = 200;
};

/// What its owner says of a rule.
struct AlertRuleBody {
  std::string name;
  std::string repository;  ///< normalised
  BaselineChoice baseline = BaselineChoice::fork_point;
  Thresholds thresholds;
  std::optional<std::string> run_reason;  ///< only runs with this reason
  bool enabled = true;
  // Ours; Conbench's rules have no such fields.
  AlertRuleKind kind = AlertRuleKind::report;
  double confidence = k_alert_confidence;  ///< of kind verdict: a change less probable is not news
  bool notify_improvements = false;
  std::optional<Timestamp> muted_until;       ///< until then events are kept and nobody is told
  std::vector<std::string> muted_benchmarks;  ///< names whose regressions do not count
};

struct AlertRule : AlertRuleBody {
  std::string id, user_id;
  AlertState state = AlertState::inactive;
  Timestamp created_at;
  Timestamp updated_at;  ///< by its owner; evaluations do not touch it
  std::optional<Timestamp> last_evaluated_at;
};

/// Reads the body of a POST or PUT; absent fields have their defaults. Errors: malformed, invalid
/// with every fault.
Result<AlertRuleBody> decode_alert_rule(std::string_view body, const AlertRuleLimits& limits = {});
/// AlertRuleView [3.5], and our fields.
std::string encode_alert_rule(const AlertRule& rule);

struct AlertEvent {
  std::string id, rule_id, kind, status, status_reason, repository;
  std::optional<std::string> run_id, commit_sha;
  std::string report_url;
  std::string summary_json;  ///< CIReport's summary
  Timestamp created_at;
};
/// AlertEventView [3.5].
std::string encode_alert_event(const AlertEvent& event);

/// A report as a rule sees it: regressions of muted benchmarks do not count.
struct AlertVerdict {
  ReportStatus status = ReportStatus::skipped;
  std::string reason;
  bool has_improvements = false;
};
AlertVerdict alert_verdict(const CiReport& report, std::span<const std::string> muted_benchmarks);

/// What is made of a rule: its verdict, and what an event tells beside it.
struct AlertFinding {
  AlertVerdict verdict;
  bool wants_improvements = false;
  CiSummary summary;
  std::string report_url;
  std::string improvement;                ///< told of once: a run, or the commit of a change
  std::optional<std::string> commit_sha;  ///< absent: that of the newest run
};
AlertFinding finding_of(const CiReport& report, const AlertRule& rule);

/// What becomes of a rule.
struct AlertStep {
  AlertState state = AlertState::inactive;
  std::vector<AlertEventKind> events;
};
/// failure opens, success resolves, skipped and action_required change nothing [8.6]. Improvements
/// are told of a success only, where somebody wants to hear of them.
AlertStep alert_step(AlertState state, const AlertVerdict& verdict, bool notify_improvements);

}  // namespace bl::results
