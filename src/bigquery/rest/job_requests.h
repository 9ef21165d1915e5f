#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "bigquery/jobs.h"

/// Bodies of requests for jobs, read (spec 2.3, 2.8). Pure.
namespace bl::bigquery {

/// What a job of a request is, before its file has come.
struct JobBody {
  JobRequest job;
  bool is_load = false;  ///< LoadRequest::file is still missing
  bool is_dry_run = false;
};

/// The body of jobs.insert. Errors: invalid, unsupported (extract jobs, legacy SQL, ... by name).
Result<JobBody> job_body_of(const json::Value& body, const std::string& project);

/// The body of jobs.query, and what concerns its answer.
struct QueryBody {
  JobRequest job;
  bool is_dry_run = false;
  std::int64_t timeout_ms = 10'000;
  json::Value format_options;
  std::optional<std::int64_t> rows_max;
};
Result<QueryBody> query_body_of(const json::Value& body, const std::string& project);

/// A number, or a text of digits; null when it is absent. Errors: invalid.
Result<std::optional<std::int64_t>> integer_member(const json::Value& object,
                                                   std::string_view name);
std::string text_member(const json::Value& object, std::string_view name);
bool truth_member(const json::Value& object, std::string_view name, bool otherwise = false);

}  // namespace bl::bigquery
