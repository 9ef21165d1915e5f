#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bl::inference {

/// The fields of one line, blanks around each taken off. A field in quotes may hold commas, and
/// quotes that stand twice; it ends with its line.
std::vector<std::string> csv_fields(std::string_view line);

/// Calls `line` for each line of a text that is not blank, without its end.
void for_each_line(std::string_view text, const std::function<void(std::string_view)>& line);

std::string_view trimmed(std::string_view text);

}  // namespace bl::inference
