#pragma once

#include <string>

#include "base/json.h"

namespace bl::results {

/// A CI report as JUnit XML: one suite for each run, one case for each row: a regression is a
/// failure, a failed result an error, what could not be judged is skipped. Characters that XML
/// cannot hold become U+FFFD. Errors: malformed (not a report).
Result<std::string> ci_junit(const json::Value& report);

}  // namespace bl::results
