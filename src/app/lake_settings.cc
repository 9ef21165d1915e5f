#include "app/lake_settings.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/uri.h"

namespace bl::app {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t k_threads_max = 256;

Result<std::int64_t> positive(const Config& config, const char* key) {
  const std::int64_t number = config.integer(key);
  if (number >= 1) return number;
  return Error{Code::invalid, fmt::format("{} must be at least 1: {}", key, number)};
}

Result<std::chrono::seconds> seconds(const Config& config, const char* key) {
  BL_TRY(const std::int64_t ms, positive(config, key));
  return std::chrono::ceil<std::chrono::seconds>(milliseconds(ms));
}

bool is_bucket(const std::string& objects) {
  return objects.starts_with("s3://");
}

Result<void> check_objects(const std::string& objects) {
  if (objects.starts_with('/') || objects.starts_with("file:///")) return {};
  if (is_bucket(objects)) {
    const auto uri = parse_uri(objects);
    if (uri.ok()) return {};
    return Error{uri.error()}.with_context("lake.objects");
  }
  return Error{
      Code::invalid,
      fmt::format("lake.objects must be an absolute folder or s3://BUCKET/PREFIX: '{}'", objects)};
}

std::string absolute_path(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal().string();
}

std::string catalog_in(const std::string& folder) {
  return "sqlite://" + percent_encode_path(folder) + "/catalog.sqlite";
}

Result<std::string> catalog_of(const Config& config, const std::string& folder,
                               const std::string& store_uri) {
  const std::string& catalog = config.text("lake.catalog");
  if (!catalog.empty()) return catalog;
  BL_TRY(const Uri store, parse_uri(store_uri));
  if (store.scheme == "postgres") return store_uri;
  return catalog_in(folder);
}

Result<lake::JournalKind> journal_of(const Config& config, const std::string& objects) {
  const std::string& journal = config.text("lake.journal");
  if (journal == "file") return lake::JournalKind::file;
  if (journal == "object") return lake::JournalKind::object;
  if (journal == "auto") {
    return is_bucket(objects) ? lake::JournalKind::object : lake::JournalKind::file;
  }
  return Error{Code::invalid,
               fmt::format("lake.journal must be auto, file or object: '{}'", journal)};
}

Result<lake::LakeLimits> limits_of(const Config& config) {
  lake::LakeLimits limits;
  BL_TRY(const std::int64_t flush_every, positive(config, "lake.flush_every"));
  limits.table.flush_ms_max = milliseconds(flush_every);
  BL_TRY(limits.table.flush_rows, positive(config, "lake.flush_rows"));
  limits.table.flush_rows_max = std::max(limits.table.flush_rows_max, limits.table.flush_rows);
  BL_TRY(const std::int64_t flush_bytes, positive(config, "lake.flush_bytes"));
  limits.table.flush_bytes = static_cast<std::uint64_t>(flush_bytes);
  BL_TRY(const std::int64_t tail_bytes, positive(config, "lake.tail_max"));
  limits.table.tail_bytes_max = static_cast<std::uint64_t>(tail_bytes);
  if (tail_bytes < flush_bytes) {
    return Error{Code::invalid,
                 fmt::format("lake.tail_max must not be less than lake.flush_bytes: {} and {}",
                             tail_bytes, flush_bytes)};
  }
  BL_TRY(limits.compact_every, seconds(config, "lake.compact_every"));
  BL_TRY(limits.keep_snapshots, seconds(config, "lake.keep_snapshots"));
  BL_TRY(limits.orphan_age, seconds(config, "lake.orphan_age"));
  BL_TRY(const std::int64_t memory, positive(config, "lake.memory"));
  limits.engine_memory_bytes_max = static_cast<std::uint64_t>(memory);
  BL_TRY(const std::int64_t threads, positive(config, "lake.threads"));
  if (threads > k_threads_max) {
    return Error{Code::invalid,
                 fmt::format("lake.threads must be at most {}: {}", k_threads_max, threads)};
  }
  limits.engine_threads = static_cast<int>(threads);
  return limits;
}

}  // namespace

std::vector<ConfigKey> lake_config_keys() {
  using enum ConfigType;
  return {
      {"lake.objects", text, "",
       "where the lake's files lie: an absolute folder or s3://BUCKET/PREFIX; empty: below "
       "DATA/lake, when something needs a lake first"},
      {"lake.catalog", text, "",
       "sqlite:///FILE or postgres://...; empty: DATA/lake/catalog.sqlite, or the store's "
       "PostgreSQL",
       true},
      {"lake.journal", text, "auto",
       "file: below DATA/lake; object: beside the files; auto: object on S3, else file"},
      {"lake.delta", boolean, "true", "each table also gets a Delta log"},
      {"lake.flush_every", duration_ms, "10s", "rows are in a file after so long at most"},
      {"lake.flush_rows", integer, "500000", "or when so many rows of a table are in none"},
      {"lake.flush_bytes", bytes, "128MiB", "or when they take so much memory"},
      {"lake.tail_max", bytes, "1GiB",
       "memory of a table's rows that are in no file; more rows are answered 503"},
      {"lake.compact_every", duration_ms, "60s", "small files are looked for so often"},
      {"lake.keep_snapshots", duration_ms, "1h",
       "snapshots that are not the newest stay so long, for rollbacks and readers"},
      {"lake.orphan_age", duration_ms, "24h",
       "files that no snapshot lists are removed when they are so old"},
      {"lake.memory", bytes, "1GiB", "memory of the engine that writes and compacts files"},
      {"lake.threads", integer, "2", "its threads"},
  };
}

Result<std::shared_ptr<lake::LakeOptions>> lake_settings_from(const Config& config,
                                                              const std::string& data_folder,
                                                              const std::string& store_uri) {
  const std::string& objects = config.text("lake.objects");
  if (objects.empty()) return std::shared_ptr<lake::LakeOptions>();
  BL_RETURN_IF_ERROR(check_objects(objects));
  auto options = std::make_shared<lake::LakeOptions>();
  options->objects = objects;
  options->folder = absolute_path(data_folder + "/lake");
  BL_TRY(options->catalog, catalog_of(config, options->folder, store_uri));
  BL_TRY(options->journal, journal_of(config, objects));
  options->delta = config.boolean("lake.delta");
  BL_TRY(options->limits, limits_of(config));
  return options;
}

Result<std::shared_ptr<lake::LakeOptions>> own_lake_settings_from(const Config& config,
                                                                  const std::string& data_folder) {
  auto options = std::make_shared<lake::LakeOptions>();
  const std::string of_spans = absolute_path(data_folder + "/traces");
  std::error_code ignored;
  if (std::filesystem::exists(of_spans + "/lake/catalog.sqlite", ignored)) {
    options->folder = of_spans + "/lake";
    options->objects = of_spans + "/files";
  } else {
    options->folder = absolute_path(data_folder + "/lake");
    options->objects = options->folder + "/files";
  }
  options->catalog = catalog_in(options->folder);
  options->delta = config.boolean("lake.delta");
  BL_TRY(options->limits, limits_of(config));
  return options;
}

std::map<std::string, std::string> lake_variables(
    const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string> variables;
  for (const auto& [name, value] : environment) {
    if (name.starts_with("AWS_") || name == "HOME") variables[name] = value;
  }
  return variables;
}

}  // namespace bl::app
