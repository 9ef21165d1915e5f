#pragma once

#include <memory>
#include <string>
#include <vector>

#include "access/authenticator.h"
#include "access/tests/access_fixture.h"
#include "access/user_routes.h"
#include "base/json.h"
#include "net/client.h"
#include "net/server.h"

/// A real server with the routes that are about people.
namespace bl::access::testing {

inline constexpr const char* k_operator_token = "operator-token-of-this-test";
inline constexpr const char* k_legacy_secret = "secret-key-of-the-old-deployment";
inline constexpr const char* k_registration_key = "conbench";

struct ServedAccess : AccessFixture {
  explicit ServedAccess(bool public_reads = true) {
    add_user_routes(router, ports);
    add_legacy_user_routes(router, ports);
    const auto yes = [](net::Request&) { return net::Response::no_content(); };
    router.add({.method = net::Method::get,
                .pattern = "/read",
                .access = net::Access::read,
                .handler = yes});
    router.add({.method = net::Method::post,
                .pattern = "/write",
                .access = net::Access::write,
                .handler = yes});
    net::ServerOptions options;
    options.port = 0;
    options.public_reads = public_reads;
    server = net::Server::listen(options, router, authenticator, random, log, metrics).value();
    server->start();
  }
  ~ServedAccess() { server->stop(); }

  struct Asked {
    net::Method method = net::Method::get;
    std::string path;
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
  };
  net::ClientResponse ask(Asked asked) {
    net::Headers headers;
    if (!asked.body.empty()) headers.add("Content-Type", "application/json");
    for (auto& [name, value] : asked.headers) headers.set(name, value);
    const std::string url =
        std::string("http://127.0.0.1:").append(std::to_string(server->port())).append(asked.path);
    return client.send(asked.method, url, headers, asked.body).value();
  }
  net::ClientResponse as_operator(net::Method method, std::string path, std::string body = {}) {
    return ask({method, std::move(path), std::move(body), {bearer(k_operator_token)}});
  }
  /// With the cookie of `conbench_session`.
  net::ClientResponse as_session(const std::string& secret, net::Method method, std::string path,
                                 std::string body = {}) {
    return ask({method, std::move(path), std::move(body), {cookie("conbench_session", secret)}});
  }
  net::ClientResponse sign_in(const std::string& email, const std::string& password) {
    std::string body;
    json::Writer(body)
        .begin_object()
        .member("email", email)
        .member("password", password)
        .end_object();
    return ask({net::Method::post, "/api/auth/password", body});
  }
  static std::pair<std::string, std::string> bearer(std::string token) {
    return {"Authorization", std::string("Bearer ").append(token)};
  }
  static std::pair<std::string, std::string> cookie(const std::string& name,
                                                    const std::string& value) {
    return {"Cookie", std::string(name).append("=").append(value)};
  }
  /// The value of a cookie that an answer sets; "" when it sets none.
  static std::string cookie_set(const net::ClientResponse& answer, const std::string& name) {
    const std::string start = std::string(name).append("=");
    for (const std::string_view header : answer.headers.all("Set-Cookie")) {
      if (header.starts_with(start))
        return std::string(header.substr(start.size(), header.find(';') - start.size()));
    }
    return "";
  }

  PasswordSignIn password_sign_in{users, sessions, tokens, clock, metrics, k_registration_key};
  RequestAuthenticator authenticator{
      tokens, sessions, users,
      clock,  metrics,  {.operator_token = k_operator_token, .legacy_secret = k_legacy_secret}};
  UserRoutePorts ports{.database = *database,
                       .users = users,
                       .sessions = sessions,
                       .sign_in = password_sign_in,
                       .authenticator = authenticator};
  net::Router router;
  std::unique_ptr<net::Server> server;
  net::Client client;
};

}  // namespace bl::access::testing
