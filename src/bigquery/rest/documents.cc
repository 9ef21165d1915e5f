#include "bigquery/rest/documents.h"

#include <fmt/format.h>

#include <array>

#include "base/numbers.h"
#include "bigquery/catalog/names.h"
#include "bigquery/model/names.h"

namespace bl::bigquery::rest {
namespace {

constexpr std::string_view k_location = "US";
// What answers have, and requests may bring along.
constexpr std::array<std::string_view, 9> k_of_answers = {
    "kind",     "etag",         "id",
    "selfLink", "creationTime", "lastModifiedTime",
    "type",     "satisfiesPzs", "datasetReference"};
constexpr std::array<std::string_view, 14> k_of_table_answers = {"tableReference",
                                                                 "schema",
                                                                 "view",
                                                                 "expirationTime",
                                                                 "numBytes",
                                                                 "numLongTermBytes",
                                                                 "numRows",
                                                                 "numPhysicalBytes",
                                                                 "numTotalLogicalBytes",
                                                                 "numActiveLogicalBytes",
                                                                 "numLongTermLogicalBytes",
                                                                 "location",
                                                                 "streamingBuffer",
                                                                 "numPartitions"};
constexpr std::array<std::string_view, 6> k_refused = {
    "externalDataConfiguration", "materializedView", "snapshotDefinition",
    "cloneDefinition",           "tableConstraints", "biglakeConfiguration"};
// int64 are texts in answers.
constexpr std::array<std::string_view, 3> k_integers = {
    "defaultTableExpirationMs", "defaultPartitionExpirationMs", "maxTimeTravelHours"};

template <std::size_t N>
bool has(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Result<json::Value> kept_of(const json::Value& body, bool is_table) {
  json::Value kept = json::Value::object();
  for (const auto& [name, value] : body.members()) {
    if (has(k_of_answers, name) || (is_table && has(k_of_table_answers, name))) continue;
    if (has(k_integers, name) && !value.is_null()) {
      BL_TRY(const auto number, integer_member(body, name));
      kept.set(name, json::Value::string(std::to_string(*number)));
      continue;
    }
    if (name == "labels" && !value.is_null()) {
      const auto is_text = [](const json::Member& label) {
        return label.second.is_string() || label.second.is_null();
      };
      if (!value.is_object() || !std::ranges::all_of(value.members(), is_text)) {
        return Error{Code::invalid, "Invalid value for labels: " + json::to_text(value)};
      }
    }
    kept.set(name, value);
  }
  return kept;
}

void put_kept(json::Value& properties, const json::Value& kept, Change how) {
  if (how == Change::replace) properties = json::Value::object();
  merge(properties, kept);
}

std::string millis(Timestamp time) {
  return std::to_string(time.micros / 1'000);
}

void write_dataset_reference(json::Writer& writer, const DatasetRecord& record) {
  writer.key("datasetReference")
      .begin_object()
      .member("datasetId", record.dataset)
      .member("projectId", record.project)
      .end_object();
}

void write_table_reference(json::Writer& writer, const TableName& name) {
  writer.key("tableReference")
      .begin_object()
      .member("projectId", name.project)
      .member("datasetId", name.dataset)
      .member("tableId", name.table)
      .end_object();
}

std::string_view type_of(const TableRecord& record) {
  return record.kind == TableKind::view ? "VIEW" : "TABLE";
}

void write_view(json::Writer& writer, const TableRecord& record) {
  if (record.kind != TableKind::view) return;
  writer.key("view").begin_object().member("query", record.view_query);
  writer.member("useLegacySql", false).end_object();
}

void write_sizes(json::Writer& writer, const OpenTable& table) {
  const lake::Snapshot snapshot = table.snapshot();
  std::uint64_t bytes = snapshot.files().bytes();
  for (const columns::Batch& batch : snapshot.tail()) bytes += batch.bytes();
  for (const char* name : {"numBytes", "numTotalLogicalBytes", "numActiveLogicalBytes"}) {
    writer.member(name, std::to_string(bytes));
  }
  writer.member("numLongTermBytes", "0").member("numLongTermLogicalBytes", "0");
  writer.member("numRows", std::to_string(snapshot.rows()));
}

}  // namespace

void merge(json::Value& target, const json::Value& patch) {
  for (const auto& [name, value] : patch.members()) {
    const json::Value* there = target.find(name);
    if (value.is_null()) {
      std::erase_if(target.members(), [&](const auto& member) { return member.first == name; });
    } else if (value.is_object()) {
      json::Value merged = there != nullptr && there->is_object() ? *there : json::Value::object();
      merge(merged, value);
      target.set(name, std::move(merged));
    } else {
      target.set(name, value);
    }
  }
}

// Datasets ------------------------------------------------------------------------------------

Result<void> put_properties(DatasetRecord& record, const json::Value& body, Change how) {
  BL_TRY(const json::Value kept, kept_of(body, false));
  put_kept(record.properties, kept, how);
  return {};
}

std::string etag_of(const DatasetRecord& record) {
  return etag_of(fmt::format("{}:{} {}", record.project, record.dataset, record.created.micros),
                 record.version);
}

std::string dataset_document(const DatasetRecord& record, std::string_view origin) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("kind", "bigquery#dataset").member("etag", etag_of(record));
  writer.member("id", fmt::format("{}:{}", record.project, record.dataset));
  writer.member("selfLink", fmt::format("{}/bigquery/v2/projects/{}/datasets/{}", origin,
                                        record.project, record.dataset));
  write_dataset_reference(writer, record);
  for (const auto& [name, value] : record.properties.members()) writer.member(name, value);
  const auto otherwise = [&](std::string_view name, std::string_view raw) {
    if (record.properties.find(name) == nullptr) writer.key(name).raw(raw);
  };
  otherwise("access", "[]");
  otherwise("location", "\"US\"");
  otherwise("maxTimeTravelHours", "\"168\"");
  writer.member("creationTime", millis(record.created));
  writer.member("lastModifiedTime", millis(record.modified));
  writer.member("type", "DEFAULT").end_object();
  return text;
}

std::string dataset_list(std::span<const DatasetRecord> records, std::string_view next_token) {
  std::string text;
  json::Writer writer(text);
  std::int64_t versions = 0;
  for (const DatasetRecord& record : records) versions += record.version;
  writer.begin_object().member("kind", "bigquery#datasetList");
  writer.member("etag", etag_of(next_token, versions));
  if (!next_token.empty()) writer.member("nextPageToken", next_token);
  writer.key("datasets").begin_array();
  for (const DatasetRecord& record : records) {
    writer.begin_object().member("kind", "bigquery#dataset");
    writer.member("id", fmt::format("{}:{}", record.project, record.dataset));
    write_dataset_reference(writer, record);
    for (const char* name : {"labels", "friendlyName"}) {
      const json::Value* value = record.properties.find(name);
      if (value != nullptr) writer.member(name, *value);
    }
    const json::Value* location = record.properties.find("location");
    writer.key("location");
    if (location != nullptr) {
      writer.value(*location);
    } else {
      writer.value(k_location);
    }
    writer.member("type", "DEFAULT").end_object();
  }
  writer.end_array().end_object();
  return text;
}

// Tables --------------------------------------------------------------------------------------

Result<void> put_properties(TableRecord& record, const json::Value& body, Change how) {
  for (const std::string_view name : k_refused) {
    if (member(body, name) != nullptr) {
      return Error{Code::unsupported, fmt::format("not supported: {}", name)};
    }
  }
  BL_TRY(const json::Value kept, kept_of(body, true));
  put_kept(record.properties, kept, how);
  if (const json::Value* schema = member(body, "schema"); schema != nullptr) {
    if (schema->is_object() && member(*schema, "fields") == nullptr) {
      return Error{Code::unsupported, "not supported: a table without columns"};
    }
    BL_TRY(record.schema, schema_from_json(*schema));
  }
  if (const json::Value* view = member(body, "view"); view != nullptr) {
    BL_TRY(const bool is_legacy, truth_member(*view, "useLegacySql"));
    if (is_legacy) return Error{Code::unsupported, "not supported: legacy SQL, of the view"};
    BL_TRY(record.view_query, text_member(*view, "query"));
    if (record.view_query.empty()) {
      return Error{Code::invalid, "Required parameter is missing: view.query"};
    }
  }
  const bool says_expiry = body.find("expirationTime") != nullptr;
  if (says_expiry || how == Change::replace) {
    BL_TRY(const auto expires, integer_member(body, "expirationTime"));
    record.expires.reset();
    if (expires && *expires != 0) {
      if (*expires < 0 || *expires > k_timestamp_max.micros / 1'000) {
        return Error{Code::invalid, fmt::format("Invalid value for expirationTime: {}", *expires)};
      }
      record.expires = Timestamp::from_millis(*expires);
    }
  }
  return {};
}

std::string etag_of(const TableRecord& record) {
  return etag_of(fmt::format("table {}", record.id), record.version);
}

std::string table_document(const OpenTable& table, std::string_view origin) {
  const TableRecord& record = table.record();
  const TableName& name = record.name;
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("kind", "bigquery#table").member("etag", etag_of(record));
  writer.member("id", text_of(name));
  writer.member("selfLink", fmt::format("{}/bigquery/v2/projects/{}/datasets/{}/tables/{}", origin,
                                        name.project, name.dataset, name.table));
  write_table_reference(writer, name);
  for (const auto& [key, value] : record.properties.members()) writer.member(key, value);
  writer.member("schema", schema_to_json(record.schema));
  if (record.kind == TableKind::table) write_sizes(writer, table);
  write_view(writer, record);
  writer.member("creationTime", millis(record.created));
  writer.member("lastModifiedTime", millis(record.modified));
  if (record.expires) writer.member("expirationTime", millis(*record.expires));
  writer.member("type", type_of(record)).member("location", k_location).end_object();
  return text;
}

std::string answer_document(const TableName& name, const QueryResult& rows,
                            std::string_view origin) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("kind", "bigquery#table").member("etag", etag_of(rows.id(), 0));
  writer.member("id", text_of(name));
  writer.member("selfLink", fmt::format("{}/bigquery/v2/projects/{}/datasets/{}/tables/{}", origin,
                                        name.project, name.dataset, name.table));
  write_table_reference(writer, name);
  writer.member("schema", schema_to_json(rows.schema()));
  writer.member("numRows", std::to_string(rows.rows()));
  writer.member("creationTime", millis(rows.made()))
      .member("lastModifiedTime", millis(rows.made()));
  writer.member("type", "TABLE").member("location", k_location).end_object();
  return text;
}

std::string table_list(std::span<const TableRecord> records, std::size_t total,
                       std::string_view next_token) {
  std::string text;
  json::Writer writer(text);
  std::uint64_t versions = 0;  // ids of the lake's own tables are large
  for (const TableRecord& record : records) {
    versions = versions * 31 + static_cast<std::uint64_t>(record.version + record.id);
  }
  writer.begin_object().member("kind", "bigquery#tableList");
  writer.member("etag", etag_of(next_token, static_cast<std::int64_t>(versions)));
  if (!next_token.empty()) writer.member("nextPageToken", next_token);
  writer.key("tables").begin_array();
  for (const TableRecord& record : records) {
    writer.begin_object().member("kind", "bigquery#table").member("id", text_of(record.name));
    write_table_reference(writer, record.name);
    for (const char* key :
         {"labels", "friendlyName", "timePartitioning", "rangePartitioning", "clustering"}) {
      const json::Value* value = record.properties.find(key);
      if (value != nullptr) writer.member(key, *value);
    }
    write_view(writer, record);
    writer.member("type", type_of(record)).member("creationTime", millis(record.created));
    if (record.expires) writer.member("expirationTime", millis(*record.expires));
    writer.end_object();
  }
  writer.end_array().member("totalItems", static_cast<std::int64_t>(total)).end_object();
  return text;
}

}  // namespace bl::bigquery::rest
