#include "lake/table/dropped.h"

#include <algorithm>

#include "base/file_copy.h"
#include "lake/lake.h"
#include "lake/table/delta_mirror.h"
#include "objects/listing.h"

namespace bl::lake {
namespace {

const std::string k_dropped = "dropped/";

}  // namespace

Result<void> remove_objects(objects::ObjectStore& store, const std::string& prefix) {
  return objects::for_each_object(
      store, prefix, [&](const objects::ObjectInfo& object) { return store.remove(object.key); });
}

Result<void> mark_dropped(objects::ObjectStore& store, const std::string& table) {
  auto put = store.put_if_absent(k_dropped + table, "{}");
  if (put.ok() || put.error().code == Code::conflict) return {};
  return put;
}

Result<bool> is_marked_dropped(objects::ObjectStore& store, const std::string& table) {
  const auto found = store.head(k_dropped + table);
  if (!found.ok() && found.error().code != Code::not_found) return found.error();
  return found.ok();
}

Result<std::set<std::string>> marked_dropped(objects::ObjectStore& store) {
  std::set<std::string> names;
  BL_RETURN_IF_ERROR(
      objects::for_each_object(store, k_dropped, [&](const objects::ObjectInfo& object) {
        names.insert(object.key.substr(k_dropped.size()));
        return Result<void>();
      }));
  return names;
}

Result<void> unmark_dropped(objects::ObjectStore& store, const std::string& table) {
  return store.remove(k_dropped + table);
}

// --------------------------------------------------------------------------------------------

Result<void> Lake::drop_table(const std::string& name) {
  const std::lock_guard one_at_a_time(drop_mutex_);
  BL_TRY(const bool began, is_marked_dropped(*store_, name));
  if (!began) {
    BL_RETURN_IF_ERROR(table(name));
    BL_RETURN_IF_ERROR(mark_dropped(*store_, name));
  }
  return finish_drop(name);
}

Result<void> Lake::finish_drops() {
  BL_TRY(const auto names, marked_dropped(*store_));
  for (const std::string& name : names) {
    auto done = finish_drop(name);
    if (!done.ok()) return std::move(done).error().with_context("dropping the table " + name);
  }
  return {};
}

// The catalog first: nobody writes to the log and the journal then. Every step may be done again.
Result<void> Lake::finish_drop(const std::string& name) {
  if (const auto open = table(name); open.ok()) {
    BL_RETURN_IF_ERROR((*open)->drop());
    const std::lock_guard lock(mutex_);
    tables_.erase(name);
    dropped_.push_back(*open);
  } else {
    BL_TRY(const auto names, catalog_->tables());
    if (std::ranges::find(names, name) != names.end()) {
      BL_TRY(const PublisherToken token, catalog_->take(name));
      BL_RETURN_IF_ERROR(catalog_->drop_table(token));
    }
  }
  BL_RETURN_IF_ERROR(remove_objects(*store_, delta_prefix(name) + "_delta_log/"));
  BL_RETURN_IF_ERROR(remove_tree(world_.disk, options_.folder + "/" + journal_name(name)));
  BL_RETURN_IF_ERROR(remove_objects(*store_, journal_name(name) + "/"));
  return unmark_dropped(*store_, name);
}

}  // namespace bl::lake
