#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "events/delta/admin_table.h"

namespace bl::events {
namespace delta {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t k_paths_told = 1'000;

/// Whoever deletes files is bound by what writers must keep to. Errors: unsupported, by name.
Result<void> check_writer(const lake::DeltaProtocol& protocol) {
  static constexpr std::array<std::string_view, 10> k_harmless{
      "appendOnly",       "invariants",      "checkConstraints", "changeDataFeed",
      "generatedColumns", "identityColumns", "timestampNtz",     "vacuumProtocolCheck",
      "columnMapping",    "deletionVectors"};
  if (protocol.writer > 7) {
    return Error{Code::unsupported,
                 fmt::format("not supported: removing files of a table whose writers must be of "
                             "version {}",
                             protocol.writer)};
  }
  for (const auto& feature : protocol.writer_features) {
    if (std::find(k_harmless.begin(), k_harmless.end(), feature) == k_harmless.end()) {
      return Error{Code::unsupported,
                   "not supported: removing files of a table with the feature " + feature};
    }
  }
  return {};
}

/// The files of each of these times are judged by the clock that made them: the store's.
Result<Timestamp> store_now(EventTable& table) {
  const std::string key = "_bel/clock";
  BL_RETURN_IF_ERROR(table.store().replace(key, table.ids().next()));
  BL_TRY(const objects::ObjectInfo info, table.store().head(key));
  return info.modified;
}

}  // namespace
}  // namespace delta

Result<Vacuumed> vacuum(const LogUri& uri, const LogWorld& world, const VacuumOptions& options,
                        const AdminProgress& progress) {
  using std::chrono::hours;
  BL_TRY(const delta::AdminTable admin, delta::open_for_change(uri, world));
  delta::EventTable& table = *admin.table;
  const auto snapshot = table.log().snapshot();
  BL_RETURN_IF_ERROR(delta::check_writer(snapshot->protocol));
  const std::chrono::microseconds retention =
      options.retention.count() > 0 || options.force
          ? std::chrono::microseconds(options.retention)
          : lake::deleted_file_retention(*snapshot->metadata);
  if (retention < hours(1) && !options.force) {
    return Error{
        Code::invalid,
        fmt::format("files of who reads or writes now may be younger than an hour; without "
                    "force nothing so young is removed, in seconds: {}",
                    std::chrono::duration_cast<std::chrono::seconds>(retention).count())};
  }
  BL_TRY(const Timestamp store_now, delta::store_now(table));
  const Timestamp written_before = store_now - retention;
  // A clock of ours that jumped ahead makes nothing old.
  const Timestamp removed_before = std::min(world.clock.now(), store_now) - retention;
  std::set<std::string> kept;
  for (const auto& file : snapshot->files) kept.insert(file->path);
  for (const lake::DeltaTombstone& removed : table.log().tombstones()) {
    if (removed.deleted >= removed_before) kept.insert(removed.path);
  }
  Vacuumed done;
  std::vector<std::string> going;
  std::int64_t seen = 0;
  BL_RETURN_IF_ERROR(delta::for_each_object(
      table.store(), "", [&](const objects::ObjectInfo& object) -> Result<void> {
        if (++seen % 1'000 == 0) {
          BL_RETURN_IF_ERROR(delta::tell(progress, "looking for files", seen, 0));
        }
        const bool is_data = !delta::is_hidden(object.key) && object.key.ends_with(".parquet");
        if (!is_data || kept.contains(object.key)) return {};
        if (object.modified >= written_before) {
          ++done.kept;
          return {};
        }
        going.push_back(object.key);
        done.bytes += object.size;
        return {};
      }));
  for (const std::string& path : going) {
    BL_RETURN_IF_ERROR(delta::tell(progress, "removing files", done.files,
                                   static_cast<std::int64_t>(going.size())));
    if (!options.dry_run) BL_RETURN_IF_ERROR(table.store().remove(path));
    ++done.files;
    if (done.paths.size() < delta::k_paths_told) done.paths.push_back(path);
  }
  if (options.dry_run) return done;
  BL_TRY(const std::uint64_t log_files, table.log().clean_log());
  done.log_files = static_cast<std::int64_t>(log_files);
  BL_RETURN_IF_ERROR(table.store().sweep_unfinished(
      store_now - std::max<std::chrono::microseconds>(retention, hours(1))));
  return done;
}

}  // namespace bl::events
