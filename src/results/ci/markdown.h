#pragma once

#include <string>

#include "base/json.h"

/// A CI report (encode_ci_report's JSON) for people: what regressed first, then what failed, what
/// improved, what could not be compared. Everything from results is escaped: no text of theirs
/// becomes markup, a link or a mention.
namespace bl::results {

struct MarkdownOptions {
  std::string base_url;            ///< links are made absolute with it; empty: no links
  std::size_t rows_max = 50;       ///< of each table
  bool shows_improvements = true;  ///< as a table; they are counted anyway
  std::size_t bytes_max = 60'000;  ///< GitHub takes 65,535 characters; tables are cut at a row
};

/// Errors: malformed (not a report).
Result<std::string> ci_markdown(const json::Value& report, const MarkdownOptions& options);
/// One line: `performance: failure: 1 of 3 analyzed results regressed`.
std::string ci_headline(const json::Value& report);

}  // namespace bl::results
