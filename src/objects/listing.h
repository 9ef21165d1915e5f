#pragma once

#include <functional>
#include <string>

#include "objects/object_store.h"

/// All pages of a listing.
namespace bl::objects {

/// Hands over every object whose key begins with `prefix`, in byte order. What appears or goes
/// meanwhile may be among them or not. Cost: a request for every k_list_count_max. Errors: those of
/// ObjectStore::list(), and the first one of `each`, which ends it.
Result<void> for_each_object(ObjectStore& store, const std::string& prefix,
                             const std::function<Result<void>(const ObjectInfo&)>& each);

}  // namespace bl::objects
