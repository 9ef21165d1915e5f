#pragma once

#include <string>

#include "net/query_fields.h"
#include "traces/routes.h"
#include "traces/span_tree.h"

/// What the routes of this domain share. Private to it.
namespace bl::traces {

using net::Access;
using net::Method;
using net::Request;
using net::Response;

/// One call: who asks, of what store.
struct Call {
  const Request& request;
  const RoutePorts& ports;
  TraceStore& store;
};
using Answer = Result<Response> (*)(const Call&);
/// How a dialect tells an error.
using ErrorAnswer = Response (*)(const Error& error, const Request& request);

/// Adds routes of one dialect.
class RouteSet {
 public:
  RouteSet(net::Router& router, const RoutePorts& ports, ErrorAnswer error_answer)
      : router_(router), ports_(ports), error_answer_(error_answer) {}
  void read(const char* pattern, Answer answer) { add(Method::get, pattern, answer); }
  /// A question that needs a body.
  void ask(const char* pattern, Answer answer) { add(Method::post, pattern, answer); }
  /// Changes what is kept: the role admin.
  void change(const char* pattern, Answer answer, net::RouteOptions options);

 private:
  void add(Method method, const char* pattern, Answer answer);
  net::Handler handler_of(Answer answer) const;
  net::Router& router_;
  const RoutePorts& ports_;
  const ErrorAnswer error_answer_;
};

// The routes, each file its own.
void add_trace_routes(RouteSet& routes);
void add_search_routes(RouteSet& routes);
void add_list_routes(RouteSet& routes);
void add_waterfall_routes(RouteSet& routes);
void add_expiry_route(RouteSet& routes);
void add_set_routes(RouteSet& routes);
void add_diff_route(RouteSet& own);
void add_tempo_diff_route(RouteSet& tempo);
// Dialects, each with its own shape of errors.
void add_jaeger_routes(net::Router& router, const RoutePorts& ports);
void add_jaeger_v3_routes(net::Router& router, const RoutePorts& ports);
void add_tempo_routes(net::Router& router, const RoutePorts& ports);

/// The trace that the path names. Errors: invalid.
Result<TraceId> trace_id_of(const Request& request);
/// The whole trace, at most `k_whole_spans_max` spans of it. Errors: not_found, those of the store.
Result<TraceAnswer> whole_trace(TraceStore& store, TraceQuery query);
inline constexpr std::size_t k_whole_spans_max = 1'000'000;
/// `start`, `end` and `full`, of every question about one trace.
TraceQuery trace_query_of(net::QueryFields& fields, TraceId id);
/// The trace or a page of it. Errors: not_found (it is nowhere; the window that was searched).
Result<TraceAnswer> found_trace(TraceStore& store, const TraceQuery& query);

/// The member `summary` and what it cost: `partial_reason`, `cost`.
void write_trace_facts(json::Writer& writer, const TraceAnswer& answer);
void write_warnings(json::Writer& writer, const std::vector<TraceWarning>& warnings);

/// The answer, unless it is larger than one may be: too_large.
Result<Response> answer_json(std::string body);

}  // namespace bl::traces
