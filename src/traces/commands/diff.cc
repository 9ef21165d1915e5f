#include <fmt/format.h>

#include "base/terminal.h"
#include "traces/commands/asking.h"

/// `traces diff`: how one trace, or set of traces, differs from another.
namespace bl::traces {
namespace {

std::string body_of(const Arguments& arguments, const std::string& base,
                    const std::string& compare) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .key("base")
      .begin_object()
      .member("trace_id", base)
      .end_object()
      .key("compare")
      .begin_object()
      .member("trace_id", compare)
      .end_object()
      .member("format", arguments.text("--format"))
      .end_object();
  return body;
}

std::string shown(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  if (value == nullptr) return "-";
  return value->is_string() ? value->as_string() : json::to_text(*value);
}

void print_summary(const json::Value& answer, CommandIo& io) {
  const json::Value k_none;
  const auto part = [&](const char* key) -> const json::Value& {
    const json::Value* found = answer.find(key);
    return found == nullptr ? k_none : *found;
  };
  using enum Table::Align;
  Table table({{""}, {"base", right}, {"compare", right}, {"signal"}});
  const auto row = [&](const char* what, const char* of_side, const char* signal) {
    table.add_row({what, shown(part("base"), of_side), shown(part("compare"), of_side),
                   shown(part("signals"), signal)});
  };
  row("ms in all", "durationMs", "traceLatency");
  row("ms of spans", "sumSpanDurationMs", "sumSpanDuration");
  row("spans", "spanCount", "spanCount");
  row("errors", "errorSpanCount", "errors");
  table.add_row({"structure", "", "", shown(part("signals"), "structure")});
  fmt::print(io.out, "{}\n", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  Table services(
      {{"service"}, {"ms", right}, {"modified", right}, {"added", right}, {"removed", right}});
  for (const json::Value& service : list_at(answer, "services")) {
    services.add_row({text_at(service, "name"), shown(service, "sumSpanDurationDeltaMs"),
                      shown(service, "modified"), shown(service, "added"),
                      shown(service, "removed")});
  }
  fmt::print(io.out, "{}", services.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  for (const json::Value& warning : list_at(answer, "warnings")) {
    fmt::print(io.out, "{}: {}\n", text_at(warning, "code"), text_at(warning, "message"));
  }
}

Result<ExitCode> diff(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  const std::vector<std::string>& ids = arguments.list("ID");
  if (has_set_options(arguments)) {
    if (ids.empty()) return diff_of_sets(server, arguments, io);
    return Error{Code::invalid, "two ids, or two sets, not both: " + ids.front()};
  }
  if (ids.size() != 2) {
    return Error{Code::invalid,
                 "two ids of traces are needed, or two sets: --base-run ID --compare-run ID"};
  }
  for (const std::string& id : ids) BL_RETURN_IF_ERROR(trace_path(id));
  BL_TRY(const json::Value answer,
         server.post("/api/v1/traces/diff", body_of(arguments, ids[0], ids[1])));
  const bool is_patch = arguments.text("--format") == "trace-patch-v0";
  if (arguments.flag("--json") || is_patch) {
    print_json(answer, io);
  } else {
    print_summary(answer, io);
  }
  return ExitCode::ok;
}

}  // namespace

Command diff_command() {
  std::vector<CommandOption> options = {
      {.name = "--format",
       .value_name = "FORMAT",
       .help = "of two traces: trace-summary-v0-native, trace-summary-v0-composed, "
               "trace-patch-v0 (JSON)",
       .default_text = "trace-summary-v0-native"}};
  for (CommandOption& option : set_options()) options.push_back(std::move(option));
  return asking_command(
      {.path = "traces diff",
       .help = "shows how one trace, or the traces of one run, differ from another, as far as it "
               "is more than noise; of runs exit code 1: it takes longer, 3: too few traces",
       .example = "benchlake traces diff --base-run nightly-41 --compare-run nightly-42",
       .options = std::move(options),
       .arguments = {{.name = "ID",
                      .help = "of a trace, and of the one that is compared with it",
                      .repeated = true,
                      .required = false}},
       .run = {}},
      diff);
}

}  // namespace bl::traces
