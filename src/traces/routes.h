#pragma once

#include <string>
#include <vector>

#include "net/router.h"
#include "traces/intake.h"

/// Traces over HTTP: OTLP in (spec/traces.md 3.2), our own API (openapi_traces.yaml), and what
/// Jaeger's and Tempo's clients ask (6). Reads need the role reader, OTLP writer.
namespace bl::traces {

struct OtlpRouteOptions {
  /// Exporters need no credentials: servers that only this machine reaches.
  bool is_open = false;
  /// Pages of these origins may send spans: `https://app.example.org`, or `*`. Empty: none.
  std::vector<std::string> cors_origins;
};
/// `POST /v1/traces`, and how errors look below `/v1/`. `intake` outlives the router.
void add_otlp_routes(net::Router& router, Intake& intake, const OtlpRouteOptions& options = {});

/// All that is referred to outlives the router.
struct RoutePorts {
  StoreSource store;
  const Clock& clock;
  std::string version = {};  ///< of the program: Tempo's clients ask
};
void add_routes(net::Router& router, const RoutePorts& ports);

}  // namespace bl::traces
