#include <fmt/format.h>

#include "base/terminal.h"
#include "results/commands/declarations.h"
#include "results/commands/reading.h"

namespace bl::results {
namespace {

constexpr const char* k_path = "/api/v1/results/undo";

std::string body_of(const Arguments& arguments, std::optional<std::int64_t> expected) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  for (const auto& [option, key] : {std::pair("--batch", "batch_id"),
                                    {"--run", "run_id"},
                                    {"--submitter", "submitter"},
                                    {"--since", "since"}}) {
    if (const auto text = arguments.text_or_null(option)) writer.member(key, *text);
  }
  if (expected) writer.member("expected", *expected);
  writer.end_object();
  return body;
}

std::int64_t count_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value == nullptr ? 0 : value->as_int64().value_or(0);
}

const json::Array& items_at(const json::Value& object, const char* key) {
  static const json::Array k_none;
  const json::Value* value = object.find(key);
  return value == nullptr || !value->is_array() ? k_none : value->items();
}

void print_preview(CommandIo& io, const json::Value& preview) {
  fmt::print(io.out, "{} results of {} runs and {} series\n", count_at(preview, "results"),
             count_at(preview, "runs"), count_at(preview, "series"));
  for (const auto& [list, name] : {std::pair("months", "month"),
                                   {"largest_runs", "run_id"},
                                   {"largest_series", "history_fingerprint"}}) {
    Table table({{name}, {"results", Table::Align::right}});
    for (const json::Value& group : items_at(preview, list)) {
      table.add_row({text_at(group, name), std::to_string(count_at(group, "results"))});
    }
    fmt::print(io.out, "\n{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  }
  Table table({{"first results"}, {"name"}, {"run"}, {"started"}});
  for (const json::Value& row : items_at(preview, "first")) {
    table.add_row({text_at(row, "id"), text_at(row, "name"), text_at(row, "run_id"),
                   text_at(row, "timestamp")});
  }
  fmt::print(io.out, "\n{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}

Result<ExitCode> undo(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const json::Value preview, server.post(k_path, body_of(arguments, std::nullopt)));
  const bool is_json = arguments.flag("--json");
  if (is_json) {
    fmt::print(io.out, "{}\n", json::to_text(preview));
  } else {
    print_preview(io, preview);
  }
  std::int64_t left = count_at(preview, "results");
  if (!arguments.flag("--yes")) {
    if (!is_json && left > 0) fmt::print(io.err, "nothing was changed; --yes removes them\n");
    return ExitCode::ok;
  }
  std::int64_t removed = 0;
  while (left > 0) {
    BL_TRY(const json::Value report, server.post(k_path, body_of(arguments, left)));
    const json::Array& ids = items_at(report, "removed");
    removed += std::ssize(ids);
    if (is_json) fmt::print(io.out, "{}\n", json::to_text(report));
    left = count_at(report, "left");
    if (left > 0) fmt::print(io.err, "{} removed, {} left\n", removed, left);
  }
  if (!is_json) fmt::print(io.out, "{} results were removed\n", removed);
  return ExitCode::ok;
}

}  // namespace

Command results_undo_command() {
  return reading_command(
      {.path = "results undo",
       .help = "takes back what was sent by mistake: shows what would go, with --yes removes it",
       .example = "benchlake results undo --batch nightly-7 --submitter ci",
       .options = {{.name = "--batch", .value_name = "ID", .help = "only of this batch"},
                   {.name = "--run", .value_name = "ID", .help = "only of this run"},
                   {.name = "--submitter",
                    .value_name = "WHO",
                    .help = "only what this token or user sent, by id or name"},
                   {.name = "--since",
                    .value_name = "TIME",
                    .help = "only what was received since, RFC 3339"},
                   {.name = "--yes", .help = "remove them"}},
       .arguments = {},
       .run = {}},
      undo);
}

}  // namespace bl::results
