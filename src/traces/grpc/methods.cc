#include "traces/grpc_methods.h"

#include "net/retry_after.h"

namespace bl::traces {
namespace {

constexpr const char* k_export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

}  // namespace

void add_grpc_methods(net::GrpcMethods& methods, Intake& intake, net::Access access) {
  net::GrpcMethod method{.name = k_export, .access = access};
  method.answer = [&intake](const net::GrpcCall& call,
                            std::string_view request) -> Result<std::string> {
    // Spans belong to no repository of results.
    BL_RETURN_IF_ERROR(call.principal.demand_repository(""));
    Intake::Place place = intake.begin();
    BL_RETURN_IF_ERROR(place.grow_to(request.size()));
    BL_TRY(const PartialSuccess answer, intake.take(place, request, OtlpWire::protobuf));
    return encode_response_protobuf(answer);
  };
  method.details = [](const Error& error) {
    return encode_status_protobuf(error, net::grpc_status(error.code),
                                  net::retry_after_seconds(error.code));
  };
  methods.add(std::move(method));
}

}  // namespace bl::traces
