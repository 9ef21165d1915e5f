#include "results/store/repair.h"

#include <string>
#include <vector>

#include "results/store/derived.h"
#include "results/store/facts.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

// One page of facts in memory: the connection reads a page, then writes what follows from it.
constexpr std::size_t k_page_rows = 500;

Result<void> empty_derived(store::Connection& connection) {
  static const store::Sql k_deletes[] = {store::both_dialects<"delete from @series">(),
                                         store::both_dialects<"delete from @run">(),
                                         store::both_dialects<"delete from @run_series">(),
                                         store::both_dialects<"delete from @run_batch">()};
  for (const store::Sql& sql : k_deletes) {
    BL_TRY([[maybe_unused]] auto deleted, connection.execute(sql, {}));
  }
  if (connection.dialect() == store::Dialect::postgres) return {};
  for (const char* sql : {"delete from bl_history", "delete from bl_commit_series"}) {
    BL_TRY([[maybe_unused]] auto deleted, connection.execute(sql, {}));
  }
  BL_TRY([[maybe_unused]] auto reset,
         connection.execute("update bl_counter set value = case name when 'commits' then "
                            "(select count(*) from \"commit\") else 0 end",
                            {}));
  return {};
}

// Rows that were restored or written by another program have no number yet.
Result<void> number_all(store::Connection& connection) {
  BL_TRY(
      [[maybe_unused]] auto numbered,
      connection.execute(store::both_dialects<
                             "insert into @result_number (id) select r.id from benchmark_result r "
                             "where not exists (select 1 from @result_number n where n.id = r.id) "
                             "order by r.id">(),
                         {}));
  return {};
}

}  // namespace

Result<void> add_repaired_history(store::Connection& connection, std::string_view commit_id) {
  std::vector<std::string> ids;
  BL_RETURN_IF_ERROR(connection.query(
      store::Sql("select n.id from bl_commit_series o join bl_result_number n on n.no = "
                 "o.result_no where o.commit_id = $1 order by o.series_no, o.result_no",
                 "select id from benchmark_result where commit_id = $1 order by id"),
      {commit_id}, [&](const store::Row& row) {
        ids.emplace_back(row.text(0));
        return true;
      }));
  for (std::size_t at = 0; at < ids.size(); at += k_page_rows) {
    store::ParamRows page_ids(1);
    for (std::size_t i = at; i < std::min(ids.size(), at + k_page_rows); ++i) {
      page_ids.add({std::string_view(ids[i])});
    }
    BL_TRY(auto page, read_facts(connection, page_ids));
    BL_RETURN_IF_ERROR(add_history_points(connection, views_of(page)));
  }
  return {};
}

Result<void> rebuild_derived(store::Database& database) {
  return database.write([](store::Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(empty_derived(connection));
    BL_RETURN_IF_ERROR(number_all(connection));
    std::string after;
    for (;;) {
      BL_TRY(auto page,
             read_facts(connection,
                        store::both_dialects<"select " BL_FACT_COLUMNS BL_FACT_TABLES
                                             "where r.id > $1 order by r.id limit 500">(),
                        {std::string_view(after)}));
      BL_RETURN_IF_ERROR(add_derived(connection, views_of(page)));
      if (page.size() < k_page_rows) return {};
      after = page.back().id;
    }
  });
}

}  // namespace bl::results
