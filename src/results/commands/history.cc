#include <fmt/format.h>

#include <algorithm>

#include "base/ids.h"
#include "base/terminal.h"
#include "base/uri.h"
#include "base/utf8.h"
#include "results/commands/declarations.h"
#include "results/commands/reading.h"
#include "results/model.h"

namespace bl::results {
namespace {

constexpr std::size_t k_sparkline_width = 100;

/// The history of what the argument names: a fingerprint or a result id, else the one series whose
/// name it is.
Result<json::Value> find_history(net::ApiClient& server, const std::string& what) {
  if (is_id(what)) {
    Result<json::Value> by_fingerprint = server.get("/api/history?fingerprint=" + what);
    if (by_fingerprint.ok() || by_fingerprint.error().code != Code::not_found)
      return by_fingerprint;
    return server.get("/api/history/" + what);
  }
  BL_TRY(const json::Value page,
         server.get("/api/series" + query_of({{"q", what}, {"page_size", "1000"}})));
  const json::Value* found = page.find("series");
  if (found == nullptr || !found->is_array())
    return Error{Code::corrupt, "the answer has no series"};
  std::vector<std::string> exact, all;
  for (const json::Value& series : found->items()) {
    all.push_back(text_at(series, "history_fingerprint"));
    if (text_at(series, "name") == what) exact.push_back(all.back());
  }
  const std::vector<std::string>& chosen = exact.empty() ? all : exact;
  if (chosen.empty()) return Error{Code::not_found, "no series matches: " + what};
  if (chosen.size() > 1) {
    return Error{Code::invalid,
                 fmt::format("{} series match, name one by its fingerprint (benchlake series '{}')",
                             chosen.size(), what)};
  }
  return server.get("/api/history?fingerprint=" + chosen.front());
}

bool flag_of(const json::Value& sample, const char* key) {
  const json::Value* stats = sample.find("zscorestats");
  const json::Value* flag = stats == nullptr ? nullptr : stats->find(key);
  return flag != nullptr && flag->is_bool() && flag->as_bool();
}

std::string mark_of(const json::Value& sample) {
  if (flag_of(sample, "begins_distribution_change")) return "change";
  if (flag_of(sample, "is_step")) return "step";
  if (flag_of(sample, "is_outlier")) return "outlier";
  return "";
}

/// The value against the mean of the commits before it, in percent; negative is worse, as in
/// `series`.
std::string change_of(const json::Value& sample) {
  const json::Value* stats = sample.find("zscorestats");
  if (stats == nullptr) return "-";
  const auto change = verdict::pairwise(number_at(*stats, "rolling_mean_excluding_this_commit"),
                                        number_at(sample, "single_value_summary"),
                                        direction_of(text_at(sample, "unit")));
  return change ? fmt::format("{:+.1f} %", change->score) : "-";
}

/// RFC 4180: quoted when needed.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

void print_csv(CommandIo& io, const json::Array& samples) {
  fmt::print(io.out, "commit_time,result_id,commit_hash,svs,unit,mark\r\n");
  for (const json::Value& sample : samples) {
    const json::Value* value = sample.find("single_value_summary");
    fmt::print(io.out, "{},{},{},{},{},{}\r\n", text_at(sample, "commit_timestamp"),
               csv_field(text_at(sample, "benchmark_result_id")),
               csv_field(text_at(sample, "commit_hash")),
               value != nullptr && value->is_number() ? value->number_text() : "",
               csv_field(text_at(sample, "unit")), mark_of(sample));
  }
}

void print_table(CommandIo& io, const json::Array& samples, std::size_t rows_max) {
  std::vector<double> values;
  for (const json::Value& sample : samples) {
    if (const auto value = number_at(sample, "single_value_summary")) values.push_back(*value);
  }
  const std::size_t width = terminal_width(io.out).value_or(k_sparkline_width);
  fmt::print(io.out, "{}\n\n", sparkline(values, std::min(width, k_sparkline_width)));
  Table table({{"commit time"},
               {"commit"},
               {"value", Table::Align::right},
               {"change", Table::Align::right},
               {"mark"},
               {"message"}});
  const std::size_t first = samples.size() > rows_max ? samples.size() - rows_max : 0;
  for (std::size_t i = first; i < samples.size(); ++i) {
    const json::Value& sample = samples[i];
    const auto value = number_at(sample, "single_value_summary");
    table.add_row({text_at(sample, "commit_timestamp"), text_at(sample, "commit_hash").substr(0, 8),
                   value ? human_value(*value, text_at(sample, "unit")) : "-", change_of(sample),
                   mark_of(sample),
                   std::string(prefix_of_code_points(text_at(sample, "commit_message"), 60))});
  }
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  if (first > 0)
    fmt::print(io.err, "{} older points are not shown; --limit shows more\n",
               with_thousands(first));
}

std::string change_text(const json::Value& change) {
  const json::Value* worse = change.find("is_worse");
  const bool is_worse = worse != nullptr && worse->is_bool() && worse->as_bool();
  return fmt::format("{:+.1f} % {}", number_at(change, "percent").value_or(0),
                     is_worse ? "worse" : "better");
}

void print_changes(CommandIo& io, const json::Array& changes, const std::string& unit) {
  Table table({{"commit"},
               {"since"},
               {"before", Table::Align::right},
               {"after", Table::Align::right},
               {"change", Table::Align::right},
               {"probability", Table::Align::right}});
  for (const json::Value& change : changes) {
    table.add_row({text_at(change, "commit_sha").substr(0, 10),
                   text_at(change, "commit_timestamp").substr(0, 16),
                   human_value(number_at(change, "before").value_or(0), unit),
                   human_value(number_at(change, "after").value_or(0), unit), change_text(change),
                   fmt::format("{:.2f}", number_at(change, "confidence").value_or(0))});
  }
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}

// As it is stored; the server judges in the background.
Result<ExitCode> show_verdict(net::ApiClient& server, const Arguments& arguments, CommandIo& io,
                              const std::string& fingerprint) {
  BL_TRY(const json::Value picture,
         server.get("/api/v1/series/" + percent_encode(fingerprint) + "/verdict"));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(picture));
    return ExitCode::ok;
  }
  const json::Value* verdict = picture.find("verdict");
  if (verdict == nullptr || !verdict->is_object()) {
    fmt::print(io.err, "the series has no verdict: its project has them off, or it still waits\n");
    return ExitCode::undecided;
  }
  fmt::print(io.out, "{}: {}\n", text_at(*verdict, "decision"), text_at(*verdict, "sentence"));
  const json::Value* changes = picture.find("changes");
  if (changes != nullptr && changes->is_array() && !changes->items().empty()) {
    print_changes(io, changes->items(), text_at(picture, "unit"));
  }
  fmt::print(io.out, "detector {} {}, {} results\n", text_at(*verdict, "detector"),
             number_at(*verdict, "version").value_or(0),
             number_at(*verdict, "results").value_or(0));
  const json::Value* stale = picture.find("is_stale");
  if (stale != nullptr && stale->is_bool() && stale->as_bool()) {
    fmt::print(io.err, "a newer verdict is on its way\n");
  }
  return ExitCode::ok;
}

Result<ExitCode> show_history(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::int64_t limit, arguments.integer("--limit", 1, 10'000'000));
  BL_TRY(const json::Value history, find_history(server, arguments.text("SERIES")));
  if (arguments.flag("--verdict")) {
    return show_verdict(server, arguments, io, text_at(history, "history_fingerprint"));
  }
  const json::Value* samples = history.find("samples");
  if (samples == nullptr || !samples->is_array())
    return Error{Code::corrupt, "the answer has no samples"};
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(history));
  } else if (arguments.flag("--csv")) {
    print_csv(io, samples->items());
  } else if (samples->items().empty()) {
    fmt::print(io.err, "the series has no results on the default branch\n");
  } else {
    print_table(io, samples->items(), static_cast<std::size_t>(limit));
  }
  return ExitCode::ok;
}

}  // namespace

Command history_command() {
  return reading_command(
      {.path = "history",
       .help = "shows one series over its commits: change against those before (negative is "
               "worse), outliers, steps",
       .example = "benchlake history "
                  "template_benchmarks.template_compilation.benchmark.TemplateCompile.time_"
                  "template_compile",
       .options = {{.name = "--csv", .help = "commit time, result, commit, value, unit, mark"},
                   {.name = "--verdict",
                    .help = "whether it changed, at which commit, how sure; with --json all that "
                            "its picture shows"},
                   {.name = "--limit",
                    .value_name = "N",
                    .help = "newest points in the table",
                    .default_text = "30"}},
       .arguments = {{.name = "SERIES", .help = "fingerprint, result id, or name"}},
       .run = {}},
      show_history);
}

}  // namespace bl::results
