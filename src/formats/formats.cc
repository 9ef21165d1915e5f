#include "formats/formats.h"

#include <fmt/format.h>

#include <array>

#include "formats/draft.h"

namespace bl::formats {
namespace {

struct FormatName {
  Format format;
  const char* name;
};
constexpr std::array<FormatName, 3> k_formats = {{{Format::conbench, "conbench"},
                                                  {Format::google_benchmark, "google-benchmark"},
                                                  {Format::asv, "asv"}}};

/// The first value of the bytes: a whole document, or the first line of NDJSON.
std::optional<json::Value> first_document(std::string_view bytes) {
  if (auto whole = parse_with_nonfinite(bytes); whole.ok()) return std::move(whole).value();
  const std::size_t start = bytes.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return std::nullopt;
  const std::size_t end = bytes.find('\n', start);
  if (end == std::string_view::npos) return std::nullopt;
  auto line = json::parse(bytes.substr(start, end - start));
  if (!line.ok()) return std::nullopt;
  return std::move(line).value();
}

}  // namespace

const char* name_of(Format format) {
  for (const FormatName& named : k_formats) {
    if (named.format == format) return named.name;
  }
  BL_CHECK(false);
}

Result<Format> parse_format(std::string_view name) {
  std::string names;
  for (const FormatName& named : k_formats) {
    if (name == named.name) return named.format;
    names += names.empty() ? "" : ", ";
    names += named.name;
  }
  return Error{Code::invalid, fmt::format("unknown format, known are {}: '{}'", names, name)};
}

std::optional<Format> detect(std::string_view bytes) {
  std::optional<json::Value> document = first_document(bytes);
  if (!document) return std::nullopt;
  if (document->is_array() && !document->items().empty()) {
    json::Value first = std::move(document->items().front());
    document = std::move(first);
  }
  if (document->find("tags") != nullptr) return Format::conbench;
  if (document->find("benchmarks") != nullptr && document->find("context") != nullptr)
    return Format::google_benchmark;
  if (document->find("result_columns") != nullptr && document->find("commit_hash") != nullptr)
    return Format::asv;
  return std::nullopt;
}

}  // namespace bl::formats
