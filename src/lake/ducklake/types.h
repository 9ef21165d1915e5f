#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "columns/type.h"

/// A table's columns, in the words of SQL and in the rows of a catalog. Pure. Private to this
/// folder.
namespace bl::lake {

/// For CREATE TABLE. Errors: invalid (a type that no lake table has, a nested column that is not
/// nullable; with the column's name).
Result<std::string> sql_type(const columns::Field& field);
/// `"a" BIGINT NOT NULL, "b" VARCHAR`. Errors: as above.
Result<std::string> sql_columns(const columns::Schema& schema);

/// A row of `ducklake_column`.
struct CatalogColumn {
  std::int64_t id = 0;
  std::optional<std::int64_t> parent;
  std::string name;
  std::string type;  ///< for example `int64`, `decimal(38,9)`, `struct`
  bool nullable = true;
};

/// The schema of columns in their order, children behind their parents. Errors: corrupt (a parent
/// that is not there, or a type that is none), unsupported (a type that no lake table has).
Result<columns::Schema> schema_of(const std::vector<CatalogColumn>& columns);

}  // namespace bl::lake
