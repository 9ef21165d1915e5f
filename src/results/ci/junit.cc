#include "results/ci/junit.h"

#include <fmt/format.h>

#include "base/xml.h"

namespace bl::results {
namespace {

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

const json::Array& items_at(const json::Value& object, const char* key) {
  static const json::Array k_none;
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_array() ? value->items() : k_none;
}

std::string name_of_row(const json::Value& row) {
  std::string name = text_at(row, "name");
  const json::Value* tags = row.find("tags");
  if (tags != nullptr && tags->is_object()) {
    for (const auto& [key, value] : tags->members()) {
      if (key == "name") continue;
      name += " " + key + "=" + (value.is_string() ? value.as_string() : json::to_text(value));
    }
  }
  return name;
}

std::string scores_of(const json::Value& row) {
  const json::Value* analysis = row.find("analysis");
  return analysis == nullptr || analysis->is_null() ? "" : json::to_text(*analysis);
}

struct Counts {
  int tests = 0, failures = 0, errors = 0, skipped = 0;
};

void append_case(std::string& out, const json::Value& row, Counts& counts) {
  const std::string status = text_at(row, "status");
  ++counts.tests;
  out += fmt::format("    <testcase classname=\"{}\" name=\"{}\">",
                     xml_escaped(text_at(row, "hardware")), xml_escaped(name_of_row(row)));
  if (status == "regressed") {
    ++counts.failures;
    out += fmt::format(
        "<failure type=\"regression\" message=\"the lookback z-score regressed\">{}"
        "</failure>",
        xml_escaped(scores_of(row)));
  } else if (status == "errored") {
    ++counts.errors;
    const json::Value* error = row.find("error");
    out += fmt::format("<error type=\"benchmark\" message=\"the result failed\">{}</error>",
                       error == nullptr ? "" : xml_escaped(json::to_text(*error)));
  } else if (status != "improved" && status != "stable") {
    ++counts.skipped;
    out += fmt::format("<skipped message=\"{}\"/>", xml_escaped(text_at(row, "reason")));
  }
  out += "</testcase>\n";
}

}  // namespace

Result<std::string> ci_junit(const json::Value& report) {
  if (!report.is_object() || text_at(report, "status").empty()) {
    return Error{Code::malformed, "the answer is no CI report"};
  }
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"performance\">\n";
  for (const json::Value& run : items_at(report, "runs")) {
    Counts counts;
    std::string cases;
    for (const json::Value& row : items_at(run, "comparisons")) append_case(cases, row, counts);
    out += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
        xml_escaped(text_at(run, "run_id")), counts.tests, counts.failures, counts.errors,
        counts.skipped);
    out += cases + "  </testsuite>\n";
  }
  for (const json::Value& missing : items_at(report, "missing_run_ids")) {
    if (!missing.is_string()) continue;
    out += fmt::format(
        "  <testsuite name=\"{0}\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n"
        "    <testcase classname=\"run\" name=\"{0}\"><error type=\"run\" "
        "message=\"the run has no results\"/></testcase>\n  </testsuite>\n",
        xml_escaped(missing.as_string()));
  }
  return out + "</testsuites>\n";
}

}  // namespace bl::results
