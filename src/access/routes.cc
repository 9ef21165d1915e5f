#include "access/routes.h"

#include "access/token_json.h"
#include "base/json.h"
#include "net/query_fields.h"

namespace bl::access {
namespace {

using net::Access;
using net::Method;
using net::Principal;
using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 16u << 10;

/// A wish, and for whom as an admin may say it.
struct TokenRequest {
  TokenWish wish;
  bool has_role = false;
  std::string email, user_name;
};

/// A text member of a body; what is wrong with it is a fault.
void read_text(const json::Value& value, const char* path, std::string& text,
               json::Faults& faults) {
  if (value.is_string()) {
    text = value.as_string();
  } else {
    faults.add(path, "must be a string", &value);
  }
}

void read_member(const std::string& key, const json::Value& value, TokenRequest& request,
                 json::Faults& faults) {
  if (key == "name") {
    if (!value.is_string()) faults.add("/name", "must be a string", &value);
    if (value.is_string()) request.wish.name = value.as_string();
  } else if (key == "role") {
    const auto role = value.is_string() ? parse_role(value.as_string()) : std::nullopt;
    if (!role) faults.add("/role", "must be reader, writer or admin", &value);
    request.has_role = role.has_value();
    if (role) request.wish.role = *role;
  } else if (key == "repository") {
    read_text(value, "/repository", request.wish.repository, faults);
  } else if (key == "user_id") {
    read_text(value, "/user_id", request.wish.user_id, faults);
  } else if (key == "email") {
    read_text(value, "/email", request.email, faults);
  } else if (key == "user_name") {
    read_text(value, "/user_name", request.user_name, faults);
  } else {
    faults.add(json::pointer_append("", key), "unknown field", &value);
  }
}

/// Errors: malformed, invalid with every fault.
Result<TokenRequest> decode_token_request(std::string_view body) {
  BL_TRY(const json::Value document, json::parse(body));
  if (!document.is_object()) {
    return Error{Code::invalid,
                 "the body must be an object",
                 {{"", "must be an object", json::to_text(document).substr(0, 100)}}};
  }
  TokenRequest request;
  json::Faults faults;
  for (const auto& [key, value] : document.members()) read_member(key, value, request, faults);
  if (document.find("name") == nullptr) faults.add("/name", "is required");
  if (!request.email.empty() && !request.wish.user_id.empty()) {
    faults.add("/email", "cannot stand with user_id");
  }
  if (!request.user_name.empty() && request.email.empty()) {
    faults.add("/user_name", "needs email: it names a user who is made if there is none");
  }
  if (!faults.ok()) return faults.to_error("the token");
  return request;
}

/// The answer of `body`, or its error as a problem.
Response answer(const Request& request, int status, const Result<std::string>& body) {
  if (!body.ok()) return net::problem(body.error(), request.request_id);
  Response response = Response::json(status, *body);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

bool is_admin(const Principal& principal) {
  return principal.role == net::Role::admin;
}

/// Who has no tokens of their own must be an admin.
Result<void> demand_owner_or_admin(const Principal& principal) {
  if (!principal.user_id.empty() || is_admin(principal)) return {};
  return Error{Code::forbidden,
               "tokens belong to users: this needs a user's session or token, or role admin; yours "
               "is nobody's token, of role " +
                   std::string(net::name_of(principal.role))};
}

/// Who may write to one repository alone must not get out of it by a new token.
Result<void> demand_unbound(const Principal& principal) {
  if (principal.repository.empty()) return {};
  return Error{Code::forbidden, "this token is for one repository and cannot change tokens: " +
                                    principal.repository};
}

Result<std::string> list_tokens(const Request& request, const TokenRoutePorts& ports) {
  const Principal& principal = request.principal;
  net::QueryFields query(request);
  const bool all = query.flag("all");
  BL_RETURN_IF_ERROR(query.finish());
  BL_RETURN_IF_ERROR(demand_owner_or_admin(principal));
  if (all && !is_admin(principal)) {
    return Error{Code::forbidden, "all tokens are for admins; your role is " +
                                      std::string(net::name_of(principal.role))};
  }
  TokenFilter filter;
  // The operator has none of their own: all are meant.
  if (!all && !principal.user_id.empty()) filter.user_id = principal.user_id;
  BL_TRY(const auto list, ports.tokens.list(filter));
  return encode_tokens(list);
}

/// The user that an admin names. Errors: invalid with the path, those of Users.
Result<User> named_user(const TokenRequest& wanted, Users& users) {
  if (!wanted.user_name.empty()) return users.find_or_create(wanted.email, wanted.user_name);
  const bool by_email = !wanted.email.empty();
  BL_TRY(std::optional<User> user,
         by_email ? users.find_by_email(wanted.email) : users.find(wanted.wish.user_id));
  if (user) return std::move(*user);
  const std::string& text = by_email ? wanted.email : wanted.wish.user_id;
  std::string value;
  json::append_quoted(value, text.substr(0, 100));
  return Error{Code::invalid,
               "there is no such user: " + value,
               {{by_email ? "/email" : "/user_id", "is no user's", value}}};
}

/// Who will own the token, and that they and the caller may do what it may. Errors: invalid,
/// forbidden.
Result<void> settle_owner(TokenRequest& wanted, const Principal& principal, Users& users) {
  TokenWish& wish = wanted.wish;
  const bool is_named = !wish.user_id.empty() || !wanted.email.empty();
  net::Role most = principal.role;
  if (is_named && is_admin(principal)) {
    BL_TRY(const User user, named_user(wanted, users));
    wish.user_id = user.id;
    most = user.role;
  } else if (is_named && (!wanted.email.empty() || wish.user_id != principal.user_id)) {
    return Error{Code::forbidden, "only an admin makes tokens for others; your role is " +
                                      std::string(net::name_of(principal.role))};
  } else {
    wish.user_id = principal.user_id;
  }
  if (!wanted.has_role) wish.role = std::min(wish.role, most);
  if (wish.role <= most) return {};
  return Error{Code::forbidden, "a token's role is at most its owner's and its maker's, which is " +
                                    std::string(net::name_of(most))};
}

Result<void> settle_repository(TokenWish& wish, const TokenRoutePorts& ports) {
  if (wish.repository.empty() || !ports.normalise_repository) return {};
  auto normal = ports.normalise_repository(wish.repository);
  if (!normal.ok()) {
    Error error = normal.error();
    std::string value;
    json::append_quoted(value, wish.repository.substr(0, 100));
    return Error{
        Code::invalid, error.message, {{"/repository", "must be the URL of a repository", value}}};
  }
  wish.repository = std::move(normal).value();
  return {};
}

Result<std::string> create_token(const Request& request, const TokenRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_RETURN_IF_ERROR(demand_owner_or_admin(request.principal));
  BL_RETURN_IF_ERROR(demand_unbound(request.principal));
  BL_TRY(TokenRequest wanted, decode_token_request(request.body));
  BL_RETURN_IF_ERROR(settle_repository(wanted.wish, ports));
  BL_RETURN_IF_ERROR(settle_owner(wanted, request.principal, ports.users));
  BL_TRY(const NewToken token, ports.tokens.create(wanted.wish, request.principal));
  return encode_new_token(token);
}

Result<void> revoke_token(const Request& request, Tokens& tokens) {
  const Principal& principal = request.principal;
  const std::string& id = request.capture("id");
  // Any token may end itself.
  if (principal.kind == Principal::Kind::token && id == principal.id) {
    return tokens.revoke(id, principal);
  }
  BL_RETURN_IF_ERROR(demand_owner_or_admin(principal));
  BL_RETURN_IF_ERROR(demand_unbound(principal));
  std::optional<std::string> owner;
  if (!is_admin(principal)) owner = principal.user_id;
  return tokens.revoke(id, principal, owner);
}

}  // namespace

void add_routes(net::Router& router, const TokenRoutePorts& ports) {
  router.add({.method = Method::get,
              .pattern = "/api/tokens",
              .access = Access::signed_in,
              .handler = [ports](Request& request) {
                return answer(request, 200, list_tokens(request, ports));
              }});
  router.add(
      {.method = Method::post,
       .pattern = "/api/tokens",
       .access = Access::signed_in,
       .handler =
           [ports](Request& request) { return answer(request, 201, create_token(request, ports)); },
       .options = {.body_bytes_max = k_body_bytes_max}});
  router.add({.method = Method::del,
              .pattern = "/api/tokens/{id}",
              .access = Access::signed_in,
              .handler = [ports](Request& request) {
                const auto revoked = revoke_token(request, ports.tokens);
                return revoked.ok() ? Response::no_content()
                                    : net::problem(revoked.error(), request.request_id);
              }});
}

}  // namespace bl::access
