#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "net/client.h"
#include "net/server.h"
#include "traces/routes.h"
#include "traces/testing/memory_trace_store.h"

/// A real server over a store, for tests of routes and of what speaks with them.
namespace bl::traces {

/// `Bearer reader`, `writer`, `admin`; `repository` is a writer for one repository of results.
class RoleNames final : public net::Authenticator {
 public:
  Result<net::Principal> authenticate(const net::Request& request) override {
    const std::string_view given = request.headers.get("Authorization");
    if (given.empty()) return net::Principal{};
    net::Principal principal{.role = net::Role::writer, .name = std::string(given)};
    if (given == "Bearer repository") principal.repository = "https://github.com/org/repo";
    if (given == "Bearer reader") principal.role = net::Role::reader;
    if (given == "Bearer admin") principal.role = net::Role::admin;
    if (given == "Bearer unknown") return Error{Code::unauthenticated, "nobody has this token"};
    return principal;
  }
};

/// A store whose next calls of ingest fail as they are told, or wait.
class FailingStore final : public TraceStore {
 public:
  std::optional<Error> failure;
  std::function<void()> before_ingest;  ///< called by each, before it does anything
  std::atomic<int> ingests = 0;

  Result<Ingested> ingest(Spans spans, std::string_view request_key) override {
    ++ingests;
    if (before_ingest) before_ingest();
    if (failure) return *failure;
    return kept.ingest(std::move(spans), request_key);
  }
  Result<Found> trace(const TraceQuery& query) override { return kept.trace(query); }
  Result<std::vector<TraceSummary>> summaries(const std::vector<TraceId>& ids) override {
    return kept.summaries(ids);
  }
  Result<SearchAnswer> search(const SearchQuery& query) override { return kept.search(query); }
  Result<std::vector<std::string>> services() override { return kept.services(); }
  Result<std::vector<Operation>> operations(std::string_view service,
                                            std::optional<SpanKind> kind) override {
    return kept.operations(service, kind);
  }
  Result<std::vector<AttributeKey>> attribute_keys(std::optional<AttributePlace> place) override {
    return kept.attribute_keys(place);
  }
  Result<std::vector<AnyValue>> attribute_values(const AttributeField& field, const Window& window,
                                                 std::size_t limit) override {
    return kept.attribute_values(field, window, limit);
  }
  Result<std::vector<Dependency>> dependencies(const Window& window) override {
    return kept.dependencies(window);
  }
  Result<MetricAnswer> metrics(const MetricQuery& query) override { return kept.metrics(query); }
  Result<StoreStatus> status() override { return kept.status(); }
  Result<ExpiredSpans> expire(std::int64_t before_ns, Expiry mode) override {
    return kept.expire(before_ns, mode);
  }

  MemoryTraceStore kept;
};

struct Answered {
  int status = 0;
  std::string text;
  json::Value body;
  net::Headers headers;
};

class ApiServer {
 public:
  explicit ApiServer(const OtlpRouteOptions& otlp = {}, const IntakeLimits& limits = {})
      : intake([this]() -> Result<TraceStore*> { return &store; }, clock, metrics, limits) {
    add_otlp_routes(router, intake, otlp);
    add_routes(router, {.store = [this]() -> Result<TraceStore*> { return &store; },
                        .clock = clock,
                        .version = "1.2.3"});
    net::ServerOptions options;
    options.port = 0;
    server = net::Server::listen(options, router, authenticator, random, messages, metrics).value();
    server->start();
  }
  ~ApiServer() { server->stop(); }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server->port()); }
  Answered ask(net::Method method, const std::string& path, std::string_view body = "",
               net::Headers headers = {}, const std::string& role = "writer") const {
    net::Client client;
    if (!role.empty()) headers.set("Authorization", "Bearer " + role);
    auto response = client.send(method, url() + path, headers, body);
    BL_CHECK(response.ok());
    Answered answered{.status = response->status,
                      .text = response->body,
                      .body = {},
                      .headers = response->headers};
    if (auto document = json::parse(response->body); document.ok()) {
      answered.body = std::move(document).value();
    }
    return answered;
  }
  Answered get(const std::string& path) const { return ask(net::Method::get, path); }
  /// A request of OTLP.
  Answered send(std::string_view body, const std::string& type = "application/x-protobuf",
                const std::string& role = "writer", const std::string& encoding = "") const {
    net::Headers headers;
    headers.set("Content-Type", type);
    if (!encoding.empty()) headers.set("Content-Encoding", encoding);
    return ask(net::Method::post, "/v1/traces", body, headers, role);
  }

  ManualClock clock{*parse_rfc3339("2026-11-23T02:00:00Z")};
  SystemRandom random;
  Metrics metrics;
  Log messages{clock, LogLevel::error, [](std::string_view) {}};
  FailingStore store;
  Intake intake;
  net::Router router;
  RoleNames authenticator;
  std::unique_ptr<net::Server> server;
};

/// Spans of one trace around the server's clock: a root `GET /cart` of `shop` that took 100 ms, in
/// it a call to `db` of 60 ms.
inline constexpr std::int64_t k_now_ns = 1'795'399'200'000'000'000;
inline Spans small_trace(std::uint64_t number = 1,
                         std::int64_t start_ns = k_now_ns - 10'000'000'000) {
  const auto resource_of = [](const char* service) {
    auto resource = std::make_shared<Resource>();
    resource->attributes.push_back(
        {"service.name", AnyValue(AnyValue::Value(std::string(service)))});
    return resource;
  };
  Span root;
  root.trace_id = TraceId{0x4bf92f3577b34da6ull, number};
  root.span_id = SpanId{0x10 + number * 16};
  root.name = "GET /cart";
  root.kind = SpanKind::server;
  root.start_ns = start_ns;
  root.end_ns = start_ns + 100'000'000;
  root.resource = resource_of("shop");
  root.scope = std::make_shared<Scope>();
  root.attributes.push_back({"http.status_code", AnyValue(AnyValue::Value(std::int64_t{200}))});
  Span child = root;
  child.parent_span_id = root.span_id;
  child.span_id = SpanId{0x11 + number * 16};
  child.name = "SELECT";
  child.kind = SpanKind::client;
  child.start_ns += 20'000'000;
  child.end_ns = child.start_ns + 60'000'000;
  child.status = StatusCode::error;
  child.status_message = "too many rows";
  child.resource = resource_of("db");
  child.attributes = {{"db.system", AnyValue(AnyValue::Value(std::string("sqlite")))}};
  return {root, child};
}

}  // namespace bl::traces
