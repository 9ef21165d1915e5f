#pragma once

#include <memory>

#include "events/delta/event_table.h"
#include "events/delta/index_folder.h"
#include "events/delta_admin.h"

namespace bl::events::delta {

/// A table for an operator's call: without index and journals.
struct AdminTable {
  IndexFolder folder;  ///< for scratch
  std::unique_ptr<EventTable> table;
};
/// Errors: not_found, invalid, those of EventTable::open.
Result<AdminTable> open_for_admin(const LogUri& uri, const LogWorld& world);
/// The same for who changes it. Errors besides: forbidden (mode=ro).
Result<AdminTable> open_for_change(const LogUri& uri, const LogWorld& world);

/// Asks whether to go on. Errors: cancelled.
Result<void> tell(const AdminProgress& progress, std::string_view what, std::int64_t done,
                  std::int64_t total);

/// Calls `each` for all objects below a prefix; false ends it.
Result<void> for_each_object(objects::ObjectStore& store, const std::string& prefix,
                             const std::function<Result<void>(const objects::ObjectInfo&)>& each);
/// A data file of Delta is never hidden: no segment of its path begins with `_` or `.`.
bool is_hidden(std::string_view path);

}  // namespace bl::events::delta
