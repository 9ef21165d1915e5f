#include "access/token_json.h"

#include "base/json.h"

namespace bl::access {
namespace {

void write_members(json::Writer& writer, const TokenView& view) {
  writer.member("id", view.id);
  writer.member("name", view.name);
  writer.member("prefix", view.prefix);
  writer.member("role", net::name_of(view.role));
  if (!view.user_id.empty()) writer.member("user_id", view.user_id);
  if (!view.repository.empty()) writer.member("repository", view.repository);
  writer.member("created_at", to_rfc3339(view.created_at));
  if (view.last_used_at) writer.member("last_used_at", to_rfc3339(*view.last_used_at));
  if (view.revoked_at) writer.member("revoked_at", to_rfc3339(*view.revoked_at));
}

}  // namespace

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

}  // namespace bl::access
