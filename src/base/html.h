#pragma once

#include <string>
#include <string_view>

namespace bl {

/// For text and for attributes in double quotes.
std::string html_escaped(std::string_view text);

}  // namespace bl
