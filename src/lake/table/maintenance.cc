#include "lake/maintenance.h"

#include <algorithm>
#include <optional>
#include <set>

#include "lake/layout.h"
#include "lake/lease.h"
#include "objects/listing.h"

namespace bl::lake {
namespace {

// The catalog's snapshots are of all tables at once: the newest commit of a table that stands still
// keeps the files that the others listed then. A commit without a change makes it a newer one.
Result<void> keep_up(std::span<const std::shared_ptr<Table>> tables, Timestamp keep_from) {
  std::int64_t removed_at = 0;
  for (const auto& table : tables) removed_at = std::max(removed_at, table->status().removed_at);
  Result<void> kept;
  for (const auto& table : tables) {
    const TableStatus status = table->status();
    if (status.snapshot >= removed_at || status.snapshot_at >= keep_from) continue;
    Change change;
    change.what = "keep";
    change.select = "";
    auto done = table->replace(change);
    const bool is_dropped = !done.ok() && done.error().code == Code::not_found;
    if (!done.ok() && !is_dropped)
      kept = std::move(done).error().with_context("table " + status.name);
  }
  return kept;
}

}  // namespace

Result<Expired> expire(Catalog& catalog, objects::ObjectStore& store,
                       std::span<const std::shared_ptr<Table>> tables, std::set<std::int64_t> held,
                       Timestamp now, Timestamp keep_from) {
  // Who cannot keep up keeps more: no reason not to expire the rest.
  const auto kept = keep_up(tables, keep_from);
  BL_TRY(std::set<std::int64_t> leased, leased_snapshots(store, now));
  held.merge(leased);
  for (const auto& table : tables) held.merge(table->held());
  BL_RETURN_IF_ERROR(catalog.expire(keep_from, std::vector(held.begin(), held.end())));
  BL_TRY(const auto candidates, catalog.expired_files());
  std::set<std::string> mirrored;
  for (const auto& table : tables) {
    BL_TRY(auto keys, table->mirrored(keep_from));
    mirrored.merge(keys);
  }
  Expired report;
  std::vector<std::string> gone;
  std::optional<Error> failed;
  for (const std::string& key : candidates) {
    if (mirrored.contains(key)) {
      report.kept += 1;
      continue;
    }
    if (auto removed = store.remove(key); !removed.ok()) {
      failed = std::move(removed).error();
      break;
    }
    gone.push_back(key);
  }
  if (!gone.empty()) BL_RETURN_IF_ERROR(catalog.forget_files(gone));
  if (failed) return *std::move(failed);
  BL_RETURN_IF_ERROR(kept);
  report.files = std::ssize(gone);
  return report;
}

Result<std::int64_t> sweep(Catalog& catalog, objects::ObjectStore& store, Table& table,
                           Timestamp older_than) {
  // Listed before the logs are asked: a commit between the two makes its files known.
  std::vector<std::string> old;
  const auto note = [&](const objects::ObjectInfo& object) -> Result<void> {
    if (object.modified < older_than) old.push_back(object.key);
    return {};
  };
  BL_RETURN_IF_ERROR(objects::for_each_object(store, data_folder(table.name()), note));
  BL_TRY(std::set<std::string> known, table.mirrored(older_than));
  BL_TRY(const auto listed, catalog.listed_files(table.name()));
  BL_TRY(const auto expired, catalog.expired_files());
  known.insert(listed.begin(), listed.end());
  known.insert(expired.begin(), expired.end());
  std::int64_t removed = 0;
  for (const std::string& key : old) {
    if (known.contains(key)) continue;
    BL_RETURN_IF_ERROR(store.remove(key));
    ++removed;
  }
  return removed;
}

}  // namespace bl::lake
