#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "net/certificate.h"
#include "net/grpc.h"
#include "net/server.h"

/// The host of gRPC methods: HTTP/2, framing and flow control are the library's; who may call, the
/// limits below and the metrics are ours. Library `bl_net_grpc`: only who listens links it.
namespace bl::net {

/// Each is counted in `bl_grpc_limit_hits_total` when it is reached.
struct GrpcLimits {
  /// Of a request: RESOURCE_EXHAUSTED. An exchange holds about twice that of what nobody took yet.
  std::size_t message_bytes_max = 64u << 20;
  std::size_t workers = 32;     ///< calls at once; they may block
  std::size_t queue_max = 256;  ///< calls that wait for a worker; more: UNAVAILABLE
  std::chrono::milliseconds stop_timeout{10'000};  ///< running calls get this long at stop
};

struct GrpcOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 4317;      ///< 0 = any free one
  bool public_reads = true;       ///< Access::read without credentials
  std::optional<TlsOptions> tls;  ///< read once
  GrpcLimits limits;
};

/// Credentials come as metadata `authorization: Bearer TOKEN`. A call that fails has the status of
/// its code (grpc_status), the error's sentence with every fault, and the trailing metadata
/// `benchlake-code`.
class GrpcServer {
 public:
  /// Listens and answers. `methods` and the others outlive the server. Errors: conflict (address in
  /// use) with the address, invalid (certificate).
  static Result<std::unique_ptr<GrpcServer>> listen(const GrpcOptions& options,
                                                    const GrpcMethods& methods,
                                                    Authenticator& authenticator, Log& log,
                                                    Metrics& metrics);
  virtual ~GrpcServer() = default;
  virtual std::uint16_t port() const = 0;
  /// No new calls; running ones get stop_timeout, then they are cancelled and joined. Idempotent.
  virtual void stop() = 0;
};

}  // namespace bl::net
