#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bigquery/model.h"
#include "bigquery/sql/ast.h"

/// GoogleSQL -> the engine's SQL (DuckDB). The text is parsed into a tree, its names are resolved
/// against the tables' schemas, every expression gets a type, and the engine's SQL is written from
/// that. What is mapped to what, and what is refused: docs/bigquery-sql.md. Pure: no I/O but what
/// the TableSource does; threads: any.
///
/// What the relations that the SQL names must look like: a column for each field, of the type
///   STRING VARCHAR, BYTES BLOB, INT64 BIGINT, FLOAT64 DOUBLE, BOOL BOOLEAN,
///   NUMERIC DECIMAL(38, 9), BIGNUMERIC DECIMAL(38, 19) (with precision and scale: DECIMAL(p, s)),
///   DATE DATE, DATETIME TIMESTAMP, TIME TIME, TIMESTAMP TIMESTAMPTZ, INTERVAL INTERVAL, JSON JSON,
///   STRUCT STRUCT(...), REPEATED T[], RANGE STRUCT("start" T, "end" T);
/// the columns of the answer are of the same types. The session's zone is UTC.
namespace bl::bigquery::sql {

struct SqlLimits {
  std::size_t bytes_max = 1u << 20;      ///< of the query
  int depth_max = 200;                   ///< parentheses, subqueries, chains of operators
  int nodes_max = 100'000;               ///< expressions
  std::size_t sql_bytes_max = 8u << 20;  ///< of what is written for the engine
  int views_depth_max = 16;              ///< views that read views
};

/// A table, or a view when `view` (a query in GoogleSQL) is not empty.
struct TableInfo {
  TableSchema schema;
  std::string view;
};

/// The port to what tables there are.
class TableSource {
 public:
  virtual ~TableSource() = default;
  /// `name` has all three parts. Errors: not_found; what else is an error of the query, too.
  virtual Result<TableInfo> find(const TableName& name) = 0;
};

/// A parameter as the request types it: an array is a repeated field, a struct a record. Its name
/// is found without regard to case; positional ones have none.
struct ParameterType {
  TableField type;
};

struct TranslateOptions {
  std::string default_project, default_dataset;
  std::vector<ParameterType> parameters;
  std::string session_user = "user@localhost";
};

/// `relation` stands, quoted, where the SQL reads the table. A target has also a column `__bl_row`
/// (BIGINT, unique).
struct UsedTable {
  TableName name;
  std::string relation;
};

/// What `$1`, `$2`, ... of the SQL are: indices into TranslateOptions::parameters. Scalars come as
/// what casts to their type, arrays, structs and ranges as text of JSON.
struct ParameterUse {
  std::size_t index = 0;
};

struct Ddl {
  bool or_replace = false, if_not_exists = false, if_exists = false, cascade = false;
  TableName name;      ///< of a schema: `table` is empty
  TableSchema schema;  ///< of a table that is made (of CTAS: the answer's), or the columns to add
  bool column_if_not_exists = false;  ///< ALTER TABLE ADD COLUMN IF NOT EXISTS
  std::string partition_by;           ///< GoogleSQL; empty: none
  std::vector<std::string> cluster_by;
  std::vector<std::pair<std::string, std::string>> options;  ///< name, GoogleSQL
  std::string view;                                          ///< the view's query as it stood
};

/// The answer of INSERT, UPDATE, DELETE, MERGE and TRUNCATE has, for every row that changes,
/// `__bl_op` ('I', 'U', 'D'), `__bl_row` (NULL for I) and then every column of the target with its
/// new value (of D: the old one). Whoever applies them in one commit and counts them has run the
/// statement. A target row that more than one source row would change ends the query with the
/// error "UPDATE/MERGE must match at most one source row for each target row", as BigQuery says.
struct Translated {
  StatementKind kind = StatementKind::select;
  std::string sql;  ///< empty for DDL without a query
  std::vector<UsedTable> tables;
  std::vector<ParameterUse> parameters;
  TableSchema schema;  ///< of the answer; of DML: of the target
  std::optional<Ddl> ddl;
  std::optional<TableName> target;  ///< of DML
};

/// Errors: invalid (syntax, names, types: `... at [line:column]`, as BigQuery says it), not_found
/// (a table), unsupported (what is refused by name). Cost: 1 kB takes some 100 us.
Result<Translated> translate(std::string_view text, const TranslateOptions& options,
                             TableSource& tables, const SqlLimits& limits = {});

}  // namespace bl::bigquery::sql
