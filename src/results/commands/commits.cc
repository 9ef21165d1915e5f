#include <fmt/format.h>

#include "base/terminal.h"
#include "base/utf8.h"
#include "results/commands/declarations.h"
#include "results/commands/reading.h"

namespace bl::results {
namespace {

constexpr std::int64_t k_repair_page = 20;
constexpr std::int64_t k_list_page = 200;

// `commits` of an answer. Errors: corrupt.
Result<const json::Array*> commits_of(const json::Value& answer) {
  const json::Value* commits = answer.find("commits");
  if (commits == nullptr || !commits->is_array()) {
    return Error{Code::corrupt, "the answer has no commits"};
  }
  return &commits->items();
}

std::string repair_body(const Arguments& arguments, std::int64_t count, const std::string& cursor) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("limit", count);
  writer.member("dry_run", arguments.flag("--dry-run"));
  writer.member("backfill", arguments.flag("--backfill"));
  if (const auto repository = arguments.text_or_null("--repository")) {
    writer.member("repository", *repository);
  }
  if (!cursor.empty()) writer.member("cursor", cursor);
  writer.end_object();
  return body;
}

void print_repaired(CommandIo& io, const json::Value& commit) {
  const std::string reason = text_at(commit, "reason");
  const auto backfilled = number_at(commit, "backfilled").value_or(0);
  fmt::print(io.out, "{}  {}  {}{}{}\n", text_at(commit, "sha"), text_at(commit, "repository"),
             text_at(commit, "outcome"), reason.empty() ? "" : ": " + reason,
             backfilled > 0 ? fmt::format(", {} commits below it", backfilled) : "");
}

Result<ExitCode> repair(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::int64_t limit, arguments.integer("--limit", 1, 1'000'000));
  std::string cursor = arguments.text("--cursor");
  std::int64_t seen = 0, repaired = 0;
  do {
    const std::int64_t count = std::min(limit - seen, k_repair_page);
    BL_TRY(const json::Value report,
           server.post("/api/v1/commits/repair", repair_body(arguments, count, cursor)));
    BL_TRY(const json::Array* commits, commits_of(report));
    for (const json::Value& commit : *commits) {
      ++seen;
      const std::string outcome = text_at(commit, "outcome");
      if (outcome == "repaired" || outcome == "would repair") ++repaired;
      if (arguments.flag("--json")) {
        fmt::print(io.out, "{}\n", json::to_text(commit));
      } else {
        print_repaired(io, commit);
      }
    }
    cursor = text_at(report, "next_page_cursor");
  } while (!cursor.empty() && seen < limit);
  fmt::print(io.err, "{} of {} {}\n", repaired, seen,
             arguments.flag("--dry-run") ? "could be repaired" : "repaired");
  if (!cursor.empty()) fmt::print(io.err, "there are more: --cursor {}\n", cursor);
  return ExitCode::ok;
}

Result<ExitCode> list(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::int64_t limit, arguments.integer("--limit", 1, 1'000'000));
  Table table({{"commit"}, {"repository"}, {"state"}, {"tried", Table::Align::right}, {"why"}});
  std::string cursor;
  std::int64_t shown = 0;
  do {
    const std::string query =
        query_of({{"repository", arguments.text("--repository")},
                  {"page_size", std::to_string(std::min(limit - shown, k_list_page))},
                  {"cursor", cursor}});
    BL_TRY(const json::Value page, server.get("/api/v1/commits/incomplete" + query));
    BL_TRY(const json::Array* commits, commits_of(page));
    for (const json::Value& commit : *commits) {
      if (arguments.flag("--unknown") && commit.find("timestamp") != nullptr) continue;
      ++shown;
      if (arguments.flag("--json")) {
        fmt::print(io.out, "{}\n", json::to_text(commit));
        continue;
      }
      table.add_row({std::string(prefix_of_code_points(text_at(commit, "sha"), 12)),
                     text_at(commit, "repository"), text_at(commit, "state"),
                     fmt::format("{}", number_at(commit, "attempts").value_or(0)),
                     text_at(commit, "reason")});
    }
    cursor = text_at(page, "next_page_cursor");
  } while (!cursor.empty() && shown < limit);
  if (arguments.flag("--json")) return ExitCode::ok;
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  if (shown == 0) fmt::print(io.err, "every commit is known\n");
  if (!cursor.empty()) fmt::print(io.err, "there are more; raise --limit {}\n", limit);
  return ExitCode::ok;
}

}  // namespace

Command commits_list_command() {
  return reading_command(
      {.path = "commits list",
       .help = "lists the commits that are not known well enough for histories, and why",
       .example = "benchlake commits list --unknown",
       .options = {{.name = "--unknown", .help = "only those without a time: in no history at all"},
                   {.name = "--repository", .value_name = "URL", .help = "only of this repository"},
                   {.name = "--limit",
                    .value_name = "N",
                    .help = "at most so many",
                    .default_text = "100"}},
       .arguments = {},
       .run = {}},
      list);
}

Command commits_repair_command() {
  return reading_command(
      {.path = "commits repair",
       .help = "asks the server's commit sources about unknown commits now, newest first",
       .example = "benchlake commits repair --dry-run",
       .options = {{.name = "--repository", .value_name = "URL", .help = "only of this repository"},
                   {.name = "--limit",
                    .value_name = "N",
                    .help = "look at so many",
                    .default_text = "100"},
                   {.name = "--cursor", .value_name = "CURSOR", .help = "go on where one ended"},
                   {.name = "--dry-run", .help = "ask, but change nothing"},
                   {.name = "--backfill",
                    .help = "also add the commits below, now; else the server does it later"}},
       .arguments = {},
       .run = {}},
      repair);
}

}  // namespace bl::results
