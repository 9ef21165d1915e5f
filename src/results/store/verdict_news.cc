#include "results/verdict_news.h"

#include "base/json.h"
#include "results/store_alerts.h"
#include "results/verdicts.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

// Runs of the project that are not much older than its newest one.
#define BL_RUNS_MEASURED_LATELY                                                            \
  "from @run u join @series_verdict v on v.run_no = u.run_no where u.repository = $1 and " \
  "($2 = '' or u.run_reason = $2) and u.last_result_at >= $3 "

Result<std::int64_t> newest_run_at(store::Connection& connection, std::string_view repository) {
  std::int64_t newest = 0;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select u.last_result_at from @run u where u.repository = $1 "
                           "order by @postgres{u.last_result_hour desc, }u.last_result_at desc "
                           "limit 1">(),
      {repository}, [&](const store::Row& row) {
        newest = row.integer(0);
        return false;
      }));
  return newest;
}

const json::Value* member(const json::Value& object, const char* name) {
  return object.is_object() ? object.find(name) : nullptr;
}

double number_of(const json::Value* value) {
  return value != nullptr && value->is_number() ? value->as_double() : 0;
}

NewsSeries news_of(const store::Row& row) {
  NewsSeries one;
  one.name = row.text(0);
  one.is_worse = static_cast<VerdictDecision>(row.integer(1)) == VerdictDecision::slower;
  const auto verdict = json::parse(row.text(2));
  if (!verdict.ok()) return one;
  one.confidence = number_of(member(*verdict, "confidence"));
  const json::Value* change = member(*verdict, "change");
  if (change == nullptr) return one;
  one.percent = number_of(member(*change, "percent"));
  const json::Value* sha = member(*change, "commit_sha");
  if (sha != nullptr && sha->is_string()) one.commit_sha = sha->as_string();
  return one;
}

static_assert(static_cast<int>(VerdictDecision::slower) == 2 &&
              static_cast<int>(VerdictDecision::faster) == 3);

}  // namespace

Result<VerdictNews> verdict_news(store::Database& database, std::string_view repository,
                                 std::string_view run_reason, const VerdictNewsLimits& limits) {
  VerdictNews news;
  const std::int64_t within =
      std::chrono::duration_cast<std::chrono::microseconds>(limits.measured_within).count();
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    news = {};
    BL_TRY(const std::int64_t newest, newest_run_at(connection, repository));
    BL_RETURN_IF_ERROR(
        connection.query(store::both_dialects<"select count(*) " BL_RUNS_MEASURED_LATELY>(),
                         {repository, run_reason, newest - within}, [&](const store::Row& row) {
                           news.series = row.integer(0);
                           return false;
                         }));
    return connection.query(
        store::both_dialects<
            "select s.name, n.decision, n.verdict from (select v.series_no, v.decision, v.badness, "
            "v.verdict " BL_RUNS_MEASURED_LATELY
            "and v.decision in (2, 3) order by v.decision, v.badness, v.series_no limit $4) n "
            "join @series s on s.series_no = n.series_no "
            "order by n.decision, n.badness, n.series_no">(),
        {repository, run_reason, newest - within, limits.series_max}, [&](const store::Row& row) {
          news.series_with_news.push_back(news_of(row));
          return true;
        });
  }));
  return news;
}

Result<bool> verdicts_wait(store::Connection& connection, std::string_view repository) {
  bool wait = false;
  BL_RETURN_IF_ERROR(
      connection.query(store::both_dialects<"select 1 from @verdict_due w "
                                            "join @series s on s.series_no = w.series_no "
                                            "where w.kind = 0 and s.repository = $1 limit 1">(),
                       {repository}, [&](const store::Row&) {
                         wait = true;
                         return false;
                       }));
  return wait;
}

Result<AlertFinding> StoreAlerts::verdict_finding(const AlertRule& rule) {
  BL_TRY(const VerdictNews news,
         verdict_news(database_, rule.repository, rule.run_reason ? *rule.run_reason : ""));
  return finding_of(news, rule);
}

}  // namespace bl::results
