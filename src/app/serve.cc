#include "app/serve.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <functional>

#include "app/open_files.h"
#include "app/service.h"
#include "base/json.h"

namespace bl::app {
namespace {

/// The one line on stdout that scripts wait for.
void print_ready(CommandIo& io, const Settings& settings, const Service& service) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object().member("event", "ready").member("http", service.url());
  if (const std::string grpc = service.grpc_address(); !grpc.empty()) writer.member("grpc", grpc);
  if (const std::string otlp = service.otlp_address(); !otlp.empty()) {
    writer.member("otlp_http", otlp);
  }
  writer.member("data", settings.data_folder)
      .member("pid", static_cast<std::int64_t>(getpid()))
      .end_object();
  fmt::print(io.out, "{}\n", line);
  std::fflush(io.out);
}

void greet(CommandIo& io, const Settings& settings, const Service& service) {
  if (service.first_run()) {
    fmt::print(io.err, "benchlake: first run: the operator token is in {}/operator.token\n",
               settings.data_folder);
  }
  if (isatty(fileno(io.err)) != 0) {
    fmt::print(io.err, "benchlake: open {} (stop with Ctrl+C)\n", service.url());
  }
}

Result<Settings> read_settings(const Arguments& arguments, const CommandIo& io, Disk& disk) {
  BL_TRY(const Config config, load_config(arguments, io, disk));
  return settings_from(config, io.environment);
}

/// SIGHUP reads certificate and configuration again; but where a person looks on, it is their
/// terminal that closes. Gives the signal that ends the server.
int serve_until_stopped(Service& service, Log& log,
                        const std::function<Result<Settings>()>& settings) {
  const bool has_terminal = isatty(STDERR_FILENO) != 0;
  while (true) {
    const int signal = net::wait_for_signal();
    if (signal != SIGHUP || has_terminal) return signal;
    log.info("reload", {{"signal", signal}});
    service.reload(settings());
  }
}

Result<void> serve(const Arguments& arguments, CommandIo& io) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  std::vector<std::string> notes;
  BL_TRY(const Config config, load_config(arguments, io, *disk, &notes));
  BL_TRY(Settings settings, settings_from(config, io.environment));

  net::block_signals();  // before any thread starts
  const SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  ops::RecentErrors errors;
  Log log(clock, settings.log_level, errors.around(stderr_sink()));
  for (const std::string& note : notes) log.info("old_variable", {{"note", note}});
  for (const std::string& warning : config.warnings())
    log.warning("config", {{"warning", warning}});

  fit_open_files(settings, log);
  BL_TRY(const auto service, Service::start(settings, *disk, clock, random, log, metrics, &errors));
  print_ready(io, settings, *service);
  greet(io, settings, *service);
  const int signal =
      serve_until_stopped(*service, log, [&] { return read_settings(arguments, io, *disk); });
  log.info("stopping", {{"signal", signal}});
  service->stop();
  return {};
}

}  // namespace

Command serve_command() {
  return {.path = "serve",
          .help = "runs the server: the API and the page",
          .example = "benchlake serve --data ./data --http 127.0.0.1:8080",
          .options = serve_options(),
          .arguments = {},
          .run = [](const Arguments& arguments, CommandIo& io) {
            const Result<void> served = serve(arguments, io);
            return served.ok() ? ExitCode::ok : print_error(io, served.error());
          }};
}

}  // namespace bl::app
