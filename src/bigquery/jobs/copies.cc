#include "bigquery/jobs/copies.h"

#include <fmt/format.h>

#include "duck/connection.h"

namespace bl::bigquery {
namespace {

constexpr std::chrono::minutes k_time_max{30};

/// The source's columns in the order of `schema`, as the lake keeps them.
Result<std::string> select_of(const TableSchema& schema, const TableRecord& source) {
  std::string items;
  for (const TableField& field : schema.fields) {
    const TableField* known = source.schema.find(field.name);
    if (known == nullptr || !is_same_type(*known, field)) {
      return Error{Code::invalid, fmt::format("Provided Schema does not match Table {}: field {}",
                                              source.name.table, field.name)};
    }
    items += (items.empty() ? "" : ", ") + duck::quoted_name(known->name);
  }
  return fmt::format("SELECT {} FROM \"source\"", items);
}

}  // namespace

Result<Copied> copy_tables(const CopyRequest& request, Tables& tables, engine::Engine& engine,
                           std::shared_ptr<engine::QueryControl> control) {
  if (request.sources.empty()) return Error{Code::invalid, "a copy has no source tables"};
  std::vector<TableHandle> sources;
  for (const TableName& name : request.sources) {
    BL_TRY(TableHandle source, tables.find(name));
    if (source->record().kind == TableKind::view) {
      return Error{Code::invalid, "a view cannot be copied: " + name.table};
    }
    sources.push_back(std::move(source));
  }
  BL_TRY(const TableSchema schema,
         target_schema(tables, request.destination, sources[0]->record().schema));
  BL_TRY(const auto sink, RowSink::open(tables, request.destination, schema));
  for (const TableHandle& source : sources) {
    BL_TRY(std::string sql, select_of(sink->schema(), source->record()));
    engine::Query query{.sql = std::move(sql),
                        .tables = {{.name = "source", .snapshot = source->snapshot()}},
                        .limits = {.time_max = k_time_max,
                                   .rows_max = std::numeric_limits<std::int64_t>::max(),
                                   .bytes_max = std::numeric_limits<std::uint64_t>::max()},
                        .control = control};
    BL_TRY(const auto cursor, engine.run(std::move(query)));
    while (true) {
      BL_TRY(const auto batch, cursor->next());
      if (!batch) break;
      BL_RETURN_IF_ERROR(sink->add(*batch));
    }
  }
  BL_RETURN_IF_ERROR(sink->commit(request.key));
  return Copied{sink->rows(), sink->bytes()};
}

}  // namespace bl::bigquery
