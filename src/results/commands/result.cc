#include <fmt/format.h>

#include "base/terminal.h"
#include "base/uri.h"
#include "results/commands/declarations.h"
#include "results/commands/reading.h"

namespace bl::results {
namespace {

/// `a=1, b=x`; "" for anything but an object.
std::string pairs_of(const json::Value* object) {
  if (object == nullptr || !object->is_object()) return "";
  std::string text;
  for (const auto& [key, value] : object->members()) {
    if (!text.empty()) text += ", ";
    text += key + "=" + (value.is_string() ? value.as_string() : json::to_text(value));
  }
  return text;
}

std::string member_of(const json::Value& object, const char* key, const char* inner) {
  const json::Value* member = object.find(key);
  return member == nullptr || !member->is_object() ? "" : text_at(*member, inner);
}

std::string value_of(const json::Value& result) {
  const json::Value* error = result.find("error");
  if (error != nullptr && error->is_object()) return "failed: " + json::to_text(*error);
  const auto value = number_at(result, "single_value_summary");
  if (!value) return "-";
  return fmt::format("{} ({})", human_value(*value, text_at(result, "unit")),
                     text_at(result, "single_value_summary_type"));
}

Result<ExitCode> get(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const json::Value result,
         server.get("/api/benchmark-results/" + percent_encode(arguments.text("ID"))));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(result));
    return ExitCode::ok;
  }
  const json::Value* data = result.find("data");
  const std::pair<const char*, std::string> rows[] = {
      {"id", text_at(result, "id")},
      {"value", value_of(result)},
      {"samples", data == nullptr ? "" : json::to_text(*data)},
      {"tags", pairs_of(result.find("tags"))},
      {"context", pairs_of(result.find("context"))},
      {"hardware", member_of(result, "hardware", "name")},
      {"repository", text_at(result, "commit_repo_url")},
      {"commit", member_of(result, "commit", "sha")},
      {"message", member_of(result, "commit", "message")},
      {"started", text_at(result, "timestamp")},
      {"run", text_at(result, "run_id")},
      {"reason", text_at(result, "run_reason")},
      {"batch", text_at(result, "batch_id")},
      {"series", text_at(result, "history_fingerprint")},
      {"annotations", pairs_of(result.find("change_annotations"))}};
  Table table({{"field"}, {"value"}});
  for (const auto& [field, text] : rows) {
    if (!text.empty()) table.add_row({field, text});
  }
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  return ExitCode::ok;
}

}  // namespace

Command results_get_command() {
  return reading_command(
      {.path = "results get",
       .help = "shows one result; with --json all that is known of it",
       .example = "benchlake results get 06518b6800007000800012345678abcd --json",
       .options = {},
       .arguments = {{.name = "ID", .help = "result id"}},
       .run = {}},
      get);
}

}  // namespace bl::results
