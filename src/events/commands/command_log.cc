#include "events/commands/command_log.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/json.h"
#include "events/http_log.h"

namespace bl::events {
namespace {

constexpr std::chrono::milliseconds k_look_timeout{10'000};
constexpr const char* k_upstream_variable = "DATABUILD_BUILD_EVENT_LOG";

std::string temporary_folder(const CommandIo& io) {
  const std::string* given = io.variable("TMPDIR");
  return given != nullptr && !given->empty() ? *given : "/tmp";
}

/// The server that is named, else the one that runs on the data folder.
Result<std::optional<net::ServerAddress>> find_server(const Arguments& arguments,
                                                      const CommandIo& io, Disk& disk,
                                                      const std::string& data_folder) {
  using Found = std::optional<net::ServerAddress>;
  if (arguments.has("--server") || io.variable("BENCHLAKE_SERVER") != nullptr) {
    BL_TRY(net::ServerAddress address, net::find_server(arguments, io, disk));
    return Found(std::move(address));
  }
  const auto address = net::read_server_file(disk, data_folder);
  if (!address.ok()) return Found();
  net::ApiClient client(*address, {.timeout = k_look_timeout});
  return client.get("/healthz").ok() ? Found(*address) : Found();
}

}  // namespace

CommandWorld::CommandWorld(const CommandIo& io) : temporary_(temporary_folder(io)) {}

CommandWorld::~CommandWorld() {
  std::error_code ignored;
  if (!scratch_.empty()) std::filesystem::remove_all(scratch_, ignored);
}

Result<LogWorld> CommandWorld::log_world() {
  if (scratch_.empty()) {
    std::string pattern = temporary_ + "/benchlake-events-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      return Error{Code::io, "cannot make a temporary folder like " + pattern};
    }
    scratch_ = pattern;
  }
  return LogWorld{*disk, clock, random, metrics, log, scratch_};
}

Result<LogPlace> find_log(const CommandPorts& ports, const Arguments& arguments,
                          const CommandIo& io, Disk& disk) {
  if (const auto uri = arguments.text_or_null("--log")) return LogPlace{.server = {}, .uri = *uri};
  BL_TRY(const LogSetting setting, ports.setting(arguments, io));
  BL_TRY(auto server, find_server(arguments, io, disk, setting.data_folder));
  if (server) return LogPlace{.server = std::move(server), .uri = {}};
  if (!setting.is_built_in && !setting.log_uri.empty()) return LogPlace{{}, setting.log_uri};
  const std::string* upstream = io.variable(k_upstream_variable);
  if (upstream != nullptr && !upstream->empty()) return LogPlace{{}, *upstream};
  if (setting.is_built_in) {
    BL_TRY(const LogUri uri, parse_log_uri(setting.log_uri));
    BL_TRY(const bool is_there, disk.exists(uri.path));
    if (is_there) return LogPlace{{}, setting.log_uri};
  }
  return Error{Code::not_found,
               "no log of build events: name one with --log URI, BENCHLAKE_EVENTS_LOG or " +
                   std::string(k_upstream_variable) +
                   ", or a server with --server URL; none is in " + setting.data_folder};
}

Result<LogUri> named_log(const Arguments& arguments) {
  const auto uri = arguments.text_or_null("--log");
  if (!uri)
    return Error{Code::invalid, "this works on a log in this process: name it with --log URI"};
  return parse_log_uri(*uri);
}

Result<std::unique_ptr<EventLog>> open_log_at(const LogPlace& place, LogUse use,
                                              CommandWorld& world) {
  if (place.server) return make_http_log(*place.server);
  BL_TRY(LogUri uri, parse_log_uri(place.uri));
  if (use == LogUse::read) uri.mode = LogUri::Mode::read;
  BL_TRY(const LogWorld log_world, world.log_world());
  auto opened = open_log(uri, log_world);
  if (!opened.ok()) return std::move(opened).error().with_context(uri.shown);
  return opened;
}

Result<std::unique_ptr<EventLog>> open_command_log(const CommandPorts& ports,
                                                   const Arguments& arguments, const CommandIo& io,
                                                   LogUse use, CommandWorld& world) {
  BL_TRY(const LogPlace place, find_log(ports, arguments, io, *world.disk));
  return open_log_at(place, use, world);
}

void add_log_options(Command& command, const CommandPorts& ports) {
  command.options.push_back(
      {.name = "--log",
       .value_name = "URI",
       .help = "sqlite://FILE, postgres://..., delta:///PATH, delta+s3://BUCKET/PATH; else the "
               "running server's log, else BENCHLAKE_EVENTS_LOG, DATABUILD_BUILD_EVENT_LOG"});
  for (const CommandOption& option : ports.options) command.options.push_back(option);
  for (const CommandOption& option : net::server_options()) {
    if (option.name != "--data") command.options.push_back(option);
  }
}

ExitCode report(const Error& error, const Arguments& arguments, CommandIo& io) {
  if (!arguments.flag("--json")) return print_error(io, error);
  std::string line;
  json::Writer writer(line);
  writer.begin_object().member("code", name_of(error.code)).member("message", error.message);
  writer.key("faults").begin_array();
  for (const Fault& fault : error.faults) {
    writer.begin_object().member("path", fault.path).member("message", fault.message);
    writer.member("value", fault.value).end_object();
  }
  writer.end_array().end_object();
  fmt::print(io.err, "{}\n", line);
  return ExitCode::error;
}

Command log_command(const CommandPorts& ports, Command declaration, LogUse use, LogBody body) {
  add_log_options(declaration, ports);
  declaration.run = [ports, use, body = std::move(body)](const Arguments& arguments,
                                                         CommandIo& io) {
    umask(077);
    CommandWorld world(io);
    const auto run = [&]() -> Result<ExitCode> {
      BL_TRY(const auto log, open_command_log(ports, arguments, io, use, world));
      return body(*log, arguments, io, world);
    };
    const auto outcome = run();
    return outcome.ok() ? *outcome : report(outcome.error(), arguments, io);
  };
  return declaration;
}

}  // namespace bl::events
