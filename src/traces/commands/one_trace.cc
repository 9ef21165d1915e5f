#include <fmt/format.h>

#include "base/terminal.h"
#include "traces/commands/asking.h"

/// One trace: `get`, `critical-path`, `export`.
namespace bl::traces {
namespace {

constexpr std::int64_t k_rows_max = 20'000;

std::vector<CommandOption> hint_options() {
  return {{.name = "--start",
           .value_name = "TIME",
           .help = "where to look first: RFC 3339, or nanoseconds"},
          {.name = "--end", .value_name = "TIME", .help = "the end of that"}};
}
std::vector<CommandArgument> id_argument() {
  return {{.name = "ID", .help = "of the trace, hex digits"}};
}

void print_table(const Table& table, CommandIo& io) {
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}

void print_summary(const json::Value& answer, CommandIo& io) {
  const json::Value* summary = answer.find("summary");
  if (summary == nullptr) return;
  fmt::print(io.out, "{}  {}  {}, {} spans, {} errors\n", text_at(*summary, "trace_id"),
             root_text(*summary), duration_text(number_at(*summary, "duration_ns")),
             count_text(number_at(*summary, "spans")), count_text(number_at(*summary, "errors")));
  const json::Value* cost = answer.find("cost");
  if (cost == nullptr) return;
  fmt::print(io.out, "{}; found by {}: {} of {} files, {}\n\n", start_text(*summary),
             text_at(*cost, "path"), count_text(number_at(*cost, "files_read")),
             count_text(number_at(*cost, "files_considered")),
             human_value(static_cast<double>(number_at(*cost, "bytes_read")), "B"));
}

void print_warnings(const json::Value& answer, CommandIo& io) {
  for (const json::Value& warning : list_at(answer, "warnings")) {
    fmt::print(io.out, "{}: {}\n", text_at(warning, "code"), text_at(warning, "message"));
  }
}

Result<ExitCode> get(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::string path, trace_path(arguments.text("ID")));
  BL_TRY(const std::int64_t rows, arguments.integer("--rows", 1, k_rows_max));
  const std::string query = query_of({{"rows", std::to_string(rows)},
                                      {"start", arguments.text("--start")},
                                      {"end", arguments.text("--end")}});
  BL_TRY(const json::Value answer, server.get(path + "/waterfall" + query));
  print_partial(answer, io);
  if (arguments.flag("--json")) {
    print_json(answer, io);
    return ExitCode::ok;
  }
  print_summary(answer, io);
  using enum Table::Align;
  Table table(
      {{"span"}, {"service"}, {"at", right}, {"took", right}, {"itself", right}, {"status"}});
  for (const json::Value& row : list_at(answer, "rows")) {
    const auto depth =
        static_cast<std::size_t>(std::clamp<std::int64_t>(number_at(row, "depth"), 0, 40));
    const bool is_critical = !list_at(row, "critical").empty();
    table.add_row({std::string(2 * depth, ' ') + (is_critical ? "* " : "  ") + text_at(row, "name"),
                   text_at(row, "service"), duration_text(number_at(row, "offset_ns")),
                   duration_text(number_at(row, "duration_ns")),
                   duration_text(number_at(row, "self_ns")), text_at(row, "status")});
  }
  print_table(table, io);
  const std::int64_t total = number_at(answer, "rows_total");
  const auto shown = static_cast<std::int64_t>(list_at(answer, "rows").size());
  if (shown < total) {
    fmt::print(io.out, "{} of {} spans: --rows\n", count_text(shown), count_text(total));
  }
  print_warnings(answer, io);
  return ExitCode::ok;
}

Result<ExitCode> critical_path(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::string path, trace_path(arguments.text("ID")));
  const std::string query =
      query_of({{"start", arguments.text("--start")}, {"end", arguments.text("--end")}});
  BL_TRY(const json::Value answer, server.get(path + "/critical-path" + query));
  print_partial(answer, io);
  if (arguments.flag("--json")) {
    print_json(answer, io);
    return ExitCode::ok;
  }
  print_summary(answer, io);
  using enum Table::Align;
  Table table({{"on the critical path", right},
               {"itself", right},
               {"in all", right},
               {"spans", right},
               {"service"},
               {"name"}});
  for (const json::Value& operation : list_at(answer, "operations")) {
    table.add_row({duration_text(number_at(operation, "critical_ns")),
                   duration_text(number_at(operation, "self_ns")),
                   duration_text(number_at(operation, "total_ns")),
                   count_text(number_at(operation, "spans")), text_at(operation, "service"),
                   text_at(operation, "name")});
  }
  print_table(table, io);
  print_warnings(answer, io);
  return ExitCode::ok;
}

Result<void> write_bytes(const std::string& bytes, const Arguments& arguments, CommandIo& io) {
  const auto file = arguments.text_or_null("--output");
  if (!file) {
    std::fwrite(bytes.data(), 1, bytes.size(), io.out);
    return {};
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> to(std::fopen(file->c_str(), "wx"),
                                                           std::fclose);
  if (to == nullptr) return Error{Code::io, "cannot make the file " + *file};
  const bool is_written = std::fwrite(bytes.data(), 1, bytes.size(), to.get()) == bytes.size() &&
                          std::fflush(to.get()) == 0;
  if (!is_written) return Error{Code::io, "cannot write the file " + *file};
  return {};
}

/// What is no JSON comes past ApiClient.
Result<ExitCode> export_trace(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::string path, trace_path(arguments.text("ID")));
  const std::string query = query_of({{"format", arguments.text("--format")},
                                      {"start", arguments.text("--start")},
                                      {"end", arguments.text("--end")}});
  const net::ServerAddress& address = server.address();
  net::Client client({}, address.trust);
  net::Headers headers;
  if (!address.token.empty()) headers.set("Authorization", "Bearer " + address.token);
  BL_TRY(const net::ClientResponse response,
         client.send(net::Method::get, address.url + path + query, headers, ""));
  if (response.status != 200) {
    const auto problem = json::parse(response.body);
    return net::problem_error(problem.ok() ? *problem : json::Value(), response.status,
                              address.url + path);
  }
  BL_RETURN_IF_ERROR(write_bytes(response.body, arguments, io));
  return ExitCode::ok;
}

}  // namespace

Command get_command() {
  std::vector<CommandOption> options = hint_options();
  options.push_back(
      {.name = "--rows", .value_name = "COUNT", .help = "spans at most", .default_text = "200"});
  return asking_command({.path = "traces get",
                         .help = "shows a trace as a tree; * stands on its critical path",
                         .example = "benchlake traces get 4bf92f3577b34da6a3ce929d0e0e4736",
                         .options = options,
                         .arguments = id_argument(),
                         .run = {}},
                        get);
}

Command critical_path_command() {
  return asking_command(
      {.path = "traces critical-path",
       .help = "shows where a trace's time went, by service and name",
       .example = "benchlake traces critical-path 4bf92f3577b34da6a3ce929d0e0e4736",
       .options = hint_options(),
       .arguments = id_argument(),
       .run = {}},
      critical_path);
}

Command export_command() {
  std::vector<CommandOption> options = hint_options();
  options.push_back({.name = "--format",
                     .value_name = "FORMAT",
                     .help = "json, otlp, otlp-protobuf, jaeger, chrome (Perfetto loads it), "
                             "folded, folded-critical (flame graphs)",
                     .default_text = "otlp"});
  options.push_back({.name = "--output", .value_name = "FILE", .help = "a new file; else stdout"});
  return asking_command(
      {.path = "traces export",
       .help = "writes a trace in the form of another tool",
       .example = "benchlake traces export 4bf92f3577b34da6a3ce929d0e0e4736 --format chrome "
                  "--output trace.json",
       .options = options,
       .arguments = id_argument(),
       .run = {}},
      export_trace);
}

}  // namespace bl::traces
