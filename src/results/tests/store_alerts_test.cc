#include <thread>

#include "results/tests/alert_fixture.h"
#include "store/testing/postgres_server.h"

// Alert rules over a real store: evaluated when runs are quiet.

namespace bl::results {
namespace {

using namespace std::chrono_literals;
using testing::Alerts;
using testing::k_ada;
using testing::k_bob;
using testing::k_repository;
using testing::KeptChannel;

// Rules --------------------------------------------------------------------------------------

TEST_F(Alerts, a_rule_is_kept_as_its_owner_said_it) {
  AlertRuleBody said = body("größer");
  said.baseline = BaselineChoice::latest_default;
  said.thresholds = {7.5, 10};
  said.run_reason = "nightly";
  said.enabled = false;
  said.notify_improvements = true;
  said.muted_until = Timestamp{testing::k_start.micros + 7};
  said.muted_benchmarks = {"noisy", "very \"noisy\""};
  const AlertRule made = create(said);
  const AlertRule kept = rule(made);
  EXPECT_EQ(encode_alert_rule(kept), encode_alert_rule(made));
  EXPECT_EQ(kept.state, AlertState::inactive);
  EXPECT_EQ(kept.created_at, fixture.clock.now());
  fixture.clock.advance(1h);
  said.name = "other";
  said.run_reason.reset();
  said.muted_until.reset();
  const AlertRule changed = alerts.update(made.id, said, {"ada", "Ada"}).value();
  EXPECT_EQ(encode_alert_rule(rule(made)), encode_alert_rule(changed));
  EXPECT_EQ(changed.updated_at, fixture.clock.now());
  EXPECT_EQ(fixture.value("select count(*) from @audit where action like 'alert_rule.%'"), "2");
}

TEST_F(Alerts, rules_are_listed_newest_first_by_owner_and_in_pages) {
  for (int i = 0; i < 5; ++i) create(body(std::to_string(i)), i % 2 == 0 ? k_ada : k_bob);
  const auto names = [&](StoreAlerts::Filter filter) {
    std::string text;
    const auto found = alerts.rules(filter).value();
    for (const AlertRule& rule : found) text += rule.name;
    return text;
  };
  EXPECT_EQ(names({}), "43210");
  EXPECT_EQ(names({.user_id = k_ada}), "420");
  EXPECT_EQ(names({.user_id = "nobody"}), "");
  const auto first = alerts.rules({.count_max = 2}).value();
  EXPECT_EQ(names({.before_id = first.back().id}), "210");
}

TEST_F(Alerts, a_user_has_a_limited_number_of_rules) {
  AlertRuleLimits limits{.rules_per_user_max = 2};
  EXPECT_TRUE(alerts.create(body(), k_ada, {}, limits).ok());
  EXPECT_TRUE(alerts.create(body(), k_ada, {}, limits).ok());
  EXPECT_EQ(alerts.create(body(), k_ada, {}, limits).error().code, Code::too_many);
  EXPECT_TRUE(alerts.create(body(), k_bob, {}, limits).ok());
  EXPECT_EQ(alerts.create(body(), "nobody", {}, limits).error().code, Code::conflict);
}

TEST_F(Alerts, a_removed_rule_takes_its_events_and_messages_along) {
  const AlertRule made = open_one();
  EXPECT_EQ(statuses(), "pending ");
  ASSERT_TRUE(alerts.remove(made.id, {"ada", "Ada"}).ok());
  EXPECT_EQ(alerts.rule(made.id).error().code, Code::not_found);
  EXPECT_EQ(alerts.remove(made.id, {}).error().code, Code::not_found);
  EXPECT_EQ(alerts.update(made.id, body(), {}).error().code, Code::not_found);
  EXPECT_EQ(statuses(), "");
  EXPECT_EQ(fixture.value("select count(*) from @alert_event"), "0");
  EXPECT_EQ(fixture.value("select count(*) from @alert_rule_setting"), "0");
  EXPECT_EQ(fixture.value("select count(*) from @audit where action = 'alert_rule.delete'"), "1");
}

// Evaluation ---------------------------------------------------------------------------------

TEST_F(Alerts, a_run_is_judged_when_it_is_quiet) {
  const AlertRule made = create(body());
  evaluator.work();
  EXPECT_TRUE(reporter.queries.empty()) << "there is no run";
  submit("run-1");
  evaluator.work();
  fixture.clock.advance(20s);
  submit("run-1");
  evaluator.work();
  fixture.clock.advance(20s);
  evaluator.work();
  EXPECT_TRUE(reporter.queries.empty()) << "20 s after the last result";
  fixture.clock.advance(10s);
  evaluator.work();
  ASSERT_EQ(reporter.queries.size(), 1u);
  EXPECT_EQ(reporter.queries[0].run_ids, Names{"run-1"});
  EXPECT_EQ(reporter.queries[0].commit_sha, testing::sha_of(1));
  EXPECT_EQ(rule(made).state, AlertState::open);
  EXPECT_EQ(rule(made).last_evaluated_at, fixture.clock.now());
  evaluator.work();
  fixture.clock.advance(31s);
  evaluator.work();
  EXPECT_EQ(reporter.queries.size(), 1u) << "nothing is new";
}

TEST_F(Alerts, a_run_that_is_never_quiet_is_judged_after_some_time) {
  create(body());
  for (int i = 0; i < 62; ++i) {
    submit("run-1");
    evaluator.work();
    fixture.clock.advance(10s);
  }
  EXPECT_GE(reporter.queries.size(), 1u);
}

TEST_F(Alerts, rules_are_judged_again_now_and_then) {
  create(body());
  submit("run-1");
  ASSERT_TRUE(evaluator.evaluate_all().ok());
  for (int i = 0; i < 12; ++i) {
    fixture.clock.advance(1min);
    evaluator.work();
  }
  EXPECT_EQ(reporter.queries.size(), 2u);
}

TEST_F(Alerts, a_rule_watches_the_newest_run_with_its_reason) {
  AlertRuleBody nightly = body();
  nightly.run_reason = "nightly";
  create(nightly);
  submit("run-1", "nightly");
  submit("run-2", "pull request");
  ASSERT_TRUE(evaluator.evaluate_all().ok());
  ASSERT_EQ(reporter.queries.size(), 1u);
  EXPECT_EQ(reporter.queries[0].run_ids, Names{"run-1"});
  submit("run-3", "nightly");
  ASSERT_TRUE(evaluator.evaluate_all().ok());
  EXPECT_EQ(reporter.queries[1].run_ids, Names{"run-3"});
}

TEST_F(Alerts, opening_and_resolving_are_events_that_happen_once) {
  const AlertRule made = create(body());
  submit("run-1");
  for (const auto status : {ReportStatus::skipped, ReportStatus::failure, ReportStatus::failure,
                            ReportStatus::action_required, ReportStatus::success,
                            ReportStatus::success, ReportStatus::failure}) {
    reporter.status = status;
    fixture.clock.advance(1s);
    ASSERT_TRUE(evaluator.evaluate_all().ok());
  }
  EXPECT_EQ(kinds(made), (Names{"opened", "resolved", "opened"}));
  const AlertEvent event = alerts.events(made.id, 1)->front();
  EXPECT_EQ(event.status, "failure");
  EXPECT_EQ(event.status_reason, "it is failure");
  EXPECT_EQ(event.run_id, "run-1");
  EXPECT_EQ(event.report_url, "/ci?run_ids=run-1");
  EXPECT_EQ(json::parse(event.summary_json)->find("regressions")->as_int64(), 0);
  EXPECT_EQ(statuses(), "pending pending pending ");
}

TEST_F(Alerts, improvements_are_told_once_for_a_run) {
  AlertRuleBody wants = body();
  wants.notify_improvements = true;
  const AlertRule made = create(wants);
  reporter.status = ReportStatus::success;
  reporter.improvements = 2;
  submit("run-1");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(evaluator.evaluate_all().ok());
  EXPECT_EQ(kinds(made), Names{"improved"});
  submit("run-2");
  ASSERT_TRUE(evaluator.evaluate_all().ok());
  EXPECT_EQ(kinds(made), (Names{"improved", "improved"}));
}

TEST_F(Alerts, a_muted_rule_keeps_events_and_tells_nobody) {
  AlertRuleBody muted = body();
  muted.muted_until = fixture.clock.now() + 1h;
  const AlertRule made = create(muted);
  submit("run-1");
  ASSERT_TRUE(evaluator.evaluate_all().ok());
  EXPECT_EQ(kinds(made), Names{"opened"});
  EXPECT_EQ(statuses(), "");
  fixture.clock.advance(1h);
  reporter.status = ReportStatus::success;
  ASSERT_TRUE(evaluator.evaluate_all().ok());
  EXPECT_EQ(statuses(), "pending ");
}

TEST_F(Alerts, what_was_changed_while_it_was_judged_stays_as_it_is) {
  const AlertRule made = create(body());
  submit("run-1");
  reporter.before_answer = [&] {
    AlertRuleBody other = body("other");
    other.thresholds.z = 50;
    ASSERT_TRUE(alerts.update(made.id, other, {}).ok());
  };
  ASSERT_TRUE(evaluator.evaluate_all().ok());
  EXPECT_EQ(rule(made).state, AlertState::inactive);
  EXPECT_TRUE(kinds(made).empty());
  reporter.before_answer = [&] { ASSERT_TRUE(alerts.remove(made.id, {}).ok()); };
  ASSERT_TRUE(evaluator.evaluate_all().ok());
  EXPECT_EQ(fixture.value("select count(*) from @alert_event"), "0");
}

TEST_F(Alerts, a_rule_that_watches_something_else_begins_anew) {
  const AlertRule made = open_one();
  EXPECT_EQ(rule(made).state, AlertState::open);
  AlertRuleBody stricter = body();
  stricter.thresholds.z = 3;
  EXPECT_EQ(alerts.update(made.id, stricter, {})->state, AlertState::open);
  AlertRuleBody elsewhere = body();
  elsewhere.repository = "https://github.com/org/other";
  EXPECT_EQ(alerts.update(made.id, elsewhere, {})->state, AlertState::inactive);
}

TEST_F(Alerts, a_disabled_rule_is_not_judged) {
  AlertRuleBody off = body();
  off.enabled = false;
  create(off);
  submit("run-1");
  const auto outcome = evaluator.evaluate_all().value();
  EXPECT_EQ(outcome.rules, 0);
  EXPECT_TRUE(reporter.queries.empty());
}

TEST_F(Alerts, a_report_that_fails_is_asked_for_again_later) {
  const AlertRule made = create(body());
  submit("run-1");
  reporter.fails_with = Error{Code::timeout, "too slow"};
  for (int i = 0; i < 40; ++i) {
    evaluator.work();
    fixture.clock.advance(1s);
  }
  EXPECT_EQ(reporter.queries.size(), 1u) << "after 30 s, and then not for a minute";
  EXPECT_EQ(jobs.list()->front().outcome, "failed");
  EXPECT_EQ(jobs.list()->front().detail, "0 rules judged, 0 events, 1 failed: too slow");
  reporter.fails_with.reset();
  for (int i = 0; i < 60; ++i) {
    evaluator.work();
    fixture.clock.advance(1s);
  }
  EXPECT_EQ(rule(made).state, AlertState::open);
  EXPECT_EQ(jobs.list()->front().outcome, "ok");
}

TEST_F(Alerts, of_several_servers_one_evaluates) {
  create(body());
  submit("run-1");
  store::Jobs others(*fixture.database, fixture.clock, "other");
  ASSERT_TRUE(others.claim(AlertEvaluator::k_job, 60s).value());
  EXPECT_TRUE(evaluator.evaluate_all()->is_busy);
  EXPECT_TRUE(reporter.queries.empty());
  fixture.clock.advance(61s);  // it died
  EXPECT_FALSE(evaluator.evaluate_all()->is_busy);
  EXPECT_EQ(reporter.queries.size(), 1u);
}

TEST_F(Alerts, two_servers_that_evaluate_at_once_make_one_event) {
  const AlertRule made = create(body());
  submit("run-1");
  const LatestRun run = alerts.latest_run(made)->value();
  CiReport report;
  report.status = ReportStatus::failure;
  std::vector<std::thread> servers;
  std::atomic<int> events = 0;
  for (int i = 0; i < 4; ++i) {
    servers.emplace_back([&] {
      const auto made_events =
          alerts.conclude(made, run, finding_of(report, made), std::vector{hook});
      if (made_events.ok()) events += static_cast<int>(made_events->size());
    });
  }
  for (std::thread& server : servers) server.join();
  EXPECT_EQ(events, 1);
  EXPECT_EQ(kinds(made), Names{"opened"});
  EXPECT_EQ(statuses(), "pending ");
}

TEST_F(Alerts, a_channel_of_one_repository_gets_no_events_of_others) {
  const AlertRule made = create(body());
  submit("run-1");
  const LatestRun run = alerts.latest_run(made)->value();
  CiReport report;
  report.status = ReportStatus::failure;
  const std::vector<AlertTarget> targets = {
      hook, {"github-check", "org/repo", k_repository}, {"github-check", "org/x", "https://x/x"}};
  ASSERT_TRUE(alerts.conclude(made, run, finding_of(report, made), targets).ok());
  EXPECT_EQ(statuses(), "pending pending ");
}

// Jobs ---------------------------------------------------------------------------------------

TEST_F(Alerts, a_job_has_one_owner_until_its_lease_ends) {
  store::Jobs other(*fixture.database, fixture.clock, "other");
  EXPECT_TRUE(jobs.claim("sweep", 10s).value());
  EXPECT_FALSE(other.claim("sweep", 10s).value());
  fixture.clock.advance(5s);
  EXPECT_TRUE(jobs.claim("sweep", 10s).value()) << "its own lease gets longer";
  fixture.clock.advance(9s);
  EXPECT_FALSE(other.claim("sweep", 10s).value());
  ASSERT_TRUE(jobs.finish("sweep", store::Jobs::Outcome::ok, "swept 3").ok());
  const auto state = jobs.list()->front();
  EXPECT_EQ(state.name, "sweep");
  EXPECT_EQ(state.owner, "me");
  EXPECT_FALSE(state.lease_until);
  EXPECT_EQ(state.started_at, testing::k_start);
  EXPECT_EQ(state.ended_at, fixture.clock.now());
  EXPECT_EQ(state.outcome, "ok");
  EXPECT_EQ(state.detail, "swept 3");
  EXPECT_TRUE(other.claim("sweep", 10s).value());
  EXPECT_TRUE(other.list()->front().lease_until);
  fixture.clock.advance(11s);
  EXPECT_TRUE(jobs.claim("sweep", 10s).value()) << "the other died";
  ASSERT_TRUE(other.finish("sweep", store::Jobs::Outcome::failed, "late").ok());
  EXPECT_EQ(jobs.list()->front().owner, "me");
  EXPECT_EQ(jobs.list()->front().failures, 0);
}

TEST_F(Alerts, a_job_says_how_far_it_is_and_who_left_it) {
  store::Jobs other(*fixture.database, fixture.clock, "other");
  ASSERT_TRUE(jobs.progress("walk", 10s, "100 of 300").value());
  EXPECT_FALSE(other.progress("walk", 10s, "1 of 300").value());
  EXPECT_EQ(jobs.list()->front().detail, "100 of 300");
  EXPECT_TRUE(jobs.list()->front().outcome.empty()) << "it did not end yet";
  EXPECT_FALSE(jobs.list()->front().abandoned);
  fixture.clock.advance(10s);
  EXPECT_TRUE(jobs.list()->front().abandoned) << "its owner died";
  EXPECT_EQ(store::abandoned_jobs(*fixture.database, fixture.clock.now()).value(), 0);
  fixture.clock.advance(1s);
  EXPECT_EQ(store::abandoned_jobs(*fixture.database, fixture.clock.now()).value(), 1);
  ASSERT_TRUE(other.progress("walk", 10s, "100 of 300").value());
  EXPECT_FALSE(other.list()->front().abandoned) << "another goes on";
  ASSERT_TRUE(other.finish("walk", store::Jobs::Outcome::ok, "300 of 300").ok());
  fixture.clock.advance(1h);
  EXPECT_FALSE(other.list()->front().abandoned);
  EXPECT_EQ(store::abandoned_jobs(*fixture.database, fixture.clock.now()).value(), 0);
}

TEST_F(Alerts, the_rules_of_a_user_have_names) {
  open_one();
  const std::string owner = alerts.rules({})->front().user_id, id = alerts.rules({})->front().id;
  std::vector<std::string> rules, of_another;
  ASSERT_TRUE(fixture.database
                  ->read([&](store::Connection& connection) -> Result<void> {
                    BL_TRY(rules, alert_rules_of(connection, owner));
                    BL_TRY(of_another, alert_rules_of(connection, "another"));
                    return {};
                  })
                  .ok());
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_TRUE(rules[0].starts_with("alert rule '")) << rules[0];
  EXPECT_NE(rules[0].find("' (" + id + ")"), std::string::npos) << rules[0];
  EXPECT_TRUE(of_another.empty());
}

// Conbench's own tables -----------------------------------------------------------------------

// As migration 000001 of the newer Conbench made them [1.5].
constexpr const char* k_conbenchs_tables[] = {
    "create table alert_rule (id varchar(50) primary key, user_id varchar(50) not null references "
    "\"user\" (id), name text not null, repository text not null, baseline text not null, "
    "threshold double precision not null, threshold_z double precision not null, run_reason text, "
    "enabled boolean not null default true, state text not null default 'inactive', "
    "created_at timestamp not null, updated_at timestamp not null, last_evaluated_at timestamp)",
    "create table alert_event (id varchar(50) primary key, rule_id varchar(50) not null references "
    "alert_rule (id) on delete cascade, kind text not null, status text not null, "
    "status_reason text not null, run_id text, commit_sha text, report_url text not null, "
    "summary jsonb not null, created_at timestamp not null, repository text not null)",
    "create table alert_delivery (id varchar(50) primary key, event_id varchar(50) not null "
    "references alert_event (id) on delete cascade, channel text not null, target text not null, "
    "status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')), "
    "attempt_count integer not null default 0, last_attempt_at timestamp, "
    "next_attempt_at timestamp, delivered_at timestamp, last_error text, "
    "created_at timestamp not null, updated_at timestamp not null, "
    "constraint alert_delivery_event_channel_target_key unique (event_id, channel, target))",
    "insert into \"user\" values ('user-ada', 'ada@example.com', 'Ada', 'p')",
    "insert into alert_rule values ('0190', 'user-ada', 'old', 'https://github.com/org/repo', "
    "'latest_default', 7.5, 10, 'nightly', true, 'open', '2024-08-01 10:00:00.123456', "
    "'2024-08-01 10:00:00.123456', null)",
    "insert into alert_event values ('0191', '0190', 'opened', 'failure', 'because', 'run-1', "
    "null, 'https://conbench.example.com/ci', '{\"regressions\": 1}', '2024-08-01 11:00:00', "
    "'https://github.com/org/repo')",
    "insert into alert_delivery (id, event_id, channel, target, created_at, updated_at) values "
    "('0192', '0191', 'webhook', 'https://hooks.example.com#1', '2024-08-01 11:00:00', "
    "'2024-08-01 11:00:00')",
};

TEST(ConbenchsAlerts, are_used_where_they_are) {
  if (const char* store = std::getenv("BL_TEST_STORE");
      store == nullptr || std::string_view(store) != "postgres") {
    GTEST_SKIP() << "a restored Conbench is on PostgreSQL";
  }
  auto& server = store::testing::PostgresServer::shared();
  const std::string name = server.create_database();
  ManualClock clock{testing::k_start};
  SeededRandom random{7};
  IdSource ids{clock, random};
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  Metrics metrics;
  {
    const auto database = store::open_database(server.uri(name), {}, log, metrics).value();
    const auto value = [&](const std::string& sql) {
      std::string text;
      const auto read = database->read([&](store::Connection& connection) {
        return connection.query_text(sql, {}, [&](const store::Row& row) {
          text = row.text(0);
          return true;
        });
      });
      if (!read.ok()) ADD_FAILURE() << read.error().message;
      return text;
    };
    // The seven that both have, before ours of alerts.
    std::vector<store::Migration> steps = testing::StoreFixture::steps();
    const auto alerts_step = std::ranges::find(steps, "alerts", &store::Migration::name);
    ASSERT_NE(alerts_step, steps.end());
    ASSERT_TRUE(database->migrate(std::span(steps.begin(), alerts_step)).ok());
    for (const char* statement : k_conbenchs_tables) {
      const auto made = database->write([&](store::Connection& connection) {
        return connection.query_text(statement, {}, [](const store::Row&) { return true; });
      });
      ASSERT_TRUE(made.ok()) << made.error().message;
    }
    const auto migrated = database->migrate(steps);
    ASSERT_TRUE(migrated.ok()) << migrated.error().message;
    StoreAlerts alerts(*database, ids, clock);
    const AlertRule old = alerts.rule("0190").value();
    EXPECT_EQ(old.name, "old");
    EXPECT_EQ(old.baseline, BaselineChoice::latest_default);
    EXPECT_EQ(old.state, AlertState::open);
    EXPECT_EQ(to_rfc3339(old.created_at), "2024-08-01T10:00:00.123456Z");
    EXPECT_EQ(alerts.events("0190", 10)->size(), 1u);
    CiReport report;
    report.status = ReportStatus::success;
    const auto events =
        alerts.conclude(old, {"run-2", std::nullopt, "mark"}, finding_of(report, old), {});
    ASSERT_TRUE(events.ok()) << events.error().message;
    ASSERT_EQ(events->size(), 1u);
    EXPECT_EQ(value("select state from public.alert_rule"), "inactive");
    EXPECT_EQ(value("select count(*) from public.alert_event"), "2");
    const auto claimed =
        alerts.claim({"webhook", "https://hooks.example.com#1", ""}, clock.now() + 60s);
    ASSERT_TRUE(claimed.ok()) << claimed.error().message;
    ASSERT_TRUE(*claimed);
    EXPECT_EQ((*claimed)->event.report_url, "https://conbench.example.com/ci");
    EXPECT_TRUE(alerts.delivered(**claimed).value());
    EXPECT_EQ(value("select status from public.alert_delivery"), "delivered");
    AlertRuleBody body;
    body.name = "new";
    body.repository = k_repository;
    const auto made = alerts.create(body, "user-ada", {});
    ASSERT_TRUE(made.ok()) << made.error().message;
    EXPECT_EQ(value("select count(*) from public.alert_rule"), "2");
    EXPECT_TRUE(alerts.remove("0190", {}).ok());
    EXPECT_EQ(value("select count(*) from public.alert_event"), "0");
  }
  server.drop_database(name);
}

}  // namespace
}  // namespace bl::results
