#include "advice/alert_cost.h"
#include "base/json.h"

namespace bl::advice {
namespace {

void write_share(json::Writer& out, const char* key, const Share& share) {
  out.key(key)
      .begin_object()
      .member("count", share.count)
      .member("of", share.of)
      .member("share", share.value)
      .member("low", share.low)
      .member("high", share.high)
      .end_object();
}

void member_if(json::Writer& out, const char* key, const std::string& text) {
  if (text.empty()) {
    out.key(key).null();
  } else {
    out.member(key, text);
  }
}

void write_evidence(json::Writer& out, const std::vector<Evidence>& evidence) {
  out.key("evidence").begin_array();
  for (const Evidence& one : evidence) {
    out.begin_object()
        .member("kind", name_of(one.kind))
        .member("says", name_of(answer_of(one.kind)));
    member_if(out, "commit_sha", one.commit_sha);
    member_if(out, "result_id", one.result_id);
    member_if(out, "history_fingerprint", one.fingerprint);
    out.end_object();
  }
  out.end_array();
}

void write_series(json::Writer& out, const std::vector<AlertedSeries>& series, std::int64_t count) {
  out.member("series_count", count).key("series").begin_array();
  for (const AlertedSeries& one : series) {
    out.begin_object()
        .member("history_fingerprint", one.fingerprint)
        .member("name", one.name)
        .member("result_id", one.since_result_id);
    if (one.confidence > 0) {
      out.member("percent", one.percent).member("confidence", one.confidence);
    } else {
      out.key("percent").null().key("confidence").null();
    }
    out.end_object();
  }
  out.end_array();
}

void write_alert(json::Writer& out, const CostAlert& alert) {
  out.begin_object()
      .member("commit_sha", alert.commit_sha)
      .member("subject", alert.subject)
      .member("at", to_rfc3339(alert.at))
      .member("answer", name_of(alert.answer));
  write_series(out, alert.series, alert.series_count);
  out.key("rules").begin_array();
  for (const CostRuleAlert& rule : alert.rules) {
    out.begin_object()
        .member("event_id", rule.event_id)
        .member("rule_id", rule.rule_id)
        .member("rule_name", rule.rule_name)
        .member("at", to_rfc3339(rule.at))
        .end_object();
  }
  out.end_array();
  write_evidence(out, alert.evidence);
  out.end_object();
}

void write_miss(json::Writer& out, const CostMiss& miss) {
  out.begin_object()
      .member("commit_sha", miss.commit_sha)
      .member("subject", miss.subject)
      .member("at", to_rfc3339(miss.at));
  write_series(out, miss.series, miss.series_count);
  write_evidence(out, miss.evidence);
  out.end_object();
}

void write_replay(json::Writer& out, const Replay& replay) {
  out.begin_object()
      .member("threshold", replay.threshold_name)
      .member("current", replay.current)
      .member("proposed", replay.proposed);
  if (replay.refusal == Refusal::none) {
    out.key("refusal").null();
  } else {
    out.member("refusal", name_of(replay.refusal));
  }
  out.member("reason", replay.reason)
      .member("judged", replay.judged)
      .member("slowdowns", replay.slowdowns)
      .member("known_false", replay.known_false)
      .key("points")
      .begin_array();
  for (const ReplayPoint& point : replay.points) {
    out.begin_object()
        .member("value", point.threshold)
        .member("alarms", point.alarms)
        .member("confirmed", point.confirmed)
        .member("false_alarms", point.false_alarms)
        .member("unknown", point.unknown)
        .member("misses", point.misses)
        .member("false_per_week", point.false_per_week)
        .member("unknown_per_week", point.unknown_per_week)
        .member("cost", point.cost)
        .member("is_front", point.is_front)
        .member("is_current", point.is_current);
    write_share(out, "missed", point.missed);
    write_share(out, "false_share", point.false_share);
    out.end_object();
  }
  out.end_array().end_object();
}

}  // namespace

std::string encode_alert_cost(const AlertCost& cost) {
  std::string text;
  json::Writer out(text);
  out.begin_object()
      .member("repository", cost.repository)
      .member("from", to_rfc3339(cost.from))
      .member("to", to_rfc3339(cost.to))
      .member("weeks", cost.weeks)
      .member("miss_cost", cost.miss_cost)
      .member("verdicts_enabled", cost.verdicts_enabled)
      .member("is_cut", cost.is_cut)
      .member("alerts_told", cost.alerts_told)
      .member("confirmed", cost.confirmed)
      .member("false_alarms", cost.false_alarms)
      .member("unknown", cost.unknown)
      .member("missed", cost.missed)
      .member("gone", cost.gone);
  write_share(out, "false_share", cost.false_share);
  write_share(out, "false_share_at_most", cost.false_share_at_most);
  write_share(out, "missed_share", cost.missed_share);
  out.member("false_per_week", cost.false_per_week)
      .member("false_per_week_at_most", cost.false_per_week_at_most)
      .key("alerts")
      .begin_array();
  for (const CostAlert& alert : cost.alerts) write_alert(out, alert);
  out.end_array().key("misses").begin_array();
  for (const CostMiss& miss : cost.misses) write_miss(out, miss);
  out.end_array().key("thresholds").begin_array();
  write_replay(out, cost.z);
  write_replay(out, cost.percent);
  out.end_array().end_object();
  return text;
}

}  // namespace bl::advice
