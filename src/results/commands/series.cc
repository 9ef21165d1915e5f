#include <fmt/format.h>

#include "base/terminal.h"
#include "base/utf8.h"
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

/// The last `count` characters: names of one suite begin alike and differ at the end.
std::string end_of(const std::string& text, std::size_t count) {
  const std::size_t length = code_point_count(text);
  if (length <= count) return text;
  return "…" + text.substr(prefix_of_code_points(text, length - count + 1).size());
}

/// Everything where there is room or no terminal; else what tells one series from another.
class SeriesTable {
 public:
  explicit SeriesTable(std::optional<std::size_t> width)
      : width_(width), table_(columns(is_wide())) {}

  void add(const json::Value& series) {
    std::string name = text_at(series, "name");
    if (const std::string parameters = parameters_of(series); !parameters.empty())
      name += " " + parameters;
    if (!is_wide()) name = end_of(name, *width_ > k_others + 10 ? *width_ - k_others : 10);
    const auto value = number_at(series, "latest_single_value_summary");
    const auto change = number_at(series, "change_percent");
    std::vector<std::string> row = {text_at(series, "status"), std::move(name),
                                    value ? human_value(*value, text_at(series, "unit")) : "-",
                                    change ? fmt::format("{:+.1f} %", *change) : "-"};
    if (is_wide()) {
      row.push_back(sparkline_of(series));
      row.push_back(text_at(series, "hardware"));
      row.push_back(text_at(series, "latest_commit_sha").substr(0, 8));
    }
    row.push_back(text_at(series, "history_fingerprint"));
    table_.add_row(std::move(row));
  }
  std::string to_text(bool color) const { return table_.to_text(width_, color); }

 private:
  static constexpr std::size_t k_wide = 150;
  static constexpr std::size_t k_others = 74;  ///< what stands beside the name when it is narrow

  bool is_wide() const { return !width_ || *width_ >= k_wide; }
  static std::vector<Table::Column> columns(bool wide) {
    std::vector<Table::Column> columns = {{"status"},
                                          {"benchmark"},
                                          {"latest", Table::Align::right},
                                          {"change", Table::Align::right}};
    if (wide) columns.insert(columns.end(), {{"history"}, {"hardware"}, {"commit"}});
    // Right, because the left ones are cut first and a cut fingerprint is none.
    columns.push_back({"fingerprint", Table::Align::right});
    return columns;
  }

  std::optional<std::size_t> width_;
  Table table_;
};

std::string query_text(const Arguments& arguments) {
  std::string text;
  for (const std::string& word : arguments.list("QUERY")) text += (text.empty() ? "" : " ") + word;
  return text;
}

Result<ExitCode> list_series(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::int64_t limit, arguments.integer("--limit", 1, 1'000'000));
  SeriesTable table(terminal_width(io.out));
  std::string cursor;
  std::int64_t shown = 0;
  do {
    const std::string query =
        query_of({{"q", query_text(arguments)},
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
        table.add(entry);
      }
      ++shown;
    }
    cursor = text_at(page, "next_page_cursor");
  } while (!cursor.empty() && shown < limit);
  if (arguments.flag("--json")) return ExitCode::ok;
  fmt::print(io.out, "{}", table.to_text(is_color_terminal(io.out)));
  if (shown == 0) fmt::print(io.err, "no series matches\n");
  if (!cursor.empty()) fmt::print(io.err, "more series match; raise --limit {}\n", limit);
  return ExitCode::ok;
}

}  // namespace

Command series_command() {
  return reading_command(
      {.path = "series",
       .help = "lists benchmark series with status, newest value, change (negative is worse) and "
               "history",
       .example = "benchlake series form clean --status regressed",
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
       .arguments = {{.name = "QUERY",
                      .help = "words of the name or the tags",
                      .repeated = true,
                      .required = false}},
       .run = {}},
      list_series);
}

}  // namespace bl::results
