#include "results/store/remake.h"

#include <functional>

#include "results/store/facts.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using AddPage = Result<void> (*)(store::Connection&, std::span<const DerivedFact>);
constexpr std::size_t k_page_rows = 500;  // as in the statements below

// Gives the number of facts. `read` reads the page after an id.
Result<std::size_t> add_pages(
    store::Connection& connection,
    const std::function<Result<std::vector<OwnedFact>>(std::string_view after)>& read,
    AddPage add) {
  std::string after;
  for (std::size_t count = 0;;) {
    BL_TRY(auto page, read(after));
    BL_RETURN_IF_ERROR(add(connection, views_of(page)));
    count += page.size();
    if (page.size() < k_page_rows) return count;
    after = page.back().id;
  }
}

Result<std::int64_t> number_of(store::Connection& connection, const store::Sql& sql,
                               std::initializer_list<store::Param> params) {
  std::int64_t number = 0;
  BL_RETURN_IF_ERROR(connection.query(sql, params, [&](const store::Row& row) {
    number = row.integer(0);
    return true;
  }));
  return number;
}

Result<void> execute_each(store::Connection& connection, std::span<const store::Sql> statements,
                          std::int64_t number) {
  for (const store::Sql& sql : statements) {
    BL_TRY([[maybe_unused]] const auto changed, connection.execute(sql, {number}));
  }
  return {};
}

}  // namespace

// The row is emptied first, which also keeps others off it until this transaction ends. What they
// had added before is seen below; what they add afterwards comes on top.
Result<void> remake_series(store::Connection& connection, std::string_view fingerprint) {
  BL_CHECK(connection.dialect() == store::Dialect::postgres);
  BL_TRY(
      const std::int64_t series_no,
      number_of(connection,
                "update benchlake.series set result_count = 0, error_count = 0, "
                "point_count = 0, latest_result_no = -4611686018427387904, latest_result_id = '', "
                "latest_result_timestamp = -9223372036854775808, latest_commit_timestamp = null, "
                "latest_commit_sha = null, latest_best = null, latest_mean = null, unit = null, "
                "change_count = change_count + 1 where history_fingerprint = $1 "
                "returning series_no",
                {fingerprint}));
  if (series_no == 0) return {};
  const auto read = [&](std::string_view after) {
    return read_facts(connection,
                      store::both_dialects<"select " BL_FACT_COLUMNS BL_FACT_TABLES
                                           "where r.history_fingerprint = $1 and r.id > $2 "
                                           "order by r.id limit 500">(),
                      {fingerprint, after});
  };
  BL_TRY(const std::size_t facts, add_pages(connection, read, add_to_series));
  if (facts > 0) return {};
  static constexpr store::Sql k_forget[] = {
      "delete from benchlake.series where series_no = $1",
      "delete from benchlake.run_series where series_no = $1"};
  return execute_each(connection, k_forget, series_no);
}

Result<void> remake_run(store::Connection& connection, std::string_view run_id,
                        std::string_view repository) {
  BL_CHECK(connection.dialect() == store::Dialect::postgres);
  BL_TRY(
      const std::int64_t run_no,
      number_of(connection,
                "update benchlake.run set result_count = 0, error_count = 0, series_count = 0, "
                "batch_count = 0, latest_result_no = -4611686018427387904, latest_result_id = '', "
                "latest_batch_id = null, run_reason = null, commit_id = null, "
                "first_result_at = 9223372036854775807, last_result_at = -9223372036854775808 "
                "where run_id = $1 and repository = $2 returning run_no",
                {run_id, repository}));
  if (run_no == 0) return {};
  static constexpr store::Sql k_forget[] = {"delete from benchlake.run_series where run_no = $1",
                                            "delete from benchlake.run_batch where run_no = $1"};
  BL_RETURN_IF_ERROR(execute_each(connection, k_forget, run_no));
  const auto read = [&](std::string_view after) {
    return read_facts(connection,
                      store::both_dialects<"select " BL_FACT_COLUMNS BL_FACT_TABLES
                                           "where r.run_id = $1 and r.commit_repo_url = $2 and "
                                           "r.id > $3 order by r.id limit 500">(),
                      {run_id, repository, after});
  };
  BL_TRY(const std::size_t facts, add_pages(connection, read, add_to_runs));
  if (facts > 0) return {};
  static constexpr store::Sql k_gone[] = {"delete from benchlake.run where run_no = $1"};
  return execute_each(connection, k_gone, run_no);
}

}  // namespace bl::results
