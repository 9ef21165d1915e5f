#include "formats/formats.h"

#include <fmt/format.h>

#include <array>

#include "formats/detection.h"
#include "formats/draft.h"

namespace bl::formats {
namespace {

struct FormatName {
  Format format;
  const char* name;
};
constexpr std::array<FormatName, 9> k_formats = {{{Format::conbench, "conbench"},
                                                  {Format::google_benchmark, "google-benchmark"},
                                                  {Format::asv, "asv"},
                                                  {Format::pytest_benchmark, "pytest-benchmark"},
                                                  {Format::hyperfine, "hyperfine"},
                                                  {Format::go, "go"},
                                                  {Format::criterion, "criterion"},
                                                  {Format::jmh, "jmh"},
                                                  {Format::folly, "folly"}}};

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

bool has(const json::Value& document, const char* key) {
  return document.find(key) != nullptr;
}

/// The first element of the array at the key; null when there is none.
json::Value first_of(const json::Value& document, const char* key) {
  const json::Value* array = document.find(key);
  return array != nullptr && array->is_array() && !array->items().empty() ? array->items().front()
                                                                          : json::Value();
}

/// Of an object: a document, or the first of an array or of lines.
std::optional<Format> format_of_object(const json::Value& document) {
  if (has(document, "tags")) return Format::conbench;
  if (has(document, "benchmarks") && has(document, "context")) return Format::google_benchmark;
  if (has(document, "benchmarks") && has(document, "machine_info")) return Format::pytest_benchmark;
  if (has(document, "result_columns") && has(document, "commit_hash")) return Format::asv;
  if (has(first_of(document, "results"), "command")) return Format::hyperfine;
  if (has(document, "benchmark") && has(document, "primaryMetric")) return Format::jmh;
  const std::string reason = text_at(document, "reason");
  if (reason == "benchmark-complete" || reason == "group-complete") return Format::criterion;
  // Single files of Criterion's folder: their reader says how they are read.
  if (has(document, "group_id") && has(document, "full_id")) return Format::criterion;
  if (has(document, "sampling_mode") && has(document, "iters")) return Format::criterion;
  return std::nullopt;
}

std::optional<Format> format_of(const json::Value& document) {
  if (!document.is_array()) return format_of_object(document);
  if (document.items().empty()) return std::nullopt;
  const json::Value& first = document.items().front();
  if (!first.is_array()) return format_of_object(first);
  const json::Array& row = first.items();
  const bool is_row =
      row.size() >= 3 && row[0].is_string() && row[1].is_string() && row[2].is_number();
  return is_row ? std::optional(Format::folly) : std::nullopt;
}

}  // namespace

const char* name_of(Format format) {
  for (const FormatName& named : k_formats) {
    if (named.format == format) return named.name;
  }
  BL_CHECK(false);
}

Result<Format> parse_format(std::string_view name) {
  for (const FormatName& named : k_formats) {
    if (name == named.name) return named.format;
  }
  return Error{Code::invalid, fmt::format("unknown format, known are {}: '{}'",
                                          fmt::join(format_names(), ", "), name)};
}

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const FormatName& named : k_formats) names.emplace_back(named.name);
  return names;
}

std::optional<Format> detect(std::string_view bytes) {
  const std::optional<json::Value> document = first_document(bytes);
  if (document) {
    if (const auto format = format_of(*document)) return format;
  }
  if (looks_like_go(bytes)) return Format::go;
  return std::nullopt;
}

Result<Reading> read(Format format, std::string_view bytes, const std::string& place,
                     const Facts& facts) {
  switch (format) {
    case Format::conbench:
      return read_conbench(bytes, place, facts);
    case Format::google_benchmark:
      return read_google_benchmark(bytes, place, facts);
    case Format::pytest_benchmark:
      return read_pytest_benchmark(bytes, place, facts);
    case Format::hyperfine:
      return read_hyperfine(bytes, place, facts);
    case Format::go:
      return read_go(bytes, place, facts);
    case Format::criterion:
      return read_criterion_messages(bytes, place, facts);
    case Format::jmh:
      return read_jmh(bytes, place, facts);
    case Format::folly:
      return read_folly(bytes, place, facts);
    case Format::asv:
      break;
  }
  return Error{Code::invalid,
               "asv results are read as a folder, the one with benchmarks.json in it: " + place};
}

std::optional<Format> detect_folder(Disk& disk, const std::string& folder) {
  for (const char* below : {"/benchmarks.json", "/results/benchmarks.json"}) {
    const Result<bool> exists = disk.exists(folder + below);
    if (exists.ok() && *exists) return Format::asv;
  }
  if (is_criterion_folder(disk, folder)) return Format::criterion;
  if (!pytest_benchmark_files(disk, folder).empty()) return Format::pytest_benchmark;
  return std::nullopt;
}

}  // namespace bl::formats
