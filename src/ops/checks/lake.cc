#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "lake/layout.h"
#include "lake/open_catalog.h"
#include "objects/listing.h"
#include "objects/open.h"
#include "ops/checks/checks.h"
#include "ops/lake_access.h"
#include "ops/lake_setting.h"

namespace bl::ops {
namespace {

using Severity = Finding::Severity;

constexpr double k_lag_warning_seconds = 300;
constexpr std::size_t k_missing_named_max = 3;

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

/// What only the process knows that has the tables open.
void check_tables(const json::Value& lake, const std::string& url, Findings& findings) {
  const json::Value* tables = lake.find("tables");
  if (tables == nullptr || !tables->is_array()) return;
  bool is_fine = true;
  for (const json::Value& table : tables->items()) {
    const std::string name = text_at(table, "name");
    if (const std::string fenced = text_at(table, "fenced"); !fenced.empty()) {
      is_fine = false;
      findings.add(Severity::error, "lake_tables", name, "publishes no more: " + fenced,
                   "one server may have a lake: stop the other one, then restart this one");
    }
    const json::Value* lag = table.find("lag_seconds");
    const double seconds = lag != nullptr && lag->is_number() ? lag->as_double() : 0;
    if (seconds < k_lag_warning_seconds) continue;
    is_fine = false;
    findings.add(Severity::warning, "lake_tables", name,
                 fmt::format("its oldest row that is in no file waits since {:.0f} s", seconds),
                 "look for `housekeeping of the lake failed` in the server's log");
  }
  if (is_fine) {
    findings.fine("lake_tables", url,
                  fmt::format("{} tables, all are published", tables->items().size()));
  }
}

/// The replica of results, where one is kept.
void check_replica(const json::Value& lake, const std::string& url, Findings& findings) {
  const json::Value* replica = lake.find("replica");
  if (replica == nullptr || !replica->is_object()) return;
  if (const std::string error = text_at(*replica, "error"); !error.empty()) {
    return findings.add(Severity::error, "lake_replica", url, error,
                        "`benchlake lake refresh --check` says what differs, --repair mends it");
  }
  const json::Value* behind = replica->find("seconds_behind");
  const double seconds = behind != nullptr && behind->is_number() ? behind->as_double() : 0;
  if (seconds >= k_lag_warning_seconds) {
    return findings.add(Severity::warning, "lake_replica", url,
                        fmt::format("it is {:.0f} s behind the store", seconds),
                        "look for `replica` in the server's log; `benchlake lake refresh` brings "
                        "it up to date now");
  }
  findings.fine("lake_replica", url, "is not behind");
}

void ask_server(const RunningServer& server, Findings& findings) {
  if (!server.holds_lock || !server.address || !server.status.is_object()) return;
  net::ApiClient client(*server.address);
  const auto lake = client.get("/api/v1/lake");
  if (lake.ok()) {
    check_tables(*lake, server.address->url, findings);
    return check_replica(*lake, server.address->url, findings);
  }
  findings.add(Severity::warning, "lake_tables", server.address->url, lake.error().message,
               "give doctor the server's --config, or restart the server with these settings");
}

bool is_bucket(const std::string& objects) {
  return objects.starts_with("s3://");
}

/// False where there is nothing to look at: a folder that is not there would be made by looking.
bool is_begun(const lake::LakeOptions& options, Findings& findings) {
  std::string folder = options.objects;
  if (folder.starts_with("file://")) folder.erase(0, 7);
  std::error_code ignored;
  if (is_bucket(options.objects) || std::filesystem::is_directory(folder, ignored)) return true;
  findings.add(Severity::note, "lake_objects", options.objects, "there is no lake yet",
               "the first start of the server with lake.objects makes it");
  return false;
}

Result<std::size_t> missing_of(objects::ObjectStore& store, lake::Catalog& catalog,
                               const std::string& table, std::string& named) {
  // The catalog first: what it lists now was there before.
  BL_TRY(const lake::CatalogSnapshot snapshot, catalog.snapshot(table));
  std::map<std::string, std::uint64_t> there;
  const auto note = [&](const objects::ObjectInfo& object) -> Result<void> {
    there[object.key] = object.size;
    return {};
  };
  BL_RETURN_IF_ERROR(objects::for_each_object(store, lake::data_folder(table), note));
  std::size_t missing = 0;
  for (const lake::DataFile& file : snapshot.files) {
    const auto found = there.find(file.key);
    if (found != there.end() && found->second == file.bytes) continue;
    if (missing++ >= k_missing_named_max) continue;
    named.append(named.empty() ? "" : ", ").append(file.key);
  }
  return missing;
}

/// Are the files that the newest snapshots list there, and of their size?
void check_files(objects::ObjectStore& store, lake::Catalog& catalog,
                 const std::vector<std::string>& tables, Findings& findings) {
  std::size_t missing = 0;
  std::string named;
  for (const std::string& table : tables) {
    const auto count = missing_of(store, catalog, table, named);
    if (!count.ok()) {
      findings.add(Severity::error, "lake_files", table, count.error().message,
                   "see the finding `lake_catalog`");
      return;
    }
    missing += *count;
  }
  if (missing == 0) {
    return findings.fine("lake_files", catalog.address(), "every file is there, of its size");
  }
  findings.add(
      Severity::error, "lake_files", named,
      fmt::format("{} files that the catalog lists are missing or of another size", missing),
      "bring them back from a backup; `benchlake lake verify` names all; else roll the "
      "table back to a snapshot without them");
}

void check_put_if_absent(const lake::LakeOptions& options, objects::ObjectStore& store,
                         Random& random, Findings& findings) {
  const auto proved = objects::prove_put_if_absent(store, random);
  if (proved.ok()) {
    return findings.fine("lake_objects", options.objects, "gives a name to one writer only");
  }
  findings.add(Severity::error, "lake_objects", options.objects, proved.error().message,
               proved.error().code == Code::unsupported
                   ? "use a store that keeps to If-None-Match (S3 itself does), or a local disk"
                   : "see whether the store answers, and what this user may do there");
}

}  // namespace

void check_lake(const ServerSetting& setting, const RunningServer& server, Findings& findings) {
  if (setting.lake == nullptr) return;
  const lake::LakeOptions& options = setting.lake->options;
  ask_server(server, findings);
  if (!is_begun(options, findings)) return;
  LakeSurroundings around;
  const objects::World world{around.clock, around.random, *around.disk, around.metrics,
                             [](std::chrono::milliseconds time) {
                               std::this_thread::sleep_for(time);
                               return true;
                             }};
  const auto store = objects::open_store(options.objects, options.variables, world);
  if (!store.ok()) {
    findings.add(Severity::error, "lake_objects", options.objects, store.error().message,
                 "see lake.objects, and for S3 the variables AWS_*");
    return;
  }
  check_put_if_absent(options, **store, around.random, findings);
  lake::CatalogOptions wanted;
  wanted.catalog = options.catalog;
  wanted.objects = options.objects;
  wanted.variables = options.variables;
  wanted.creation = lake::CatalogCreation::never;
  const auto catalog = lake::open_catalog(std::move(wanted), **store, world);
  const auto tables =
      catalog.ok() ? (*catalog)->tables() : Result<std::vector<std::string>>(catalog.error());
  if (!tables.ok()) {
    const bool is_new = tables.error().code == Code::not_found;
    findings.add(is_new ? Severity::note : Severity::error, "lake_catalog", options.objects,
                 tables.error().message,
                 is_new ? "the first start of the server with lake.objects makes it"
                        : "bring it back from a backup, or `benchlake lake rebuild`");
    return;
  }
  findings.fine("lake_catalog", (*catalog)->address(),
                fmt::format("is there, with {} tables", tables->size()));
  check_files(**store, **catalog, *tables, findings);
}

}  // namespace bl::ops
