#include "results/store/shared_rows.h"

#include "results/store/rows.h"
#include "results/store/text_array.h"
#include "results/store/whole.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

template <class T>
std::string ids_of(const ById<T>& rows, store::Dialect dialect) {
  std::vector<std::string_view> ids;
  ids.reserve(rows.size());
  for (const auto& [id, value] : rows) ids.emplace_back(id);
  return text_array(ids, dialect);
}

// `select` ends before its `where`; the first column is the id.
template <class T>
Result<void> read_each(store::Connection& connection, std::string_view select, ById<T>& rows,
                       const std::function<Result<void>(const store::Row&, T&)>& take) {
  if (rows.empty()) return {};
  const bool is_sqlite = connection.dialect() == store::Dialect::sqlite;
  std::string sql = store::in_dialect(select, connection.dialect());
  sql.append(" where id ").append(is_sqlite ? BL_ONE_OF_SQLITE : BL_ONE_OF_POSTGRES);
  const std::string ids = ids_of(rows, connection.dialect());
  const store::Param param = std::string_view(ids);
  return for_each_row_of(connection, sql, std::span(&param, 1),
                         [&](const store::Row& row) -> Result<bool> {
                           const auto place = rows.find(row.text(0));
                           if (place != rows.end()) {
                             BL_RETURN_IF_ERROR(take(row, place->second));
                           }
                           return true;
                         });
}

}  // namespace

Result<void> read_cases(store::Connection& connection, ById<Case>& cases) {
  return read_each<Case>(connection, "select id, name, tags from \"case\"", cases,
                         [](const store::Row& row, Case& benchmark_case) -> Result<void> {
                           benchmark_case.name = row.text(1);
                           BL_TRY(benchmark_case.tags, object_of(row, 2));
                           return {};
                         });
}

Result<void> read_contexts(store::Connection& connection, ById<json::Value>& contexts) {
  return read_each<json::Value>(connection, "select id, tags from context", contexts,
                                [](const store::Row& row, json::Value& context) -> Result<void> {
                                  BL_TRY(context, object_of(row, 1));
                                  return {};
                                });
}

Result<void> read_contexts_and_infos(store::Connection& connection, ById<json::Value>& contexts,
                                     ById<json::Value>& infos) {
  static const store::Sql k_sql(
      "select id, 0, tags from context where id in (select value from json_each($1)) union all "
      "select id, 1, tags from info where id in (select value from json_each($2))",
      "select id, 0, tags from context where id = any ($1::text[]) union all "
      "select id, 1, tags from info where id = any ($2::text[])");
  const std::string of_contexts = ids_of(contexts, connection.dialect());
  const std::string of_infos = ids_of(infos, connection.dialect());
  return for_each_row(connection, k_sql,
                      {std::string_view(of_contexts), std::string_view(of_infos)},
                      [&](const store::Row& row) -> Result<void> {
                        ById<json::Value>& rows = row.integer(1) == 0 ? contexts : infos;
                        BL_TRY(rows[std::string(row.text(0))], object_of(row, 2));
                        return {};
                      });
}

Result<void> read_commits(store::Connection& connection,
                          ById<std::optional<StoredCommit>>& commits) {
  return read_each<std::optional<StoredCommit>>(
      connection, "select " BL_COMMIT_COLUMNS " from \"commit\" c", commits,
      [](const store::Row& row, std::optional<StoredCommit>& commit) -> Result<void> {
        commit = commit_of(row, 0);
        return {};
      });
}

Result<void> read_hardware(store::Connection& connection, ById<HardwareRow>& hardware) {
  return read_each<HardwareRow>(
      connection, "select h.id, h.hash, " BL_HARDWARE_COLUMNS " from hardware h", hardware,
      [](const store::Row& row, HardwareRow& one) -> Result<void> {
        one.hash = row.text(1);
        BL_TRY(one.hardware, hardware_of(row, 2));
        return {};
      });
}

Result<void> for_each_row_of(store::Connection& connection, const std::string& sql,
                             std::span<const store::Param> params,
                             const std::function<Result<bool>(const store::Row&)>& each) {
  std::optional<Error> fault;
  auto done = connection.query_text(sql, params, [&](const store::Row& row) {
    auto wants_more = each(row);
    if (wants_more.ok()) return *wants_more;
    fault = std::move(wants_more).error();
    return false;
  });
  if (fault) return std::move(*fault);
  return done;
}

}  // namespace bl::results
