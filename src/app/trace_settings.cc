#include "app/trace_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/addresses.h"

namespace bl::app {
namespace {

constexpr std::int64_t k_request_least = 1 << 16;
constexpr std::int64_t k_request_most = 1ll << 30;
constexpr std::int64_t k_days_most = 36'500;
constexpr std::int64_t k_day_ns = 86'400'000'000'000;

std::vector<std::string> origins_of(const std::string& text) {
  std::vector<std::string> origins;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    std::string one = text.substr(at, end - at);
    one.erase(0, one.find_first_not_of(' '));
    one.erase(one.find_last_not_of(' ') + 1);
    if (!one.empty()) origins.push_back(std::move(one));
    at = end + 1;
  }
  return origins;
}

Result<void> apply_limits(const Config& config, traces::IntakeLimits& limits) {
  const std::int64_t request = config.integer("traces.request_max");
  if (request < k_request_least || request > k_request_most) {
    return Error{Code::invalid,
                 fmt::format("traces.request_max must be 64KiB to 1GiB: {}", request)};
  }
  const std::int64_t all = config.integer("traces.intake_max");
  if (all < 2 * request) {
    return Error{Code::invalid,
                 fmt::format("traces.intake_max must be at least twice traces.request_max: {} "
                             "and {}",
                             all, request)};
  }
  limits.spans.request_bytes_max = static_cast<std::size_t>(request);
  limits.bytes_max = static_cast<std::size_t>(all);
  return {};
}

// What would expire with the next hour is not taken in.
Result<void> apply_retention(const Config& config, TraceSettings& settings) {
  const std::int64_t days = config.integer("traces.retention_days");
  if (days < 0 || days > k_days_most) {
    return Error{Code::invalid,
                 fmt::format("traces.retention_days must be 0 to {}: {}", k_days_most, days)};
  }
  if (days == 0) return {};
  settings.retention = std::chrono::days(days);
  auto& past = settings.intake.spans.past_ns_max;
  past = std::min(past, days * k_day_ns);
  return {};
}

}  // namespace

std::vector<ConfigKey> trace_config_keys() {
  using enum ConfigType;
  return {
      {"server.otlp_http", text, "",
       "one more address that takes OTLP over HTTP, HOST:PORT, for example 127.0.0.1:4318; empty: "
       "server.http alone"},
      {"traces.enabled", boolean, "true", "spans are taken in, kept and found again"},
      {"traces.anonymous", text, "loopback",
       "who may send spans without a token: loopback (anybody, where the address is of this "
       "machine "
       "alone), or none"},
      {"traces.cors_origins", text, "",
       "pages that may send spans, with commas between: https://app.example.org, or *"},
      {"traces.request_max", bytes, "64MiB", "one request of OTLP over HTTP, decompressed"},
      {"traces.intake_max", bytes, "256MiB",
       "requests of OTLP that are decoded and written at once; more are answered 503"},
      {"traces.retention_days", integer, "0",
       "older spans go, and are not taken in, but for those of pinned traces; 0: none do"},
  };
}

Result<TraceSettings> trace_settings_from(const Config& config, const net::ServerOptions& http,
                                          const std::string& grpc_host) {
  TraceSettings settings;
  settings.enabled = config.boolean("traces.enabled");
  BL_RETURN_IF_ERROR(apply_limits(config, settings.intake));
  BL_RETURN_IF_ERROR(apply_retention(config, settings));
  settings.cors_origins = origins_of(config.text("traces.cors_origins"));
  const std::string& otlp = config.text("server.otlp_http");
  if (!otlp.empty() && otlp != "off") {
    BL_TRY(const HostPort address, parse_host_port("server.otlp_http", otlp));
    BL_RETURN_IF_ERROR(demand_decided_access(config, "server.otlp_http", address.host));
    settings.otlp_http = http;
    settings.otlp_http->address = address.host;
    settings.otlp_http->port = address.port;
  }
  const std::string& anonymous = config.text("traces.anonymous");
  if (anonymous != "loopback" && anonymous != "none") {
    return Error{Code::invalid, "traces.anonymous must be loopback or none: '" + anonymous + "'"};
  }
  const bool may_be_open = anonymous == "loopback";
  settings.http_is_open = may_be_open && is_loopback(http.address) &&
                          (!settings.otlp_http || is_loopback(settings.otlp_http->address));
  settings.grpc_is_open = may_be_open && !grpc_host.empty() && is_loopback(grpc_host);
  return settings;
}

}  // namespace bl::app
