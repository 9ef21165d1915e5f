#pragma once

#include "events/routes.h"
#include "net/grpc.h"

/// The log of build events over gRPC: service `databuild.v1.BuildEventLog` of
/// proto/databuild/v1/databuild.proto.
namespace bl::events {

/// All that is referred to outlives the methods.
struct GrpcPorts {
  LogSource log;
  Tails& tails;
  SqlSource sql;
  engine::QueryLimits most = {};  ///< what SQL may ask for
  EventLimits limits = {};
};

void add_grpc_methods(net::GrpcMethods& methods, GrpcPorts ports);

}  // namespace bl::events
