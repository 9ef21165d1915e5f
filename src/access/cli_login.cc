#include "access/cli_login.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/json.h"
#include "base/uri.h"
#include "base/utf8.h"
#include "store/both_dialects.h"

namespace bl::access {
namespace {

using store::both_dialects;
using store::Connection;

constexpr std::size_t k_code_bytes = 32;
constexpr std::size_t k_uri_bytes_max = 500;

Error unknown_code() {
  return {Code::unauthenticated, "this code is not known, was used, or has expired"};
}

/// Whose code it is, which is used up from here on. Errors: unauthenticated.
Result<std::string> use_code(Connection& connection, const std::string& sha256, Timestamp now) {
  std::string user_id;
  // One statement decides: of two who come with the same code, one finds it used.
  BL_RETURN_IF_ERROR(connection.query(
      both_dialects<"update @cli_login_code set redeemed_at = @time{$2} where code_hash = $1"
                    " and redeemed_at is null and expires_at > @time{$2} returning user_id">(),
      {std::string_view(sha256), now.micros}, [&](const store::Row& row) {
        user_id = row.text(0);
        return true;
      }));
  if (user_id.empty()) return unknown_code();
  return user_id;
}

}  // namespace

Result<std::string> CliLogins::issue(std::string_view user_id) {
  std::array<std::byte, k_code_bytes> bytes;
  random_.fill(bytes);
  const std::string code = base64url(bytes);
  const std::string sha256 = sha256_hex(code);
  const Timestamp now = clock_.now();
  const Timestamp expires = now + std::chrono::milliseconds(limits_.lifetime_ms);
  const Timestamp forget = now - std::chrono::milliseconds(limits_.kept_ms);
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(connection.execute(
        both_dialects<"delete from @cli_login_code where expires_at <= @time{$1}">(),
        {forget.micros}));
    std::int64_t open_codes = 0;
    BL_RETURN_IF_ERROR(
        connection.query(both_dialects<"select count(*) from @cli_login_code where user_id = $1"
                                       " and redeemed_at is null and expires_at > @time{$2}">(),
                         {user_id, now.micros}, [&](const store::Row& row) {
                           open_codes = row.integer(0);
                           return true;
                         }));
    if (open_codes >= limits_.codes_per_user_max) {
      return Error{Code::too_many, "too many logins of commands are under way, wait a few minutes"};
    }
    BL_RETURN_IF_ERROR(connection.execute(
        both_dialects<"insert into @cli_login_code (code_hash, user_id, created_at, expires_at)"
                      " values ($1, $2, @time{$3}, @time{$4})">(),
        {std::string_view(sha256), user_id, now.micros, expires.micros}));
    return {};
  }));
  return code;
}

Result<NewToken> CliLogins::redeem(std::string_view code, const std::string& token_name) {
  const auto bytes = base64url_decode(code);
  if (!bytes || bytes->size() != k_code_bytes) return unknown_code();
  const std::string sha256 = sha256_hex(code);
  // Who it is comes first: a write must not wait for a read of the same store.
  std::string user_id;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    user_id.clear();
    return connection.query(
        both_dialects<"select user_id from @cli_login_code where code_hash = $1">(),
        {std::string_view(sha256)}, [&](const store::Row& row) {
          user_id = row.text(0);
          return true;
        });
  }));
  if (user_id.empty()) return unknown_code();
  BL_TRY(const std::optional<User> user, users_.find(user_id));
  if (!user) return unknown_code();
  const net::Principal actor{.role = user->role,
                             .id = user->id,
                             .name = user->name,
                             .kind = net::Principal::Kind::session,
                             .user_id = user->id};
  std::optional<NewToken> token;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(use_code(connection, sha256, clock_.now()));
    BL_TRY(token,
           tokens_.create_in(
               connection,
               {.name = token_name, .role = user->role, .user_id = user->id, .repository = {}},
               actor));
    return {};
  }));
  return std::move(*token);
}

Result<void> check_loopback_uri(std::string_view text) {
  const auto refuse = [&](const std::string& message) {
    std::string value;
    json::append_quoted(value, is_utf8(text) ? prefix_of_bytes(text, 100) : "");
    return Error{Code::invalid,
                 "the redirect_uri " + message + ": " + value,
                 {{"?redirect_uri", message, value}}};
  };
  const std::string form = "must be http://127.0.0.1:PORT/PATH";
  if (text.size() > k_uri_bytes_max) return refuse("is too long");
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '\\' && c != '?' && c != '#' && c != '@';
  });
  const auto uri = parse_uri(text);
  if (!is_plain || !uri.ok()) return refuse(form);
  const bool is_loopback =
      uri->host == "127.0.0.1" || uri->host == "::1" || uri->host == "localhost";
  const bool is_whole = uri->scheme == "http" && !uri->port.empty() && uri->port != "0";
  if (!is_loopback || !is_whole || !uri->path.starts_with('/')) return refuse(form);
  return {};
}

}  // namespace bl::access
