#pragma once

#include <string>
#include <string_view>

#include "formats/formats.h"

/// Ways to say what is expected of a document.
namespace bl::formats::testing {

/// The value at a JSON path of plain keys (`stats/data`) as JSON text; "(none)" when it is absent.
inline std::string at(const json::Value& document, std::string_view path) {
  const json::Value* value = &document;
  while (value != nullptr && !path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    value = value->find(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return value == nullptr ? "(none)" : json::to_text(*value);
}

inline json::Value parsed(std::string_view text) {
  return json::parse(text).value();
}

/// `place: reason` of everything that was skipped.
inline std::vector<std::string> reasons_of(const Reading& reading) {
  std::vector<std::string> reasons;
  for (const Skipped& skipped : reading.skipped)
    reasons.push_back(skipped.place + ": " + skipped.reason);
  return reasons;
}

/// Data and unit of each result: `[1,2] ns`; `error` where there is no stats.
inline std::vector<std::string> stats_of(const Reading& reading) {
  std::vector<std::string> all;
  for (const json::Value& document : reading.submissions) {
    const json::Value* stats = document.find("stats");
    if (stats == nullptr || document.find("error") != nullptr) {
      all.emplace_back("error");
      continue;
    }
    std::string line = at(document, "stats/data");
    line.append(" ").append(stats->find("unit")->as_string());
    all.push_back(std::move(line));
  }
  return all;
}

}  // namespace bl::formats::testing
