#pragma once

#include <string>
#include <string_view>

#include "base/disk.h"
#include "objects/object_store.h"

/// Files below a folder as a list of keys in byte order. That order is not the one of a walk
/// through folders: `a-b` comes before `a/b`, which comes before `a0`.
namespace bl::objects {

inline constexpr std::string_view k_staging_folder = ".benchlake-staging";

/// Reads the folders on the way from `after`; looks at the files of the page only. The request is
/// checked. Files that come or go meanwhile are in it or not. Errors: io, forbidden.
Result<Listing> list_folder(Disk& disk, const std::string& root, const ListRequest& request);

}  // namespace bl::objects
