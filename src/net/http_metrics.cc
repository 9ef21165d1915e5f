#include "net/http_metrics.h"

#include "base/check.h"

namespace bl::net {
namespace {

constexpr const char* k_limits[] = {"connections_max",
                                    "requests_per_connection_max",
                                    "header_bytes_max",
                                    "header_fields_max",
                                    "target_bytes_max",
                                    "queue_max",
                                    "body_bytes_in_flight_max",
                                    "header_timeout",
                                    "idle_timeout",
                                    "body_timeout",
                                    "body_bytes_per_second_min",
                                    "write_timeout",
                                    "stop_timeout",
                                    "body_bytes_max",
                                    "deadline"};

// The label `route` of requests that no route took.
constexpr const char* k_no_route = "none";

Histogram duration_of(Metrics& metrics, const std::string& route) {
  return metrics.histogram("bl_http_request_duration_seconds",
                           "Time from the whole request to the whole answer.",
                           Metrics::latency_bounds(), {{"route", route}});
}

}  // namespace

HttpMetrics::HttpMetrics(Metrics& metrics, const Router& router)
    : connections(metrics.gauge("bl_http_connections", "Open HTTP connections.")),
      queue_length(
          metrics.gauge("bl_http_queue_length", "Requests that wait for a worker thread.")),
      metrics_(metrics),
      no_route_(duration_of(metrics, k_no_route)) {
  for (const auto& route : router.routes()) {
    routes_.emplace(route.get(), std::make_unique<OfRoute>(duration_of(metrics, route->pattern)));
  }
  for (const char* limit : k_limits) {
    limits_.emplace(limit, metrics.counter("bl_http_limit_hits_total",
                                           "Times that a limit of the HTTP server was reached.",
                                           {{"limit", limit}}));
  }
}

void HttpMetrics::count_request(const Route* route, const char* method, int status) {
  OfRoute& of_route = route ? *routes_.at(route) : no_route_;
  std::lock_guard lock(of_route.mutex);
  auto found = of_route.requests.find({method, status});
  if (found == of_route.requests.end()) {
    Counter counter = metrics_.counter("bl_http_requests_total", "Answered HTTP requests.",
                                       {{"method", method},
                                        {"route", route ? route->pattern : k_no_route},
                                        {"status", std::to_string(status)}});
    found = of_route.requests.emplace(std::pair{method, status}, counter).first;
  }
  found->second.add();
}

void HttpMetrics::observe_duration(const Route& route, double seconds) {
  routes_.at(&route)->duration.observe(seconds);
}

void HttpMetrics::count_limit_hit(std::string_view limit) {
  auto found = limits_.find(limit);
  BL_CHECK(found != limits_.end());
  found->second.add();
}

}  // namespace bl::net
