#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Texts of numbers, as clients of both dialects send them [2.3].
namespace bl::results {

/// What Python's Decimal reads, as a JSON number with the same digits: `+1.50`, `.5`, `7.`, `1E3`,
/// `007`. nullopt for anything else, also with blanks around.
std::optional<std::string> decimal_text(std::string_view text);

}  // namespace bl::results
