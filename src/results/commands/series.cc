#include <fmt/format.h>

#include "base/terminal.h"
#include "results/commands/declarations.h"
#include "results/commands/reading.h"

namespace bl::results {
namespace {

constexpr std::size_t k_sparkline_width = 24;
constexpr std::int64_t k_page_size = 200;

std::string sparkline_of(const json::Value& series) {
  const json::Value* values = series.find("sparkline");
  if (values == nullptr || !values->is_array()) return "";
  std::vector<double> numbers;
  for (const json::Value& value : values->items()) {
    if (value.is_number()) numbers.push_back(value.as_double());
  }
  return sparkline(numbers, k_sparkline_width);
}

/// `k=v` pairs of the tags but the name.
std::string parameters_of(const json::Value& series) {
  const json::Value* tags = series.find("tags");
  std::string text;
  if (tags == nullptr || !tags->is_object()) return text;
  for (const json::Member& tag : tags->members()) {
    if (tag.first == "name" || !tag.second.is_string()) continue;
    text += (text.empty() ? "" : " ") + tag.first + "=" + tag.second.as_string();
  }
  return text;
}

std::vector<std::string> row_of(const json::Value& series) {
  const auto value = number_at(series, "latest_single_value_summary");
  const auto change = number_at(series, "change_percent");
  std::string name = text_at(series, "name");
  if (const std::string parameters = parameters_of(series); !parameters.empty())
    name += " " + parameters;
  return {text_at(series, "status"),
          std::move(name),
          value ? human_value(*value, text_at(series, "unit")) : "-",
          change ? fmt::format("{:+.1f} %", *change) : "-",
          sparkline_of(series),
          text_at(series, "hardware"),
          text_at(series, "latest_commit_sha").substr(0, 8),
          text_at(series, "history_fingerprint")};
}

Result<ExitCode> list_series(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::int64_t limit, arguments.integer("--limit", 1, 1'000'000));
  Table table({{"status"},
               {"benchmark"},
               {"latest", Table::Align::right},
               {"change", Table::Align::right},
               {"history"},
               {"hardware"},
               {"commit"},
               {"fingerprint"}});
  std::string cursor;
  std::int64_t shown = 0;
  do {
    const std::string query =
        query_of({{"q", arguments.text("QUERY")},
                  {"status", arguments.text("--status")},
                  {"repository", arguments.text("--repository")},
                  {"hardware", arguments.text("--hardware")},
                  {"sort", arguments.text("--sort")},
                  {"page_size", std::to_string(std::min(limit - shown, k_page_size))},
                  {"cursor", cursor}});
    BL_TRY(const json::Value page, server.get("/api/series" + query));
    const json::Value* series = page.find("series");
    if (series == nullptr || !series->is_array())
      return Error{Code::corrupt, "the answer has no series"};
    for (const json::Value& entry : series->items()) {
      if (arguments.flag("--json")) {
        fmt::print(io.out, "{}\n", json::to_text(entry));
      } else {
        table.add_row(row_of(entry));
      }
      ++shown;
    }
    cursor = text_at(page, "next_page_cursor");
  } while (!cursor.empty() && shown < limit);
  if (arguments.flag("--json")) return ExitCode::ok;
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  if (shown == 0) fmt::print(io.err, "no series matches\n");
  if (!cursor.empty()) fmt::print(io.err, "more series match; raise --limit {}\n", limit);
  return ExitCode::ok;
}

}  // namespace

Command series_command() {
  return reading_command(
      {.path = "series",
       .help = "lists benchmark series with status, newest value and history",
       .example = "benchlake series form --status regressed",
       .options = {{.name = "--status",
                    .value_name = "STATUS",
                    .help = "regressed, improved, stable or insufficient"},
                   {.name = "--repository", .value_name = "URL", .help = "only of this repository"},
                   {.name = "--hardware", .value_name = "NAME", .help = "only of this machine"},
                   {.name = "--sort",
                    .value_name = "ORDER",
                    .help = "recent, name or change",
                    .default_text = "recent"},
                   {.name = "--limit",
                    .value_name = "N",
                    .help = "at most so many",
                    .default_text = "50"}},
       .arguments = {{.name = "QUERY", .help = "words of the name or the tags", .required = false}},
       .run = {}},
      list_series);
}

}  // namespace bl::results
