#pragma once

#include <string>

namespace bl {

/// One answer of the page's search box. Each domain gives its own; the page shows them together.
struct SearchHit {
  std::string kind;  ///< series, run, result, commit, trace, build, ...
  std::string title;
  std::string detail;  ///< one line
  std::string href;    ///< path of the page
};

}  // namespace bl
