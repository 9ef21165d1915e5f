#include "access/routes.h"

#include "base/json.h"
#include "net/query_fields.h"

namespace bl::access {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 16u << 10;

struct TokenRequest {
  std::string name;
  net::Role role = net::Role::writer;
};

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
  for (const auto& [key, value] : document.members()) {
    if (key == "name") {
      if (value.is_string()) {
        request.name = value.as_string();
      } else {
        faults.add("/name", "must be a string", &value);
      }
    } else if (key == "role") {
      auto role = value.is_string() ? parse_role(value.as_string()) : std::nullopt;
      if (role) {
        request.role = *role;
      } else {
        faults.add("/role", "must be reader, writer or admin", &value);
      }
    } else {
      faults.add(json::pointer_append("", key), "unknown field", &value);
    }
  }
  if (document.find("name") == nullptr) faults.add("/name", "is required");
  if (!faults.ok()) return faults.to_error("the token");
  return request;
}

void write_members(json::Writer& writer, const TokenView& view) {
  writer.member("id", view.id);
  writer.member("name", view.name);
  writer.member("prefix", view.prefix);
  writer.member("role", net::name_of(view.role));
  writer.member("created_at", to_rfc3339(view.created_at));
  if (view.last_used_at) writer.member("last_used_at", to_rfc3339(*view.last_used_at));
  if (view.revoked_at) writer.member("revoked_at", to_rfc3339(*view.revoked_at));
}

std::string encode_tokens(const std::vector<TokenView>& tokens) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("tokens").begin_array();
  for (const TokenView& view : tokens) {
    writer.begin_object();
    write_members(writer, view);
    writer.end_object();
  }
  writer.end_array().end_object();
  return out;
}

std::string encode_new_token(const NewToken& token) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  write_members(writer, token.view);
  writer.member("token", token.plaintext).end_object();
  return out;
}

/// The answer of `body`, or its error as a problem.
Response answer(const Request& request, int status, const Result<std::string>& body) {
  if (!body.ok()) return net::problem(body.error(), request.request_id);
  Response response = Response::json(status, *body);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<std::string> list_tokens(const Request& request, Tokens& tokens) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(const auto list, tokens.list());
  return encode_tokens(list);
}

Result<std::string> create_token(const Request& request, Tokens& tokens) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(const TokenRequest wanted, decode_token_request(request.body));
  BL_TRY(const NewToken token, tokens.create(wanted.name, wanted.role));
  return encode_new_token(token);
}

Response revoke_token(const Request& request, Tokens& tokens) {
  const auto revoked = tokens.revoke(request.capture("id"), request.principal);
  return revoked.ok() ? Response::no_content() : net::problem(revoked.error(), request.request_id);
}

Result<std::string> capabilities(const Request& request) {
  const net::Role role = request.principal.role;
  std::string out;
  json::Writer(out)
      .begin_object()
      .member("signed_in", role != net::Role::anonymous)
      .member("auth_disabled", false)
      .member("can_write_results", role >= net::Role::writer)
      .member("role", net::name_of(role))
      .end_object();
  return out;
}

}  // namespace

void add_routes(net::Router& router, Tokens& tokens) {
  router.add({.method = Method::get,
              .pattern = "/api/tokens",
              .access = Access::admin,
              .handler = [&tokens](Request& request) {
                return answer(request, 200, list_tokens(request, tokens));
              }});
  router.add({.method = Method::post,
              .pattern = "/api/tokens",
              .access = Access::admin,
              .handler =
                  [&tokens](Request& request) {
                    return answer(request, 201, create_token(request, tokens));
                  },
              .options = {.body_bytes_max = k_body_bytes_max}});
  router.add({.method = Method::del,
              .pattern = "/api/tokens/{id}",
              .access = Access::admin,
              .handler = [&tokens](Request& request) { return revoke_token(request, tokens); }});
  router.add(
      {.method = Method::get,
       .pattern = "/api/auth/capabilities",
       .access = Access::read,
       .handler = [](Request& request) { return answer(request, 200, capabilities(request)); }});
}

}  // namespace bl::access
