#include "bigquery/catalog/open_tables.h"

#include "base/hash.h"
#include "bigquery/catalog/names.h"
#include "bigquery/lake_schema.h"

namespace bl::bigquery {

TableRecord listed_lake_table(std::string_view project, const lake::Table& table) {
  TableRecord out;
  const auto hash = sha256(table.name());
  for (std::size_t i = 0; i < sizeof(out.id); ++i) {
    out.id = static_cast<std::int64_t>(static_cast<std::uint64_t>(out.id) << 8 |
                                       std::to_integer<std::uint64_t>(hash[i]));
  }
  out.id |= std::numeric_limits<std::int64_t>::min();
  out.name = {std::string(project), std::string(k_lake_dataset), table.name()};
  out.properties = json::Value::object();
  const lake::TableStatus status = table.status();
  out.version = status.snapshot;
  out.modified = status.snapshot_at;
  if (auto schema = table_schema_of(table.schema()); schema.ok()) out.schema = *std::move(schema);
  return out;
}

Result<TableRecord> record_of_lake_table(std::string_view project, const lake::Table& table) {
  TableRecord out = listed_lake_table(project, table);
  BL_TRY(out.schema, table_schema_of(table.schema()));
  return out;
}

}  // namespace bl::bigquery
