#include "access/oidc_routes.h"

#include <array>

#include "access/cli_consent.h"
#include "access/sign_in_page.h"
#include "access/token_json.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/uri.h"

namespace bl::access {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 16u << 10;

/// One way in: where it begins and where the issuer sends people back to.
struct Way {
  const char* begin;
  const char* callback;
  int status_of_mistake;  // of whoever asks
};
constexpr Way k_new_way{"/api/auth/login", "/api/auth/callback", 422};
constexpr Way k_legacy_way{"/api/google/", "/api/google/callback", 400};

struct SignInMetrics {
  Counter signed_in, refused, unavailable;
  explicit SignInMetrics(Metrics& metrics)
      : signed_in(counter(metrics, "ok")),
        refused(counter(metrics, "refused")),
        unavailable(counter(metrics, "unavailable")) {}
  static Counter counter(Metrics& metrics, const char* outcome) {
    return metrics.counter("bl_issuer_sign_ins_total", "sign-ins through the issuer, by outcome",
                           {{"outcome", outcome}});
  }
};

/// What the handlers share.
class SignIn {
 public:
  explicit SignIn(const SignInPorts& ports) : ports_(ports), metrics_(ports.metrics) {}

  Response begin(const Request& request, const net::Router& router, const Way& way);
  Response end(const Request& request);
  Response cli_start(const Request& request);
  Response cli_consent(const Request& request);
  Response cli_exchange(const Request& request);

 private:
  Result<std::string> target_of(const Request& request) const;
  Result<User> user_of(const Request& request, const PendingLogin& login);
  Response welcome(const Request& request, const User& user, const PendingLogin& login);
  Response failed(const Error& error, std::string_view target);
  struct Session {
    User user;
    std::string secret;
  };
  Result<std::optional<Session>> signed_in(const Request& request);
  Response sign_in_for(const CliRequest& wanted) const;
  std::string sign_in_link(const std::string& target) const;
  bool must_be_secure(const Request& request) const {
    return request.secure ||
           (ports_.issuer != nullptr && ports_.issuer->base_url.starts_with("https://"));
  }
  std::string pending_cookie(const Request& request, std::string_view value,
                             std::string_view seconds) const;

  const SignInPorts ports_;
  SignInMetrics metrics_;
};

std::string value_of(const Request& request, std::string_view name) {
  const std::string* value = request.query_value(name);
  return value != nullptr ? *value : std::string();
}

/// What the issuer says when it sends nobody (RFC 6749 4.1.2.1). Its own description is not shown:
/// anybody can write one into a link.
Error issuer_refusal(std::string_view code) {
  constexpr std::array k_known = {
      "access_denied", "login_required", "consent_required",        "interaction_required",
      "invalid_scope", "server_error",   "temporarily_unavailable", "unauthorized_client"};
  if (code == "access_denied") return {Code::invalid, "the issuer says that access was denied"};
  const bool is_known = std::find(k_known.begin(), k_known.end(), code) != k_known.end();
  return {Code::invalid,
          "the issuer did not sign you in" + (is_known ? ": " + std::string(code) : std::string())};
}

/// Of the browser that began this sign-in, with the issuer's answer to it. Errors: invalid.
Result<PendingLogin> pending_of(const Request& request, const PendingLogins& pending) {
  BL_TRY(PendingLogin login, pending.open(cookie_of(request, k_pending_cookie)));
  if (!equal_constant_time(login.state, value_of(request, "state"))) {
    return Error{Code::invalid,
                 "the answer belongs to another sign-in, perhaps of another tab or browser"};
  }
  return login;
}

std::string SignIn::sign_in_link(const std::string& target) const {
  const std::string path = ports_.issuer != nullptr ? k_new_way.begin : "/account";
  return path + "?target=" + percent_encode(target);
}

/// Errors: invalid.
Result<std::string> SignIn::target_of(const Request& request) const {
  std::string target = value_of(request, "target");
  // Conbench's page says whole URLs of itself.
  if (ports_.issuer != nullptr && target.starts_with(ports_.issuer->base_url + "/")) {
    target.erase(0, ports_.issuer->base_url.size());
  }
  return same_origin_target(target);
}

std::string SignIn::pending_cookie(const Request& request, std::string_view value,
                                   std::string_view seconds) const {
  std::string cookie(k_pending_cookie);
  cookie.append("=").append(value).append("; Path=/api/; HttpOnly; SameSite=Lax; Max-Age=");
  cookie.append(seconds);
  if (must_be_secure(request)) cookie.append("; Secure");
  return cookie;
}

Response SignIn::failed(const Error& error, std::string_view target) {
  const bool is_away = error.code == Code::unavailable || error.code == Code::timeout ||
                       error.code == Code::overloaded;
  (is_away ? metrics_.unavailable : metrics_.refused).add();
  ports_.log.warning("sign_in_failed", {{"error", error.message}});
  return sign_in_failed(error, target);
}

Response SignIn::begin(const Request& request, const net::Router& router, const Way& way) {
  auto target = target_of(request);
  if (!target.ok()) {
    return router.error_answer(request.path, way.status_of_mistake, target.error(),
                               request.request_id);
  }
  if (ports_.issuer == nullptr) return redirect(sign_in_link(*target));
  const PendingLogin login =
      ports_.issuer->pending.begin(ports_.issuer->base_url + way.callback, *target);
  const auto url = ports_.issuer->provider.authorization_url(login);
  if (!url.ok()) return failed(url.error(), *target);
  Response response = redirect(*url);
  response.headers.add("Set-Cookie",
                       pending_cookie(request, ports_.issuer->pending.seal(login), "600"));
  return response;
}

/// Errors: those of the issuer, the sign-in and the users.
Result<User> SignIn::user_of(const Request& request, const PendingLogin& login) {
  if (const std::string error = value_of(request, "error"); !error.empty()) {
    return issuer_refusal(error);
  }
  const std::string code = value_of(request, "code");
  if (code.empty()) return Error{Code::invalid, "the issuer's answer has no code"};
  BL_TRY(const Identity identity,
         ports_.issuer->provider.redeem(code, value_of(request, "iss"), login));
  BL_RETURN_IF_ERROR(ports_.issuer->used.use(login.state, login.expires_at));
  return ports_.users.find_or_create(identity.email, identity.name);
}

Response SignIn::welcome(const Request& request, const User& user, const PendingLogin& login) {
  const auto secret = ports_.sessions.begin(user.id);
  if (!secret.ok()) return failed(secret.error(), login.target);
  metrics_.signed_in.add();
  ports_.log.info("signed_in", {{"user_id", user.id}});
  Response response = redirect(login.target);
  const bool secure = must_be_secure(request);
  for (const std::string_view name : {k_session_cookie, k_legacy_session_cookie}) {
    response.headers.add("Set-Cookie", session_cookie(name, *secret, secure));
  }
  return response;
}

Response SignIn::end(const Request& request) {
  if (ports_.issuer == nullptr) {
    return net::problem({Code::not_found, "no issuer is configured (access.oidc_issuer)"},
                        request.request_id);
  }
  const auto login = pending_of(request, ports_.issuer->pending);
  if (!login.ok()) return failed(login.error(), "/");
  const auto user = user_of(request, *login);
  Response response =
      user.ok() ? welcome(request, *user, *login) : failed(user.error(), login->target);
  response.headers.add("Set-Cookie", pending_cookie(request, "", "0"));
  return response;
}

/// By a cookie alone: a token must not give itself another one this way. Open routes are not asked
/// for credentials, so that the session is looked up here.
Result<std::optional<SignIn::Session>> SignIn::signed_in(const Request& request) {
  for (const std::string_view name : {k_session_cookie, k_legacy_session_cookie}) {
    const std::string_view secret = cookie_of(request, name);
    if (secret.empty()) continue;
    BL_TRY(std::optional<User> user, ports_.sessions.find(secret));
    if (user) return std::optional<Session>({std::move(*user), std::string(secret)});
  }
  return std::optional<Session>();
}

Response SignIn::sign_in_for(const CliRequest& wanted) const {
  return redirect(
      sign_in_link("/api/auth/cli-start?redirect_uri=" + percent_encode(wanted.redirect_uri) +
                   "&state=" + percent_encode(wanted.state)));
}

/// A link: it asks, and changes nothing.
Response SignIn::cli_start(const Request& request) {
  const auto wanted = decode_cli_request(request);
  if (!wanted.ok()) return net::problem(wanted.error(), request.request_id);
  const auto session = signed_in(request);
  if (!session.ok()) return net::problem(session.error(), request.request_id);
  if (!*session) return sign_in_for(*wanted);
  return consent_page((*session)->user, *wanted, (*session)->secret);
}

/// What the person answered.
Response SignIn::cli_consent(const Request& request) {
  const auto consent = decode_consent(request);
  if (!consent.ok()) return net::problem(consent.error(), request.request_id);
  const auto session = signed_in(request);
  if (!session.ok()) return net::problem(session.error(), request.request_id);
  const bool is_own = *session && is_own_consent(*consent, (*session)->secret);
  if (!is_own) {
    const Error error{*session ? Code::forbidden : Code::unauthenticated,
                      "this was not said on this server's page by whoever is signed in now; begin "
                      "the login of the command again"};
    return net::problem(error, request.request_id);
  }
  const CliRequest& wanted = consent->wanted;
  const User& user = (*session)->user;
  const auto code = ports_.cli_logins.issue(user.id);
  if (!code.ok()) return net::problem(code.error(), request.request_id);
  ports_.log.info("command_signed_in", {{"user_id", user.id}});
  Response response =
      redirect(wanted.redirect_uri + "?code=" + *code + "&state=" + percent_encode(wanted.state));
  response.status = 303;  // the command is asked by GET
  return response;
}

struct Exchange {
  std::string code, name;
};
/// Errors: malformed, invalid with every fault.
Result<Exchange> decode_exchange(std::string_view body) {
  BL_TRY(const json::Value document, json::parse(body));
  if (!document.is_object()) {
    return Error{Code::invalid, "the body must be an object", {{"", "must be an object", {}}}};
  }
  Exchange exchange;
  json::Faults faults;
  for (const auto& [key, value] : document.members()) {
    if (key != "code" && key != "name") {
      faults.add(json::pointer_append("", key), "unknown field", &value);
    } else if (!value.is_string()) {
      // A code's text is nobody's business.
      faults.add(key == "code" ? "/code" : "/name", "must be a string");
    } else {
      (key == "code" ? exchange.code : exchange.name) = value.as_string();
    }
  }
  for (const char* name : {"code", "name"}) {
    if (document.find(name) == nullptr) faults.add(std::string("/") + name, "is required");
  }
  if (!faults.ok()) return faults.to_error("the exchange");
  return exchange;
}

Response SignIn::cli_exchange(const Request& request) {
  const auto wanted = decode_exchange(request.body);
  if (!wanted.ok()) return net::problem(wanted.error(), request.request_id);
  const auto token = ports_.cli_logins.redeem(wanted->code, wanted->name);
  if (!token.ok()) return net::problem(token.error(), request.request_id);
  Response response = Response::json(200, encode_new_token(*token));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace

void add_sign_in_routes(net::Router& router, const SignInPorts& ports) {
  const auto sign_in = std::make_shared<SignIn>(ports);
  const auto add_get = [&](const char* pattern, net::Handler handler) {
    router.add({.method = Method::get,
                .pattern = pattern,
                .access = Access::open,
                .handler = std::move(handler)});
  };
  for (const Way& way : {k_new_way, k_legacy_way}) {
    add_get(way.begin, [sign_in, &router, way](Request& request) {
      return sign_in->begin(request, router, way);
    });
    add_get(way.callback, [sign_in](Request& request) { return sign_in->end(request); });
  }
  add_get("/api/auth/cli-start",
          [sign_in](Request& request) { return sign_in->cli_start(request); });
  router.add({.method = Method::post,
              .pattern = "/api/auth/cli-start",
              .access = Access::open,
              .handler = [sign_in](Request& request) { return sign_in->cli_consent(request); },
              .options = {.body_bytes_max = k_body_bytes_max}});
  router.add({.method = Method::post,
              .pattern = "/api/auth/cli-exchange",
              .access = Access::open,
              .handler = [sign_in](Request& request) { return sign_in->cli_exchange(request); },
              .options = {.body_bytes_max = k_body_bytes_max}});
}

}  // namespace bl::access
