#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "app/event_settings.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "events/commands.h"
#include "events/grpc_methods.h"
#include "events/open_log.h"
#include "events/routes.h"
#include "ops/ports.h"
#include "ops/query_work.h"
#include "results/ports.h"

/// The log of build events in a running server, and what its commands are given.
namespace bl::app {

/// One object; its parts: any thread.
class EventLogService {
 public:
  /// All outlive this.
  struct Around {
    Disk& disk;
    const Clock& clock;
    Random& random;
    IdSource& ids;
    Log& log;
    Metrics& metrics;
  };
  /// A log that is named is opened now, so that what is wrong with it is seen at the start; that of
  /// the data folder when it is asked for first, so that who has no builds gets no file. Errors:
  /// those of events::open_log, with the setting. `query`: of SQL over it.
  static Result<std::unique_ptr<EventLogService>> open(const EventSettings& settings,
                                                       const ops::QuerySetting& query,
                                                       const std::string& data_folder,
                                                       const Around& around);

  /// This and `runs` outlive the router's handlers.
  void add_routes(net::Router& router, results::RunBrowser& runs);
  /// This outlives the methods.
  void add_grpc_methods(net::GrpcMethods& methods);
  /// What a backup that this server makes copies of it. This outlives the port.
  ops::EventLogPort backup_port();
  /// nullptr when nobody wrote to one yet: looking makes no file. Errors: as log().
  Result<events::EventLog*> log_if_any();
  /// Ends those who follow the log: before the server waits for what runs.
  void stop_tails() { tails_.stop(); }

 private:
  EventLogService(const EventSettings& settings, const ops::QuerySetting& query,
                  const std::string& data_folder, const Around& around);
  events::LogWorld world() const {
    return {around_.disk, around_.clock, around_.random, around_.metrics, around_.log, scratch_};
  }
  /// Errors: not_found (none is kept), those of opening.
  Result<events::EventLog*> log();

  Result<events::EventSql*> sql();

  const EventSettings settings_;
  const engine::WorkerEngineLimits sql_limits_;
  const engine::QueryLimits sql_most_;
  const std::string scratch_;
  const Around around_;
  events::Tails tails_;
  std::unique_ptr<events::BuildResults> build_results_;
  std::mutex mutex_;
  // Both are made when they are asked for first, and stay. Guarded by mutex_.
  std::unique_ptr<events::EventLog> log_;
  std::unique_ptr<events::EventSql> sql_;
};

/// Its copy in a folder, as ops::EventLogPort wants it.
Result<std::optional<std::int64_t>> copy_for_backup(events::EventLog& log,
                                                    const std::string& folder,
                                                    const events::LogWorld& world,
                                                    const ops::Progress& progress);

/// For the commands `backup` and `restore`, where no server runs.
/// `store_uri`: a log in the store's own database comes and goes with the store's tables.
ops::EventLogPort event_log_port(const EventSettings& settings, const std::string& data_folder,
                                 const std::string& store_uri);

/// For the commands `events ...`.
events::CommandPorts event_command_ports();

}  // namespace bl::app
