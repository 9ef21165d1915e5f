#include "access/users.h"

#include "access/owned_tokens.h"
#include "access/passwords.h"
#include "access/tokens.h"
#include "access/user_rows.h"
#include "access/user_rules.h"
#include "base/hash.h"
#include "base/json.h"
#include "store/audit.h"
#include "store/both_dialects.h"

namespace bl::access {
namespace {

using store::both_dialects;
using store::Connection;
using store::Param;
using store::Row;
using store::Sql;

const Sql k_by_id = both_dialects<
    R"sql(select u.id, u.email, u.name, r.role from "user" u
    left join @user_role r on r.user_id = u.id where u.id = $1)sql">();
const Sql k_by_email = both_dialects<
    R"sql(select u.id, u.email, u.name, r.role, u.password from "user" u
    left join @user_role r on r.user_id = u.id where u.email = $1)sql">();
const Sql k_list = both_dialects<
    R"sql(select u.id, u.email, u.name, r.role from "user" u
    left join @user_role r on r.user_id = u.id
    where @binary{u.email} > $1 order by @binary{u.email} limit $2)sql">();
const Sql k_count(R"sql(select count(*) from "user")sql");
const Sql k_insert(
    R"sql(insert into "user" (id, email, name, password) values ($1, $2, $3, $4)
    on conflict do nothing)sql");
const Sql k_update(
    R"sql(update "user" set email = coalesce($2, email), name = coalesce($3, name),
    password = coalesce($4, password) where id = $1)sql");
const Sql k_delete(R"sql(delete from "user" where id = $1)sql");
const Sql k_set_role = both_dialects<
    R"sql(insert into @user_role (user_id, role) values ($1, $2)
    on conflict (user_id) do update set role = excluded.role)sql">();
const Sql k_delete_role = both_dialects<"delete from @user_role where user_id = $1">();
const Sql k_end_sessions = both_dialects<"delete from @session where user_id = $1">();
const Sql k_revoke_tokens =
    both_dialects<"update @token set revoked_at = $2 where user_id = $1 and revoked_at is null">();

Error no_such_user(std::string_view id) {
  return {Code::not_found, std::string("no user has the id: ").append(id)};
}

Error address_in_use(std::string_view email) {
  json::Faults faults;
  const json::Value value = json::Value::string(std::string(email));
  faults.add("/email", std::string(k_email_in_use), &value);
  Error error = faults.to_error("the user");
  error.code = Code::conflict;
  return error;
}

/// The rows of a query, each as `decode` makes it.
template <class T, class Decode>
Result<std::vector<T>> rows_of(Connection& connection, const Sql& sql,
                               std::initializer_list<Param> params, Decode decode) {
  std::vector<T> rows;
  Result<void> decoded;
  BL_RETURN_IF_ERROR(connection.query(sql, params, [&](const Row& row) {
    Result<T> one = decode(row);
    if (!one.ok()) {
      decoded = std::move(one).error();
      return false;
    }
    rows.push_back(std::move(one).value());
    return true;
  }));
  if (!decoded.ok()) return std::move(decoded).error();
  return rows;
}

Result<std::vector<User>> users_of(Connection& connection, const Sql& sql,
                                   std::initializer_list<Param> params, const UserLimits& limits) {
  return rows_of<User>(connection, sql, params,
                       [&](const Row& row) { return user_of(row, limits); });
}

template <class T>
std::optional<T> first_of(std::vector<T> rows) {
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

constexpr std::size_t k_belongings_named_max = 10;

Error still_owns(const User& user, const std::vector<std::string>& belongings) {
  std::string message("what belongs to the user ");
  message.append(user.email).append(" would end with them; remove it first, or switch it off: ");
  for (std::size_t i = 0; i < std::min(belongings.size(), k_belongings_named_max); ++i) {
    message.append(i > 0 ? ", " : "").append(belongings[i]);
  }
  if (belongings.size() > k_belongings_named_max) {
    const std::size_t more = belongings.size() - k_belongings_named_max;
    message.append(" and ").append(std::to_string(more)).append(" more");
  }
  return {Code::conflict, std::move(message)};
}

std::string detail_of(const UserChange& change) {
  std::string detail;
  json::Writer writer(detail);
  writer.begin_object();
  if (change.email) writer.member("email", *change.email);
  if (change.name) writer.member("name", *change.name);
  if (change.password) writer.member("password", "new");
  if (change.role) writer.member("role", net::name_of(*change.role));
  writer.end_object();
  return detail;
}

struct Change {
  const net::Principal& actor;
  Timestamp at;
  std::string_view action, user_id, detail;
};

Result<void> record(Connection& connection, const Change& change) {
  return store::record_audit(connection, {.at = change.at,
                                          .actor_id = change.actor.id,
                                          .actor_name = change.actor.name,
                                          .action = change.action,
                                          .object = change.user_id,
                                          .detail = change.detail});
}

}  // namespace

Result<User> user_of(const Row& row, const UserLimits& limits, int first) {
  User user{.id = std::string(row.text(first)),
            .email = std::string(row.text(first + 1)),
            .name = std::string(row.text(first + 2)),
            .role = limits.role};
  if (const auto text = row.text_or_null(first + 3)) {
    const auto role = parse_role(*text);
    if (!role) return Error{Code::corrupt, "a user has a role that is none: " + *text};
    user.role = *role;
  }
  if (is_admin_address(user.email, limits)) user.role = net::Role::admin;
  return user;
}

std::string password_mark(std::string_view kept_password) {
  return sha256_hex(kept_password);
}

Users::Users(store::Database& database, const Clock& clock, Random& random, IdSource& ids,
             UserLimits limits, BelongingsOf belongings)
    : database_(database),
      clock_(clock),
      random_(random),
      ids_(ids),
      limits_(std::move(limits)),
      belongings_(std::move(belongings)) {}

Result<std::optional<User>> Users::find(std::string_view id) {
  std::vector<User> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    BL_TRY(found, users_of(connection, k_by_id, {id}, limits_));
    return {};
  }));
  return first_of(std::move(found));
}

Result<std::optional<User>> Users::find_by_email(std::string_view email) {
  std::vector<User> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    BL_TRY(found, users_of(connection, k_by_email, {email}, limits_));
    return {};
  }));
  return first_of(std::move(found));
}

Result<std::vector<User>> Users::list() {
  std::vector<User> users;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    BL_TRY(users, users_of(connection, k_list, {std::string_view(), limits_.users_max}, limits_));
    return {};
  }));
  return users;
}

Result<UserPage> Users::page(std::string_view after_email, int page_size) {
  UserPage page;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    BL_TRY(page.users, users_of(connection, k_list,
                                {after_email, static_cast<std::int64_t>(page_size) + 1}, limits_));
    return {};
  }));
  if (page.users.size() > static_cast<std::size_t>(page_size)) {
    page.users.pop_back();
    page.may_go_on = true;
  }
  return page;
}

Result<void> Users::check_address(std::string_view email, const net::Principal& actor) const {
  if (actor.role == net::Role::admin || !is_admin_address(email, limits_)) return {};
  return Error{
      Code::forbidden,
      std::string("only an admin gives a user an address of access.admins: ").append(email)};
}

Result<User> Users::create(const NewUser& user, const net::Principal& actor) {
  UserChange texts{.email = user.email, .name = user.name};
  if (!user.password.empty()) texts.password = user.password;
  BL_RETURN_IF_ERROR(check_user(texts, limits_));
  BL_RETURN_IF_ERROR(check_address(user.email, actor));
  return insert(user, actor);
}

Result<User> Users::insert(const NewUser& wanted, const net::Principal& actor) {
  std::string password = wanted.password;
  if (password.empty()) {
    std::array<std::byte, 32> secret;
    random_.fill(secret);
    password = base64url(secret);
  }
  const std::string kept = hash_password(password, random_, limits_.password_iterations);
  const std::string id = ids_.next();
  const std::string detail =
      detail_of({.email = wanted.email, .name = wanted.name, .role = wanted.role});
  std::optional<User> made;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(const auto counts, rows_of<std::int64_t>(connection, k_count, {}, [](const Row& row) {
             return Result<std::int64_t>(row.integer(0));
           }));
    if (counts.front() >= limits_.users_max) {
      return Error{Code::conflict, "there are too many users, remove some; the most are " +
                                       std::to_string(limits_.users_max)};
    }
    BL_TRY(const std::int64_t added,
           connection.execute(k_insert, {std::string_view(id), std::string_view(wanted.email),
                                         std::string_view(wanted.name), std::string_view(kept)}));
    if (added == 0) return address_in_use(wanted.email);
    if (wanted.role) {
      BL_RETURN_IF_ERROR(connection.execute(
          k_set_role, {std::string_view(id), std::string_view(net::name_of(*wanted.role))}));
    }
    BL_RETURN_IF_ERROR(record(connection, {actor, clock_.now(), "user.create", id, detail}));
    BL_TRY(auto users, users_of(connection, k_by_id, {std::string_view(id)}, limits_));
    made = first_of(std::move(users));
    return {};
  }));
  BL_CHECK(made.has_value());
  return *std::move(made);
}

Result<User> Users::change(std::string_view id, const UserChange& change,
                           const net::Principal& actor) {
  BL_RETURN_IF_ERROR(check_user(change, limits_));
  if (change.email) BL_RETURN_IF_ERROR(check_address(*change.email, actor));
  std::optional<std::string> kept;
  if (change.password) kept = hash_password(*change.password, random_, limits_.password_iterations);
  const std::string detail = detail_of(change);
  std::optional<User> changed;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    if (change.email) {
      BL_TRY(auto others,
             users_of(connection, k_by_email, {std::string_view(*change.email)}, limits_));
      const auto other = first_of(std::move(others));
      if (other && other->id != id) return address_in_use(*change.email);
    }
    BL_TRY(const std::int64_t rows,
           connection.execute(k_update, {id, store::param_of(change.email),
                                         store::param_of(change.name), store::param_of(kept)}));
    if (rows == 0) return no_such_user(id);
    if (change.role) {
      BL_RETURN_IF_ERROR(
          connection.execute(k_set_role, {id, std::string_view(net::name_of(*change.role))}));
    }
    if (kept) BL_RETURN_IF_ERROR(connection.execute(k_end_sessions, {id}));
    BL_RETURN_IF_ERROR(record(connection, {actor, clock_.now(), "user.change", id, detail}));
    BL_TRY(auto users, users_of(connection, k_by_id, {id}, limits_));
    changed = first_of(std::move(users));
    return {};
  }));
  BL_CHECK(changed.has_value());
  return *std::move(changed);
}

Result<void> Users::remove(std::string_view id, const net::Principal& actor) {
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(auto users, users_of(connection, k_by_id, {id}, limits_));
    const auto user = first_of(std::move(users));
    if (!user) return no_such_user(id);
    if (belongings_) {
      BL_TRY(const auto belongings, belongings_(connection, id));
      if (!belongings.empty()) return still_owns(*user, belongings);
    }
    const Timestamp now = clock_.now();
    const std::string detail = detail_of({.email = user->email, .name = user->name});
    BL_RETURN_IF_ERROR(connection.execute(k_end_sessions, {id}));
    BL_RETURN_IF_ERROR(remove_tokens_of(connection, id));
    BL_RETURN_IF_ERROR(connection.execute(k_delete_role, {id}));
    auto deleted = connection.execute(k_delete, {id});
    if (!deleted.ok() && deleted.error().code == Code::conflict) {
      return Error{Code::conflict,
                   std::string("rows of another program's tables still belong to the user, remove "
                               "them first: ")
                       .append(id)};
    }
    if (!deleted.ok()) return std::move(deleted).error();
    return record(connection, {actor, now, "user.remove", id, detail});
  });
}

Result<std::optional<User>> Users::with_password(std::string_view email,
                                                 std::string_view password) {
  struct Found {
    User user;
    std::string kept;
  };
  std::vector<Found> found;
  if (password.size() <= limits_.password_bytes_max) {
    BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
      BL_TRY(found,
             rows_of<Found>(connection, k_by_email, {email}, [&](const Row& row) -> Result<Found> {
               BL_TRY(User user, user_of(row, limits_));
               return Found{std::move(user), std::string(row.text(4))};
             }));
      return {};
    }));
  }
  const auto kept = found.empty() ? std::string_view() : std::string_view(found.front().kept);
  const PasswordCheck check = check_password(kept, password.substr(0, limits_.password_bytes_max),
                                             limits_.password_iterations);
  if (!check.matches) return std::optional<User>();
  return std::optional<User>(std::move(found.front().user));
}

Result<User> Users::find_or_create(std::string_view email, std::string_view name) {
  BL_TRY(auto known, find_by_email(email));
  if (known) return *std::move(known);
  NewUser wanted{.email = std::string(email), .name = tame_name(name, limits_.name_length_max)};
  if (wanted.name.empty()) wanted.name = tame_name(email, limits_.name_length_max);
  BL_RETURN_IF_ERROR(check_user({.email = wanted.email, .name = wanted.name}, limits_));
  net::Principal issuer;
  issuer.name = "sign-in by the issuer";
  auto made = insert(wanted, issuer);
  if (made.ok() || made.error().code != Code::conflict) return made;
  // Somebody else made it between our look and our insert.
  BL_TRY(auto by_now, find_by_email(email));
  if (by_now) return *std::move(by_now);
  return made;
}

}  // namespace bl::access
