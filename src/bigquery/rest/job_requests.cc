#include "bigquery/rest/job_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace bl::bigquery {
namespace {

constexpr std::size_t k_job_id_bytes_max = 1024;
constexpr std::size_t k_request_id_bytes_max = 128;

Error required(std::string_view what) {
  return {Code::invalid, fmt::format("Required parameter is missing: {}", what)};
}

Error bad_value(std::string_view name, std::string_view value) {
  return {Code::invalid, fmt::format("Invalid value for {}: {}", name, value)};
}

const json::Value* object_member(const json::Value& object, std::string_view name) {
  const json::Value* found = object.find(name);
  return found != nullptr && found->is_object() ? found : nullptr;
}

Result<TableName> table_name_of(const json::Value& reference, const std::string& project) {
  TableName name{text_member(reference, "projectId"), text_member(reference, "datasetId"),
                 text_member(reference, "tableId")};
  if (name.project.empty()) name.project = project;
  if (name.dataset.empty()) return required("datasetId");
  if (name.table.empty()) return required("tableId");
  return name;
}

/// `destinationTable`, dispositions, and what a table that is made gets.
Result<Destination> destination_of(const json::Value& config, const std::string& project,
                                   WriteDisposition otherwise) {
  const json::Value* reference = object_member(config, "destinationTable");
  if (reference == nullptr) return required("destinationTable");
  Destination made;
  BL_TRY(made.name, table_name_of(*reference, project));
  made.write = otherwise;
  if (const std::string write = text_member(config, "writeDisposition"); !write.empty()) {
    const auto known = write_disposition_named(write);
    if (!known) return bad_value("writeDisposition", write);
    made.write = *known;
  }
  if (const std::string create = text_member(config, "createDisposition"); !create.empty()) {
    const auto known = create_disposition_named(create);
    if (!known) return bad_value("createDisposition", create);
    made.create = *known;
  }
  if (const json::Value* options = config.find("schemaUpdateOptions");
      options != nullptr && options->is_array()) {
    for (const json::Value& option : options->items()) {
      const std::string word = option.is_string() ? option.as_string() : "";
      if (word == "ALLOW_FIELD_ADDITION") {
        made.allow_field_addition = true;
      } else if (word != "ALLOW_FIELD_RELAXATION") {
        return bad_value("schemaUpdateOptions", word);
      }
    }
  }
  made.properties = json::Value::object();
  for (const char* const name : {"timePartitioning", "rangePartitioning", "clustering"}) {
    if (const json::Value* value = object_member(config, name)) made.properties.set(name, *value);
  }
  if (const json::Value* given = object_member(config, "destinationTableProperties")) {
    for (const auto& [name, value] : given->members()) made.properties.set(name, value);
  }
  return made;
}

/// What a query has wherever it is asked: jobs.query or a job's configuration.
Result<QueryRequest> query_of(const json::Value& config, const std::string& project) {
  QueryRequest query;
  query.project = project;
  query.text = text_member(config, "query");
  if (query.text.empty()) return required("query");
  if (truth_member(config, "useLegacySql")) {
    return Error{Code::unsupported, "not supported: legacy SQL (useLegacySql)"};
  }
  for (const char* const name : {"tableDefinitions", "userDefinedFunctionResources"}) {
    const json::Value* value = config.find(name);
    const bool is_there = value != nullptr && ((value->is_array() && !value->items().empty()) ||
                                               (value->is_object() && !value->members().empty()));
    if (is_there) return Error{Code::unsupported, fmt::format("not supported: {}", name)};
  }
  if (const std::string format = text_member(config, "queryResultsFormat"); format == "ARROW") {
    return Error{Code::unsupported, "not supported: queryResultsFormat " + format};
  }
  if (truth_member(config, "createSession")) {
    return Error{Code::unsupported, "not supported: sessions (createSession)"};
  }
  if (const json::Value* dataset = object_member(config, "defaultDataset")) {
    query.default_project = text_member(*dataset, "projectId");
    query.default_dataset = text_member(*dataset, "datasetId");
  }
  if (const json::Value* parameters = config.find("queryParameters")) {
    BL_TRY(query.parameters, query_parameters_of(*parameters));
  }
  query.use_cache = truth_member(config, "useQueryCache", true);
  return query;
}

Result<char> one_character(std::string_view name, std::string_view text) {
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() != 1) return bad_value(name, text);
  return text[0];
}

Result<CsvOptions> csv_of(const json::Value& config) {
  CsvOptions csv;
  if (const std::string text = text_member(config, "fieldDelimiter"); !text.empty()) {
    BL_TRY(csv.delimiter, one_character("fieldDelimiter", text));
  }
  if (const json::Value* quote = config.find("quote"); quote != nullptr && quote->is_string()) {
    csv.quote.reset();
    if (!quote->as_string().empty()) {
      BL_TRY(csv.quote, one_character("quote", quote->as_string()));
    }
  }
  BL_TRY(const auto skipped, integer_member(config, "skipLeadingRows"));
  csv.skip_leading_rows = std::max<std::int64_t>(0, skipped.value_or(0));
  if (const std::string marker = text_member(config, "nullMarker"); !marker.empty()) {
    csv.null_markers.push_back(marker);
  }
  if (const json::Value* markers = config.find("nullMarkers");
      markers != nullptr && markers->is_array()) {
    for (const json::Value& marker : markers->items()) {
      if (marker.is_string()) csv.null_markers.push_back(marker.as_string());
    }
  }
  csv.allow_quoted_newlines = truth_member(config, "allowQuotedNewlines");
  csv.allow_jagged_rows = truth_member(config, "allowJaggedRows");
  const std::string encoding = text_member(config, "encoding");
  if (!encoding.empty() && encoding != "UTF-8" && encoding != "UTF8") {
    return Error{Code::unsupported, "not supported: the encoding " + encoding};
  }
  return csv;
}

Result<LoadRequest> load_of(const json::Value& config, const std::string& project) {
  LoadRequest load;
  const std::string format = text_member(config, "sourceFormat");
  BL_TRY(load.format, load_format_named(format.empty() ? "CSV" : format));
  BL_TRY(load.destination, destination_of(config, project, WriteDisposition::append));
  const json::Value* schema = object_member(config, "schema");
  if (const json::Value* fields = schema == nullptr ? nullptr : schema->find("fields");
      fields != nullptr && fields->is_array() && !fields->items().empty()) {
    BL_TRY(load.schema, schema_from_json(*schema));
  }
  load.autodetect = truth_member(config, "autodetect");
  load.ignore_unknown_values = truth_member(config, "ignoreUnknownValues");
  BL_TRY(const auto bad_rows, integer_member(config, "maxBadRecords"));
  load.bad_rows_max = std::max<std::int64_t>(0, bad_rows.value_or(0));
  BL_TRY(load.csv, csv_of(config));
  const json::Value* uris = config.find("sourceUris");
  if (uris != nullptr && uris->is_array() && !uris->items().empty()) {
    return Error{Code::unsupported,
                 "not supported: loads from sourceUris; send the file with the job (upload)"};
  }
  return load;
}

Result<CopyRequest> copy_of(const json::Value& config, const std::string& project) {
  CopyRequest copy;
  if (const std::string type = text_member(config, "operationType");
      !type.empty() && type != "COPY") {
    return Error{Code::unsupported, "not supported: copies of operationType " + type};
  }
  BL_TRY(copy.destination, destination_of(config, project, WriteDisposition::empty));
  const auto add = [&](const json::Value& reference) -> Result<void> {
    BL_TRY(TableName name, table_name_of(reference, project));
    copy.sources.push_back(std::move(name));
    return {};
  };
  if (const json::Value* one = object_member(config, "sourceTable")) BL_RETURN_IF_ERROR(add(*one));
  if (const json::Value* more = config.find("sourceTables"); more != nullptr && more->is_array()) {
    for (const json::Value& one : more->items()) BL_RETURN_IF_ERROR(add(one));
  }
  if (copy.sources.empty()) return required("sourceTable");
  return copy;
}

Result<void> check_job_id(const std::string& id) {
  const bool is_good = std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  if (is_good && id.size() <= k_job_id_bytes_max) return {};
  return Error{Code::invalid, fmt::format("Invalid job ID \"{}\"", id.substr(0, 100))};
}

/// May the statement be run again after a crash in which its job was lost?
bool looks_like_a_query(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n(");
  if (from == std::string_view::npos) return true;
  std::string word;
  for (const char c : text.substr(from, 6)) {
    word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return word == "SELECT" || word.starts_with("WITH");
}

}  // namespace

std::string text_member(const json::Value& object, std::string_view name) {
  const json::Value* found = object.find(name);
  return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

bool truth_member(const json::Value& object, std::string_view name, bool otherwise) {
  const json::Value* found = object.find(name);
  if (found == nullptr) return otherwise;
  if (found->is_bool()) return found->as_bool();
  if (found->is_string()) return found->as_string() == "true";
  return otherwise;
}

Result<std::optional<std::int64_t>> integer_member(const json::Value& object,
                                                   std::string_view name) {
  const json::Value* found = object.find(name);
  if (found == nullptr || found->is_null()) return std::optional<std::int64_t>();
  std::string text;
  if (found->is_string()) text = found->as_string();
  if (found->is_number()) text = found->number_text();
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) {
    return bad_value(name, json::to_text(*found));
  }
  return std::optional(number);
}

Result<JobBody> job_body_of(const json::Value& body, const std::string& project) {
  const json::Value* configuration = object_member(body, "configuration");
  if (configuration == nullptr) return required("configuration");
  JobBody made;
  made.job.project = project;
  if (const json::Value* reference = object_member(body, "jobReference")) {
    made.job.id = text_member(*reference, "jobId");
    made.job.location = text_member(*reference, "location");
    BL_RETURN_IF_ERROR(check_job_id(made.job.id));
  }
  made.is_dry_run = truth_member(*configuration, "dryRun");
  made.job.configuration = *configuration;
  BL_TRY(const auto time, integer_member(*configuration, "jobTimeoutMs"));
  if (const json::Value* query = object_member(*configuration, "query")) {
    BL_TRY(QueryRequest request, query_of(*query, project));
    request.time_max = std::chrono::milliseconds(std::max<std::int64_t>(0, time.value_or(0)));
    request.dry_run = made.is_dry_run;
    if (object_member(*query, "destinationTable") != nullptr) {
      BL_TRY(request.destination, destination_of(*query, project, WriteDisposition::empty));
    }
    made.job.work = std::move(request);
    made.job.configuration.set("jobType", json::Value::string("QUERY"));
  } else if (const json::Value* load = object_member(*configuration, "load")) {
    BL_TRY(made.job.work, load_of(*load, project));
    made.is_load = true;
    made.job.configuration.set("jobType", json::Value::string("LOAD"));
  } else if (const json::Value* copy = object_member(*configuration, "copy")) {
    BL_TRY(made.job.work, copy_of(*copy, project));
    made.job.configuration.set("jobType", json::Value::string("COPY"));
  } else if (object_member(*configuration, "extract") != nullptr) {
    return Error{Code::unsupported, "not supported: extract jobs"};
  } else {
    return Error{Code::invalid,
                 "Job configuration must contain exactly one job-specific "
                 "configuration object (e.g., query, load, copy)"};
  }
  return made;
}

Result<QueryBody> query_body_of(const json::Value& body, const std::string& project) {
  QueryBody made;
  BL_TRY(QueryRequest query, query_of(body, project));
  BL_TRY(const auto time, integer_member(body, "jobTimeoutMs"));
  query.time_max = std::chrono::milliseconds(std::max<std::int64_t>(0, time.value_or(0)));
  made.is_dry_run = query.dry_run = truth_member(body, "dryRun");
  BL_TRY(const auto timeout, integer_member(body, "timeoutMs"));
  made.timeout_ms = std::max<std::int64_t>(0, timeout.value_or(made.timeout_ms));
  BL_TRY(made.rows_max, integer_member(body, "maxResults"));
  if (made.rows_max && *made.rows_max < 0) return bad_value("maxResults", "a negative number");
  if (const json::Value* options = object_member(body, "formatOptions")) {
    made.format_options = *options;
  }
  made.job.project = project;
  made.job.location = text_member(body, "location");
  made.job.request_id = text_member(body, "requestId");
  if (made.job.request_id.size() > k_request_id_bytes_max) {
    return bad_value("requestId", "more than 128 bytes");
  }
  made.job.is_durable = !looks_like_a_query(query.text);
  json::Value shown = json::Value::object();
  for (const char* const name :
       {"query", "defaultDataset", "parameterMode", "queryParameters", "useQueryCache"}) {
    if (const json::Value* value = body.find(name)) shown.set(name, *value);
  }
  shown.set("useLegacySql", json::Value::boolean(false));
  shown.set("priority", json::Value::string("INTERACTIVE"));
  made.job.configuration = json::Value::object();
  made.job.configuration.set("query", std::move(shown));
  made.job.configuration.set("jobType", json::Value::string("QUERY"));
  if (const json::Value* labels = body.find("labels")) {
    made.job.configuration.set("labels", *labels);
  }
  made.job.work = std::move(query);
  return made;
}

}  // namespace bl::bigquery
