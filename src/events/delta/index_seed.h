#pragma once

#include <string>
#include <vector>

#include "base/disk.h"

namespace bl::events::delta {

/// An index that begins with nothing reads the whole table once. What another log's index of the
/// same table has on this disk spares it that: its files never change, so they are linked, or
/// copied where that cannot be. Gives whether `folder` has an index now; `parents` are folders of
/// index folders. Nothing that fails here does harm: then the folder is as empty as before. The
/// index looks at every byte when it is opened.
bool seed_index(Disk& disk, const std::string& folder, const std::vector<std::string>& parents);

}  // namespace bl::events::delta
