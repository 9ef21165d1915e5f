#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bigquery/cells.h"
#include "bigquery/jobs.h"
#include "net/http.h"

/// Jobs and pages of rows as answers have them (spec 2.2, 2.4, 2.7). Pure but for reading rows.
namespace bl::bigquery {

/// `{error: {code, message, errors, status}}`.
net::Response error_answer(const JobError& error);
net::Response error_answer(const Error& error, std::string_view invalid = "invalid");

/// `bigquery#job`.
std::string job_resource(const JobView& job, const std::string& origin);
/// As job_resource, of a job that was not run and has no id.
std::string dry_run_resource(const QueryOutcome& outcome, const JobRequest& job);
/// The same of jobs.query.
std::string dry_run_answer(const QueryOutcome& outcome, const JobRequest& job);

struct PageRequest {
  std::int64_t from = 0;
  std::optional<std::int64_t> rows_max;  ///< 0: no rows at all
  TimestampForm form = TimestampForm::seconds;
};
/// From `formatOptions`, or the parameters of that name. Errors: invalid.
Result<TimestampForm> timestamp_form(bool use_int64, std::string_view output_format);

/// The opaque place of a page, and back. Errors: invalid.
std::string page_token(std::int64_t row);
Result<std::int64_t> page_place(std::string_view token);

/// `bigquery#queryResponse` of jobs.query, or `bigquery#getQueryResultsResponse`; of a job that is
/// not done without its rows. `rows` is null where the job has none. Pages end at 10 MB. Errors:
/// those of QueryResult::batch_at.
enum class QueryAnswer : unsigned char { of_query, of_results };
Result<std::string> query_answer(const JobView& job, const QueryResultHandle& rows,
                                 const PageRequest& page, QueryAnswer kind);

}  // namespace bl::bigquery
