#pragma once

#include <set>
#include <string>

#include "objects/object_store.h"

/// Tables that are being dropped: an object `dropped/TABLE` says so from the first step to the
/// last, so that one that was cut off is finished by the next start, and a rebuilt catalog does not
/// have the table again.
namespace bl::lake {

/// Errors of all: those of the store. Fine when it is marked.
Result<void> mark_dropped(objects::ObjectStore& store, const std::string& table);
Result<bool> is_marked_dropped(objects::ObjectStore& store, const std::string& table);
Result<std::set<std::string>> marked_dropped(objects::ObjectStore& store);
/// The last step.
Result<void> unmark_dropped(objects::ObjectStore& store, const std::string& table);

/// Every object below the prefix.
Result<void> remove_objects(objects::ObjectStore& store, const std::string& prefix);

}  // namespace bl::lake
