#include "access/user_routes.h"

#include "access/audit_log.h"
#include "access/cross_site.h"
#include "access/text_body.h"
#include "access/tokens.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/numbers.h"
#include "net/query_fields.h"

namespace bl::access {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 16u << 10;
constexpr std::int64_t k_page_size = 100;
constexpr std::int64_t k_page_size_max = 1'000;

Response refuse(const Request& request, const Error& error) {
  Response response = net::problem(error, request.request_id);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Response answer(const Request& request, int status, const Result<std::string>& body) {
  if (!body.ok()) return refuse(request, body.error());
  Response response = Response::json(status, *body);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

// Users ----------------------------------------------------------------------------------------

void write_user(json::Writer& writer, const User& user) {
  writer.begin_object();
  writer.member("id", user.id);
  writer.member("email", user.email);
  writer.member("name", user.name);
  writer.member("role", net::name_of(user.role));
  writer.end_object();
}

std::string encode_user(const User& user) {
  std::string out;
  json::Writer writer(out);
  write_user(writer, user);
  return out;
}

Result<std::optional<net::Role>> role_of(const Texts& texts) {
  const auto text = text_of(texts, "role");
  if (!text) return std::optional<net::Role>();
  const auto role = parse_role(*text);
  if (role) return role;
  json::Faults faults;
  const json::Value value = json::Value::string(*text);
  faults.add("/role", "must be reader, writer or admin", &value);
  return faults.to_error("the user");
}

/// A cursor is the last address of the page before, so that nothing is missed or told twice.
std::string cursor_of(std::string_view text) {
  return base64url(std::as_bytes(std::span(text)));
}

Result<std::string> list_users(const Request& request, const UserRoutePorts& ports) {
  net::QueryFields query(request);
  const auto email = query.text("email");
  const auto size = query.integer("page_size", 1, k_page_size_max);
  const auto cursor = query.text("cursor");
  const auto after = base64url_decode(cursor.value_or(""));
  if (!after) query.fault("cursor", "is none of ours", *cursor);
  BL_RETURN_IF_ERROR(query.finish());
  UserPage page;
  if (email) {
    BL_TRY(auto user, ports.users.find_by_email(*email));
    if (user) page.users.push_back(*std::move(user));
  } else {
    BL_TRY(page, ports.users.page(*after, static_cast<int>(size.value_or(k_page_size))));
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("users").begin_array();
  for (const User& user : page.users) write_user(writer, user);
  writer.end_array().key("next_page_cursor");
  if (page.may_go_on) {
    writer.value(cursor_of(page.users.back().email));
  } else {
    writer.null();
  }
  writer.end_object();
  return out;
}

Result<std::string> create_user(const Request& request, const UserRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(const Texts texts,
         decode_texts(request, {{"email"}, {"name"}, {"password", false}, {"role", false}},
                      k_new_body));
  NewUser user{.email = *text_of(texts, "email"),
               .name = *text_of(texts, "name"),
               .password = text_of(texts, "password").value_or("")};
  BL_TRY(user.role, role_of(texts));
  BL_TRY(const User made, ports.users.create(user, request.principal));
  return encode_user(made);
}

Result<std::string> change_user(const Request& request, const UserRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(const Texts texts,
         decode_texts(request,
                      {{"email", false}, {"name", false}, {"password", false}, {"role", false}},
                      k_new_body));
  UserChange change{.email = text_of(texts, "email"),
                    .name = text_of(texts, "name"),
                    .password = text_of(texts, "password")};
  BL_TRY(change.role, role_of(texts));
  if (texts.empty()) return Error{Code::invalid, "the body changes nothing: {}"};
  BL_TRY(const User changed, ports.users.change(request.capture("id"), change, request.principal));
  return encode_user(changed);
}

Response remove_user(const Request& request, const UserRoutePorts& ports) {
  const auto removed = ports.users.remove(request.capture("id"), request.principal);
  return removed.ok() ? Response::no_content() : refuse(request, removed.error());
}

Result<std::string> get_me(const Request& request, const UserRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  const std::string& id = request.principal.user_id;
  std::optional<User> user;
  if (!id.empty()) {
    BL_TRY(user, ports.users.find(id));
  }
  if (!user) return Error{Code::not_found, "these credentials are no user's"};
  return encode_user(*user);
}

// Audit ----------------------------------------------------------------------------------------

Result<std::string> get_audit(const Request& request, const UserRoutePorts& ports) {
  net::QueryFields query(request);
  AuditFilter filter;
  filter.object = query.text("object");
  const auto size = query.integer("page_size", 1, k_page_size_max);
  filter.page_size = static_cast<int>(size.value_or(k_page_size));
  if (const auto cursor = query.text("cursor")) {
    filter.before = parse_int64(*cursor);
    if (!filter.before) query.fault("cursor", "is none of ours", *cursor);
  }
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const AuditPage page, read_audit(ports.database, filter));
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("entries").begin_array();
  for (const AuditRow& row : page.rows) {
    writer.begin_object();
    writer.member("seq", row.seq);
    writer.member("at", to_rfc3339(row.at));
    writer.member("actor_id", row.actor_id);
    writer.member("actor_name", row.actor_name);
    writer.member("action", row.action);
    writer.member("object", row.object);
    writer.key("detail").raw(row.detail.empty() ? "{}" : row.detail);
    writer.end_object();
  }
  writer.end_array().key("next_page_cursor");
  if (page.may_go_on) {
    writer.value(std::to_string(page.rows.back().seq));
  } else {
    writer.null();
  }
  writer.end_object();
  return out;
}

// Signing in and out ---------------------------------------------------------------------------

Response sign_in(const Request& request, const UserRoutePorts& ports) {
  if (const auto ours = refuse_cross_site(request, ports.base_url); !ours.ok())
    return refuse(request, ours.error());
  const auto texts = decode_texts(request, {{"email"}, {"password"}}, k_new_body);
  if (!texts.ok()) return refuse(request, texts.error());
  const auto signed_in = ports.sign_in.with_password(*text_of(*texts, "email"),
                                                     *text_of(*texts, "password"), request.peer);
  if (!signed_in.ok()) return refuse(request, signed_in.error());
  Response response = signed_in->user ? Response::json(200, encode_user(*signed_in->user))
                                      : Response::json(200, "{}");
  response.headers.set("Cache-Control", "no-store");
  set_session_cookies(response, signed_in->cookie, is_secure_client(request, ports.base_url));
  return response;
}

Response sign_out(const Request& request, const UserRoutePorts& ports) {
  if (const auto ours = refuse_cross_site(request, ports.base_url); !ours.ok())
    return refuse(request, ours.error());
  for (const std::string_view name : {k_session_cookie, k_legacy_session_cookie}) {
    const auto ended = ports.sessions.end(cookie_of(request, name));
    if (!ended.ok()) return refuse(request, ended.error());
  }
  Response response = Response::no_content();
  end_session_cookies(response, is_secure_client(request, ports.base_url));
  return response;
}

/// The route is open; who asks is looked at here, so that a page can find out that it must sign in.
Result<std::string> capabilities(const Request& request, const UserRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(const net::Principal principal, ports.authenticator.authenticate(request));
  std::string out;
  json::Writer(out)
      .begin_object()
      .member("signed_in", principal.kind != net::Principal::Kind::anonymous)
      .member("auth_disabled", ports.auth_disabled)
      .member("can_write_results", principal.role >= net::Role::writer)
      .member("role", net::name_of(principal.role))
      .member("oidc", ports.has_issuer)
      .end_object();
  return out;
}

}  // namespace

void add_user_routes(net::Router& router, const UserRoutePorts& ports) {
  const auto add = [&](Method method, std::string pattern, Access access, int status, auto handle) {
    router.add({.method = method,
                .pattern = std::move(pattern),
                .access = access,
                .handler =
                    [ports, handle, status](Request& request) {
                      return answer(request, status, handle(request, ports));
                    },
                .options = {.body_bytes_max = k_body_bytes_max}});
  };
  const auto add_bare = [&](Method method, std::string pattern, Access access, auto handle) {
    router.add({.method = method,
                .pattern = std::move(pattern),
                .access = access,
                .handler = [ports, handle](Request& request) { return handle(request, ports); },
                .options = {.body_bytes_max = k_body_bytes_max}});
  };
  add(Method::get, "/api/auth/capabilities", Access::open, 200, capabilities);
  add_bare(Method::post, "/api/auth/password", Access::open, sign_in);
  add_bare(Method::post, "/api/auth/logout", Access::open, sign_out);
  add(Method::get, "/api/users/me", Access::signed_in, 200, get_me);
  add(Method::get, "/api/v1/users", Access::admin, 200, list_users);
  add(Method::post, "/api/v1/users", Access::admin, 201, create_user);
  add(Method::patch, "/api/v1/users/{id}", Access::admin, 200, change_user);
  add_bare(Method::del, "/api/v1/users/{id}", Access::admin, remove_user);
  add(Method::get, "/api/v1/audit", Access::admin, 200, get_audit);
}

}  // namespace bl::access
