#include "results/alerts.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/json.h"

namespace bl::results {
namespace {

constexpr std::size_t k_named_benchmarks_max = 5;

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(' ') == std::string_view::npos;
}

/// Reads the members of a body; every fault is named by its path.
class RuleReader {
 public:
  RuleReader(const AlertRuleLimits& limits, json::Faults& faults)
      : limits_(limits), faults_(faults) {}

  void read(const std::string& key, const json::Value& value) {
    path_ = json::pointer_append("", key);
    if (key == "name") {
      if (auto text = one_line(value, limits_.name_bytes_max)) body.name = std::move(*text);
    } else if (key == "repository") {
      repository(value);
    } else if (key == "baseline") {
      baseline(value);
    } else if (key == "threshold") {
      threshold(value, body.thresholds.percent);
    } else if (key == "threshold_z") {
      threshold(value, body.thresholds.z);
    } else if (key == "run_reason") {
      if (!value.is_null()) body.run_reason = one_line(value, limits_.run_reason_bytes_max);
    } else if (key == "enabled") {
      flag(value, body.enabled);
    } else if (key == "kind") {
      kind(value);
    } else if (key == "confidence") {
      confidence(value);
    } else if (key == "notify_improvements") {
      flag(value, body.notify_improvements);
    } else if (key == "muted_until") {
      instant(value);
    } else if (key == "muted_benchmarks") {
      benchmarks(value);
    } else if (key != "$schema") {
      faults_.add(path_, "unknown field", &value);
    }
  }

  AlertRuleBody body;

 private:
  std::optional<std::string> one_line(const json::Value& value, std::size_t bytes_max) {
    if (!value.is_string()) {
      faults_.add(path_, "must be a string", &value);
      return std::nullopt;
    }
    const std::string& text = value.as_string();
    if (is_blank(text) || text.size() > bytes_max || has_control(text)) {
      faults_.add(path_, "must be one line of 1 to " + std::to_string(bytes_max) + " bytes",
                  &value);
      return std::nullopt;
    }
    return text;
  }
  void repository(const json::Value& value) {
    const auto text = one_line(value, limits_.repository_bytes_max);
    if (!text) return;
    auto normalised = normalise_repository(*text);
    if (!normalised.ok()) {
      faults_.add(path_, "must be the URL of a repository, https://...", &value);
      return;
    }
    body.repository = std::move(*normalised);
  }
  void baseline(const json::Value& value) {
    if (value.is_null()) return;
    const auto kind = value.is_string() ? baseline_choice_of(value.as_string()) : std::nullopt;
    if (kind) {
      body.baseline = *kind;
    } else {
      faults_.add(path_, "must be fork_point, parent, latest_default or auto", &value);
    }
  }
  void kind(const json::Value& value) {
    if (value.is_null()) return;
    const auto kind = value.is_string() ? alert_rule_kind_of(value.as_string()) : std::nullopt;
    if (kind) {
      body.kind = *kind;
    } else {
      faults_.add(path_, "must be report or verdict", &value);
    }
  }
  void confidence(const json::Value& value) {
    if (value.is_null()) return;
    const double given = value.is_number() ? value.as_double() : -1;
    if (given >= 0.5 && given <= 1) {
      body.confidence = given;
    } else {
      faults_.add(path_, "must be a probability from 0.5 to 1", &value);
    }
  }
  void threshold(const json::Value& value, double& threshold) {
    if (value.is_null()) return;
    if (value.is_number() && std::isfinite(value.as_double()) && value.as_double() > 0) {
      threshold = value.as_double();
    } else {
      faults_.add(path_, "must be a number greater than 0", &value);
    }
  }
  void flag(const json::Value& value, bool& flag) {
    if (value.is_null()) return;
    if (value.is_bool()) {
      flag = value.as_bool();
    } else {
      faults_.add(path_, "must be true or false", &value);
    }
  }
  void instant(const json::Value& value) {
    if (value.is_null()) return;
    auto time = value.is_string() ? parse_rfc3339(value.as_string())
                                  : Result<Timestamp>(Error{Code::invalid, "no text"});
    if (time.ok()) {
      body.muted_until = *time;
    } else {
      faults_.add(path_, "must be an instant of RFC 3339", &value);
    }
  }
  void benchmarks(const json::Value& value) {
    if (value.is_null()) return;
    if (!value.is_array() || value.items().size() > limits_.muted_benchmarks_max) {
      faults_.add(
          path_,
          "must be an array of at most " + std::to_string(limits_.muted_benchmarks_max) + " names",
          &value);
      return;
    }
    const std::string array = path_;
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      path_ = json::pointer_append(array, i);
      auto name = one_line(value.items()[i], limits_.benchmark_bytes_max);
      if (name) body.muted_benchmarks.push_back(std::move(*name));
    }
  }

  const AlertRuleLimits& limits_;
  json::Faults& faults_;
  std::string path_;
};

std::string listed(const std::set<std::string_view>& names) {
  std::string text;
  std::size_t count = 0;
  for (const std::string_view name : names) {
    if (count == k_named_benchmarks_max) return text.append(", ...");
    text.append(count++ == 0 ? "" : ", ").append(name);
  }
  return text;
}

}  // namespace

const char* name_of(AlertState state) {
  return state == AlertState::open ? "open" : "inactive";
}

AlertState alert_state_of(std::string_view name) {
  return name == "open" ? AlertState::open : AlertState::inactive;
}

const char* name_of(AlertEventKind kind) {
  switch (kind) {
    case AlertEventKind::opened:
      return "opened";
    case AlertEventKind::resolved:
      return "resolved";
    case AlertEventKind::improved:
      return "improved";
  }
  return "?";
}

const char* name_of(AlertRuleKind kind) {
  return kind == AlertRuleKind::verdict ? "verdict" : "report";
}

std::optional<AlertRuleKind> alert_rule_kind_of(std::string_view name) {
  for (const AlertRuleKind kind : {AlertRuleKind::report, AlertRuleKind::verdict}) {
    if (name == name_of(kind)) return kind;
  }
  return std::nullopt;
}

std::optional<BaselineChoice> baseline_choice_of(std::string_view name) {
  for (const BaselineChoice kind : {BaselineChoice::fork_point, BaselineChoice::parent,
                                    BaselineChoice::latest_default, BaselineChoice::automatic}) {
    if (name == name_of(kind)) return kind;
  }
  return std::nullopt;
}

Result<AlertRuleBody> decode_alert_rule(std::string_view body, const AlertRuleLimits& limits) {
  BL_TRY(const json::Value document, json::parse(body));
  json::Faults faults;
  if (!document.is_object()) {
    faults.add("", "must be an object", &document);
    return faults.to_error("the alert rule");
  }
  RuleReader reader(limits, faults);
  for (const char* required : {"name", "repository"}) {
    if (document.find(required) == nullptr) {
      faults.add(json::pointer_append("", required), "is required");
    }
  }
  for (const auto& [key, value] : document.members()) reader.read(key, value);
  if (!faults.ok()) return faults.to_error("the alert rule");
  return std::move(reader.body);
}

std::string encode_alert_rule(const AlertRule& rule) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("id", rule.id)
      .member("user_id", rule.user_id)
      .member("name", rule.name)
      .member("repository", rule.repository)
      .member("baseline", name_of(rule.baseline))
      .member("threshold", rule.thresholds.percent)
      .member("threshold_z", rule.thresholds.z);
  if (rule.run_reason) writer.member("run_reason", *rule.run_reason);
  writer.member("enabled", rule.enabled)
      .member("state", name_of(rule.state))
      .member("created_at", to_rfc3339(rule.created_at))
      .member("updated_at", to_rfc3339(rule.updated_at));
  if (rule.last_evaluated_at) {
    writer.member("last_evaluated_at", to_rfc3339(*rule.last_evaluated_at));
  }
  writer.member("kind", name_of(rule.kind))
      .member("confidence", rule.confidence)
      .member("notify_improvements", rule.notify_improvements);
  if (rule.muted_until) writer.member("muted_until", to_rfc3339(*rule.muted_until));
  writer.key("muted_benchmarks").begin_array();
  for (const std::string& name : rule.muted_benchmarks) writer.value(name);
  writer.end_array().end_object();
  return text;
}

std::string encode_alert_event(const AlertEvent& event) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("id", event.id)
      .member("rule_id", event.rule_id)
      .member("kind", event.kind)
      .member("status", event.status)
      .member("status_reason", event.status_reason)
      .member("repository", event.repository);
  if (event.run_id) writer.member("run_id", *event.run_id);
  if (event.commit_sha) writer.member("commit_sha", *event.commit_sha);
  writer.member("report_url", event.report_url);
  writer.key("summary").raw(event.summary_json);
  writer.member("created_at", to_rfc3339(event.created_at)).end_object();
  return text;
}

AlertVerdict alert_verdict(const CiReport& report, std::span<const std::string> muted_benchmarks) {
  AlertVerdict verdict{report.status, report.status_reason, report.summary.improvements > 0};
  if (report.status != ReportStatus::failure || muted_benchmarks.empty()) return verdict;
  std::set<std::string_view> regressed, muted;
  for (const CiRun& run : report.runs) {
    for (const CiRow& row : run.rows) {
      if (row.status != RowStatus::regressed) continue;
      const bool is_muted = std::ranges::find(muted_benchmarks, row.name) != muted_benchmarks.end();
      (is_muted ? muted : regressed).insert(row.name);
    }
  }
  if (regressed.empty() && !muted.empty()) {
    verdict.status = ReportStatus::success;
    verdict.reason = "only muted benchmarks regressed: " + listed(muted);
  }
  return verdict;
}

AlertFinding finding_of(const CiReport& report, const AlertRule& rule) {
  AlertFinding finding;
  finding.verdict = alert_verdict(report, rule.muted_benchmarks);
  finding.wants_improvements = rule.notify_improvements || report.notify_improvements;
  finding.summary = report.summary;
  finding.report_url = report.report_url;
  return finding;
}

AlertStep alert_step(AlertState state, const AlertVerdict& verdict, bool notify_improvements) {
  AlertStep step{.state = state, .events = {}};
  if (verdict.status == ReportStatus::failure && state == AlertState::inactive) {
    step.state = AlertState::open;
    step.events.push_back(AlertEventKind::opened);
  }
  if (verdict.status == ReportStatus::success && state == AlertState::open) {
    step.state = AlertState::inactive;
    step.events.push_back(AlertEventKind::resolved);
  }
  if (verdict.status == ReportStatus::success && verdict.has_improvements && notify_improvements) {
    step.events.push_back(AlertEventKind::improved);
  }
  return step;
}

}  // namespace bl::results
