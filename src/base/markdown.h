#pragma once

#include <string>
#include <string_view>

namespace bl {

/// Text of others as it is to be read, also within a table's cell: none of it becomes markup, a
/// link or a mention (GitHub's and GitLab's Markdown).
std::string markdown_escaped(std::string_view text);

}  // namespace bl
