#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "lake/lake.h"
#include "net/server.h"
#include "traces/intake.h"

/// The settings `traces.*` and `server.otlp_http`.
namespace bl::app {

struct TraceSettings {
  bool enabled = true;
  traces::IntakeLimits intake;
  std::chrono::hours retention{0};  ///< 0: for ever
  /// From whom exporters need no credentials.
  bool http_is_open = false, grpc_is_open = false;
  std::vector<std::string> cors_origins;
  std::optional<net::ServerOptions> otlp_http;  ///< a listener beside that of server.http
};

std::vector<ConfigKey> trace_config_keys();
/// `http`: the options of server.http; `grpc_host`: empty where gRPC is off. Errors: invalid,
/// naming the key.
Result<TraceSettings> trace_settings_from(const Config& config, const net::ServerOptions& http,
                                          const std::string& grpc_host);

}  // namespace bl::app
