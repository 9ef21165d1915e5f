#include <fmt/format.h>

#include "base/terminal.h"
#include "base/utf8.h"
#include "results/commands/declarations.h"
#include "results/commands/reading.h"

namespace bl::results {
namespace {

constexpr std::int64_t k_page = 200;

std::int64_t count_at(const json::Value& answer, const char* key) {
  return static_cast<std::int64_t>(number_at(answer, key).value_or(0));
}

// Errors: corrupt.
Result<const json::Array*> items_of(const json::Value& answer, const char* key) {
  const json::Value* items = answer.find(key);
  if (items == nullptr || !items->is_array()) {
    return Error{Code::corrupt, std::string("the answer has no ").append(key)};
  }
  return &items->items();
}

Result<ExitCode> evaluate(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const json::Value report, server.post("/api/v1/alerts/evaluate", ""));
  const std::int64_t failed = count_at(report, "failed");
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(report));
  } else {
    BL_TRY(const json::Array* events, items_of(report, "events"));
    for (const json::Value& event : *events) {
      fmt::print(io.out, "{}  {}  run {}: {}\n", text_at(event, "kind"),
                 text_at(event, "repository"), text_at(event, "run_id"),
                 text_at(event, "status_reason"));
    }
    fmt::print(io.err, "{} of {} rules judged, {} without a run, {} failed\n",
               count_at(report, "evaluated"), count_at(report, "rules"),
               count_at(report, "without_run"), failed);
    const std::string error = text_at(report, "error");
    if (!error.empty()) fmt::print(io.err, "{}\n", error);
  }
  const json::Value* busy = report.find("busy");
  if (busy != nullptr && busy->is_bool() && busy->as_bool()) {
    return Error{Code::conflict, "another server is evaluating the alert rules; try again later"};
  }
  return failed == 0 ? ExitCode::ok : ExitCode::regression;
}

Result<ExitCode> deliver(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  const std::string query = query_of(
      {{"failed", arguments.flag("--failed") ? "true" : ""}, {"id", arguments.text("--id")}});
  BL_TRY(const json::Value report, server.post("/api/v1/alerts/deliver" + query, ""));
  const std::int64_t not_sent = count_at(report, "retried") + count_at(report, "failed");
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(report));
  } else {
    fmt::print(io.err, "{} sent, {} to be tried again, {} failed for good\n",
               count_at(report, "delivered"), count_at(report, "retried"),
               count_at(report, "failed"));
    const std::string error = text_at(report, "error");
    if (!error.empty()) fmt::print(io.err, "{}\n", error);
  }
  return not_sent == 0 ? ExitCode::ok : ExitCode::regression;
}

/// Which list, and its columns: title and member.
struct Listing {
  const char* path;
  const char* items;
  std::vector<std::pair<const char*, const char*>> columns;
};

std::string cell_of(const json::Value& item, const char* key) {
  const json::Value* value = item.find(key);
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return std::string(prefix_of_code_points(value->as_string(), 60));
  return json::to_text(*value);
}

Result<ExitCode> list_of(const Listing& listing, net::ApiClient& server, const Arguments& arguments,
                         CommandIo& io) {
  BL_TRY(const std::int64_t limit, arguments.integer("--limit", 1, 1'000'000));
  std::vector<Table::Column> columns;
  for (const auto& [title, key] : listing.columns) columns.push_back({title});
  Table table(columns);
  std::string cursor;
  std::int64_t shown = 0;
  do {
    const std::string query = query_of(
        {{"page_size", std::to_string(std::min(limit - shown, k_page))}, {"cursor", cursor}});
    BL_TRY(const json::Value page, server.get(listing.path + query));
    BL_TRY(const json::Array* items, items_of(page, listing.items));
    for (const json::Value& item : *items) {
      ++shown;
      if (arguments.flag("--json")) {
        fmt::print(io.out, "{}\n", json::to_text(item));
        continue;
      }
      std::vector<std::string> row;
      for (const auto& [title, key] : listing.columns) row.push_back(cell_of(item, key));
      table.add_row(row);
    }
    cursor = text_at(page, "next_page_cursor");
  } while (!cursor.empty() && shown < limit);
  if (!arguments.flag("--json")) {
    fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
    if (shown == 0) fmt::print(io.err, "there are none\n");
  }
  if (!cursor.empty()) fmt::print(io.err, "there are more; raise --limit {}\n", limit);
  return ExitCode::ok;
}

Result<ExitCode> list(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  static const Listing k_rules{"/api/alert-rules",
                               "rules",
                               {{"id", "id"},
                                {"name", "name"},
                                {"repository", "repository"},
                                {"reason", "run_reason"},
                                {"state", "state"},
                                {"enabled", "enabled"},
                                {"judged", "last_evaluated_at"}}};
  static const Listing k_deliveries{"/api/v1/alerts/deliveries",
                                    "deliveries",
                                    {{"id", "id"},
                                     {"channel", "channel"},
                                     {"target", "target"},
                                     {"status", "status"},
                                     {"tried", "attempts"},
                                     {"next", "next_attempt_at"},
                                     {"why", "last_error"}}};
  const bool deliveries = arguments.flag("--deliveries");
  return list_of(deliveries ? k_deliveries : k_rules, server, arguments, io);
}

}  // namespace

Command alerts_evaluate_command() {
  return reading_command({.path = "alerts evaluate",
                          .help = "judges every enabled alert rule now, whether its run is quiet "
                                  "or not",
                          .example = "benchlake alerts evaluate",
                          .options = {},
                          .arguments = {},
                          .run = {}},
                         evaluate);
}

Command alerts_deliver_command() {
  return reading_command(
      {.path = "alerts deliver",
       .help = "sends the messages of alerts that wait, also those that wait "
               "for another attempt",
       .example = "benchlake alerts deliver --failed",
       .options = {{.name = "--failed", .help = "also every message that failed for good"},
                   {.name = "--id",
                    .value_name = "ID",
                    .help = "also this message, when it failed for good"}},
       .arguments = {},
       .run = {}},
      deliver);
}

Command alerts_list_command() {
  return reading_command(
      {.path = "alerts list",
       .help = "lists alert rules, or the messages of their events",
       .example = "benchlake alerts list --deliveries",
       .options = {{.name = "--deliveries", .help = "messages, and what became of them"},
                   {.name = "--limit",
                    .value_name = "N",
                    .help = "at most so many",
                    .default_text = "100"}},
       .arguments = {},
       .run = {}},
      list);
}

}  // namespace bl::results
