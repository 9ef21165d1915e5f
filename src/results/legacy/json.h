#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "results/ports.h"

/// The pieces that the legacy dialect's answers are made of, and its two ways of printing them
/// (spec/results-conbench.md 3.1, 3.3). Private to the legacy encoders.
namespace bl::results::legacy {

/// Compact, keys sorted: single objects and the lists of the catalogues.
std::string sorted_text(const json::Value& value);
/// Indented by two blanks, keys as they stand: histories.
std::string indented_text(const json::Value& value);
/// The same at the end of a text, where its members are indented so far.
void append_indented(std::string& out, const json::Value& value, std::size_t indent);

struct Named {
  const char* name;
  json::Value value;
};
/// The members are moved: an initializer list of the tree itself would copy them at every level.
template <std::size_t N>
json::Value object_of(Named (&&members)[N]) {
  json::Object object;
  object.reserve(N);
  for (auto& [name, value] : members) object.emplace_back(name, std::move(value));
  return json::Value::object(std::move(object));
}

json::Value text_of(std::string_view text);
json::Value text_or_null(const std::optional<std::string>& text);
json::Value integer_of(const std::optional<std::int64_t>& number);
/// As Python prints floats (`10.0`); null for what is not a number.
json::Value float_of(const std::optional<double>& number);
/// With four significant digits, as comparisons show their numbers.
json::Value short_float_of(const std::optional<double>& number);
json::Value floats_of(const json::Array& samples);

/// `ORIGIN/api/LIST/` or `ORIGIN/api/LIST/ID/`.
std::string link_to(std::string_view origin, std::string_view list, std::string_view id = "");

/// The case's name and parameters in one object.
json::Value tags_of(const Case& benchmark_case);
/// Null without a commit. Never links.
json::Value commit_of(const std::optional<StoredCommit>& commit);
/// Never links.
json::Value hardware_of(std::string_view id, const Hardware& hardware);
/// Without tags, commit, hardware and links.
json::Value bare_result_of(const StoredResult& result);

/// `{"data":...,"metadata":{"next_page_cursor":...}}`
json::Value envelope_of(json::Value data, const std::optional<std::string>& next_cursor);

}  // namespace bl::results::legacy
