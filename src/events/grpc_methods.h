#pragma once

#include "events/event_sql.h"
#include "events/routes.h"
#include "net/grpc.h"

/// The log of build events over gRPC: service `databuild.v1.BuildEventLog` of
/// proto/databuild/v1/databuild.proto.
namespace bl::events {

/// All that is referred to outlives the methods.
struct GrpcPorts {
  LogSource log;
  Tails& tails;
  /// SQL over the log; empty: refused by name.
  std::function<Result<QueryResult>(std::string_view sql, std::int64_t rows_max,
                                    const std::function<bool()>& client_is_there)>
      query = {};
  EventLimits limits = {};
};

void add_grpc_methods(net::GrpcMethods& methods, GrpcPorts ports);

}  // namespace bl::events
