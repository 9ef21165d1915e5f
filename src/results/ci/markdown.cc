#include "results/ci/markdown.h"

#include <fmt/format.h>

#include <array>

#include "base/markdown.h"
#include "base/terminal.h"

namespace bl::results {
namespace {

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::optional<double> number_at(const json::Value* object, const char* key) {
  const json::Value* value = object == nullptr ? nullptr : object->find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_double();
}

const json::Array& items_at(const json::Value& object, const char* key) {
  static const json::Array k_none;
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_array() ? value->items() : k_none;
}

std::int64_t count_at(const json::Value& report, const char* key) {
  const json::Value* summary = report.find("summary");
  return static_cast<std::int64_t>(number_at(summary, key).value_or(0));
}

std::string value_of(const json::Value& row, const char* side) {
  const auto value = number_at(row.find(side), "single_value_summary");
  return value ? markdown_escaped(human_value(*value, text_at(row, "unit"))) : "-";
}

std::string score_of(const json::Value& row, const char* judged, const char* score,
                     const char* unit) {
  const json::Value* analysis = row.find("analysis");
  const auto value = number_at(analysis == nullptr ? nullptr : analysis->find(judged), score);
  return value ? fmt::format("{:+.4g}{}", *value, unit) : "-";
}

// `name, size=5`: what tells the row from the others of its benchmark.
std::string label_of(const json::Value& row) {
  std::string label = text_at(row, "name");
  const json::Value* tags = row.find("tags");
  if (tags == nullptr || !tags->is_object()) return label;
  for (const auto& [key, value] : tags->members()) {
    if (key == "name") continue;
    label += ", " + key + "=" + (value.is_string() ? value.as_string() : json::to_text(value));
  }
  return label;
}

std::string linked(const std::string& text, const json::Value& row,
                   const MarkdownOptions& options) {
  const json::Value* links = row.find("links");
  if (options.base_url.empty() || links == nullptr) return text;
  std::string link = text_at(*links, "compare");
  if (link.empty()) link = text_at(*links, "result");
  return link.empty() ? text : "[" + text + "](" + options.base_url + link + ")";
}

struct Table {
  const char* status;
  const char* title;
  bool is_judged;  // values and scores, else the reason
};
constexpr std::array<Table, 6> k_tables = {{{"regressed", "Regressions", true},
                                            {"errored", "Failed results", false},
                                            {"improved", "Improvements", true},
                                            {"not_comparable", "Not comparable", false},
                                            {"missing_baseline", "Without a baseline", false},
                                            {"insufficient", "Without enough history", false}}};

std::string line_of(const json::Value& row, const Table& table, const MarkdownOptions& options) {
  std::string line = "| " + linked(markdown_escaped(label_of(row)), row, options) + " | " +
                     markdown_escaped(text_at(row, "hardware")) + " | ";
  if (!table.is_judged) return line + markdown_escaped(text_at(row, "reason")) + " |\n";
  return line + value_of(row, "baseline") + " | " + value_of(row, "contender") + " | " +
         score_of(row, "pairwise", "percent_change", " %") + " | " +
         score_of(row, "lookback_z_score", "z_score", "") + " |\n";
}

void append_table(std::string& out, const json::Value& report, const Table& table,
                  const MarkdownOptions& options) {
  std::size_t count = 0, shown = 0;
  std::string lines;
  for (const json::Value& run : items_at(report, "runs")) {
    for (const json::Value& row : items_at(run, "comparisons")) {
      if (text_at(row, "status") != table.status) continue;
      ++count;
      if (shown == options.rows_max) continue;
      const std::string line = line_of(row, table, options);
      if (out.size() + lines.size() + line.size() > options.bytes_max) continue;
      lines += line;
      ++shown;
    }
  }
  if (count == 0) return;
  out += fmt::format("\n### {} ({})\n\n", table.title, count);
  if (shown > 0) {
    out += table.is_judged ? "| benchmark | hardware | baseline | contender | change | z-score |\n"
                             "|---|---|---|---|---|---|\n"
                           : "| benchmark | hardware | why |\n|---|---|---|\n";
    out += lines;
  }
  if (shown < count) out += fmt::format("\n{} more are not shown.\n", count - shown);
}

void append_runs(std::string& out, const json::Value& report) {
  for (const json::Value& run : items_at(report, "runs")) {
    out += "\n- run `" + markdown_escaped(text_at(run, "run_id")) + "`";
    const json::Value* fault = run.find("baseline_error");
    if (fault != nullptr && fault->is_object()) {
      out += ": " + markdown_escaped(text_at(*fault, "message"));
    } else if (const std::string baseline = text_at(run, "baseline_run_id"); !baseline.empty()) {
      out += " against `" + markdown_escaped(baseline) + "`";
    }
  }
  for (const json::Value& missing : items_at(report, "missing_run_ids")) {
    if (missing.is_string()) {
      out += "\n- run `" + markdown_escaped(missing.as_string()) + "`: no results";
    }
  }
  out += "\n";
}

void append_verdict(std::string& out, const json::Value& report, const char* member,
                    const char* of_what) {
  const json::Value* verdict = report.find(member);
  if (verdict == nullptr || !verdict->is_object()) return;
  const auto count = [&](const char* key) {
    return static_cast<std::int64_t>(number_at(verdict, key).value_or(0));
  };
  if (count("slower") + count("faster") + count("wait") == 0) return;
  out += fmt::format("\n{}: {} series slower, {} faster, {} need more results.", of_what,
                     count("slower"), count("faster"), count("wait"));
  const json::Value* worst = verdict->find("worst");
  if (worst != nullptr && worst->is_object()) {
    out += " Worst: " + markdown_escaped(text_at(*worst, "name")) + ". " +
           markdown_escaped(text_at(*worst, "sentence"));
  }
  out += "\n";
}

// How this branch stands; and the series on the default branch, whatever the report says of it.
void append_verdicts(std::string& out, const json::Value& report) {
  append_verdict(out, report, "contender_verdict", "This branch");
  append_verdict(out, report, "verdict", "On the default branch");
}

}  // namespace

std::string ci_headline(const json::Value& report) {
  return "performance: " + text_at(report, "status") + ": " + text_at(report, "status_reason");
}

Result<std::string> ci_markdown(const json::Value& report, const MarkdownOptions& options) {
  if (!report.is_object() || text_at(report, "status").empty()) {
    return Error{Code::malformed, "the answer is no CI report"};
  }
  std::string out = "## Performance: " + markdown_escaped(text_at(report, "status")) + "\n\n" +
                    markdown_escaped(text_at(report, "status_reason")) + "\n\n";
  out += fmt::format(
      "{} results · {} compared · {} analyzed · {} regressions · {} improvements · {} failed\n",
      count_at(report, "contender_results"), count_at(report, "compared"),
      count_at(report, "analyzed"), count_at(report, "regressions"),
      count_at(report, "improvements"), count_at(report, "benchmark_errors"));
  append_runs(out, report);
  append_verdicts(out, report);
  for (const Table& table : k_tables) {
    if (!options.shows_improvements && std::string_view(table.status) == "improved") continue;
    append_table(out, report, table, options);
  }
  const std::string url = text_at(report, "report_url");
  if (!options.base_url.empty() && !url.empty()) {
    out += "\n[The whole report](" + options.base_url + url + ")\n";
  }
  return out;
}

}  // namespace bl::results
