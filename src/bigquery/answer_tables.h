#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bigquery/query_results.h"
#include "bigquery/read_source.h"
#include "bigquery/tables.h"

/// Answers of queries as tables: what the `destinationTable` of a job says that was told none
/// (spec 2.2), where JobLimits::names_answer_tables. They are read, by the Storage Read API and
/// page by page, as long as the answer is kept; no dataset lists them, and SQL has no name for
/// them. Threads: any.
namespace bl::bigquery {

/// `p._answers.anon0651...`. `answer`: QueryResult::id().
TableName answer_table(std::string_view project, std::string_view answer);
/// The id in such a name; nullopt: a table as others are.
std::optional<std::string> answer_named(const TableName& name);

/// The answer's rows, for a read session. Its file stays until the last copy goes; it takes no
/// memory.
ReadSource read_source_of(const QueryResultHandle& answer);

}  // namespace bl::bigquery
