#include <fmt/format.h>

#include "base/terminal.h"
#include "events/commands/command_log.h"
#include "events/commands/declarations.h"
#include "events/sql_answer.h"
#include "net/client.h"

/// SQL over a log: by the server that keeps it, or by an engine of this command.
namespace bl::events {
namespace {

constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t k_sql_bytes_max = 256u << 10;
constexpr std::size_t k_answer_bytes_max = 256u << 20;

/// From the argument, else from standard input.
Result<std::string> sql_of(const Arguments& arguments, CommandIo& io) {
  const std::string& given = arguments.text("SQL");
  if (!given.empty() && given != "-") return given;
  std::string text;
  std::string piece(1 << 16, '\0');
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), io.in)) {
    text.append(piece, 0, got);
    if (text.size() > k_sql_bytes_max) {
      return Error{Code::too_large,
                   fmt::format("the SQL is longer than {} bytes", k_sql_bytes_max)};
    }
  }
  return text;
}

struct Limits {
  std::optional<std::int64_t> rows, time_ms;
};
Result<Limits> limits_of(const Arguments& arguments) {
  Limits limits;
  if (arguments.has("--rows")) {
    BL_TRY(limits.rows, arguments.integer("--rows", 1, k_most));
  }
  if (arguments.has("--time")) {
    BL_TRY(limits.time_ms, arguments.integer("--time", 1, 86'400'000));
  }
  return limits;
}

Result<std::string> ask_server(const net::ServerAddress& address, const std::string& sql,
                               const Limits& limits) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("sql", sql);
  if (limits.rows) writer.member("rows_max", *limits.rows);
  if (limits.time_ms) writer.member("time_max_ms", *limits.time_ms);
  writer.end_object();
  net::Headers headers;
  headers.set("Content-Type", "application/json");
  if (!address.token.empty()) headers.set("Authorization", "Bearer " + address.token);
  net::Client client({.timeout = std::chrono::hours(24), .body_bytes_max = k_answer_bytes_max},
                     address.trust);
  BL_TRY(net::ClientResponse answer,
         client.send(net::Method::post, address.url + "/api/v1/events/query", headers, body));
  if (answer.status == 200) return std::move(answer.body);
  const auto problem = json::parse(answer.body);
  return net::problem_error(problem.ok() ? *problem : json::Value(), answer.status, address.url);
}

Result<std::string> ask_here(const LogPlace& place, const std::string& sql, const Limits& limits,
                             CommandWorld& world) {
  BL_TRY(const auto log, open_log_at(place, LogUse::read, world));
  BL_TRY(const LogUri uri, parse_log_uri(place.uri));
  BL_TRY(const LogWorld log_world, world.log_world());
  EventSqlOptions options{.folder = log_world.scratch + "/sql",
                          .readable = readable_folders(uri, log_world.scratch)};
  options.limits.warm_workers = 0;  // for the one question
  BL_TRY(const auto engine, EventSql::open(std::move(options), world.log, world.metrics));
  SqlQuestion question{.sql = sql, .limits = {}};
  if (limits.rows) question.limits.rows_max = *limits.rows;
  if (limits.time_ms) question.limits.time_max = std::chrono::milliseconds(*limits.time_ms);
  return sql_answer(*engine, *log, question, nullptr);
}

std::string cell_text(const json::Value& cell) {
  if (cell.is_null()) return "";
  return cell.is_string() ? cell.as_string() : json::to_text(cell);
}

/// A field of RFC 4180.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

Result<void> print_rows(const std::string& answer, bool as_csv, CommandIo& io) {
  BL_TRY(const json::Value document, json::parse(answer, {.bytes_max = k_answer_bytes_max,
                                                          .string_bytes_max = 64u << 20,
                                                          .values_max = k_answer_bytes_max / 4}));
  const json::Value* columns = document.find("columns");
  const json::Value* rows = document.find("rows");
  const json::Value* truncated = document.find("truncated");
  if (columns == nullptr || !columns->is_array() || rows == nullptr || !rows->is_array()) {
    return Error{Code::malformed, "the server's answer has no columns and rows"};
  }
  std::vector<Table::Column> titles;
  for (const json::Value& column : columns->items()) {
    const json::Value* name = column.find("name");
    titles.push_back({name != nullptr ? cell_text(*name) : "", Table::Align::left});
  }
  Table table(titles);
  std::string lines;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      lines.append(i == 0 ? "" : ",").append(csv_field(cells[i]));
    }
    lines += "\r\n";
  };
  if (as_csv) {
    std::vector<std::string> names;
    for (const Table::Column& title : titles) names.push_back(title.title);
    add_line(names);
  }
  for (const json::Value& row : rows->items()) {
    if (!row.is_array() || row.items().size() != titles.size()) {
      return Error{Code::malformed, "the server's answer has a row of another width"};
    }
    std::vector<std::string> cells;
    for (const json::Value& cell : row.items()) cells.push_back(cell_text(cell));
    as_csv ? add_line(cells) : table.add_row(std::move(cells));
  }
  if (as_csv) {
    fmt::print(io.out, "{}", lines);
  } else {
    fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  }
  if (truncated != nullptr && truncated->is_bool() && truncated->as_bool()) {
    fmt::print(io.err, "benchlake: the answer was cut off at its limits (--rows)\n");
  }
  return {};
}

Result<ExitCode> query(const CommandPorts& ports, const Arguments& arguments, CommandIo& io) {
  CommandWorld world(io);
  const std::string format = arguments.flag("--json") ? "json" : arguments.text("--format");
  if (format != "table" && format != "csv" && format != "json") {
    return Error{Code::invalid, "--format is table, csv or json, not: " + format};
  }
  BL_TRY(const std::string sql, sql_of(arguments, io));
  BL_TRY(const Limits limits, limits_of(arguments));
  BL_TRY(const LogPlace place, find_log(ports, arguments, io, *world.disk));
  BL_TRY(const std::string answer, place.server ? ask_server(*place.server, sql, limits)
                                                : ask_here(place, sql, limits, world));
  if (format == "json") {
    fmt::print(io.out, "{}\n", answer);
  } else {
    BL_RETURN_IF_ERROR(print_rows(answer, format == "csv", io));
  }
  return ExitCode::ok;
}

}  // namespace

Command query_command(const CommandPorts& ports) {
  Command command{
      .path = "events query",
      .help = "answers SQL over a log of build events, the same on every backend",
      .example =
          "benchlake events query 'SELECT status_name, count(*) FROM partition_events "
          "GROUP BY 1' --log sqlite://events.db",
      .options = {{.name = "--format",
                   .value_name = "FORMAT",
                   .help = "table, csv or json",
                   .default_text = "table"},
                  {.name = "--rows", .value_name = "COUNT", .help = "the most rows"},
                  {.name = "--time", .value_name = "MS", .help = "the longest that it may take"}},
      .arguments = {{.name = "SQL",
                     .help = "one statement that reads; `-` or nothing: standard input",
                     .required = false}},
      .run = {}};
  add_log_options(command, ports);
  command.run = [ports](const Arguments& arguments, CommandIo& io) {
    const auto outcome = query(ports, arguments, io);
    return outcome.ok() ? *outcome : report(outcome.error(), arguments, io);
  };
  return command;
}

}  // namespace bl::events
