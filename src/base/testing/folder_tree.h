#pragma once

#include <map>
#include <string>

/// What lies in a folder, for tests that say that nothing was changed there.
namespace bl {

/// For each path below the folder, and the folder itself as "": its kind, its file number, when it
/// was changed last, and of a file its bytes' hash. A name that came and went shows in its folder's
/// time.
std::map<std::string, std::string> tree_of(const std::string& folder);

}  // namespace bl
