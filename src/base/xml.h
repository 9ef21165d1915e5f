#pragma once

#include <string>
#include <string_view>

namespace bl {

/// For text and for attributes in double quotes; what XML cannot hold becomes U+FFFD.
std::string xml_escaped(std::string_view text);

}  // namespace bl
