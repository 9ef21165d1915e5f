#pragma once

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/metrics.h"
#include "net/router.h"

/// What the HTTP server counts. Names and helps stand in the .cc, once. Threads: any.
namespace bl::net {

class HttpMetrics {
 public:
  HttpMetrics(Metrics& metrics, const Router& router);

  /// `route` is nullptr when no route was found or the wire refused the request.
  void count_request(const Route* route, const char* method, int status);
  void observe_duration(const Route& route, double seconds);
  /// `limit` is the name of a member of ServerLimits, or body_bytes_max (RouteOptions).
  void count_limit_hit(std::string_view limit);

  Gauge connections;
  Gauge queue_length;

 private:
  struct OfRoute {
    explicit OfRoute(Histogram h) : duration(h) {}
    Histogram duration;
    std::mutex mutex;
    std::map<std::pair<const char*, int>, Counter> requests;  // guarded by mutex
  };
  Metrics& metrics_;
  OfRoute no_route_;
  std::unordered_map<const Route*, std::unique_ptr<OfRoute>> routes_;  // filled by the constructor
  std::map<std::string, Counter, std::less<>> limits_;                 // filled by the constructor
};

}  // namespace bl::net
