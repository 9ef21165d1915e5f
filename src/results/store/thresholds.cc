#include "results/store_thresholds.h"

#include "results/store/rows.h"
#include "store/audit.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::param_of;

ThresholdRule rule_of(const store::Row& row, int column) {
  ThresholdRule rule;
  rule.repository = row.text(column);
  rule.history_fingerprint = row.text(column + 1);
  rule.percent = row.real_or_null(column + 2);
  rule.z = row.real_or_null(column + 3);
  rule.notify_improvements = row.integer(column + 4) != 0;
  rule.updated_at = Timestamp{row.integer(column + 5)};
  rule.updated_by = row.text(column + 6);
  return rule;
}

#define BL_THRESHOLD_COLUMNS                                                                   \
  "t.repository, t.history_fingerprint, t.percent, t.z, t.notify_improvements, t.updated_at, " \
  "t.updated_by"

Result<void> demand_series(store::Connection& connection, const ThresholdRule& rule) {
  if (rule.history_fingerprint.empty()) return {};
  bool is_there = false;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select 1 from @series where history_fingerprint = $1 and repository = $2">(),
      {std::string_view(rule.history_fingerprint), std::string_view(rule.repository)},
      [&](const store::Row&) { return is_there = true; }));
  if (is_there) return {};
  return Error{Code::not_found, "no series of " + rule.repository + " has the fingerprint " +
                                    rule.history_fingerprint};
}

Result<void> demand_room(store::Connection& connection, const ThresholdRule& rule,
                         std::size_t rules_max) {
  std::int64_t others = 0;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select count(*) from @threshold where repository = $1 and "
                           "history_fingerprint <> $2">(),
      {std::string_view(rule.repository), std::string_view(rule.history_fingerprint)},
      [&](const store::Row& row) {
        others = row.integer(0);
        return true;
      }));
  if (static_cast<std::size_t>(others) < rules_max) return {};
  return Error{Code::invalid, "a repository has at most " + std::to_string(rules_max) +
                                  " thresholds: " + rule.repository};
}

std::string detail_of(const ThresholdRule& rule) {
  std::string text;
  json::Writer out(text);
  out.begin_object()
      .member("repository", rule.repository)
      .member("threshold", rule.percent)
      .member("threshold_z", rule.z)
      .member("notify_improvements", rule.notify_improvements)
      .end_object();
  return text;
}

Result<void> note(store::Connection& connection, const Change& change, std::string_view action,
                  const ThresholdRule& rule) {
  const std::string detail = detail_of(rule);
  return store::record_audit(
      connection,
      {.at = change.at,
       .actor_id = change.actor_id,
       .actor_name = change.actor_name,
       .action = action,
       .object = rule.history_fingerprint.empty() ? rule.repository : rule.history_fingerprint,
       .detail = detail});
}

}  // namespace

Result<std::vector<ThresholdRule>> threshold_rules(store::Connection& connection,
                                                   std::string_view repository) {
  std::vector<ThresholdRule> rules;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select " BL_THRESHOLD_COLUMNS " from @threshold t where "
                           "t.repository = $1 order by @binary{t.history_fingerprint}">(),
      {repository}, [&](const store::Row& row) {
        rules.push_back(rule_of(row, 0));
        return true;
      }));
  return rules;
}

Result<std::vector<ThresholdRule>> StoreThresholds::rules(std::string_view repository) {
  std::vector<ThresholdRule> found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(found, threshold_rules(connection, repository));
    return {};
  }));
  return found;
}

Result<ThresholdRules> StoreThresholds::rules_of_series(std::string_view history_fingerprint) {
  std::vector<ThresholdRule> rules;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    rules.clear();
    return connection.query(
        store::both_dialects<"select " BL_THRESHOLD_COLUMNS " from @series s join @threshold t "
                             "on t.repository = s.repository and t.history_fingerprint in "
                             "('', s.history_fingerprint) where s.history_fingerprint = $1">(),
        {history_fingerprint}, [&](const store::Row& row) {
          rules.push_back(rule_of(row, 0));
          return true;
        });
  }));
  return ThresholdRules(std::move(rules));
}

Result<void> StoreThresholds::set(const ThresholdRule& rule, const Change& change) {
  return database_.write([&](store::Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(demand_series(connection, rule));
    BL_RETURN_IF_ERROR(demand_room(connection, rule, limits_.rules_per_repository_max));
    BL_RETURN_IF_ERROR(connection.execute(
        store::both_dialects<
            "insert into @threshold (repository, history_fingerprint, percent, z, "
            "notify_improvements, updated_at, updated_by) values ($1, $2, $3, $4, $5, $6, $7) "
            "on conflict (repository, history_fingerprint) do update set "
            "percent = excluded.percent, z = excluded.z, "
            "notify_improvements = excluded.notify_improvements, "
            "updated_at = excluded.updated_at, updated_by = excluded.updated_by">(),
        {std::string_view(rule.repository), std::string_view(rule.history_fingerprint),
         param_of(rule.percent), param_of(rule.z),
         static_cast<std::int64_t>(rule.notify_improvements), change.at.micros,
         std::string_view(change.actor_name)}));
    return note(connection, change, "threshold.set", rule);
  });
}

Result<bool> StoreThresholds::remove(std::string_view repository,
                                     std::string_view history_fingerprint, const Change& change) {
  bool removed = false;
  BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const std::int64_t rows,
           connection.execute(store::both_dialects<"delete from @threshold where repository = $1 "
                                                   "and history_fingerprint = $2">(),
                              {repository, history_fingerprint}));
    removed = rows != 0;
    if (!removed) return {};
    ThresholdRule gone;
    gone.repository = repository;
    gone.history_fingerprint = history_fingerprint;
    return note(connection, change, "threshold.remove", gone);
  }));
  return removed;
}

}  // namespace bl::results
