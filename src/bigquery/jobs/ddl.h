#pragma once

#include <string>

#include "bigquery/googlesql.h"
#include "bigquery/tables.h"

/// CREATE, DROP and ALTER of schemas, tables and views, done on Tables.
namespace bl::bigquery {

/// What became of a statement: CREATE, REPLACE, SKIP, DROP, ALTER. Errors: those of Tables;
/// unsupported (an option, by name). Not for CREATE TABLE AS SELECT, whose rows come from a query.
Result<std::string> define(Tables& tables, sql::StatementKind kind, const sql::Ddl& ddl);

/// The OPTIONS, PARTITION BY and CLUSTER BY of a table as its properties, and when it expires.
/// Errors: invalid (a value), unsupported.
Result<void> put_options(const sql::Ddl& ddl, TableRecord& record);

}  // namespace bl::bigquery
