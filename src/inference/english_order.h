#pragma once

#include <string_view>

namespace bl::inference {

/// Before, as English collation (CLDR's root) sorts: blanks, then `_ - , ; : ! ? . ' " ( ) ...`,
/// digits, letters whatever their case; of equal texts the one with lower case first. What is not
/// ASCII comes behind all that is. Pure; any thread.
bool english_before(std::string_view a, std::string_view b);

}  // namespace bl::inference
