#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "app/bigquery_settings.h"
#include "app/house_lake.h"
#include "base/disk.h"
#include "base/random.h"
#include "bigquery/job_parts.h"
#include "bigquery/read_methods.h"
#include "bigquery/rest_routes.h"
#include "bigquery/tables.h"
#include "bigquery/write_streams.h"
#include "net/grpc.h"

/// The door for clients of BigQuery in a running server.
namespace bl::app {

/// One object; its parts: any thread.
class BigQueryService {
 public:
  /// All outlive this, and this ends before the lake.
  struct Around {
    store::Database& database;
    Disk& disk;
    const Clock& clock;
    Random& random;
    Log& log;
    Metrics& metrics;
    HouseLake& lake;
    /// Answers of queries, files that are sent, rows of write streams that wait lie below it.
    std::string data_folder;
  };
  /// Without a lake so far, it is made when somebody asks first. In one that is there, what a
  /// crash left of the door is cleared at once.
  static std::unique_ptr<BigQueryService> open(const BigQuerySettings& settings,
                                               const Around& around);

  /// This outlives the router's handlers.
  void add_routes(net::Router& router);
  /// This outlives the methods.
  void add_grpc_methods(net::GrpcMethods& methods);
  /// Ends jobs, so that nobody waits for them. Before the listeners stop.
  void stop_jobs();
  /// Ends what runs; the lake may close then. After the listeners have stopped. Idempotent.
  void stop();

 private:
  /// What the door is made of once somebody has asked, in the order of dependence.
  struct Parts {
    std::unique_ptr<bigquery::Tables> tables;
    std::unique_ptr<bigquery::JobParts> jobs;
    std::unique_ptr<bigquery::WriteStreams> writes;
    std::unique_ptr<bigquery::ReadSessions> read_sessions;
  };
  BigQueryService(const BigQuerySettings& settings, const Around& around)
      : settings_(settings), around_(around), ids_(around.clock, around.random) {}
  /// Errors: not_found (bigquery.enabled is false), unavailable (after stop()), those of opening.
  Result<Parts*> parts();
  Result<std::unique_ptr<Parts>> open_parts();

  net::Access reads() const { return settings_.is_open ? net::Access::open : net::Access::read; }
  net::Access writes() const { return settings_.is_open ? net::Access::open : net::Access::write; }

  const BigQuerySettings settings_;
  const Around around_;
  IdSource ids_;
  std::mutex mutex_;
  std::unique_ptr<Parts> parts_;  // guarded by mutex_; stays once it is there, until stop()
  bool is_stopped_ = false;       // guarded by mutex_
};

}  // namespace bl::app
