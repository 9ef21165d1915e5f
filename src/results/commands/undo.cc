#include <fmt/format.h>

#include "base/terminal.h"
#include "net/operation.h"
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

/// What the lake's copy of the results was proved to be.
struct Proof {
  enum class Outcome : unsigned char {
    gone,       ///< in no file
    kept,       ///< in no row that is read, but in files that readers or a Delta log keep a while
    read,       ///< in rows of the lake
    no_lake,    ///< nothing keeps a second copy
    forbidden,  ///< the caller may remove results, but not ask this
  };
  Outcome outcome = Outcome::gone;
  json::Value report;
};

Result<Proof> prove_gone(net::ApiClient& server, const std::vector<std::string>& ids,
                         CommandIo& io) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("work", "prove_removed").key("results").begin_array();
  for (const std::string& id : ids) writer.value(id);
  writer.end_array().end_object();
  const SystemClock clock;
  ProgressBar bar(io.err, clock, "proving it of the lake", 0);
  auto report =
      net::run_operation(server, "/api/v1/lake/refresh", body,
                         [&](std::string_view, std::uint64_t, std::uint64_t) { bar.advance(); });
  bar.finish();
  if (report.ok()) {
    auto outcome = Proof::Outcome::gone;
    if (!items_at(*report, "held").empty()) outcome = Proof::Outcome::kept;
    if (!items_at(*report, "read").empty()) outcome = Proof::Outcome::read;
    return Proof{outcome, std::move(report).value()};
  }
  if (report.error().code == Code::forbidden) return Proof{Proof::Outcome::forbidden, {}};
  if (report.error().code == Code::not_found) return Proof{Proof::Outcome::no_lake, {}};
  return std::move(report).error().with_context(
      "the results were removed; that they are in no file of the lake is not proved");
}

ExitCode print_proof(CommandIo& io, const Proof& proof) {
  switch (proof.outcome) {
    case Proof::Outcome::gone:
      fmt::print(io.out, "no file of the lake has one of them: {} files were read\n",
                 count_at(proof.report, "files_read"));
      break;
    case Proof::Outcome::kept:
      fmt::print(io.out,
                 "no row of the lake is one of them; {} files that readers or the Delta log keep "
                 "for a while still have some: `benchlake lake refresh --removed ID` tells later\n",
                 items_at(proof.report, "held").size());
      break;
    case Proof::Outcome::read:
      fmt::print(io.err, "rows of the lake are still some of them, in:\n");
      for (const json::Value& key : items_at(proof.report, "read")) {
        fmt::print(io.err, "  {}\n", key.as_string());
      }
      return ExitCode::regression;
    case Proof::Outcome::no_lake:
      break;
    case Proof::Outcome::forbidden:
      fmt::print(io.err,
                 "an admin proves that no file of the lake has them: `benchlake lake refresh "
                 "--removed ID`\n");
      break;
  }
  return ExitCode::ok;
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
  std::vector<std::string> removed;
  while (left > 0) {
    BL_TRY(const json::Value report, server.post(k_path, body_of(arguments, left)));
    const json::Array& ids = items_at(report, "removed");
    for (const json::Value& id : ids) removed.push_back(id.as_string());
    if (is_json) fmt::print(io.out, "{}\n", json::to_text(report));
    left = count_at(report, "left");
    if (left > 0) fmt::print(io.err, "{} removed, {} left\n", removed.size(), left);
  }
  if (!is_json) fmt::print(io.out, "{} results were removed\n", removed.size());
  if (removed.empty()) return ExitCode::ok;
  BL_TRY(const Proof proof, prove_gone(server, removed, io));
  if (!is_json) return print_proof(io, proof);
  if (!proof.report.is_null()) fmt::print(io.out, "{}\n", json::to_text(proof.report));
  return proof.outcome == Proof::Outcome::read ? ExitCode::regression : ExitCode::ok;
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
