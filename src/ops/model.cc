#include "ops/model.h"

#include "base/json.h"
#include "base/uri.h"

namespace bl::ops {
namespace {

/// Programs that know the first only would pass over the lake; of the second, over build events.
constexpr std::int64_t k_format_store = 1;
constexpr std::int64_t k_format_lake = 2;
constexpr std::int64_t k_format_events = 3;  ///< with or without a lake

/// The members of a manifest, each demanded once; the first that is missing is the error.
class ManifestReader {
 public:
  explicit ManifestReader(const json::Value& document) : document_(document) {}
  std::string text(const char* key) {
    const json::Value* value = document_.find(key);
    if (value != nullptr && value->is_string()) return value->as_string();
    fail(key);
    return {};
  }
  std::int64_t number(const char* key) {
    const json::Value* value = document_.find(key);
    const auto number = value != nullptr && value->is_number() ? value->as_int64() : std::nullopt;
    if (!number || *number < 0) fail(key);
    return number.value_or(0);
  }
  std::vector<store::TableRows> tables(const char* key) {
    std::vector<store::TableRows> tables;
    const json::Value* value = document_.find(key);
    if (value == nullptr || !value->is_object()) {
      fail(key);
      return tables;
    }
    for (const auto& [table, rows] : value->members()) {
      const auto number = rows.is_number() ? rows.as_int64() : std::nullopt;
      if (!number) fail(table);
      tables.push_back({table, number.value_or(0)});
    }
    return tables;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  void fail(std::string_view key) {
    if (error_) return;
    error_ = Error(Code::corrupt, "the backup's manifest is broken at: " + std::string(key));
  }
  const json::Value& document_;
  std::optional<Error> error_;
};

}  // namespace

Result<StorePlace> place_of(const std::string& uri, const store::DatabaseLimits& limits) {
  BL_TRY(const Uri parsed, parse_uri(uri));
  const bool is_sqlite = parsed.scheme == "sqlite";
  return StorePlace{uri, is_sqlite ? store::Dialect::sqlite : store::Dialect::postgres,
                    is_sqlite ? parsed.path : std::string(), parsed.redacted(), limits};
}

const char* name_of(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::fine:
      return "fine";
    case Finding::Severity::note:
      return "note";
    case Finding::Severity::warning:
      return "warning";
    case Finding::Severity::error:
      break;
  }
  return "error";
}

std::string manifest_path(const std::string& backup) {
  return backup + ".manifest.json";
}

std::string encode(const Manifest& manifest) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("format", manifest.events ? k_format_events
                        : manifest.lake ? k_format_lake
                                        : k_format_store)
      .member("store", manifest.dialect == store::Dialect::sqlite ? "sqlite" : "postgres")
      .member("bytes", static_cast<std::int64_t>(manifest.bytes))
      .member("sha256", manifest.sha256)
      .member("made_at", to_rfc3339(manifest.made_at))
      .member("program_version", manifest.program_version)
      .member("schema", manifest.schema);
  writer.key("tables").begin_object();
  for (const store::TableRows& table : manifest.tables) writer.member(table.table, table.rows);
  writer.end_object();
  if (manifest.lake) {
    writer.key("lake").begin_object();
    writer.key("tables").begin_object();
    for (const store::TableRows& table : manifest.lake->tables) {
      writer.member(table.table, table.rows);
    }
    writer.end_object()
        .member("files", static_cast<std::int64_t>(manifest.lake->files))
        .member("bytes", static_cast<std::int64_t>(manifest.lake->bytes))
        .member("list_sha256", manifest.lake->list_sha256)
        .end_object();
  }
  if (manifest.events) {
    writer.key("events")
        .begin_object()
        .member("events", manifest.events->events)
        .member("files", static_cast<std::int64_t>(manifest.events->files))
        .member("bytes", static_cast<std::int64_t>(manifest.events->bytes))
        .member("list_sha256", manifest.events->list_sha256)
        .end_object();
  }
  writer.end_object();
  return text + "\n";
}

Result<Manifest> decode_manifest(std::string_view text) {
  const auto document = json::parse(text);
  if (!document.ok() || document->find("format") == nullptr)
    return Error(Code::corrupt, "this is not a backup's manifest");
  ManifestReader reader(*document);
  const std::int64_t format = reader.number("format");
  if (!reader.error() && (format < k_format_store || format > k_format_events)) {
    return Error(Code::unsupported,
                 "not supported: a manifest of format " + std::to_string(format));
  }
  Manifest manifest;
  const std::string store = reader.text("store");
  manifest.bytes = static_cast<std::uint64_t>(reader.number("bytes"));
  manifest.sha256 = reader.text("sha256");
  const auto made_at = parse_rfc3339(reader.text("made_at"));
  manifest.program_version = reader.text("program_version");
  manifest.schema = reader.number("schema");
  manifest.tables = reader.tables("tables");
  if (reader.error()) return *reader.error();
  const json::Value* part = document->find("lake");
  if (format == k_format_lake || (format == k_format_events && part != nullptr)) {
    if (part == nullptr) return Error(Code::corrupt, "the backup's manifest is broken at: lake");
    ManifestReader lake(*part);
    manifest.lake =
        LakeManifest{lake.tables("tables"), static_cast<std::uint64_t>(lake.number("files")),
                     static_cast<std::uint64_t>(lake.number("bytes")), lake.text("list_sha256")};
    if (lake.error()) return *lake.error();
  }
  if (format == k_format_events) {
    const json::Value* log = document->find("events");
    if (log == nullptr) return Error(Code::corrupt, "the backup's manifest is broken at: events");
    ManifestReader events(*log);
    manifest.events = EventsManifest{
        events.number("events"), static_cast<std::uint64_t>(events.number("files")),
        static_cast<std::uint64_t>(events.number("bytes")), events.text("list_sha256")};
    if (events.error()) return *events.error();
  }
  if (!made_at.ok()) return made_at.error();
  manifest.made_at = *made_at;
  if (store == "postgres") {
    manifest.dialect = store::Dialect::postgres;
  } else if (store != "sqlite") {
    return Error(Code::unsupported, "not supported: a backup of the store: " + store);
  }
  return manifest;
}

}  // namespace bl::ops
