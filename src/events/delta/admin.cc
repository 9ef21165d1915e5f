#include <fmt/format.h>
#include <unistd.h>

#include "events/delta/admin_table.h"
#include "events/delta/compaction.h"
#include "events/delta/open_table.h"

namespace bl::events {
namespace delta {

Result<AdminTable> open_for_admin(const LogUri& uri, const LogWorld& world) {
  if (uri.backend != LogUri::Backend::delta) {
    return Error{Code::invalid, "this is for Delta tables only: " + uri.shown};
  }
  if (uri.bucket.empty()) {
    BL_TRY(const bool is_there, world.disk.exists(uri.path + "/_delta_log"));
    if (!is_there) return Error{Code::not_found, "no Delta table is there: " + uri.shown};
  }
  BL_TRY(TablePlace place, place_of(uri, world));
  BL_TRY(IndexFolder folder, IndexFolder::take(world.disk, place.local + "/admin"));
  const objects::Wait wait = [](std::chrono::milliseconds time) {
    ::usleep(static_cast<useconds_t>(time.count()) * 1'000);
    return true;
  };
  BL_TRY(auto table, EventTable::open(std::move(place), folder.path(), EventTable::Open::existing,
                                      {}, world, wait));
  return AdminTable{std::move(folder), std::move(table)};
}

Result<AdminTable> open_for_change(const LogUri& uri, const LogWorld& world) {
  if (uri.mode == LogUri::Mode::read) {
    return Error{Code::forbidden, "the log was opened for reading (mode=ro): " + uri.shown};
  }
  return open_for_admin(uri, world);
}

Result<void> tell(const AdminProgress& progress, std::string_view what, std::int64_t done,
                  std::int64_t total) {
  if (!progress || progress(what, done, total)) return {};
  return Error{Code::cancelled, fmt::format("ended by the caller while {}", what)};
}

Result<void> for_each_object(objects::ObjectStore& store, const std::string& prefix,
                             const std::function<Result<void>(const objects::ObjectInfo&)>& each) {
  objects::ListRequest request{.prefix = prefix, .after = {}};
  for (;;) {
    BL_TRY(const objects::Listing listing, store.list(request));
    for (const auto& object : listing.objects) BL_RETURN_IF_ERROR(each(object));
    if (!listing.next) return {};
    request.after = *listing.next;
  }
}

bool is_hidden(std::string_view path) {
  return path.starts_with('_') || path.starts_with('.') || path.find("/_") != path.npos ||
         path.find("/.") != path.npos;
}

/// What is there stays as it is, also where others made it a little different.
static Result<columns::Schema> with_columns_of(const columns::Schema& there, int version) {
  std::vector<columns::Field> fields = there.fields();
  const columns::Schema wanted = table_schema(version);
  for (const auto& field : wanted.fields()) {
    if (!there.find(field.name)) fields.push_back(field);
  }
  return columns::Schema::make(std::move(fields));
}

}  // namespace delta

Result<Optimized> optimize(const LogUri& uri, const LogWorld& world,
                           const AdminProgress& progress) {
  BL_TRY(const delta::AdminTable admin, delta::open_for_change(uri, world));
  const auto before = admin.table->log().snapshot();
  Optimized done;
  done.files_before = static_cast<std::int64_t>(before->files.size());
  done.bytes_before = before->bytes;
  delta::CompactionLimits limits;
  limits.files_min = 2;
  for (std::int64_t merged = 0;;) {
    BL_RETURN_IF_ERROR(delta::tell(progress, "merging files", merged, done.files_before));
    BL_TRY(const delta::Compacted step, delta::compact_once(*admin.table, limits));
    if (step.was_late) continue;
    if (step.files == 0) break;
    ++done.runs;
    merged += static_cast<std::int64_t>(step.files) - 1;
  }
  if (done.runs > 0) BL_RETURN_IF_ERROR(admin.table->log().checkpoint());
  const auto after = admin.table->log().snapshot();
  done.files_after = static_cast<std::int64_t>(after->files.size());
  done.bytes_after = after->bytes;
  return done;
}

Result<std::int64_t> checkpoint(const LogUri& uri, const LogWorld& world) {
  BL_TRY(const delta::AdminTable admin, delta::open_for_change(uri, world));
  return admin.table->log().checkpoint();
}

Result<Migrated> migrate(const LogUri& uri, const LogWorld& world, int to) {
  if (to < 1 || to > delta::k_schema_version_max) {
    return Error{Code::invalid, fmt::format("schema versions are 1 to {}, not {}",
                                            delta::k_schema_version_max, to)};
  }
  BL_TRY(const delta::AdminTable admin, delta::open_for_change(uri, world));
  const auto before = admin.table->log().snapshot();
  Migrated done{delta::schema_version_of(*before->metadata).version, to, before->version};
  if (done.from >= to) {
    done.to = done.from;
    return done;
  }
  BL_TRY(const columns::Schema wanted, delta::with_columns_of(before->metadata->schema, to));
  BL_TRY(const lake::DeltaCommitted committed,
         admin.table->log().evolve(wanted, {{delta::k_schema_version, std::to_string(to)},
                                            {delta::k_min_reader_version, "1"}}));
  done.version = committed.version;
  return done;
}

}  // namespace bl::events
