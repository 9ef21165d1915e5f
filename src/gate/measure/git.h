#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gate/measure.h"

/// Private: the git command.
namespace bl::gate {

/// What `git WORDS` prints in `folder`, without the last line's end. Errors: not_found (what git
/// says), timeout, cancelled (`go_on`).
Result<std::string> git(Runner& runner, const std::string& folder, std::vector<std::string> words,
                        const std::function<bool()>& go_on);

}  // namespace bl::gate
