#include "results/store_catalogue.h"

#include "results/store/rows.h"
#include "results/store/whole.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Param;

#define BL_CATALOGUE_ROWS_MAX " limit 500"
static_assert(k_catalogue_rows_max == 500);

// Every row of a statement, as `take` makes them.
template <class T>
Result<std::vector<T>> rows_of(store::Database& database, const store::Sql& sql,
                               std::initializer_list<Param> params,
                               Result<T> (*take)(const store::Row&)) {
  std::vector<T> rows;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) {
    rows.clear();
    return for_each_row(connection, sql, params, [&](const store::Row& row) -> Result<void> {
      BL_TRY(auto taken, take(row));
      rows.push_back(std::move(taken));
      return {};
    });
  }));
  return rows;
}

template <class T>
Result<T> one_of(Result<std::vector<T>> rows, std::string_view what, std::string_view id) {
  if (!rows.ok()) return std::move(rows).error();
  if (!rows->empty()) return std::move(rows->front());
  return Error{Code::not_found, std::string("no ").append(what).append(" has the id ").append(id)};
}

Result<CatalogueCommit> take_commit(const store::Row& row) {
  return CatalogueCommit{*commit_of(row, 0), std::nullopt};
}

Result<CatalogueCommit> take_commit_with_parent(const store::Row& row) {
  return CatalogueCommit{*commit_of(row, 0), row.text_or_null(k_commit_columns)};
}

// Another program may have stored any JSON where an object belongs.
Result<CatalogueDocument> take_document(const store::Row& row) {
  auto content = object_of(row, 1);
  return CatalogueDocument{std::string(row.text(0)),
                           content.ok() ? std::move(content).value() : json::Value::object()};
}

Result<CatalogueHardware> take_hardware(const store::Row& row) {
  BL_TRY(auto hardware, hardware_of(row, 1));
  return CatalogueHardware{std::string(row.text(0)), std::move(hardware)};
}

#define BL_COMMIT_ORDER " order by c.timestamp is null desc, c.timestamp desc, @binary{c.id} desc"

// `$1, $2, ...` for `count` values, and the values behind those that are there.
std::string places(std::size_t first, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += i == 0 ? "$" : ", $";
    text += std::to_string(first + i);
  }
  return text;
}

Result<void> check_hashes(std::span<const std::string> hashes) {
  if (hashes.size() <= k_hashes_max) return {};
  return Error{Code::invalid, "more than " + std::to_string(k_hashes_max) +
                                  " commit hashes: " + std::to_string(hashes.size())};
}

// Runs ---------------------------------------------------------------------------------------

#define BL_RUN_ENTITY_COLUMNS                                                                 \
  "r.run_id, @text{r.run_tags}, r.run_reason, @micros{r.timestamp}, h.id, " BL_COMMIT_COLUMNS \
  ", " BL_HARDWARE_COLUMNS
#define BL_RUN_ENTITY_TABLES                                                                 \
  " from benchmark_result r join hardware h on h.id = r.hardware_id left join \"commit\" c " \
  "on c.id = r.commit_id "

Result<RunEntity> take_run(const store::Row& row) {
  RunEntity run;
  run.run_id = row.text(0);
  auto tags = object_of(row, 1);
  run.run_tags = tags.ok() ? std::move(tags).value() : json::Value::object();
  run.run_reason = row.text_or_null(2);
  run.timestamp = Timestamp{row.integer(3)};
  run.hardware.id = row.text(4);
  run.commit = commit_of(row, 5);
  BL_TRY(run.hardware.hardware, hardware_of(row, 5 + k_commit_columns));
  return run;
}

// The earliest result of each run on the commits, then what a page of them says. On SQLite, which
// has no index of results by commit, the table that stands for one leads to them.
std::string runs_text(store::Dialect dialect, std::size_t hashes) {
  const std::string commits =
      "(select id from \"commit\" where sha in (" + places(3, hashes) + "))";
  std::string sql = "select " BL_RUN_ENTITY_COLUMNS BL_RUN_ENTITY_TABLES
                    "where r.id in (select id from (select e.id, e.run_id, row_number() over "
                    "(partition by e.run_id order by e.timestamp, @binary{e.id}) as place from ";
  sql += dialect == store::Dialect::sqlite
             ? "bl_commit_series o cross join bl_result_number n on n.no = o.result_no "
               "cross join benchmark_result e on e.id = n.id where o.commit_id in " +
                   commits
             : "benchmark_result e where e.commit_id in " + commits;
  sql +=
      " and @binary{e.run_id} > $1) as earliest where place = 1 "
      "order by @binary{run_id} limit $2) order by @binary{r.run_id}";
  return store::in_dialect(sql, dialect);
}

}  // namespace

Result<std::vector<CatalogueCommit>> StoreCatalogueReader::commits() {
  return rows_of(database_,
                 store::both_dialects<"select " BL_COMMIT_COLUMNS
                                      " from \"commit\" c" BL_COMMIT_ORDER BL_CATALOGUE_ROWS_MAX>(),
                 {}, take_commit);
}

Result<std::vector<CatalogueCommit>> StoreCatalogueReader::commits(
    std::span<const std::string> hashes) {
  BL_RETURN_IF_ERROR(check_hashes(hashes));
  std::vector<CatalogueCommit> found;
  if (hashes.empty()) return found;
  std::vector<Param> params;
  for (const std::string& hash : hashes) params.emplace_back(std::string_view(hash));
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    found.clear();
    const std::string sql = "select " BL_COMMIT_COLUMNS " from \"commit\" c where c.sha in (" +
                            places(1, hashes.size()) + ")" BL_COMMIT_ORDER;
    return connection.query_text(store::in_dialect(sql, connection.dialect()), params,
                                 [&](const store::Row& row) {
                                   found.push_back({*commit_of(row, 0), std::nullopt});
                                   return true;
                                 });
  }));
  return found;
}

Result<CatalogueCommit> StoreCatalogueReader::commit(std::string_view id) {
  return one_of(rows_of(database_,
                        store::both_dialects<"select " BL_COMMIT_COLUMNS
                                             ", p.id from \"commit\" c left join \"commit\" p on "
                                             "p.sha = c.parent and p.repository = c.repository "
                                             "where c.id = $1">(),
                        {id}, take_commit_with_parent),
                "commit", id);
}

Result<std::vector<CatalogueDocument>> StoreCatalogueReader::documents(DocumentKind kind) {
  return rows_of(
      database_,
      kind == DocumentKind::context
          ? store::both_dialects<
                "select id, @text{tags} from context order by id" BL_CATALOGUE_ROWS_MAX>()
          : store::both_dialects<
                "select id, @text{tags} from info order by id" BL_CATALOGUE_ROWS_MAX>(),
      {}, take_document);
}

Result<CatalogueDocument> StoreCatalogueReader::document(DocumentKind kind, std::string_view id) {
  const bool is_context = kind == DocumentKind::context;
  return one_of(
      rows_of(database_,
              is_context
                  ? store::both_dialects<"select id, @text{tags} from context where id = $1">()
                  : store::both_dialects<"select id, @text{tags} from info where id = $1">(),
              {id}, take_document),
      is_context ? "context" : "info", id);
}

Result<std::vector<CatalogueHardware>> StoreCatalogueReader::hardware() {
  return rows_of(
      database_,
      store::both_dialects<
          "select h.id, " BL_HARDWARE_COLUMNS
          " from hardware h order by @binary{h.name}, @binary{h.id}" BL_CATALOGUE_ROWS_MAX>(),
      {}, take_hardware);
}

Result<CatalogueHardware> StoreCatalogueReader::hardware(std::string_view id) {
  return one_of(rows_of(database_,
                        store::both_dialects<"select h.id, " BL_HARDWARE_COLUMNS
                                             " from hardware h where h.id = $1">(),
                        {id}, take_hardware),
                "hardware", id);
}

Result<std::vector<RunEntity>> StoreCatalogueReader::runs(const RunsOfCommits& filter) {
  BL_RETURN_IF_ERROR(check_hashes(filter.hashes));
  std::vector<RunEntity> runs;
  if (filter.hashes.empty()) return runs;
  const std::string after = filter.after.value_or("");
  std::vector<Param> params = {std::string_view(after),
                               static_cast<std::int64_t>(filter.page_size)};
  for (const std::string& hash : filter.hashes) params.emplace_back(std::string_view(hash));
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    runs.clear();
    std::optional<Error> fault;
    BL_RETURN_IF_ERROR(connection.query_text(runs_text(connection.dialect(), filter.hashes.size()),
                                             params, [&](const store::Row& row) {
                                               auto run = take_run(row);
                                               if (!run.ok()) {
                                                 fault = std::move(run).error();
                                                 return false;
                                               }
                                               runs.push_back(std::move(*run));
                                               return true;
                                             }));
    if (fault) return std::move(*fault);
    return {};
  }));
  return runs;
}

Result<RunEntity> StoreCatalogueReader::run(std::string_view run_id) {
  return one_of(
      rows_of(database_,
              store::both_dialects<"select " BL_RUN_ENTITY_COLUMNS BL_RUN_ENTITY_TABLES
                                   "where r.id = (select id from benchmark_result "
                                   "where run_id = $1 order by timestamp, @binary{id} limit 1)">(),
              {run_id}, take_run),
      "run", run_id);
}

}  // namespace bl::results
