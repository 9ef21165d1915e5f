#include "results/alerts.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "results/alerts/messages.h"
#include "results/verdict_news.h"

namespace bl::results {
namespace {

using State = AlertState;
using Status = ReportStatus;

AlertVerdict verdict(Status status, bool has_improvements = false) {
  return {status, "because", has_improvements};
}

std::vector<std::string> names_of(const AlertStep& step) {
  std::vector<std::string> names;
  for (const AlertEventKind kind : step.events) names.emplace_back(name_of(kind));
  return names;
}

// [8.6], all states and statuses.
TEST(AlertStep, a_failure_opens_a_success_resolves_and_nothing_else_changes_anything) {
  struct Case {
    State before;
    Status status;
    State after;
    std::vector<std::string> events;
  };
  const std::vector<Case> cases = {
      {State::inactive, Status::failure, State::open, {"opened"}},
      {State::inactive, Status::success, State::inactive, {}},
      {State::inactive, Status::skipped, State::inactive, {}},
      {State::inactive, Status::action_required, State::inactive, {}},
      {State::open, Status::failure, State::open, {}},
      {State::open, Status::success, State::inactive, {"resolved"}},
      {State::open, Status::skipped, State::open, {}},
      {State::open, Status::action_required, State::open, {}},
  };
  for (const Case& one : cases) {
    for (const bool improved : {false, true}) {
      const AlertStep step = alert_step(one.before, verdict(one.status, improved), false);
      EXPECT_EQ(step.state, one.after) << name_of(one.before) << " " << name_of(one.status);
      EXPECT_EQ(names_of(step), one.events) << name_of(one.before) << " " << name_of(one.status);
    }
  }
}

TEST(AlertStep, tells_of_improvements_where_somebody_wants_to_hear_of_them) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(names_of(alert_step(State::inactive, verdict(Status::success, true), true)),
            Names{"improved"});
  EXPECT_EQ(names_of(alert_step(State::open, verdict(Status::success, true), true)),
            (Names{"resolved", "improved"}));
  EXPECT_EQ(names_of(alert_step(State::inactive, verdict(Status::success), true)), Names{});
  EXPECT_EQ(names_of(alert_step(State::inactive, verdict(Status::failure, true), true)),
            Names{"opened"});
}

CiReport report_of(const std::vector<std::pair<std::string, RowStatus>>& rows) {
  CiReport report;
  CiRun& run = report.runs.emplace_back();
  for (const auto& [name, status] : rows) {
    CiRow& row = run.rows.emplace_back();
    row.name = name;
    row.status = status;
    if (status == RowStatus::regressed) report.status = ReportStatus::failure;
    if (status == RowStatus::improved) ++report.summary.improvements;
  }
  return report;
}

TEST(AlertVerdict, regressions_of_muted_benchmarks_do_not_count) {
  const CiReport report = report_of({{"noisy", RowStatus::regressed}, {"sort", RowStatus::stable}});
  EXPECT_EQ(alert_verdict(report, {}).status, Status::failure);
  const std::vector<std::string> muted = {"noisy"};
  const AlertVerdict verdict = alert_verdict(report, muted);
  EXPECT_EQ(verdict.status, Status::success);
  EXPECT_EQ(verdict.reason, "only muted benchmarks regressed: noisy");
  const CiReport both =
      report_of({{"noisy", RowStatus::regressed}, {"sort", RowStatus::regressed}});
  EXPECT_EQ(alert_verdict(both, muted).status, Status::failure);
  CiReport broken = report_of({{"noisy", RowStatus::regressed}});
  broken.status = Status::action_required;
  EXPECT_EQ(alert_verdict(broken, muted).status, Status::action_required);
}

TEST(AlertRuleBody, has_defaults_and_a_normalised_repository) {
  const auto body = decode_alert_rule(R"({"name":"main","repository":"git@github.com:org/repo"})");
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->repository, "https://github.com/org/repo");
  EXPECT_EQ(body->baseline, BaselineChoice::fork_point);
  EXPECT_EQ(body->thresholds.percent, 5.0);
  EXPECT_EQ(body->thresholds.z, 5.0);
  EXPECT_FALSE(body->run_reason);
  EXPECT_TRUE(body->enabled);
  EXPECT_FALSE(body->notify_improvements);
  EXPECT_EQ(body->kind, AlertRuleKind::report);
  EXPECT_EQ(body->confidence, 0.85);
}

TEST(AlertRuleBody, of_kind_verdict_has_a_least_confidence) {
  const auto with = [](const std::string& members) {
    std::string text = R"({"name":"main","repository":"https://a/b",)";
    text += members;
    text += '}';
    return decode_alert_rule(text);
  };
  const auto body = with(R"("kind":"verdict","confidence":0.9)");
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->kind, AlertRuleKind::verdict);
  EXPECT_EQ(body->confidence, 0.9);
  EXPECT_TRUE(with(R"("kind":null,"confidence":null)").ok());
  for (const char* wrong : {R"("kind":"guess")", R"("kind":1)", R"("confidence":0.4)",
                            R"("confidence":1.5)", R"("confidence":"0.9")"}) {
    const auto refused = with(wrong);
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_EQ(refused.error().faults.size(), 1u) << wrong;
  }
}

TEST(AlertRuleBody, names_every_fault) {
  const auto body = decode_alert_rule(
      R"({"name":"a\r\nb","repository":"nowhere","baseline":"best","threshold":0,)"
      R"("threshold_z":"5","run_reason":7,"enabled":"yes","colour":1,"muted_until":"soon",)"
      R"("muted_benchmarks":["ok",1]})");
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, Code::invalid);
  std::vector<std::string> paths;
  for (const Fault& fault : body.error().faults) paths.push_back(fault.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"/name", "/repository", "/baseline", "/threshold",
                                             "/threshold_z", "/run_reason", "/enabled", "/colour",
                                             "/muted_until", "/muted_benchmarks/1"}));
  EXPECT_EQ(decode_alert_rule("[]").error().code, Code::invalid);
  EXPECT_EQ(decode_alert_rule("{").error().code, Code::malformed);
  EXPECT_EQ(decode_alert_rule("{}").error().faults.size(), 2u);
}

TEST(AlertRuleBody, has_named_limits) {
  AlertRuleLimits limits;
  limits.muted_benchmarks_max = 1;
  limits.name_bytes_max = 3;
  EXPECT_FALSE(decode_alert_rule(R"({"name":"four","repository":"https://a/b"})", limits).ok());
  EXPECT_FALSE(
      decode_alert_rule(R"({"name":"abc","repository":"https://a/b","muted_benchmarks":["a","b"]})",
                        limits)
          .ok());
  EXPECT_TRUE(decode_alert_rule(
                  R"({"name":"abc","repository":"https://a/b","muted_benchmarks":["a"]})", limits)
                  .ok());
}

TEST(VerdictFinding, says_which_series_since_which_commit) {
  AlertRule rule;
  rule.repository = "https://github.com/org/repo";
  VerdictNews news;
  EXPECT_EQ(finding_of(news, rule).verdict.status, Status::skipped);
  news.series = 40;
  EXPECT_EQ(finding_of(news, rule).verdict.status, Status::success);
  news.series_with_news = {{"sort", "1111111111aaaa", true, 12.34, 0.97},
                           {"scan", "2222222222bbbb", true, 30, 0.86},
                           {"join", "3333333333cccc", false, -20, 0.99}};
  const AlertFinding finding = finding_of(news, rule);
  EXPECT_EQ(finding.verdict.status, Status::failure);
  EXPECT_EQ(finding.verdict.reason,
            "2 of 40 series slower: scan by 30.0 % since commit 2222222222; 1 faster: join by 20.0 "
            "% since commit 3333333333");
  EXPECT_EQ(finding.commit_sha, "2222222222bbbb");
  EXPECT_EQ(finding.improvement, "3333333333cccc");
  EXPECT_EQ(finding.summary.regressions, 2);
  rule.confidence = 0.98;
  EXPECT_EQ(finding_of(news, rule).verdict.status, Status::success) << "not sure enough";
  EXPECT_TRUE(finding_of(news, rule).verdict.has_improvements);
}

AlertDelivery delivery() {
  AlertDelivery delivery;
  delivery.id = "d1";
  delivery.channel = "webhook";
  delivery.rule_name = "main\nBcc: <eve@example.com>";
  delivery.event = {.id = "e1",
                    .rule_id = "r1",
                    .kind = "opened",
                    .status = "failure",
                    .status_reason = "1 regression & <more>",
                    .repository = "https://github.com/org/repo",
                    .run_id = "run-1",
                    .commit_sha = std::nullopt,
                    .report_url = "/ci?run_ids=run-1",
                    .summary_json = R"({"contender_results":3,"regressions":1})",
                    .created_at = Timestamp{1'722'513'600'000'000}};
  return delivery;
}

// [8.6], to the byte.
TEST(AlertMessages, the_webhook_has_conbenchs_shape) {
  EXPECT_EQ(webhook_body(delivery(), "https://bench.example.com"),
            R"({"delivery_id":"d1","channel":"webhook","event":{"id":"e1","rule_id":"r1",)"
            R"("kind":"opened","status":"failure","status_reason":"1 regression & <more>",)"
            R"("run_id":"run-1","commit_sha":null,"repository":"https://github.com/org/repo",)"
            R"("report_url":"https://bench.example.com/ci?run_ids=run-1",)"
            R"("summary":{"contender_results":3,"regressions":1},)"
            R"("created_at":"2024-08-01T12:00:00Z"}})");
}

TEST(AlertMessages, names_are_neither_lines_nor_markup) {
  EXPECT_EQ(alert_title(delivery()),
            "[benchlake] regression: main Bcc: <eve@example.com> (https://github.com/org/repo)");
  const std::string slack = json::parse(slack_body(delivery(), ""))->find("text")->as_string();
  EXPECT_EQ(slack.find('<'), std::string::npos);
  EXPECT_NE(slack.find("1 regression &amp; &lt;more&gt;"), std::string::npos);
  const std::string markdown = markdown_text(delivery(), "https://bench.example.com");
  EXPECT_NE(markdown.find("\\<eve\\@"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("[the report](<https://bench.example.com/ci?run_ids=run-1>)"),
            std::string::npos);
  const std::string mail = mail_text(delivery(), "https://bench.example.com");
  EXPECT_NE(mail.find("\nrule:       main Bcc: <eve@example.com>\n"), std::string::npos);
  EXPECT_NE(mail.find("1 regression, 0 improvements among 3 results"), std::string::npos);
}

}  // namespace
}  // namespace bl::results
