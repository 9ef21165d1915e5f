#include "access/sessions.h"

#include <array>

#include "access/user_rows.h"
#include "base/hash.h"
#include "store/both_dialects.h"

namespace bl::access {
namespace {

using store::both_dialects;
using store::Connection;
using store::Param;
using store::Row;
using store::Sql;

constexpr std::size_t k_secret_bytes = 32;
constexpr std::size_t k_secret_letters = 43;  // as base64url

const Sql k_password(R"sql(select password from "user" where id = $1)sql");
const Sql k_insert = both_dialects<
    "insert into @session (sha256, user_id, password_sha256, created_at, last_seen_at, expires_at)"
    " values ($1, $2, $3, $4, $4, $5)">();
const Sql k_prune = both_dialects<
    "delete from @session where user_id = $1 and (expires_at <= $2 or sha256 not in"
    " (select sha256 from @session where user_id = $1 order by created_at desc, sha256 limit "
    "$3))">();
const Sql k_find = both_dialects<
    R"sql(select u.id, u.email, u.name, r.role, u.password, s.password_sha256, s.last_seen_at,
    s.expires_at from @session s join "user" u on u.id = s.user_id
    left join @user_role r on r.user_id = u.id where s.sha256 = $1)sql">();
const Sql k_touch = both_dialects<"update @session set last_seen_at = $2 where sha256 = $1">();
const Sql k_end = both_dialects<"delete from @session where sha256 = $1">();
const Sql k_end_all = both_dialects<"delete from @session where user_id = $1">();

bool may_be_secret(std::string_view text) {
  return text.size() == k_secret_letters && base64url_decode(text).has_value();
}

struct Found {
  User user;
  std::int64_t last_seen_at = 0;
};

}  // namespace

Sessions::Sessions(store::Database& database, const Clock& clock, Random& random, Users& users,
                   SessionLimits limits)
    : database_(database), clock_(clock), random_(random), users_(users), limits_(limits) {}

Result<std::string> Sessions::begin(std::string_view user_id) {
  std::array<std::byte, k_secret_bytes> bytes;
  random_.fill(bytes);
  const std::string secret = base64url(bytes);
  const std::string sha256 = sha256_hex(secret);
  const std::int64_t now = clock_.now().micros;
  const std::int64_t expires_at = now + limits_.lifetime_ms * 1'000;
  const auto kept_max = static_cast<std::int64_t>(limits_.sessions_per_user_max);
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    std::optional<std::string> mark;
    BL_RETURN_IF_ERROR(connection.query(k_password, {user_id}, [&](const Row& row) {
      mark = password_mark(row.text(0));
      return true;
    }));
    if (!mark) return Error{Code::not_found, std::string("no user has the id: ").append(user_id)};
    BL_RETURN_IF_ERROR(connection.execute(
        k_insert, {std::string_view(sha256), user_id, std::string_view(*mark), now, expires_at}));
    BL_RETURN_IF_ERROR(connection.execute(k_prune, {user_id, now, kept_max}));
    return {};
  }));
  return secret;
}

Result<std::optional<User>> Sessions::find(std::string_view secret) {
  if (!may_be_secret(secret)) return std::optional<User>();
  const std::string sha256 = sha256_hex(secret);
  const std::int64_t now = clock_.now().micros;
  std::optional<Found> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    found.reset();
    Result<void> decoded;
    BL_RETURN_IF_ERROR(connection.query(k_find, {std::string_view(sha256)}, [&](const Row& row) {
      const bool same_password = password_mark(row.text(4)) == row.text(5);
      const std::int64_t seen = row.integer(6);
      const bool over =
          now >= row.integer(7) || now - seen > limits_.idle_ms_max * 1'000 || !same_password;
      if (over) return false;
      auto user = user_of(row, users_.limits());
      if (user.ok()) {
        found = Found{std::move(user).value(), seen};
      } else {
        decoded = std::move(user).error();
      }
      return false;
    }));
    return decoded;
  }));
  if (!found) return std::optional<User>();
  if (now - found->last_seen_at >= limits_.seen_ms_min * 1'000) {
    // A store that cannot write must not lock its readers out.
    (void)database_.write([&](Connection& connection) -> Result<void> {
      BL_RETURN_IF_ERROR(connection.execute(k_touch, {std::string_view(sha256), now}));
      return {};
    });
  }
  return std::optional<User>(std::move(found->user));
}

Result<void> Sessions::end(std::string_view secret) {
  if (!may_be_secret(secret)) return {};
  const std::string sha256 = sha256_hex(secret);
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(connection.execute(k_end, {std::string_view(sha256)}));
    return {};
  });
}

Result<void> Sessions::end_all_of(std::string_view user_id) {
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(connection.execute(k_end_all, {user_id}));
    return {};
  });
}

}  // namespace bl::access
