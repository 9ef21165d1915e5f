#include <fmt/format.h>

#include "base/json.h"
#include "base/terminal.h"
#include "base/uri.h"
#include "results/commands/declarations.h"
#include "results/commands/reading.h"

namespace bl::results {
namespace {

constexpr const char* k_path = "/api/v1/reads";
constexpr const char* k_mismatches = "/api/v1/reads/mismatches";

Result<const json::Array*> list_at(const json::Value& answer, const char* key) {
  const json::Value* list = answer.find(key);
  if (list == nullptr || !list->is_array()) {
    return Error{Code::corrupt, std::string("the answer has no ") + key};
  }
  return &list->items();
}

std::string count_at(const json::Value& object, const char* key) {
  return fmt::format("{:.0f}", number_at(object, key).value_or(0));
}

bool is_true(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::string proof_of(const json::Value& evidence) {
  const json::Value* proof = evidence.find("proof");
  if (proof == nullptr || !proof->is_object()) return "none";
  return (is_true(*proof, "passed") ? "passed " : "failed ") + text_at(*proof, "at");
}

Result<ExitCode> status(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const json::Value answer, server.get(k_path));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(answer));
    return ExitCode::ok;
  }
  BL_TRY(const json::Array* ports, list_at(answer, "ports"));
  Table table({{"port"},
               {"mode"},
               {"by store"},
               {"by lake"},
               {"proof"},
               {"equal"},
               {"different"},
               {"unexplained"},
               {"moved"},
               {"failed"}});
  std::vector<std::string> notes;
  for (const json::Value& port : *ports) {
    const json::Value* evidence = port.find("evidence");
    if (evidence == nullptr) return Error{Code::corrupt, "a port has no evidence"};
    const std::string name = text_at(port, "port");
    table.add_row({name, text_at(port, "mode") + (is_true(port, "is_paused") ? " (paused)" : ""),
                   count_at(port, "by_store"), count_at(port, "by_lake"), proof_of(*evidence),
                   count_at(*evidence, "equal"), count_at(*evidence, "different"),
                   count_at(*evidence, "unexplained"), count_at(*evidence, "moved"),
                   count_at(*evidence, "failed")});
    const std::string missing = text_at(*evidence, "missing");
    notes.push_back(
        name + ": " +
        (missing.empty() ? "the lake may answer" : "the lake may not answer: " + missing));
  }
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  for (const std::string& note : notes) fmt::print(io.err, "{}\n", note);
  if (is_true(answer, "is_unproven")) {
    fmt::print(io.err, "reads.unproven: the lake answers although evidence is missing\n");
  }
  return ExitCode::ok;
}

Result<ExitCode> mismatches(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  const std::string query = query_of({{"port", arguments.text("--port")}});
  BL_TRY(const json::Value answer, server.get(fmt::format("{}?{}", k_mismatches, query)));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(answer));
    return ExitCode::ok;
  }
  BL_TRY(const json::Array* list, list_at(answer, "mismatches"));
  Table table({{"id"}, {"at"}, {"port"}, {"first difference"}, {"now"}, {"explanation"}});
  for (const json::Value& one : *list) {
    const json::Value* now = one.find("is_equal_now");
    const bool is_known = now != nullptr && now->is_bool();
    table.add_row({text_at(one, "id"), text_at(one, "at"), text_at(one, "port"),
                   text_at(one, "first_difference"),
                   !is_known ? "" : (now->as_bool() ? "equal" : "different"),
                   text_at(one, "explanation")});
  }
  if (list->empty()) {
    fmt::print(io.err, "store and lake agreed\n");
  } else {
    fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  }
  return ExitCode::ok;
}

/// Ids come from a person: each goes into the path as one segment.
std::string path_of(const Arguments& arguments, const char* end) {
  return fmt::format("{}/{}{}", k_mismatches, percent_encode(arguments.text("ID")), end);
}

Result<ExitCode> replay(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const json::Value answer, server.post(path_of(arguments, "/replay"), ""));
  const bool is_equal = is_true(answer, "is_equal");
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(answer));
  } else if (is_equal) {
    fmt::print(io.out, "store and lake agree now\n");
  } else {
    fmt::print(io.out, "they differ, first at {}\nstore: {}\nlake:  {}\n",
               text_at(answer, "first_difference"), text_at(answer, "store_answer"),
               text_at(answer, "lake_answer"));
  }
  return is_equal ? ExitCode::ok : ExitCode::regression;
}

Result<ExitCode> explain(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  std::string body;
  json::Writer(body).begin_object().member("explanation", arguments.text("TEXT")).end_object();
  BL_TRY(const json::Value answer, server.put(path_of(arguments, "/explanation"), body));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(answer));
  } else {
    fmt::print(io.out, "{} is explained\n", text_at(answer, "id"));
  }
  return ExitCode::ok;
}

const CommandArgument k_id{.name = "ID", .help = "of the mismatch"};

}  // namespace

Command reads_status_command() {
  return reading_command(
      {.path = "reads status",
       .help = "shows who answers reads of results, store or lake, and how both agree",
       .example = "benchlake reads status",
       .options = {},
       .arguments = {},
       .run = {}},
      status);
}

Command reads_mismatches_command() {
  return reading_command(
      {.path = "reads mismatches",
       .help = "lists questions that store and lake answered differently",
       .example = "benchlake reads mismatches --port history",
       .options = {{.name = "--port",
                    .value_name = "PORT",
                    .help = "history, compare, health or runs; all when it is not given"}},
       .arguments = {},
       .run = {}},
      mismatches);
}

Command reads_replay_command() {
  return reading_command(
      {.path = "reads replay",
       .help = "asks store and lake again what they answered differently; exit code 1: they "
               "still do",
       .example = "benchlake reads replay 068f2a8c6b7e7c338000d7b1c7a3d1f2",
       .options = {},
       .arguments = {k_id},
       .run = {}},
      replay);
}

Command reads_explain_command() {
  return reading_command(
      {.path = "reads explain",
       .help = "says why a mismatch does not count against the lake",
       .example = "benchlake reads explain 068f2a8c6b7e7c338000d7b1c7a3d1f2 'mended in 0.9'",
       .options = {},
       .arguments = {k_id, {.name = "TEXT", .help = "the explanation, for the audit"}},
       .run = {}},
      explain);
}

}  // namespace bl::results
