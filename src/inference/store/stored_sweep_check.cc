#include <fmt/format.h>

#include <optional>

#include "inference/store_sweep_check.h"
#include "store/both_dialects.h"

namespace bl::inference {
namespace {

constexpr const char* k_hot[] = {"tput_per_gpu", "median_intvty", "median_ttft",
                                 "median_e2el",  "p99_ttft",      "median_tpot"};

// Each in a read of its own: the marks of store/both_dialects.h work.
Result<std::int64_t> count_of(store::Database& database, const std::string& sql) {
  std::int64_t count = 0;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) {
    return connection.query_text(store::in_dialect(sql, connection.dialect()), {},
                                 [&](const store::Row& row) {
                                   count = row.integer(0);
                                   return true;
                                 });
  }));
  return count;
}

// What differs between two answers, in both directions.
std::string difference(std::string_view one, std::string_view other) {
  return fmt::format(
      "select (select count(*) from ({0} except {1}) a) + (select count(*) from ({1} except {0}) "
      "b)",
      one, other);
}

struct Rule {
  const char* fault;
  std::string sql;  // counts what breaks it
};

std::vector<Rule> rules(store::Dialect dialect) {
  std::vector<Rule> rules;
  const auto add = [&](const char* fault, std::string_view sql) {
    rules.push_back({fault, std::string(sql)});
  };
  for (const char* name : k_hot) {
    const std::string of_document =
        dialect == store::Dialect::sqlite
            ? fmt::format("{0} is not json_extract(metrics, '$.{0}')", name)
            : fmt::format("{0} is distinct from (metrics ->> '{0}')::float8", name);
    add("points whose columns differ from their documents",
        fmt::format("select count(*) from @inference_point where {}", of_document));
  }
  constexpr std::string_view k_seen =
      "from @inference_point p join @inference_run r on r.id = p.run_id "
      "join @inference_config c on c.id = p.config_id where r.is_newest = (1 = 1)";
  add("runs whose newest attempt is not the one that is seen",
      "select count(*) from @inference_run r where r.is_newest <> (r.attempt = (select "
      "max(o.attempt) from @inference_run o where o.github_run_id = r.github_run_id))");
  add("points with another date than their run",
      "select count(*) from @inference_point p join @inference_run r on r.id = "
      "p.run_id where r.date <> p.date");
  add("runs that are on other lines than their points, or with another image or place",
      difference(
          fmt::format("select p.line_id, r.place, p.run_id, case when count(distinct p.image) = 1 "
                      "then min(p.image) end {} group by p.line_id, r.place, p.run_id",
                      k_seen),
          "select line_id, place, run_id, image from @inference_line_run"));
  add("dates on which lines are said to have points, or not, and it is otherwise",
      difference(
          fmt::format("select p.date, p.line_id, c.spec_method, c.disagg, p.run_id {}", k_seen),
          "select date, line_id, spec_method, disagg, run_id from @inference_available"));
  add("runs that brought more or less of a configuration than is said",
      difference(fmt::format("select p.run_id, p.config_id, count(*) {} group by p.run_id, "
                             "p.config_id",
                             k_seen),
                 "select run_id, config_id, points from @inference_submission"));
  return rules;
}

}  // namespace

Result<SweepCheck> check_sweeps(store::Database& database) {
  SweepCheck check;
  for (const auto& [name, table] :
       {std::pair("configs", "config"), std::pair("runs", "run"), std::pair("points", "point"),
        std::pair("evals", "eval"), std::pair("run_stats", "run_stat"),
        std::pair("changelogs", "changelog"), std::pair("server_logs", "server_log"),
        std::pair("gpu_metrics", "gpu_metric"), std::pair("lines", "line"),
        std::pair("ingest_reports", "ingest_report")}) {
    BL_TRY(const std::int64_t rows,
           count_of(database, fmt::format("select count(*) from @inference_{}", table)));
    check.counts.emplace_back(name, rows);
  }
  for (const char* name : k_hot) {
    BL_TRY(const std::int64_t rows,
           count_of(database, fmt::format("select count({}) from @inference_point", name)));
    check.counts.emplace_back(fmt::format("points_with_{}", name), rows);
  }
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) {
    return connection.query(store::both_dialects<"select min(date), max(date) from "
                                                 "@inference_run">(),
                            {}, [&](const store::Row& row) {
                              check.first_date = row.text(0);
                              check.last_date = row.text(1);
                              return true;
                            });
  }));
  for (const Rule& rule : rules(database.dialect())) {
    BL_TRY(const std::int64_t broken, count_of(database, rule.sql));
    if (broken > 0) check.faults.push_back(fmt::format("{}: {}", rule.fault, broken));
  }
  return check;
}

}  // namespace bl::inference
