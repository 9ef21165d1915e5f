#include "access/cross_site.h"
#include "access/text_body.h"
#include "access/user_rights.h"
#include "access/user_routes.h"
#include "base/json.h"
#include "base/uri.h"

namespace bl::access {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 16u << 10;

/// What a handler gives: an answer, or the error that the dialect's shape is made of.
using Outcome = Result<Response>;
using Handle = Outcome (*)(const Request&, const UserRoutePorts&);

/// The dialect has one status for what breaks a rule.
int status_of(Code code) {
  const bool is_mistake =
      code == Code::invalid || code == Code::conflict || code == Code::malformed;
  return is_mistake ? 400 : net::http_status(code);
}

Error mistake(std::string place, std::string message) {
  return {Code::invalid, message, {{std::move(place), message, ""}}};
}

/// `{"_errors":[...]}` rather than 401: clients take that for a session that ended.
Error wrong_password() {
  return mistake("/_errors", "Invalid email or password.");
}

// Users ----------------------------------------------------------------------------------------

std::string link_to(const User& user, std::string_view origin) {
  return std::string(origin).append("/api/users/").append(percent_encode(user.id)).append("/");
}

/// Keys in alphabetical order, as the dialect's single objects have them.
void write_user(json::Writer& writer, const User& user, std::string_view origin) {
  writer.begin_object();
  writer.member("email", user.email);
  writer.member("id", user.id);
  writer.key("links").begin_object();
  writer.member("list", std::string(origin).append("/api/users/"));
  writer.member("self", link_to(user, origin));
  writer.end_object();
  writer.member("name", user.name);
  writer.end_object();
}

Response answer_with(int status, const User& user, const Request& request) {
  std::string body;
  json::Writer writer(body);
  const std::string origin = request.origin();
  write_user(writer, user, origin);
  Response response = Response::json(status, std::move(body));
  if (status == 201) response.headers.add("Location", link_to(user, origin));
  return response;
}

UserRights rights_of(const UserRoutePorts& ports) {
  return ports.legacy_user_rights ? UserRights::legacy : UserRights::ours;
}

Result<User> find_user(const Request& request, const UserRoutePorts& ports) {
  const std::string& id = request.capture("id");
  BL_TRY(auto user, ports.users.find(id));
  if (!user) return Error{Code::not_found, "no user found with ID: '" + id + "'"};
  return *std::move(user);
}

Outcome list_users(const Request& request, const UserRoutePorts& ports) {
  BL_TRY(const auto users, ports.users.list());
  const std::string origin = request.origin();
  std::string body;
  json::Writer writer(body);
  writer.begin_array();
  for (const User& user : users) write_user(writer, user, origin);
  writer.end_array();
  return Response::json(200, std::move(body));
}

Outcome create_user(const Request& request, const UserRoutePorts& ports) {
  BL_RETURN_IF_ERROR(demand_user_rights(request.principal, nullptr, rights_of(ports)));
  BL_TRY(const Texts texts,
         decode_texts(request, {{"email"}, {"password"}, {"name"}}, k_legacy_body));
  const NewUser wanted{.email = *text_of(texts, "email"),
                       .name = *text_of(texts, "name"),
                       .password = *text_of(texts, "password")};
  if (wanted.password.empty()) return mistake("/password", "Shorter than minimum length 1.");
  BL_TRY(const User made, ports.users.create(wanted, request.principal));
  return answer_with(201, made, request);
}

Outcome get_user(const Request& request, const UserRoutePorts& ports) {
  BL_TRY(const User user, find_user(request, ports));
  return answer_with(200, user, request);
}

Outcome change_user(const Request& request, const UserRoutePorts& ports) {
  BL_TRY(const User user, find_user(request, ports));
  BL_RETURN_IF_ERROR(demand_user_rights(request.principal, &user, rights_of(ports)));
  BL_TRY(const Texts texts,
         decode_texts(request, {{"email", false}, {"password", false}, {"name", false}},
                      k_legacy_body));
  const UserChange change{.email = text_of(texts, "email"),
                          .name = text_of(texts, "name"),
                          .password = text_of(texts, "password")};
  BL_TRY(const User changed, ports.users.change(user.id, change, request.principal));
  return answer_with(200, changed, request);
}

Outcome remove_user(const Request& request, const UserRoutePorts& ports) {
  BL_TRY(const User user, find_user(request, ports));
  BL_RETURN_IF_ERROR(demand_user_rights(request.principal, &user, rights_of(ports)));
  BL_RETURN_IF_ERROR(ports.users.remove(user.id, request.principal));
  return Response::no_content();
}

// Signing in and out, registering --------------------------------------------------------------

Outcome log_in(const Request& request, const UserRoutePorts& ports) {
  BL_RETURN_IF_ERROR(refuse_cross_site(request, ports.base_url));
  BL_TRY(const Texts texts, decode_texts(request, {{"email"}, {"password"}}, k_legacy_body));
  const auto signed_in = ports.sign_in.with_password(*text_of(texts, "email"),
                                                     *text_of(texts, "password"), request.peer);
  if (!signed_in.ok()) {
    if (signed_in.error().code == Code::unauthenticated) return wrong_password();
    return signed_in.error();
  }
  Response response = Response::no_content();
  set_session_cookies(response, signed_in->cookie, is_secure_client(request, ports.base_url));
  return response;
}

Outcome log_out(const Request& request, const UserRoutePorts& ports) {
  BL_RETURN_IF_ERROR(refuse_cross_site(request, ports.base_url));
  for (const std::string_view name : {k_session_cookie, k_legacy_session_cookie})
    BL_RETURN_IF_ERROR(ports.sessions.end(cookie_of(request, name)));
  Response response = Response::no_content();
  end_session_cookies(response, is_secure_client(request, ports.base_url));
  return response;
}

Outcome register_user(const Request& request, const UserRoutePorts& ports) {
  BL_RETURN_IF_ERROR(refuse_cross_site(request, ports.base_url));
  BL_TRY(const Texts texts,
         decode_texts(request, {{"email"}, {"password"}, {"name"}, {"secret"}}, k_legacy_body));
  const Registration wanted{.user = {.email = *text_of(texts, "email"),
                                     .name = *text_of(texts, "name"),
                                     .password = *text_of(texts, "password")},
                            .key = *text_of(texts, "secret")};
  if (wanted.user.password.empty()) return mistake("/password", "Shorter than minimum length 1.");
  const auto made = ports.sign_in.register_user(wanted, request.peer);
  if (made.ok()) return answer_with(201, *made, request);
  if (made.error().code == Code::unauthenticated)
    return mistake("/secret", "Invalid registration key.");
  return made.error();
}

Outcome get_links(const Request& request, const UserRoutePorts&) {
  const std::string origin = request.origin();
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("links").begin_object();
  for (const std::string name : {"benchmarks", "commits", "contexts", "docs", "hardware", "info",
                                 "login", "logout", "ping", "register", "runs", "users"}) {
    std::string link = origin;
    link.append("/api/").append(name).append(name == "docs" ? ".json" : "/");
    writer.member(name, link);
  }
  writer.end_object().end_object();
  return Response::json(200, std::move(body));
}

}  // namespace

void add_legacy_user_routes(net::Router& router, const UserRoutePorts& ports) {
  const auto add = [&](Method method, std::string pattern, Access access, Handle handle) {
    router.add({.method = method,
                .pattern = std::move(pattern),
                .access = access,
                .handler =
                    [&router, ports, handle](Request& request) {
                      Outcome outcome = handle(request, ports);
                      if (outcome.ok()) {
                        Response response = std::move(outcome).value();
                        response.headers.set("Cache-Control", "no-store");
                        return response;
                      }
                      const Error& error = outcome.error();
                      return router.error_answer(request.path, status_of(error.code), error,
                                                 request.request_id);
                    },
                .options = {.body_bytes_max = k_body_bytes_max}});
  };
  add(Method::get, "/api/", Access::signed_in, get_links);
  add(Method::post, "/api/login/", Access::open, log_in);
  add(Method::get, "/api/logout/", Access::open, log_out);
  add(Method::post, "/api/register/", Access::open, register_user);
  add(Method::get, "/api/users/", Access::signed_in, list_users);
  add(Method::post, "/api/users/", Access::signed_in, create_user);
  add(Method::get, "/api/users/{id}/", Access::signed_in, get_user);
  add(Method::put, "/api/users/{id}/", Access::signed_in, change_user);
  add(Method::del, "/api/users/{id}/", Access::signed_in, remove_user);
}

}  // namespace bl::access
