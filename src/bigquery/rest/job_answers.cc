#include "bigquery/rest/job_answers.h"

#include <fmt/format.h>

#include <charconv>

#include "base/hash.h"
#include "bigquery/jobs/job_statistics.h"
#include "bigquery/rest/answers.h"

namespace bl::bigquery {
namespace {

constexpr std::size_t k_page_bytes_max = 10u << 20;
constexpr std::int64_t k_page_rows_max = 100'000;
constexpr std::string_view k_token_mark = "row ";

std::string millis(Timestamp time) {
  return std::to_string(time.micros / 1'000);
}

template <class Number>
void digits(json::Writer& writer, std::string_view name, Number number) {
  writer.member(name, std::to_string(number));
}

void write_reference(json::Writer& writer, const JobView& job) {
  writer.key("jobReference")
      .begin_object()
      .member("projectId", job.project)
      .member("jobId", job.id)
      .member("location", job.location)
      .end_object();
}

void write_proto(json::Writer& writer, const JobError& error) {
  writer.begin_object().member("reason", error.reason);
  if (!error.location.empty()) writer.member("location", error.location);
  writer.member("message", error.message).end_object();
}

void write_status(json::Writer& writer, const JobView& job) {
  writer.key("status").begin_object().member("state", name_of(job.state));
  if (job.error) {
    writer.key("errorResult");
    write_proto(writer, *job.error);
  }
  if (!job.errors.empty()) {
    writer.key("errors").begin_array();
    for (const JobError& error : job.errors) write_proto(writer, error);
    writer.end_array();
  }
  writer.end_object();
}

/// Some members of statistics, beside those of the job itself.
void write_statistics(json::Writer& writer, const JobView& job) {
  writer.key("statistics").begin_object().member("creationTime", millis(job.created));
  if (job.started) writer.member("startTime", millis(*job.started));
  if (job.ended) writer.member("endTime", millis(*job.ended));
  if (job.statistics.is_object()) {
    for (const auto& [name, value] : job.statistics.members()) writer.member(name, value);
  }
  writer.end_object();
}

/// `"rows":[...]`; gives the row behind the last one.
Result<std::int64_t> write_rows(json::Writer& writer, const QueryResult& rows,
                                const PageRequest& page) {
  std::int64_t row = page.from;
  const std::int64_t most = std::min(page.rows_max.value_or(k_page_rows_max), k_page_rows_max);
  const std::int64_t end =
      std::min(rows.rows(), most > rows.rows() - row ? rows.rows() : row + most);
  std::string text = "[";
  while (row < end && text.size() < k_page_bytes_max) {
    BL_TRY(const columns::Batch batch, rows.batch_at(row));
    BL_TRY(const CellWriter cells, CellWriter::make(batch, rows.schema(), page.form));
    const std::int64_t count = std::min(batch.rows(), end - row);
    for (std::int64_t i = 0; i < count && text.size() < k_page_bytes_max; ++i, ++row) {
      if (text.size() > 1) text += ',';
      cells.append(text, i);
    }
  }
  text += ']';
  writer.key("rows").raw(text);
  return row;
}

json::Value empty_schema() {
  return json::Value::object();
}

}  // namespace

net::Response error_answer(const JobError& error) {
  return rest::refusal({http_status(error), error.reason}, error.message);
}

net::Response error_answer(const Error& error, std::string_view invalid) {
  return error_answer(job_error(error, invalid));
}

std::string job_resource(const JobView& job, const std::string& origin) {
  std::string text;
  json::Writer writer(text);
  const std::string id = fmt::format("{}:{}.{}", job.project, job.location, job.id);
  writer.begin_object().member("kind", "bigquery#job");
  writer.member("etag", fmt::format("{}.{}", job.id, name_of(job.state)));
  writer.member("id", id);
  writer.member("selfLink", fmt::format("{}/bigquery/v2/projects/{}/jobs/{}?location={}", origin,
                                        job.project, job.id, job.location));
  writer.member("user_email", job.user).member("configuration", job.configuration);
  write_reference(writer, job);
  write_statistics(writer, job);
  write_status(writer, job);
  writer.member("principal_subject", "user:" + job.user);
  writer.key("jobCreationReason").begin_object().member("code", "REQUESTED").end_object();
  writer.end_object();
  return text;
}

std::string dry_run_resource(const QueryOutcome& outcome, const JobRequest& job) {
  std::string text;
  json::Writer writer(text);
  json::Value statistics = statistics_of(outcome);
  json::Value query = *statistics.find("query");
  query.set("totalBytesProcessedAccuracy", json::Value::string("UPPER_BOUND"));
  statistics.set("query", std::move(query));
  writer.begin_object().member("kind", "bigquery#job").member("configuration", job.configuration);
  writer.key("jobReference").begin_object().member("projectId", job.project);
  writer.member("location", job.location.empty() ? "US" : job.location).end_object();
  writer.member("statistics", statistics);
  writer.key("status").begin_object().member("state", "DONE").end_object();
  writer.end_object();
  return text;
}

std::string dry_run_answer(const QueryOutcome& outcome, const JobRequest& job) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("kind", "bigquery#queryResponse");
  writer.member("schema", schema_to_json(outcome.schema));
  writer.key("jobReference").begin_object().member("projectId", job.project);
  writer.member("location", job.location.empty() ? "US" : job.location).end_object();
  digits(writer, "totalBytesProcessed", outcome.bytes_processed);
  writer.member("jobComplete", true).member("cacheHit", false).end_object();
  return text;
}

Result<TimestampForm> timestamp_form(bool use_int64, std::string_view output_format) {
  if (output_format == "ISO8601_STRING") return TimestampForm::iso;
  if (output_format == "INT64") return TimestampForm::micros;
  if (output_format == "FLOAT64") return TimestampForm::seconds;
  if (output_format.empty() || output_format == "TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED") {
    return use_int64 ? TimestampForm::micros : TimestampForm::seconds;
  }
  return Error{
      Code::invalid,
      fmt::format("Invalid value for formatOptions.timestampOutputFormat: {}", output_format)};
}

std::string page_token(std::int64_t row) {
  const std::string place = fmt::format("{}{}", k_token_mark, row);
  return base64url(std::as_bytes(std::span(place)));
}

Result<std::int64_t> page_place(std::string_view token) {
  const auto place = base64url_decode(token);
  std::int64_t row = -1;
  if (place && place->starts_with(k_token_mark)) {
    const char* const end = place->data() + place->size();
    const auto [read, fault] = std::from_chars(place->data() + k_token_mark.size(), end, row);
    if (fault != std::errc() || read != end) row = -1;
  }
  if (row >= 0) return row;
  return Error{Code::invalid, fmt::format("Invalid page token: {}", token.substr(0, 100))};
}

Result<std::string> query_answer(const JobView& job, const QueryResultHandle& rows,
                                 const PageRequest& page, QueryAnswer kind) {
  std::string text;
  json::Writer writer(text);
  const bool is_query = kind == QueryAnswer::of_query;
  const bool is_done = job.state == JobState::done;
  writer.begin_object().member(
      "kind", is_query ? "bigquery#queryResponse" : "bigquery#getQueryResultsResponse");
  if (!is_query)
    writer.member("etag", fmt::format("{}.{}.{}", job.id, name_of(job.state), page.from));
  if (is_done) {
    writer.member("schema", job.has_answer ? schema_to_json(job.schema) : empty_schema());
  }
  write_reference(writer, job);
  writer.member("jobComplete", is_done);
  if (is_done) {
    const std::int64_t total = rows == nullptr ? 0 : rows->rows();
    if (rows != nullptr) digits(writer, "totalRows", total);
    std::int64_t next = page.from;
    if (rows != nullptr && page.rows_max != 0) {
      BL_TRY(next, write_rows(writer, *rows, page));
    }
    if (next < total) writer.member("pageToken", page_token(next));
    digits(writer, "totalBytesProcessed", job.bytes_processed);
    writer.member("cacheHit", job.cache_hit);
    if (job.changed_rows) digits(writer, "numDmlAffectedRows", *job.changed_rows);
    if (const json::Value* query = job.statistics.find("query")) {
      if (const json::Value* dml = query->find("dmlStats")) writer.member("dmlStats", *dml);
    }
  }
  if (is_query) {
    writer.member("queryId", job.id).member("location", job.location);
    writer.key("jobCreationReason").begin_object().member("code", "REQUESTED").end_object();
    digits(writer, "totalBytesBilled", 0);
    writer.member("creationTime", millis(job.created));
    if (job.started) writer.member("startTime", millis(*job.started));
    if (job.ended) writer.member("endTime", millis(*job.ended));
  }
  writer.end_object();
  return text;
}

}  // namespace bl::bigquery
