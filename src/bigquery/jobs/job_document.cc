#include "bigquery/jobs/job_document.h"

namespace bl::bigquery {
namespace {

void write_error(json::Writer& writer, const JobError& error) {
  writer.begin_object()
      .member("reason", error.reason)
      .member("message", error.message)
      .member("location", error.location)
      .end_object();
}

std::string text_of(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::optional<std::int64_t> number_of(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value == nullptr ? std::nullopt : value->as_int64();
}

bool truth_of(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::optional<Timestamp> time_of(const json::Value& object, std::string_view key) {
  const auto micros = number_of(object, key);
  if (!micros) return std::nullopt;
  return Timestamp{*micros};
}

JobError error_of(const json::Value& object) {
  return {text_of(object, "reason"), text_of(object, "message"), text_of(object, "location")};
}

}  // namespace

std::string document_of(const JobView& job) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("location", job.location)
      .member("user", job.user)
      .member("requestId", job.request_id)
      .member("configuration", job.configuration)
      .member("statistics", job.statistics);
  if (job.started) writer.member("started", job.started->micros);
  if (job.ended) writer.member("ended", job.ended->micros);
  if (job.error) {
    writer.key("error");
    write_error(writer, *job.error);
  }
  writer.key("errors").begin_array();
  for (const JobError& error : job.errors) write_error(writer, error);
  writer.end_array();
  if (!job.statement.empty()) writer.member("statement", job.statement);
  if (job.has_answer) {
    writer.member("result", job.result).member("schema", schema_to_json(job.schema));
  }
  writer.member("cacheHit", job.cache_hit);
  writer.member("bytes", job.bytes_processed);
  if (job.changed_rows) writer.member("changed", *job.changed_rows);
  writer.end_object();
  return text;
}

Result<void> read_document(std::string_view document, JobView& job) {
  auto parsed = json::parse(document);
  if (!parsed.ok() || !parsed->is_object()) {
    return Error{Code::corrupt, "the store's document of a job is no JSON: " + job.id};
  }
  const json::Value& value = *parsed;
  job.location = text_of(value, "location");
  job.user = text_of(value, "user");
  job.request_id = text_of(value, "requestId");
  if (const auto* configuration = value.find("configuration")) job.configuration = *configuration;
  if (const auto* statistics = value.find("statistics")) job.statistics = *statistics;
  job.started = time_of(value, "started");
  job.ended = time_of(value, "ended");
  if (const auto* error = value.find("error")) job.error = error_of(*error);
  if (const auto* errors = value.find("errors"); errors != nullptr && errors->is_array()) {
    for (const json::Value& one : errors->items()) job.errors.push_back(error_of(one));
  }
  job.statement = text_of(value, "statement");
  job.result = text_of(value, "result");
  if (const auto* schema = value.find("schema")) {
    BL_TRY(job.schema, schema_from_json(*schema));
    job.has_answer = true;
  }
  job.cache_hit = truth_of(value, "cacheHit");
  job.bytes_processed = static_cast<std::uint64_t>(number_of(value, "bytes").value_or(0));
  job.changed_rows = number_of(value, "changed");
  return {};
}

}  // namespace bl::bigquery
