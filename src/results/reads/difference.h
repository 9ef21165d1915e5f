#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bl::results::reads {

/// The first place where two JSON documents are not the same text, as a JSON pointer; nullopt when
/// one is not whole (it was cut), or only order and blanks differ.
std::optional<std::string> first_difference(std::string_view a, std::string_view b);

}  // namespace bl::results::reads
