#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

/// How result files' values are read. Their writers are scripts: numbers stand there as texts,
/// truths as "True". The rules are those of the language in which the contract was written
/// (spec/inference.md 3.5). Pure; nullptr stands for a member that is absent.
namespace bl::inference {

/// True for true, "true" and "True" only.
bool parse_bool(const json::Value* value);
/// As parse_bool; nullopt for what is neither that nor false, "false", "False".
std::optional<bool> parse_optional_bool(const json::Value* value);

/// A number; of a text its longest decimal prefix ("0.4.7" is 0.4), also "Infinity"; true is 1, []
/// is 0, [5] is 5. nullopt: null, absent, and what is no number.
std::optional<double> parse_number(const json::Value* value);
/// An integer: of a text its decimal prefix ("1.9" is 1), of anything else its number, rounded with
/// halves up (-2.5 is -2). May be infinite. nullopt as above.
std::optional<double> parse_integer(const json::Value* value);

/// The number at the front of a text, after blanks.
std::optional<double> number_prefix(std::string_view text);
/// The integer at the front of a text, after blanks.
std::optional<double> integer_prefix(std::string_view text);

/// True when a text is one number, blanks around it aside.
bool is_whole_number(std::string_view text);

/// The value as text: texts as they are, `true`, `1.5`; "" for null, absent and containers.
std::string text_of(const json::Value* value);
/// Neither absent, null, false, 0 nor "".
bool is_truthy(const json::Value* value);

std::string lower_case(std::string_view text);  ///< ASCII

}  // namespace bl::inference
