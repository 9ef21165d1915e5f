#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "app/house_lake.h"
#include "app/trace_settings.h"
#include "base/disk.h"
#include "base/random.h"
#include "net/grpc.h"
#include "traces/lake_trace_store.h"
#include "traces/routes.h"

/// Traces in a running server.
namespace bl::app {

/// One object; its parts: any thread.
class TraceService {
 public:
  /// All outlive this.
  struct Around {
    Disk& disk;
    const Clock& clock;
    Random& random;
    Log& log;
    Metrics& metrics;
    HouseLake& lake;
    /// What stays, however old: traces that results name.
    traces::PinnedTraces pinned = {};
  };
  /// Without spans so far, they are opened when somebody asks first, so that who has no traces gets
  /// no files. Errors: those of opening.
  static Result<std::unique_ptr<TraceService>> open(const TraceSettings& settings,
                                                    const std::string& data_folder,
                                                    const Around& around);
  ~TraceService() { stop(); }

  /// This outlives the router's handlers.
  void add_routes(net::Router& router);
  /// This outlives the methods.
  void add_grpc_methods(net::GrpcMethods& methods);
  /// The listener of server.otlp_http, if there is to be one. Errors: conflict, io, invalid, with
  /// the setting.
  Result<void> listen(net::Authenticator& authenticator);
  /// `HOST:PORT` of that; empty: there is none.
  std::string otlp_address() const;
  /// No new connections there; running requests get their time. Idempotent.
  void stop();
  /// Errors: not_found (none are kept), those of opening.
  Result<traces::TraceStore*> store();

 private:
  TraceService(const TraceSettings& settings, const std::string& data_folder, const Around& around);
  Result<void> open_store();
  traces::OtlpRouteOptions otlp_options() const;

  const TraceSettings settings_;
  const std::string folder_;
  const Around around_;
  traces::Intake intake_;
  std::mutex mutex_;
  // Made when it is asked for first, and stays. Guarded by mutex_.
  std::unique_ptr<traces::LakeTraceStore> store_;
  net::Router otlp_router_;
  std::unique_ptr<net::Server> otlp_server_;
};

}  // namespace bl::app
