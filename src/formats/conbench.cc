#include <fmt/format.h>

#include "formats/draft.h"
#include "formats/formats.h"

namespace bl::formats {
namespace {

Result<void> take(json::Value document, const std::string& place, const Facts& facts,
                  Reading& reading) {
  if (!document.is_object()) {
    return Error{Code::invalid, "a submission is a JSON object: " + place};
  }
  override_submission(document, facts);
  reading.submissions.push_back(std::move(document));
  return {};
}

/// The first line that is not blank; nullopt when it is the only one.
std::optional<std::string_view> first_of_many_lines(std::string_view bytes) {
  const std::size_t start = bytes.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return std::nullopt;
  const std::size_t end = bytes.find('\n', start);
  if (end == std::string_view::npos) return std::nullopt;
  return bytes.substr(start, end - start);
}

/// One document a line; blank lines do not count.
Result<Reading> read_lines(std::string_view bytes, const std::string& place, const Facts& facts) {
  Reading reading;
  std::size_t number = 0;
  for (std::size_t start = 0; start < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', start), bytes.size());
    const std::string_view line = bytes.substr(start, end - start);
    start = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string line_place = fmt::format("{}:{}", place, number);
    Result<json::Value> document = json::parse(line);
    if (!document.ok()) return at_place(std::move(document).error(), line_place);
    BL_RETURN_IF_ERROR(take(std::move(document).value(), line_place, facts, reading));
  }
  return reading;
}

}  // namespace

Result<Reading> read_conbench(std::string_view bytes, const std::string& place,
                              const Facts& facts) {
  Result<json::Value> whole = json::parse(bytes);
  if (!whole.ok()) {
    // Several documents, one a line? Only then is the first line a document of its own.
    const auto first = first_of_many_lines(bytes);
    if (first && json::parse(*first).ok()) return read_lines(bytes, place, facts);
    return at_place(std::move(whole).error(), place);
  }
  Reading reading;
  if (!whole->is_array()) {
    BL_RETURN_IF_ERROR(take(std::move(whole).value(), place, facts, reading));
    return reading;
  }
  std::size_t index = 0;
  for (json::Value& document : whole->items()) {
    const std::string element_place = fmt::format("{}#/{}", place, index++);
    BL_RETURN_IF_ERROR(take(std::move(document), element_place, facts, reading));
  }
  return reading;
}

}  // namespace bl::formats
