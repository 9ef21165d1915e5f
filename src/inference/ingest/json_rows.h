#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "inference/skips.h"

namespace bl::inference {

/// Gives every row of a document, an array of rows or one row, with its path: `PATH#/3`, `PATH`. Of
/// an array that is damaged in places, or too large for one tree, each item is read for itself:
/// what cannot be read is skipped as malformed.
void for_each_json_row(std::string_view text, const std::string& path,
                       const std::function<void(const json::Value&, const std::string&)>& sink,
                       SkipTracker& skips);

}  // namespace bl::inference
