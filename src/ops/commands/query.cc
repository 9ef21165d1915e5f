#include "ops/commands/query.h"

#include <fmt/format.h>
#include <unistd.h>

#include <thread>

#include "base/uri.h"
#include "columns/ipc.h"
#include "ops/commands/declarations.h"
#include "ops/commands/query_output.h"
#include "ops/commands/running_server.h"
#include "ops/lake_access.h"
#include "ops/lake_setting.h"
#include "ops/query_json.h"

namespace bl::ops {
namespace {

constexpr std::size_t k_sql_bytes_max = 256u << 10;
constexpr std::size_t k_answer_bytes_max = 512u << 20;
constexpr std::chrono::milliseconds k_look{200};
constexpr std::uint64_t k_percent = 100;

/// SQL from the argument, from `--file`, or from standard input.
Result<std::string> sql_of(const Arguments& arguments, CommandIo& io, Disk& disk) {
  const std::string& sql = arguments.text("SQL");
  if (const auto file = arguments.text_or_null("--file")) {
    if (!sql.empty()) return Error{Code::invalid, "either SQL or --file: " + *file};
    return read_file(disk, *file, k_sql_bytes_max);
  }
  if (!sql.empty() && sql != "-") return sql;
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

/// The body of the request: what is JSON is that value, all else a text.
Result<std::string> body_of(const Arguments& arguments, const std::string& sql,
                            const std::string& id) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("sql", sql).member("id", id).key("parameters").begin_array();
  for (const std::string& parameter : arguments.list("--param")) {
    const auto value = json::parse(parameter);
    if (value.ok() && !value->is_object()) {
      writer.value(*value);
    } else {
      writer.value(parameter);
    }
  }
  writer.end_array();
  constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
  if (arguments.has("--rows")) {
    BL_TRY(const std::int64_t rows, arguments.integer("--rows", 1, k_most));
    writer.member("rows_max", rows);
  }
  if (arguments.has("--bytes")) {
    BL_TRY(const std::int64_t bytes, arguments.integer("--bytes", 1, k_most));
    writer.member("bytes_max", bytes);
  }
  if (arguments.has("--time")) {
    BL_TRY(const std::int64_t ms, arguments.integer("--time", 1, k_most));
    writer.member("time_max_ms", ms);
  }
  writer.end_object();
  return body;
}

/// Shows how far a query is, from a thread of its own, on a terminal.
class QueryBar {
 public:
  QueryBar(CommandIo& io, const Clock& clock, std::function<std::optional<double>()> fraction)
      : bars_(io.err, clock), fraction_(std::move(fraction)) {
    if (isatty(fileno(io.err)) != 0) thread_ = std::jthread([this](auto stop) { show(stop); });
  }

 private:
  void show(const std::stop_token& is_over) {
    std::mutex mutex;
    std::condition_variable_any over;
    std::unique_lock lock(mutex);
    while (!over.wait_for(lock, is_over, k_look, [&] { return is_over.stop_requested(); })) {
      const auto fraction = fraction_();
      if (!fraction) continue;
      bars_.show("query", static_cast<std::uint64_t>(*fraction * k_percent), k_percent);
    }
  }
  PhaseBars bars_;
  std::function<std::optional<double>()> fraction_;
  std::jthread thread_;  // the last: it uses the others
};

// A server's answer --------------------------------------------------------------------------

std::optional<double> fraction_in(const Result<json::Value>& view) {
  if (!view.ok()) return std::nullopt;
  const json::Value* progress = view->find("progress");
  const json::Value* fraction = progress == nullptr ? nullptr : progress->find("fraction");
  if (fraction == nullptr || !fraction->is_number()) return std::nullopt;
  return fraction->as_double();
}

Result<QueryOutput> read_arrow(std::string body) {
  BL_TRY(const auto reader,
         columns::IpcReader::open(std::move(body), {.bytes_max = k_answer_bytes_max,
                                                    .memory_bytes_max = k_answer_bytes_max}));
  QueryOutput output{.schema = reader->schema(), .batches = {}};
  while (true) {
    BL_TRY(auto batch, reader->next());
    if (!batch) return output;
    output.batches.push_back(*std::move(batch));
  }
}

Result<QueryOutput> ask_server(const net::ServerAddress& address, const std::string& body,
                               const std::string& id, CommandIo& io, const Clock& clock) {
  net::ApiClient looker(address);
  const std::string view_path = "/api/v1/queries/" + id;
  net::ClientResponse answer;
  {
    const QueryBar bar(io, clock, [&] { return fraction_in(looker.get(view_path)); });
    net::Headers headers;
    headers.set("Content-Type", "application/json");
    headers.set("Accept", "application/vnd.apache.arrow.stream");
    if (!address.token.empty()) headers.set("Authorization", "Bearer " + address.token);
    net::Client client({.timeout = std::chrono::hours(24), .body_bytes_max = k_answer_bytes_max},
                       address.trust);
    BL_TRY(answer, client.send(net::Method::post, address.url + "/api/v1/query", headers, body));
  }
  if (answer.status != 200) {
    auto problem = json::parse(answer.body);
    return net::problem_error(problem.ok() ? *problem : json::Value(), answer.status, address.url);
  }
  BL_TRY(QueryOutput output, read_arrow(std::move(answer.body)));
  BL_TRY(const json::Value view, looker.get(view_path));
  if (const json::Value* statistics = view.find("statistics")) {
    output.statistics_json = json::to_text(*statistics);
  }
  const json::Value* truncated = view.find("truncated");
  output.is_truncated = truncated != nullptr && truncated->is_bool() && truncated->as_bool();
  return output;
}

// Without a server ---------------------------------------------------------------------------

Result<QueryOutput> ask_lake(const ServerSetting& setting, const std::string& body,
                             LakeSurroundings& around, CommandIo& io) {
  if (setting.lake == nullptr) {
    return Error{Code::not_found, "there is no lake: lake.objects is not set"};
  }
  BL_TRY(QueryRequest request, decode_query(body, setting.lake->query.most));
  BL_TRY(const auto lake, open_lake(setting.lake->options, around));
  QuerySetting of_query = setting.lake->query;
  of_query.engine.warm_workers = 0;  // for the one query
  BL_TRY(const auto engine,
         open_query_engine(*lake, setting.lake->options, of_query, around.log, around.metrics));
  const auto control = std::make_shared<engine::QueryControl>();
  const QueryBar bar(io, around.clock, [&] { return std::optional(control->progress().fraction); });
  BL_TRY(const auto cursor, engine->run({.sql = std::move(request.sql),
                                         .parameters = std::move(request.parameters),
                                         .tables = pinned_tables(*lake),
                                         .limits = request.limits,
                                         .control = control}));
  QueryOutput output{.schema = cursor->schema(), .batches = {}};
  while (true) {
    BL_TRY(auto batch, cursor->next());
    if (!batch) break;
    output.batches.push_back(*std::move(batch));
  }
  const engine::Statistics statistics = cursor->statistics();
  output.is_truncated = statistics.is_truncated;
  json::Writer writer(output.statistics_json);
  write_statistics(writer, statistics);
  return output;
}

Result<std::optional<net::ServerAddress>> server_of(const ServerSetting& setting,
                                                    const Arguments& arguments, const CommandIo& io,
                                                    Disk& disk) {
  if (arguments.has("--server")) {
    BL_TRY(net::ServerAddress address, net::find_server(arguments, io, disk));
    return std::optional(std::move(address));
  }
  if (const auto server = running_server(setting.data_folder, disk)) {
    return std::optional(server->address());
  }
  return std::optional<net::ServerAddress>();
}

Result<ExitCode> query(const ServerSetting& setting, const Arguments& arguments, CommandIo& io) {
  LakeSurroundings around;
  const std::string format = arguments.flag("--json") ? "json" : arguments.text("--format");
  const auto file = arguments.text_or_null("--output");
  if (format == "parquet" && !file) {
    return Error{Code::invalid, "--format parquet needs --output FILE"};
  }
  BL_TRY(const std::string sql, sql_of(arguments, io, *around.disk));
  const std::string id = IdSource(around.clock, around.random).next();
  BL_TRY(const std::string body, body_of(arguments, sql, id));
  BL_TRY(const auto server, server_of(setting, arguments, io, *around.disk));
  BL_TRY(const QueryOutput output, server ? ask_server(*server, body, id, io, around.clock)
                                          : ask_lake(setting, body, around, io));
  if (format == "parquet") {
    BL_RETURN_IF_ERROR(write_parquet_file(output, *around.disk, *file));
  } else if (!file) {
    BL_RETURN_IF_ERROR(print_output(output, format, io.out));
  } else {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> to(std::fopen(file->c_str(), "wx"),
                                                             std::fclose);
    if (to == nullptr) return Error{Code::io, "cannot make the file " + *file};
    BL_RETURN_IF_ERROR(print_output(output, format, to.get()));
  }
  if (output.is_truncated) {
    fmt::print(io.err, "benchlake: the answer was cut off at its limits (--rows, --bytes)\n");
  }
  return ExitCode::ok;
}

}  // namespace

Command query_command(const CommandPorts& ports) {
  Command command = operator_command(
      ports,
      {.path = "query",
       .help = "answers SQL over the tables of the lake",
       .example = "benchlake query 'SELECT count(*) FROM spans WHERE name = ?' --param GET "
                  "--data ./data",
       .options = {{.name = "--file", .value_name = "FILE", .help = "SQL from a file"},
                   {.name = "--param",
                    .value_name = "VALUE",
                    .help = "of the next `?`: JSON, or else a text",
                    .repeated = true},
                   {.name = "--format",
                    .value_name = "FORMAT",
                    .help = "table, csv, json or parquet",
                    .default_text = "table"},
                   {.name = "--output", .value_name = "FILE", .help = "a new file for the rows"},
                   {.name = "--rows", .value_name = "COUNT", .help = "the most rows"},
                   {.name = "--bytes", .value_name = "COUNT", .help = "the most memory of them"},
                   {.name = "--time", .value_name = "MS", .help = "the longest that it may take"}},
       .arguments = {{.name = "SQL",
                      .help = "one statement that reads; `-` or nothing: standard input",
                      .required = false}}},
      query);
  for (const CommandOption& option : net::server_options()) {
    if (option.name != "--data") command.options.push_back(option);
  }
  return command;
}

}  // namespace bl::ops
