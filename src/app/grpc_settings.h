#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "net/grpc_server.h"

/// The settings of gRPC: `server.grpc`, `grpc.*`.
namespace bl::app {

struct GrpcSettings {
  std::optional<net::GrpcOptions> host;  ///< nullopt: off
  /// Nobody has named the address: where it is in use, the server goes on without gRPC, and says
  /// so.
  bool is_built_in = true;
};

std::vector<ConfigKey> grpc_config_keys();
/// `is_any_port`: HTTP listens on any free port; then gRPC does too, unless an address is named.
/// Errors: invalid, naming the key.
Result<GrpcSettings> grpc_settings_from(const Config& config, bool is_any_port);

}  // namespace bl::app
