#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/random.h"
#include "events/routes.h"
#include "events/testing/memory_log.h"
#include "net/client.h"
#include "net/server.h"
#include "net/server_address.h"

/// A real server over a log, for tests of routes and of what speaks with them.
namespace bl::events {

/// `Bearer reader`, `writer`, `admin`; anything else is nobody. `repository` is a writer for one
/// repository of results.
class RoleNames final : public net::Authenticator {
 public:
  Result<net::Principal> authenticate(const net::Request& request) override {
    const std::string_view given = request.headers.get("Authorization");
    if (given.empty()) return net::Principal{};
    net::Principal principal{.role = net::Role::writer, .name = std::string(given)};
    if (given == "Bearer repository") principal.repository = "https://github.com/org/repo";
    if (given == "Bearer reader") principal.role = net::Role::reader;
    if (given == "Bearer admin") principal.role = net::Role::admin;
    return principal;
  }
};

/// Results of builds, as they are told.
class CannedResults final : public BuildResults {
 public:
  std::vector<BuildRun> runs;
  Result<std::vector<BuildRun>> runs_of(std::string_view build_request_id) override {
    std::vector<BuildRun> found = runs;
    std::erase_if(found, [&](const BuildRun& run) { return run.run_id != build_request_id; });
    return found;
  }
};

struct Answered {
  int status = 0;
  std::string text;
  json::Value body;
  net::Headers headers;
};

class ApiServer {
 public:
  explicit ApiServer(std::unique_ptr<EventLog> keeper = std::make_unique<MemoryLog>(),
                     const TailLimits& tail_limits = {}, std::size_t append_bytes_max = 64u << 20)
      : log(std::move(keeper)), tails(tail_limits, metrics) {
    add_routes(router, {.log = [this]() -> Result<EventLog*> {
                          if (log == nullptr) return Error{Code::not_found, "no log is kept"};
                          return log.get();
                        },
                        .sql = []() -> Result<EventSql*> {
                          return Error{Code::unsupported, "no SQL in this test"};
                        },
                        .most = {},
                        .results = results,
                        .tails = tails,
                        .clock = clock,
                        .ids = ids,
                        .append_bytes_max = append_bytes_max});
    net::ServerOptions options;
    options.port = 0;
    server = net::Server::listen(options, router, authenticator, random, messages, metrics).value();
    server->start();
  }
  ~ApiServer() {
    tails.stop();
    server->stop();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server->port()); }
  net::ServerAddress address(const std::string& role = "writer") const {
    return {.url = url(), .token = role, .trust = {}};
  }
  Answered ask(net::Method method, const std::string& path, std::string_view body = "",
               const std::string& role = "writer", net::Headers headers = {}) const {
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
  Answered post(const std::string& path, std::string_view body) const {
    return ask(net::Method::post, path, body);
  }

  ManualClock clock{*parse_rfc3339("2026-11-23T02:00:00Z")};
  SystemRandom random;
  IdSource ids{clock, random};
  Metrics metrics;
  Log messages{clock, LogLevel::error, [](std::string_view) {}};
  CannedResults results;
  std::unique_ptr<EventLog> log;
  Tails tails;
  net::Router router;
  RoleNames authenticator;
  std::unique_ptr<net::Server> server;
};

}  // namespace bl::events
