#pragma once

#include <string>

#include "events/routes.h"
#include "net/query_fields.h"

/// What the routes of this domain share. Private to it.
namespace bl::events {

using net::Access;
using net::Method;
using net::Request;
using net::Response;

/// One call: who asks, of what log.
struct Call {
  const Request& request;
  const RoutePorts& ports;
  EventLog& log;
};
using Answer = Result<Response> (*)(const Call&);

/// Adds routes whose errors are problems.
class RouteSet {
 public:
  RouteSet(net::Router& router, const RoutePorts& ports) : router_(router), ports_(ports) {}
  void read(const char* pattern, Answer answer) { add(Method::get, pattern, Access::read, answer); }
  /// A question that needs a body.
  void ask(const char* pattern, Answer answer) { add(Method::post, pattern, Access::read, answer); }
  void write(Method method, const char* pattern, Answer answer) {
    add(method, pattern, Access::write, answer);
  }
  /// Answers that need no log.
  void refuse(const char* pattern, const char* what);
  net::Router& router() { return router_; }
  const RoutePorts& ports() const { return ports_; }

 private:
  void add(Method method, const char* pattern, Access access, Answer answer);
  net::Router& router_;
  const RoutePorts& ports_;
};

// The routes, each file its own.
void add_build_routes(RouteSet& routes);
void add_partition_routes(RouteSet& routes);
void add_event_routes(RouteSet& routes);

/// `limit` and `offset` of a list.
Paging paging_of(net::QueryFields& fields);
/// `since` (nanoseconds) and `limit` of events by total order.
Slice slice_of(net::QueryFields& fields);
/// The members `events` and `has_more`.
void write_events(json::Writer& writer, const Events& events);
/// A build's id from the path, in lower case. Errors: invalid.
Result<std::string> build_id_of(const Request& request);
/// Nanoseconds since 1970, never at or before `after`.
std::int64_t now_after(const RoutePorts& ports, std::int64_t after);
/// 32 hex digits as a UUID.
std::string uuid_of(std::string hex);
/// A new UUID.
std::string new_uuid(const RoutePorts& ports);
/// Appends, and wakes who follows the log. Errors: forbidden (a token of a repository), those of
/// the log.
Result<Appended> append(const Call& call, std::span<const BuildEvent> events);
/// The answer, unless it is larger than one may be: too_large.
Result<Response> answer_json(int status, std::string body);

}  // namespace bl::events
