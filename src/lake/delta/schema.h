#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "columns/type.h"

/// A Delta schema with all that its text says: what columns::Schema has no words for (names in
/// files, ids, texts about columns) is kept. Pure.
namespace bl::lake::delta {

/// A column, a field, an element (`element`), a key or a value.
struct Column {
  std::string name;
  std::string physical;            ///< its name in files, statistics and partitions
  std::optional<std::int64_t> id;  ///< of a column in files, with column mapping
  bool nullable = true;
  columns::Type type;  ///< without children: they are below
  std::vector<Column> children;
  json::Object metadata;
};

/// Errors: corrupt, unsupported (a type, with its name).
Result<std::vector<Column>> parse_schema(std::string_view text);
std::string schema_text(const std::vector<Column>& columns);

Result<columns::Schema> to_schema(const std::vector<Column>& columns);
/// Errors: unsupported, invalid.
Result<std::vector<Column>> from_schema(const columns::Schema& schema);

/// `table` with what `wanted` has more, at the end and nullable, also within structs. Errors:
/// invalid (another type, a column that is missing, that may not be null, or other null rules).
Result<std::vector<Column>> extended(const std::vector<Column>& table,
                                     const std::vector<Column>& wanted);

/// Leaf columns in order; lists and maps are leaves here, as for statistics.
struct Leaf {
  std::vector<std::string> path;  ///< physical names
  columns::Type type;
};
std::vector<Leaf> leaves(const std::vector<Column>& columns);

/// True when a column, or what nests in one, has this text about it.
bool has_metadata(const std::vector<Column>& columns, std::string_view key);

}  // namespace bl::lake::delta
