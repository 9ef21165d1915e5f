#include "app/event_log.h"

#include <filesystem>

#include "app/settings.h"
#include "events/open_log.h"

namespace bl::app {
namespace {

constexpr int k_results_counted = 100;  // of a build's run

/// A build's results are those of the run that has its id.
class RunsOfBuilds final : public events::BuildResults {
 public:
  explicit RunsOfBuilds(results::RunBrowser& runs) : runs_(runs) {}

  Result<std::vector<events::BuildRun>> runs_of(std::string_view build_request_id) override {
    results::ResultFilter filter;
    filter.run_id = std::string(build_request_id);
    filter.page_size = k_results_counted;
    BL_TRY(const auto rows, runs_.results(filter));
    std::vector<events::BuildRun> runs;
    if (rows.empty()) return runs;
    const results::ResultRow& newest = rows.front();
    runs.push_back({.run_id = newest.run_id,
                    .run_reason = newest.run_reason.value_or(""),
                    .latest_result_id = newest.id,
                    .latest_result_at = newest.timestamp,
                    .results = static_cast<std::int64_t>(rows.size()),
                    .has_more_results = rows.size() == k_results_counted});
    return runs;
  }

 private:
  results::RunBrowser& runs_;
};

}  // namespace

EventLogService::EventLogService(const EventSettings& settings, const ops::QuerySetting& query,
                                 const std::string& data_folder, const Around& around)
    : settings_(settings),
      sql_limits_(query.engine),
      sql_most_(query.most),
      scratch_(std::filesystem::absolute(data_folder).lexically_normal().string() + "/events"),
      around_(around),
      tails_(settings.tails, around.metrics) {}

Result<std::unique_ptr<EventLogService>> EventLogService::open(const EventSettings& settings,
                                                               const ops::QuerySetting& query,
                                                               const std::string& data_folder,
                                                               const Around& around) {
  std::unique_ptr<EventLogService> service(
      new EventLogService(settings, query, data_folder, around));
  if (!settings.is_built_in && !settings.log_uri.empty()) BL_RETURN_IF_ERROR(service->log());
  return service;
}

Result<events::EventLog*> EventLogService::log() {
  if (settings_.log_uri.empty()) {
    return Error{Code::not_found, "this server keeps no build events: events.log is off"};
  }
  const std::lock_guard lock(mutex_);
  if (log_ != nullptr) return log_.get();
  BL_TRY(const events::LogUri uri, events::parse_log_uri(settings_.log_uri));
  BL_RETURN_IF_ERROR(around_.disk.make_folder(scratch_));
  auto opened = events::open_log(uri, world());
  if (!opened.ok()) {
    return std::move(opened).error().with_context(
        "the log of build events (events.log = " + uri.shown + ")");
  }
  log_ = std::move(opened).value();
  around_.log.info("event_log", {{"uri", uri.shown}});
  return log_.get();
}

Result<events::EventLog*> EventLogService::log_if_any() {
  if (settings_.log_uri.empty()) return nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (log_ != nullptr) return log_.get();
  }
  BL_TRY(const events::LogUri uri, events::parse_log_uri(settings_.log_uri));
  if (uri.path.empty()) return log();
  BL_TRY(const bool is_there, around_.disk.exists(uri.path));
  return is_there ? log() : Result<events::EventLog*>(nullptr);
}

Result<events::EventSql*> EventLogService::sql() {
  const std::lock_guard lock(mutex_);
  if (sql_ != nullptr) return sql_.get();
  BL_TRY(const events::LogUri uri, events::parse_log_uri(settings_.log_uri));
  BL_TRY(sql_, events::EventSql::open({.folder = scratch_ + "/sql",
                                       .readable = events::readable_folders(uri, scratch_),
                                       .limits = sql_limits_},
                                      around_.log, around_.metrics));
  return sql_.get();
}

void EventLogService::add_routes(net::Router& router, results::RunBrowser& runs) {
  build_results_ = std::make_unique<RunsOfBuilds>(runs);
  events::add_routes(router, {.log = [this] { return log(); },
                              .sql = [this] { return sql(); },
                              .most = sql_most_,
                              .results = *build_results_,
                              .tails = tails_,
                              .clock = around_.clock,
                              .ids = around_.ids,
                              .append_bytes_max = settings_.append_bytes_max});
}

void EventLogService::add_grpc_methods(net::GrpcMethods& methods) {
  events::add_grpc_methods(methods, {.log = [this] { return log(); },
                                     .tails = tails_,
                                     .sql = [this] { return sql(); },
                                     .most = sql_most_});
}

ops::EventLogPort EventLogService::backup_port() {
  ops::EventLogPort port;
  if (settings_.log_uri.empty()) return port;
  port.copy = [this](const std::string& folder,
                     const ops::Progress& progress) -> Result<std::optional<std::int64_t>> {
    // Who has no builds has no file either, and gets none.
    BL_TRY(const events::LogUri uri, events::parse_log_uri(settings_.log_uri));
    if (settings_.is_built_in) {
      BL_TRY(const bool is_there, around_.disk.exists(uri.path));
      if (!is_there) return std::optional<std::int64_t>();
    }
    BL_TRY(events::EventLog* const log, this->log());
    return copy_for_backup(*log, folder, world(), progress);
  };
  return port;
}

events::CommandPorts event_command_ports() {
  return {
      .options = store_options(),
      .setting = [](const Arguments& arguments, const CommandIo& io) -> Result<events::LogSetting> {
        const std::unique_ptr<Disk> disk = make_real_disk();
        BL_TRY(const Config config, load_config(arguments, io, *disk));
        BL_TRY(const Settings settings, settings_from(config, io.environment));
        return events::LogSetting{.data_folder = settings.data_folder,
                                  .log_uri = settings.events.log_uri,
                                  .is_built_in = settings.events.is_built_in};
      }};
}

}  // namespace bl::app
