#include "results/store_alerts.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"
#include "results/ci_encode.h"
#include "results/verdict_news.h"
#include "store/audit.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::both_dialects;
using store::Connection;
using store::Param;
using store::param_of;
using store::Row;

#define BL_ALERT_RULE_COLUMNS                                                                     \
  "r.id, r.user_id, r.name, r.repository, r.baseline, r.threshold, r.threshold_z, "               \
  "r.run_reason, r.enabled, r.state, @micros{r.created_at}, @micros{r.updated_at}, "              \
  "@micros{r.last_evaluated_at}, s.notify_improvements, s.muted_until, s.muted_benchmarks, "      \
  "s.evaluated_mark, s.kind, s.confidence from @alert_rule r left join @alert_rule_setting s on " \
  "s.rule_id = r.id "
constexpr int k_mark_column = 16;

#define BL_ALERT_EVENT_COLUMNS                                                   \
  "e.id, e.rule_id, e.kind, e.status, e.status_reason, e.repository, e.run_id, " \
  "e.commit_sha, e.report_url, @text{e.summary}, @micros{e.created_at}"
constexpr int k_event_columns = 11;

#define BL_ALERT_DELIVERY_REVIVED                                      \
  "update @alert_delivery set status = 'pending', attempt_count = 0, " \
  "next_attempt_at = @time{$1}, updated_at = @time{$1} "

std::optional<Timestamp> time_of(const Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return Timestamp{row.integer(column)};
}

std::vector<std::string> names_of(std::string_view json_text) {
  std::vector<std::string> names;
  const auto parsed = json::parse(json_text);
  if (!parsed.ok() || !parsed->is_array()) return names;
  for (const json::Value& name : parsed->items()) {
    if (name.is_string()) names.push_back(name.as_string());
  }
  return names;
}

std::string json_of(const std::vector<std::string>& names) {
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const std::string& name : names) writer.value(name);
  writer.end_array();
  return text;
}

AlertRule rule_of(const Row& row) {
  AlertRule rule;
  rule.id = row.text(0);
  rule.user_id = row.text(1);
  rule.name = row.text(2);
  rule.repository = row.text(3);
  rule.baseline = baseline_choice_of(row.text(4)).value_or(BaselineChoice::fork_point);
  rule.thresholds = {row.real(5), row.real(6)};
  rule.run_reason = row.text_or_null(7);
  rule.enabled = row.integer(8) != 0;
  rule.state = alert_state_of(row.text(9));
  rule.created_at = Timestamp{row.integer(10)};
  rule.updated_at = Timestamp{row.integer(11)};
  rule.last_evaluated_at = time_of(row, 12);
  rule.notify_improvements = row.integer(13) != 0;
  rule.muted_until = time_of(row, 14);
  if (!row.is_null(15)) rule.muted_benchmarks = names_of(row.text(15));
  if (!row.is_null(17)) {
    rule.kind = alert_rule_kind_of(row.text(17)).value_or(AlertRuleKind::report);
    rule.confidence = row.real(18);
  }
  return rule;
}

AlertEvent event_of(const Row& row, int column) {
  AlertEvent event;
  event.id = row.text(column);
  event.rule_id = row.text(column + 1);
  event.kind = row.text(column + 2);
  event.status = row.text(column + 3);
  event.status_reason = row.text(column + 4);
  event.repository = row.text(column + 5);
  event.run_id = row.text_or_null(column + 6);
  event.commit_sha = row.text_or_null(column + 7);
  event.report_url = row.text(column + 8);
  event.summary_json = row.text(column + 9);
  event.created_at = Timestamp{row.integer(column + 10)};
  return event;
}

Error no_rule(std::string_view id) {
  return Error{Code::not_found, "there is no such alert rule: " + std::string(id)};
}

Result<std::optional<AlertRule>> find_rule(Connection& connection, std::string_view id) {
  std::optional<AlertRule> found;
  BL_RETURN_IF_ERROR(
      connection.query(both_dialects<"select " BL_ALERT_RULE_COLUMNS "where r.id = $1">(), {id},
                       [&](const Row& row) {
                         found = rule_of(row);
                         return false;
                       }));
  return found;
}

Result<void> audit(Connection& connection, Timestamp now, const AlertActor& actor,
                   std::string_view action, std::string_view id, const AlertRuleBody& body) {
  std::string detail;
  json::Writer(detail)
      .begin_object()
      .member("name", body.name)
      .member("repository", body.repository)
      .end_object();
  return store::record_audit(connection, {.at = now,
                                          .actor_id = actor.id,
                                          .actor_name = actor.name,
                                          .action = action,
                                          .object = id,
                                          .detail = detail});
}

Result<void> keep_settings(Connection& connection, std::string_view id, const AlertRuleBody& body) {
  const std::string muted = json_of(body.muted_benchmarks);
  BL_TRY([[maybe_unused]] const auto kept,
         connection.execute(
             both_dialects<"insert into @alert_rule_setting (rule_id, notify_improvements, "
                           "muted_until, muted_benchmarks, kind, confidence) "
                           "values ($1, $2, $3, $4, $5, $6) on conflict (rule_id) do update set "
                           "notify_improvements = excluded.notify_improvements, "
                           "muted_until = excluded.muted_until, "
                           "muted_benchmarks = excluded.muted_benchmarks, "
                           "kind = excluded.kind, confidence = excluded.confidence">(),
             {id, std::int64_t{body.notify_improvements ? 1 : 0},
              body.muted_until ? Param(body.muted_until->micros) : Param(store::Null{}),
              std::string_view(muted), std::string_view(name_of(body.kind)), body.confidence}));
  return {};
}

Result<std::int64_t> count_of(Connection& connection, const store::Sql& sql,
                              std::span<const Param> params) {
  std::int64_t count = 0;
  BL_RETURN_IF_ERROR(connection.query(sql, params, [&](const Row& row) {
    count = row.integer(0);
    return false;
  }));
  return count;
}

// False when the rule is not what it was.
Result<bool> move_rule(Connection& connection, const AlertRule& rule, AlertState state,
                       Timestamp now) {
  BL_TRY(const auto moved,
         connection.execute(
             both_dialects<"update @alert_rule set state = $2, last_evaluated_at = @time{$3} "
                           "where id = $1 and enabled = (1 = 1) and updated_at = @time{$4} "
                           "and state = $5">(),
             {std::string_view(rule.id), std::string_view(name_of(state)), now.micros,
              rule.updated_at.micros, std::string_view(name_of(rule.state))}));
  return moved == 1;
}

// The rule's own row is locked by move_rule. True when the improvement is news.
Result<bool> keep_mark(Connection& connection, const AlertRule& rule, const LatestRun& run,
                       const std::string* improvement) {
  BL_TRY([[maybe_unused]] const auto marked,
         connection.execute(both_dialects<"insert into @alert_rule_setting (rule_id, "
                                          "evaluated_mark) values ($1, $2) on conflict (rule_id) "
                                          "do update set evaluated_mark = "
                                          "excluded.evaluated_mark">(),
                            {std::string_view(rule.id), std::string_view(run.mark)}));
  if (improvement == nullptr) return false;
  BL_TRY(const auto is_new,
         connection.execute(
             both_dialects<"update @alert_rule_setting set improved_run_id = $2 where "
                           "rule_id = $1 and (improved_run_id is null or improved_run_id <> $2)">(),
             {std::string_view(rule.id), std::string_view(*improvement)}));
  return is_new == 1;
}

Result<void> insert_event(Connection& connection, const AlertEvent& event) {
  BL_TRY(
      [[maybe_unused]] const auto added,
      connection.execute(
          both_dialects<"insert into @alert_event (id, rule_id, kind, status, status_reason, "
                        "run_id, commit_sha, report_url, summary, created_at, repository) "
                        "values ($1, $2, $3, $4, $5, $6, $7, $8, @jsonb{$9}, @time{$10}, $11)">(),
          {std::string_view(event.id), std::string_view(event.rule_id),
           std::string_view(event.kind), std::string_view(event.status),
           std::string_view(event.status_reason), param_of(event.run_id),
           param_of(event.commit_sha), std::string_view(event.report_url),
           std::string_view(event.summary_json), event.created_at.micros,
           std::string_view(event.repository)}));
  return {};
}

Result<void> queue_messages(Connection& connection, IdSource& ids, const AlertEvent& event,
                            std::span<const AlertTarget> targets) {
  for (const AlertTarget& target : targets) {
    if (!target.wants(event.repository)) continue;
    const std::string id = ids.next();
    BL_TRY([[maybe_unused]] const auto added,
           connection.execute(
               both_dialects<"insert into @alert_delivery (id, event_id, channel, target, status, "
                             "attempt_count, next_attempt_at, created_at, updated_at) values "
                             "($1, $2, $3, $4, 'pending', 0, @time{$5}, @time{$5}, @time{$5}) "
                             "on conflict do nothing">(),
               {std::string_view(id), std::string_view(event.id), std::string_view(target.channel),
                std::string_view(target.target), event.created_at.micros}));
  }
  return {};
}

AlertEvent event_for(const AlertRule& rule, const LatestRun& run, const AlertFinding& finding,
                     AlertEventKind kind) {
  AlertEvent event;
  event.rule_id = rule.id;
  event.kind = name_of(kind);
  event.status = name_of(finding.verdict.status);
  event.status_reason = finding.verdict.reason;
  event.repository = rule.repository;
  event.run_id = run.run_id;
  event.commit_sha = finding.commit_sha ? finding.commit_sha : run.commit_sha;
  event.report_url = finding.report_url;
  event.summary_json = encode_ci_summary(finding.summary);
  return event;
}

}  // namespace

// Rules --------------------------------------------------------------------------------------

Result<AlertRule> StoreAlerts::create(const AlertRuleBody& body, std::string_view user_id,
                                      const AlertActor& actor, const AlertRuleLimits& limits) {
  AlertRule rule;
  static_cast<AlertRuleBody&>(rule) = body;
  rule.id = ids_.next();
  rule.user_id = user_id;
  rule.created_at = rule.updated_at = clock_.now();
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    const Param of_user[] = {user_id};
    BL_TRY(
        const std::int64_t has,
        count_of(connection, both_dialects<"select count(*) from @alert_rule where user_id = $1">(),
                 of_user));
    if (has >= limits.rules_per_user_max) {
      return Error{Code::too_many, "a user has at most " +
                                       std::to_string(limits.rules_per_user_max) +
                                       " alert rules; this one has " + std::to_string(has)};
    }
    BL_TRY([[maybe_unused]] const auto added,
           connection.execute(
               both_dialects<
                   "insert into @alert_rule (id, user_id, name, repository, baseline, threshold, "
                   "threshold_z, run_reason, enabled, state, created_at, updated_at) values "
                   "($1, $2, $3, $4, $5, $6, $7, $8, ($9 = 1), 'inactive', @time{$10}, "
                   "@time{$10})">(),
               {std::string_view(rule.id), user_id, std::string_view(body.name),
                std::string_view(body.repository), std::string_view(name_of(body.baseline)),
                body.thresholds.percent, body.thresholds.z, param_of(body.run_reason),
                std::int64_t{body.enabled ? 1 : 0}, rule.created_at.micros}));
    BL_RETURN_IF_ERROR(keep_settings(connection, rule.id, body));
    return audit(connection, rule.created_at, actor, "alert_rule.create", rule.id, body);
  }));
  return rule;
}

Result<AlertRule> StoreAlerts::rule(std::string_view id) {
  std::optional<AlertRule> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    BL_TRY(found, find_rule(connection, id));
    return {};
  }));
  if (!found) return no_rule(id);
  return std::move(*found);
}

Result<std::vector<AlertRule>> StoreAlerts::rules(const Filter& filter) {
  std::vector<AlertRule> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    found.clear();
    return connection.query(
        both_dialects<"select " BL_ALERT_RULE_COLUMNS
                      "where ($1 = '' or r.user_id = $1) and ($2 = '' or @binary{r.id} < $2) "
                      "order by @binary{r.id} desc limit $3">(),
        {std::string_view(filter.user_id ? *filter.user_id : std::string_view()),
         std::string_view(filter.before_id ? *filter.before_id : std::string_view()),
         filter.count_max},
        [&](const Row& row) {
          found.push_back(rule_of(row));
          return true;
        });
  }));
  return found;
}

Result<AlertRule> StoreAlerts::update(std::string_view id, const AlertRuleBody& body,
                                      const AlertActor& actor) {
  AlertRule changed;
  const Timestamp wall = clock_.now();
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(const auto before, find_rule(connection, id));
    if (!before) return no_rule(id);
    changed = *before;
    static_cast<AlertRuleBody&>(changed) = body;
    const bool watches_other =
        before->repository != body.repository || before->run_reason != body.run_reason;
    if (watches_other) changed.state = AlertState::inactive;
    // It is a version, too: an evaluation of what was there before must not count.
    changed.updated_at = std::max(wall, before->updated_at + std::chrono::microseconds(1));
    BL_TRY([[maybe_unused]] const auto updated,
           connection.execute(
               both_dialects<"update @alert_rule set name = $2, repository = $3, baseline = $4, "
                             "threshold = $5, threshold_z = $6, run_reason = $7, "
                             "enabled = ($8 = 1), state = $9, updated_at = @time{$10} "
                             "where id = $1">(),
               {id, std::string_view(body.name), std::string_view(body.repository),
                std::string_view(name_of(body.baseline)), body.thresholds.percent,
                body.thresholds.z, param_of(body.run_reason), std::int64_t{body.enabled ? 1 : 0},
                std::string_view(name_of(changed.state)), changed.updated_at.micros}));
    BL_RETURN_IF_ERROR(keep_settings(connection, id, body));
    BL_TRY([[maybe_unused]] const auto unmarked,
           connection.execute(both_dialects<"update @alert_rule_setting set evaluated_mark = '' "
                                            "where rule_id = $1">(),
                              {id}));
    return audit(connection, wall, actor, "alert_rule.update", id, body);
  }));
  return changed;
}

Result<void> StoreAlerts::remove(std::string_view id, const AlertActor& actor) {
  const Timestamp now = clock_.now();
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(const auto before, find_rule(connection, id));
    if (!before) return no_rule(id);
    BL_TRY([[maybe_unused]] const auto removed,
           connection.execute(both_dialects<"delete from @alert_rule where id = $1">(), {id}));
    BL_TRY([[maybe_unused]] const auto cleared,
           connection.execute(both_dialects<"delete from @alert_rule_setting where rule_id = $1">(),
                              {id}));
    return audit(connection, now, actor, "alert_rule.delete", id, *before);
  });
}

Result<std::vector<AlertEvent>> StoreAlerts::events(std::string_view rule_id,
                                                    std::int64_t count_max) {
  std::vector<AlertEvent> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    found.clear();
    return connection.query(both_dialects<"select " BL_ALERT_EVENT_COLUMNS
                                          " from @alert_event e where e.rule_id = $1 order by "
                                          "e.created_at desc, e.id desc limit $2">(),
                            {rule_id, count_max}, [&](const Row& row) {
                              found.push_back(event_of(row, 0));
                              return true;
                            });
  }));
  return found;
}

// Evaluation ---------------------------------------------------------------------------------

Result<std::int64_t> StoreAlerts::newest_change() {
  std::int64_t newest = 0;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    BL_TRY(newest, count_of(connection,
                            both_dialects<"select coalesce(max(seq), 0) from @change_log">(), {}));
    return {};
  }));
  return newest;
}

Result<std::vector<WatchedRule>> StoreAlerts::watched() {
  std::vector<WatchedRule> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    found.clear();
    return connection.query(
        both_dialects<"select " BL_ALERT_RULE_COLUMNS
                      "where r.enabled = (1 = 1) order by r.last_evaluated_at, r.id limit $1">(),
        {limits_.watched_max}, [&](const Row& row) {
          found.push_back({rule_of(row), std::string(row.text(k_mark_column))});
          return true;
        });
  }));
  return found;
}

Result<std::optional<LatestRun>> StoreAlerts::latest_run(const AlertRule& rule) {
  std::optional<LatestRun> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    found.reset();
    BL_RETURN_IF_ERROR(connection.query(
        both_dialects<"select n.run_id, c.sha, n.run_no, n.latest_result_no, n.result_count from "
                      "(select u.run_id, u.run_reason, u.commit_id, u.run_no, u.latest_result_no, "
                      "u.result_count, u.last_result_at from @run u where u.repository = $1 "
                      "order by @postgres{u.last_result_hour desc, }u.last_result_at desc, "
                      "u.run_no desc limit $3) n left join \"commit\" c on c.id = n.commit_id "
                      "where $2 = '' or n.run_reason = $2 "
                      "order by n.last_result_at desc, n.run_no desc limit 1">(),
        {std::string_view(rule.repository),
         std::string_view(rule.run_reason ? *rule.run_reason : std::string_view()),
         limits_.runs_looked_at_max},
        [&](const Row& row) {
          found =
              LatestRun{std::string(row.text(0)), row.text_or_null(1),
                        fmt::format("{}:{}:{}", row.integer(2), row.integer(3), row.integer(4))};
          return false;
        }));
    if (!found || rule.kind != AlertRuleKind::verdict) return {};
    BL_TRY(const bool waiting, verdicts_wait(connection, rule.repository));
    if (waiting) found->mark += ":waiting";
    return {};
  }));
  return found;
}

Result<std::vector<AlertEvent>> StoreAlerts::conclude(const AlertRule& rule, const LatestRun& run,
                                                      const AlertFinding& finding,
                                                      std::span<const AlertTarget> targets) {
  const AlertStep step = alert_step(rule.state, finding.verdict, finding.wants_improvements);
  const bool improved = !step.events.empty() && step.events.back() == AlertEventKind::improved;
  const std::string& improvement = finding.improvement.empty() ? run.run_id : finding.improvement;
  const Timestamp now = clock_.now();
  const bool muted = rule.muted_until && now < *rule.muted_until;
  std::vector<AlertEvent> events;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    events.clear();
    BL_TRY(const bool moved, move_rule(connection, rule, step.state, now));
    if (!moved) return {};
    BL_TRY(const bool improvement_is_news,
           keep_mark(connection, rule, run, improved ? &improvement : nullptr));
    for (const AlertEventKind kind : step.events) {
      if (kind == AlertEventKind::improved && !improvement_is_news) continue;
      AlertEvent event = event_for(rule, run, finding, kind);
      event.id = ids_.next();
      event.created_at = now;
      BL_RETURN_IF_ERROR(insert_event(connection, event));
      if (!muted) BL_RETURN_IF_ERROR(queue_messages(connection, ids_, event, targets));
      events.push_back(std::move(event));
    }
    return {};
  }));
  return events;
}

// Messages -----------------------------------------------------------------------------------

Result<bool> StoreAlerts::has_due(Timestamp now) {
  bool has = false;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    has = false;
    return connection.query(
        both_dialects<"select 1 from @alert_delivery where status = 'pending' and "
                      "(next_attempt_at is null or next_attempt_at <= @time{$1}) limit 1">(),
        {now.micros}, [&](const Row&) {
          has = true;
          return false;
        });
  }));
  return has;
}

Result<std::optional<AlertDelivery>> StoreAlerts::claim(const AlertTarget& target,
                                                        Timestamp retry_at) {
  std::optional<AlertDelivery> mine;
  const Timestamp now = clock_.now();
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    mine.reset();
    std::string id;
    BL_RETURN_IF_ERROR(connection.query(
        both_dialects<"select d.id from @alert_delivery d where d.channel = $1 and d.target = $2 "
                      "and d.status = 'pending' and (d.next_attempt_at is null or "
                      "d.next_attempt_at <= @time{$3}) order by d.next_attempt_at, d.created_at, "
                      "d.id limit 1 @postgres{for update skip locked}">(),
        {std::string_view(target.channel), std::string_view(target.target), now.micros},
        [&](const Row& row) {
          id = row.text(0);
          return false;
        }));
    if (id.empty()) return {};
    BL_TRY([[maybe_unused]] const auto claimed,
           connection.execute(
               both_dialects<"update @alert_delivery set attempt_count = attempt_count + 1, "
                             "last_attempt_at = @time{$2}, next_attempt_at = @time{$3}, "
                             "updated_at = @time{$2} where id = $1">(),
               {std::string_view(id), now.micros, retry_at.micros}));
    return connection.query(
        both_dialects<"select " BL_ALERT_EVENT_COLUMNS
                      ", d.id, d.channel, d.target, d.attempt_count, r.name "
                      "from @alert_delivery d join @alert_event e on e.id = d.event_id "
                      "join @alert_rule r on r.id = e.rule_id where d.id = $1">(),
        {std::string_view(id)}, [&](const Row& row) {
          AlertDelivery& delivery = mine.emplace();
          delivery.event = event_of(row, 0);
          delivery.id = row.text(k_event_columns);
          delivery.channel = row.text(k_event_columns + 1);
          delivery.target = row.text(k_event_columns + 2);
          delivery.attempt = row.integer(k_event_columns + 3);
          delivery.rule_name = row.text(k_event_columns + 4);
          return false;
        });
  }));
  return mine;
}

Result<bool> StoreAlerts::delivered(const AlertDelivery& delivery) {
  std::int64_t finished = 0;
  const Timestamp now = clock_.now();
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(finished,
           connection.execute(
               both_dialects<"update @alert_delivery set status = 'delivered', "
                             "delivered_at = @time{$3}, next_attempt_at = null, "
                             "last_error = null, updated_at = @time{$3} where id = $1 and "
                             "status = 'pending' and attempt_count = $2">(),
               {std::string_view(delivery.id), delivery.attempt, now.micros}));
    return {};
  }));
  return finished == 1;
}

Result<bool> StoreAlerts::not_delivered(const AlertDelivery& delivery, std::string_view reason,
                                        std::optional<Timestamp> retry_at) {
  std::int64_t noted = 0;
  const Timestamp now = clock_.now();
  const std::string_view shown = prefix_of_bytes(reason, limits_.error_bytes_max);
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(noted,
           connection.execute(
               both_dialects<"update @alert_delivery set status = $3, last_error = $4, "
                             "next_attempt_at = @time{$5}, updated_at = @time{$6} "
                             "where id = $1 and status = 'pending' and attempt_count = $2">(),
               {std::string_view(delivery.id), delivery.attempt,
                std::string_view(retry_at ? "pending" : "failed"), shown,
                retry_at ? Param(retry_at->micros) : Param(store::Null{}), now.micros}));
    return {};
  }));
  return noted == 1;
}

Result<void> StoreAlerts::hasten(Timestamp tried_before) {
  const Timestamp now = clock_.now();
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto hastened,
           connection.execute(
               both_dialects<"update @alert_delivery set next_attempt_at = @time{$1} where "
                             "status = 'pending' and next_attempt_at > @time{$1} and "
                             "(last_attempt_at is null or last_attempt_at <= @time{$2})">(),
               {now.micros, tried_before.micros}));
    return {};
  });
}

Result<std::int64_t> StoreAlerts::revive_failed() {
  std::int64_t revived = 0;
  const Timestamp now = clock_.now();
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(revived,
           connection.execute(both_dialects<BL_ALERT_DELIVERY_REVIVED "where status = 'failed'">(),
                              {now.micros}));
    return {};
  }));
  return revived;
}

Result<void> StoreAlerts::revive(std::string_view id) {
  const Timestamp now = clock_.now();
  return database_.write([&](Connection& connection) -> Result<void> {
    std::string status;
    BL_RETURN_IF_ERROR(connection.query(
        both_dialects<"select status from @alert_delivery where id = $1 @postgres{for update}">(),
        {id}, [&](const Row& row) {
          status = row.text(0);
          return false;
        }));
    if (status.empty()) {
      return Error{Code::not_found, "there is no such message of an alert: " + std::string(id)};
    }
    if (status == "delivered") {
      return Error{Code::conflict, "the message was delivered already: " + std::string(id)};
    }
    if (status != "failed") return {};
    BL_TRY([[maybe_unused]] const auto revived,
           connection.execute(both_dialects<BL_ALERT_DELIVERY_REVIVED "where id = $2">(),
                              {now.micros, id}));
    return {};
  });
}

Result<std::int64_t> StoreAlerts::give_up(Timestamp before, std::int64_t attempts_max) {
  std::int64_t failed = 0;
  const Timestamp now = clock_.now();
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(failed,
           connection.execute(
               both_dialects<"update @alert_delivery set status = 'failed', "
                             "last_error = coalesce(last_error, 'its channel is not configured'), "
                             "next_attempt_at = null, updated_at = @time{$2} "
                             "where status = 'pending' and created_at < @time{$1} and "
                             "(updated_at < @time{$1} or attempt_count > $3)">(),
               {before.micros, now.micros, attempts_max}));
    return {};
  }));
  return failed;
}

Result<std::vector<AlertDeliveryView>> StoreAlerts::deliveries(std::string_view status,
                                                               std::optional<std::string> before_id,
                                                               std::int64_t count_max) {
  std::vector<AlertDeliveryView> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    found.clear();
    return connection.query(
        both_dialects<"select d.id, d.event_id, d.channel, d.target, d.status, d.attempt_count, "
                      "@micros{d.last_attempt_at}, @micros{d.next_attempt_at}, "
                      "@micros{d.delivered_at}, d.last_error, @micros{d.created_at}, e.rule_id "
                      "from @alert_delivery d join @alert_event e on e.id = d.event_id "
                      "where ($1 = '' or d.status = $1) and "
                      "($2 = '' or @binary{d.id} < $2) order by @binary{d.id} desc limit $3">(),
        {status, std::string_view(before_id ? *before_id : std::string_view()), count_max},
        [&](const Row& row) {
          AlertDeliveryView& one = found.emplace_back();
          one.id = row.text(0);
          one.event_id = row.text(1);
          one.channel = row.text(2);
          one.target = row.text(3);
          one.status = row.text(4);
          one.attempts = row.integer(5);
          one.last_attempt_at = time_of(row, 6);
          one.next_attempt_at = time_of(row, 7);
          one.delivered_at = time_of(row, 8);
          one.last_error = row.text_or_null(9);
          one.created_at = Timestamp{row.integer(10)};
          one.rule_id = row.text(11);
          return true;
        });
  }));
  return found;
}

Result<AlertCounts> StoreAlerts::counts() {
  return alert_counts(database_);
}

Result<std::vector<std::string>> alert_rules_of(Connection& connection, std::string_view user_id) {
  std::vector<std::string> rules;
  BL_RETURN_IF_ERROR(connection.query(
      both_dialects<"select name, id from @alert_rule where user_id = $1 "
                    "order by @binary{id} limit 1000">(),
      {user_id}, [&](const Row& row) {
        std::string rule("alert rule '");
        rules.push_back(rule.append(row.text(0)).append("' (").append(row.text(1)) + ")");
        return true;
      }));
  return rules;
}

Result<AlertCounts> alert_counts(store::Database& database) {
  AlertCounts counts;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) -> Result<void> {
    BL_TRY(counts.rules,
           count_of(connection, both_dialects<"select count(*) from @alert_rule">(), {}));
    BL_TRY(counts.open,
           count_of(connection,
                    both_dialects<"select count(*) from @alert_rule where state = 'open'">(), {}));
    BL_TRY(
        counts.pending,
        count_of(connection,
                 both_dialects<"select count(*) from @alert_delivery where status = 'pending'">(),
                 {}));
    BL_TRY(counts.failed,
           count_of(connection,
                    both_dialects<"select count(*) from @alert_delivery where status = 'failed'">(),
                    {}));
    return {};
  }));
  return counts;
}

}  // namespace bl::results
