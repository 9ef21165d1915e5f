#pragma once

#include "net/grpc.h"
#include "traces/intake.h"

/// OTLP over gRPC (spec/traces.md 3.4): `opentelemetry.proto.collector.trace.v1.TraceService`.
namespace bl::traces {

/// `intake` outlives the methods. `access`: open where exporters need no credentials.
void add_grpc_methods(net::GrpcMethods& methods, Intake& intake, net::Access access);

}  // namespace bl::traces
