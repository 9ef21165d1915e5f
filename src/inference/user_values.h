#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bl::inference {

/// What is wrong with a price or power that a user typed; nullopt when nothing is, also when
/// nothing was typed. A number may be followed by anything (`1.5 $`). Pure; any thread.
std::optional<std::string> user_value_fault(std::string_view typed);

}  // namespace bl::inference
