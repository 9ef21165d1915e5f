#include "inference/api/choices.h"

#include <algorithm>

#include "base/numbers.h"

namespace bl::inference {
namespace {

constexpr std::size_t k_date_bytes = 10;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<std::int64_t> length_of(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  const auto length = parse_int64(text);
  return length && *length > 0 ? length : std::nullopt;
}

}  // namespace

std::optional<SequenceChoice> sequence_named(const ChartLabels& labels, std::string_view text) {
  if (text == k_agentic) return SequenceChoice{std::string(text), {}, {}};
  if (const SequenceLabel* known = labels.sequence(text))
    return SequenceChoice{known->name, known->isl, known->osl};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto isl = length_of(text.substr(0, slash)), osl = length_of(text.substr(slash + 1));
  if (!isl || !osl) return std::nullopt;
  return SequenceChoice{std::string(text), isl, osl};
}

std::vector<std::string> model_keys(const Registry& registry, std::string_view display) {
  std::vector<std::string> keys;
  for (const Model& model : registry.models()) {
    if (model.display == display) keys.push_back(model.key);
  }
  return keys;
}

bool LineChoice::covers(const BenchmarkRow& row, const ChartLabels& labels) const {
  if (!sequence.covers(row)) return false;
  const auto is_wanted = [](const std::vector<std::string>& wanted, const auto& fits) {
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), fits);
  };
  if (!is_wanted(precisions, [&](const std::string& one) { return one == row.config.precision; }))
    return false;
  if (hw_keys.empty() && lines.empty()) return true;
  const std::string key = serving_key(labels, row.config);
  const auto is_key = [&](const std::string& one) {
    return labels.canonical_key(one) == labels.canonical_key(key);
  };
  const std::string line = line_key(key, row.config.precision);
  return is_wanted(hw_keys, is_key) &&
         is_wanted(lines, [&](const std::string& one) { return one == line; });
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) items.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

bool is_date(std::string_view text) {
  return text.size() == k_date_bytes && parse_rfc3339(std::string(text) + "T00:00:00Z").ok();
}

std::string date_of(Timestamp time) {
  return to_rfc3339_seconds(time).substr(0, k_date_bytes);
}

}  // namespace bl::inference
