#include "access/tests/test_issuer.h"

#include <algorithm>

namespace bl::access::testing {
namespace {

std::string field(const QueryPairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return {};
}

net::Response oauth_error(int status, const std::string& error) {
  std::string body = R"({"error":")";
  body.append(error).append(R"(","error_description":"said by the issuer"})");
  return net::Response::json(status, body);
}

}  // namespace

std::string parameter_of(const std::string& url, std::string_view name) {
  const std::size_t mark = url.find('?');
  if (mark == std::string::npos) return {};
  return field(parse_query(std::string_view(url).substr(mark + 1)).value(), name);
}

TestIssuer::TestIssuer(const Clock& clock, Random& random, Log& log, Metrics& metrics)
    : clock_(clock) {
  const auto get = [&](const char* pattern, net::Handler handler) {
    router_.add({.method = net::Method::get,
                 .pattern = pattern,
                 .access = net::Access::open,
                 .handler = std::move(handler)});
  };
  get("/.well-known/openid-configuration", [this](net::Request&) {
    ++discovery_reads;
    return answer(discovery());
  });
  get("/keys", [this](net::Request&) {
    ++key_reads;
    std::lock_guard lock(mutex_);
    return answer(json::parse(testing::key_set({key_.document()})).value());
  });
  get("/authorize", [this](net::Request& request) { return authorize(request); });
  get("/userinfo", [this](net::Request& request) {
    if (request.headers.get("Authorization") != "Bearer access-1") {
      return oauth_error(401, "invalid_token");
    }
    return answer(bends.user_info);
  });
  router_.add({.method = net::Method::post,
               .pattern = "/token",
               .access = net::Access::open,
               .handler = [this](net::Request& request) { return exchange(request); }});
  net::ServerOptions options;
  options.port = 0;
  server_ = net::Server::listen(options, router_, nobody_, random, log, metrics).value();
  server_->start();
  url_ = "http://127.0.0.1:" + std::to_string(server_->port());
}

net::Response TestIssuer::answer(const json::Value& document) const {
  if (bends.status != 200) return oauth_error(bends.status, "server_error");
  return net::Response::json(200, bends.garbage ? "<html>proxy" : json::to_text(document));
}

json::Value TestIssuer::discovery() const {
  json::Value document = json::Value::object();
  const auto set = [&](const char* name, const std::string& path) {
    document.set(name, json::Value::string(url_ + path));
  };
  set("issuer", "");
  set("authorization_endpoint", "/authorize?realm=team");
  set("token_endpoint", "/token");
  set("jwks_uri", "/keys");
  if (!bends.user_info.is_null()) set("userinfo_endpoint", "/userinfo");
  if (wants_secret_in_body) {
    document.set("token_endpoint_auth_methods_supported",
                 json::parse(R"(["client_secret_post"])").value());
  }
  if (bends.discovery) bends.discovery(document);
  return document;
}

/// As if the person had said yes at once.
net::Response TestIssuer::authorize(const net::Request& request) {
  const auto value = [&](const char* name) { return field(request.query, name); };
  if (value("client_id") != k_client_id || value("response_type") != "code" ||
      value("code_challenge_method") != "S256" || value("realm") != "team" ||
      value("scope").find("openid") == std::string::npos) {
    return oauth_error(400, "invalid_request");
  }
  std::lock_guard lock(mutex_);
  std::string code = "code-";
  code.append(std::to_string(++codes_));
  grants_[code] = {value("redirect_uri"), value("code_challenge"), value("nonce")};
  net::Response response;
  response.status = 302;
  std::string location = value("redirect_uri");
  location.append("?code=").append(code).append("&state=").append(percent_encode(value("state")));
  location.append("&iss=").append(percent_encode(url_));
  response.headers.set("Location", location);
  return response;
}

bool TestIssuer::is_client(const net::Request& request, const QueryPairs& form) const {
  if (wants_secret_in_body) {
    return field(form, "client_id") == k_client_id &&
           field(form, "client_secret") == k_client_secret;
  }
  std::string header(request.headers.get("Authorization"));
  if (!header.starts_with("Basic ")) return false;
  header.erase(0, 6);
  std::replace(header.begin(), header.end(), '+', '-');
  std::replace(header.begin(), header.end(), '/', '_');
  while (header.ends_with('=')) header.pop_back();
  const std::string wanted = percent_encode(k_client_id) + ":" + percent_encode(k_client_secret);
  return base64url_decode(header) == wanted;
}

net::Response TestIssuer::exchange(const net::Request& request) {
  ++exchanges;
  if (bends.status != 200) return oauth_error(bends.status, "server_error");
  const QueryPairs form = parse_query(request.body).value();
  if (!is_client(request, form)) return oauth_error(401, "invalid_client");
  std::lock_guard lock(mutex_);
  const auto found = grants_.find(field(form, "code"));
  const std::string verifier = field(form, "code_verifier");
  if (found == grants_.end() || field(form, "grant_type") != "authorization_code" ||
      field(form, "redirect_uri") != found->second.redirect_uri ||
      base64url(sha256(verifier)) != found->second.challenge) {
    return oauth_error(400, "invalid_grant");
  }
  const Grant grant = found->second;
  if (!bends.leaves_codes) grants_.erase(found);
  json::Value answer = json::Value::object();
  answer.set("token_type", json::Value::string("Bearer"));
  answer.set("access_token", json::Value::string("access-1"));
  answer.set("id_token", json::Value::string(id_token(grant)));
  return net::Response::json(200, json::to_text(answer));
}

std::string TestIssuer::id_token(const Grant& grant) {
  const std::int64_t now = clock_.now().micros / 1'000'000;
  json::Value claims = json::Value::object();
  claims.set("iss", json::Value::string(url_));
  claims.set("aud", json::Value::string(k_client_id));
  claims.set("sub", json::Value::string("subject-of-" + email_));
  claims.set("iat", json::Value::number(now));
  claims.set("exp", json::Value::number(now + 300));
  claims.set("nonce", json::Value::string(grant.nonce));
  claims.set("email", json::Value::string(email_));
  claims.set("email_verified", json::Value::boolean(true));
  claims.set("name", json::Value::string(name_));
  if (bends.claims) bends.claims(claims);
  const std::string payload = json::to_text(claims);
  return bends.sign ? bends.sign(payload) : key_.sign(payload);
}

}  // namespace bl::access::testing
