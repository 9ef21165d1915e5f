#include "access/tokens.h"

#include <algorithm>
#include <mutex>
#include <tuple>
#include <unordered_map>

#include "access/plaintext.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/utf8.h"
#include "store/audit.h"
#include "store/both_dialects.h"

namespace bl::access {
namespace {

using store::both_dialects;
using store::Connection;
using store::Param;
using store::Row;
using store::Sql;

// A view's columns, of the two tables that tokens stand in. Who made a token of `api_token` without
// us granted what a new Conbench grants: to write, anywhere.
#define BL_UNOWNED_COLUMNS                                                               \
  "select id, name, prefix, role, created_at, last_used_at, revoked_at, '' as user_id, " \
  "coalesce(repository, '') as repository from @token"
#define BL_OWNED_COLUMNS                                                                      \
  "select t.id, t.name, t.token_prefix as prefix, coalesce(g.role, 'writer') as role, "       \
  "@micros{t.created_at} as created_at, @micros{t.last_used_at} as last_used_at, "            \
  "@micros{t.revoked_at} as revoked_at, t.user_id, coalesce(g.repository, '') as repository " \
  "from @api_token t left join @token_grant g on g.id = t.id"

Sql count_sql() {
  return both_dialects<
      "select (select count(*) from @token where revoked_at is null),"
      " (select count(*) from @api_token where revoked_at is null),"
      " (select count(*) from @api_token where revoked_at is null and user_id = $1)">();
}
Sql insert_unowned_sql() {
  return both_dialects<
      "insert into @token (id, name, prefix, sha256, role, created_at, repository)"
      " values ($1, $2, $3, $4, $5, $6, $7)">();
}
Sql insert_owned_sql() {
  return both_dialects<
      "insert into @api_token (id, user_id, name, token_hash, token_prefix, created_at)"
      " values ($1, $2, $3, $4, $5, @time{$6})">();
}
Sql insert_grant_sql() {
  return both_dialects<"insert into @token_grant (id, role, repository) values ($1, $2, $3)">();
}
Sql list_unowned_sql() {
  return both_dialects<BL_UNOWNED_COLUMNS
                       " where revoked_at is null or id in (select id from @token"
                       " where revoked_at is not null order by revoked_at desc, id desc"
                       " limit $1)">();
}
Sql list_owned_sql() {
  return both_dialects<BL_OWNED_COLUMNS
                       " where t.revoked_at is null or t.id in (select id from @api_token"
                       " where revoked_at is not null order by revoked_at desc, id desc"
                       " limit $1)">();
}
Sql list_of_user_sql() {
  return both_dialects<BL_OWNED_COLUMNS
                       " where t.user_id = $2 and (t.revoked_at is null or t.id in"
                       " (select id from @api_token where user_id = $2 and revoked_at is not null"
                       " order by revoked_at desc, id desc limit $1))">();
}
Sql find_sql() {
  return both_dialects<BL_UNOWNED_COLUMNS
                       " where sha256 = $1 and revoked_at is null"
                       " union all " BL_OWNED_COLUMNS
                       " where t.token_hash = $1 and t.revoked_at is null">();
}
Sql find_by_id_sql() {
  return both_dialects<BL_UNOWNED_COLUMNS
                       " where id = $1"
                       " union all " BL_OWNED_COLUMNS " where t.id = $1">();
}
Sql revoke_sql(const TokenView& view) {
  if (view.user_id.empty()) {
    return both_dialects<
        "update @token set revoked_at = $2 where id = $1 and revoked_at is null">();
  }
  return both_dialects<
      "update @api_token set revoked_at = @time{$2} where id = $1 and revoked_at is null">();
}
Sql touch_sql(const TokenView& view) {
  if (view.user_id.empty()) {
    return both_dialects<"update @token set last_used_at = $2 where id = $1">();
  }
  return both_dialects<"update @api_token set last_used_at = @time{$2} where id = $1">();
}
#undef BL_UNOWNED_COLUMNS
#undef BL_OWNED_COLUMNS

std::optional<Timestamp> time_of(std::optional<std::int64_t> micros) {
  if (!micros) return std::nullopt;
  return Timestamp{*micros};
}

Result<TokenView> view_of(const Row& row) {
  auto role = parse_role(row.text(3));
  if (!role)
    return Error{Code::corrupt, "a token has a role that is none: " + std::string(row.text(3))};
  return TokenView{.id = std::string(row.text(0)),
                   .name = std::string(row.text(1)),
                   .prefix = std::string(row.text(2)),
                   .role = *role,
                   .user_id = std::string(row.text(7)),
                   .repository = std::string(row.text(8)),
                   .created_at = Timestamp{row.integer(4)},
                   .last_used_at = time_of(row.integer_or_null(5)),
                   .revoked_at = time_of(row.integer_or_null(6))};
}

Result<void> append_views(Connection& connection, const Sql& sql,
                          std::initializer_list<Param> params, std::vector<TokenView>& views) {
  Result<void> decoded;
  BL_RETURN_IF_ERROR(connection.query(sql, params, [&](const Row& row) {
    auto view = view_of(row);
    if (!view.ok()) {
      decoded = view.error();
      return false;
    }
    views.push_back(std::move(view).value());
    return true;
  }));
  return decoded;
}

/// A row of the audit, in the transaction of the change.
Result<void> note(Connection& connection, Timestamp now, const net::Principal& actor,
                  std::string_view action, const TokenView& view) {
  std::string detail;
  json::Writer writer(detail);
  writer.begin_object().member("name", view.name).member("role", net::name_of(view.role));
  if (!view.user_id.empty()) writer.member("user_id", view.user_id);
  if (!view.repository.empty()) writer.member("repository", view.repository);
  writer.end_object();
  return store::record_audit(connection, {.at = now,
                                          .actor_id = actor.id,
                                          .actor_name = actor.name,
                                          .action = action,
                                          .object = view.id,
                                          .detail = detail});
}

Result<void> check_name(std::string_view name, std::size_t bytes_max) {
  auto refuse = [&](std::string message) -> Result<void> {
    std::string value;
    json::append_quoted(value, is_utf8(name) ? prefix_of_bytes(name, 100) : "");
    Fault fault{"/name", std::move(message), value};
    return Error{Code::invalid, "a token's name " + fault.message + ": " + value, {fault}};
  };
  if (!is_utf8(name)) return refuse("must be UTF-8");
  if (name.find_first_not_of(' ') == std::string_view::npos) return refuse("must not be empty");
  if (name.size() > bytes_max) {
    return refuse("must not be longer than " + std::to_string(bytes_max) + " bytes");
  }
  for (std::string_view rest = name; !rest.empty();) {
    Utf8Step step = decode_utf8(rest);
    if (is_control(step.code_point)) return refuse("must not have control characters");
    rest.remove_prefix(step.bytes);
  }
  return {};
}

Result<void> check_repository(std::string_view repository, std::size_t bytes_max) {
  if (repository.size() <= bytes_max) return {};
  const std::string sentence = "must not be longer than " + std::to_string(bytes_max) + " bytes";
  return Error{Code::invalid, "a token's repository " + sentence, {{"/repository", sentence, {}}}};
}

Result<void> check_room(Connection& connection, std::string_view user_id,
                        const TokenLimits& limits) {
  std::size_t all = 0, of_user = 0;
  BL_RETURN_IF_ERROR(connection.query(count_sql(), {user_id}, [&](const Row& row) {
    all = static_cast<std::size_t>(row.integer(0) + row.integer(1));
    of_user = static_cast<std::size_t>(row.integer(2));
    return true;
  }));
  if (all >= limits.tokens_max) {
    return Error{Code::conflict, "there are too many tokens, revoke some; the most are " +
                                     std::to_string(limits.tokens_max)};
  }
  if (of_user >= limits.tokens_per_user_max) {
    return Error{Code::conflict, "this user has too many tokens, revoke some; the most are " +
                                     std::to_string(limits.tokens_per_user_max)};
  }
  return {};
}

Result<void> insert(Connection& connection, const TokenView& view, std::string_view sha256) {
  const Param repository =
      view.repository.empty() ? Param(store::Null{}) : Param(std::string_view(view.repository));
  const std::string_view id = view.id, name = view.name, prefix = view.prefix;
  const std::string_view role = net::name_of(view.role);
  if (view.user_id.empty()) {
    BL_RETURN_IF_ERROR(
        connection.execute(insert_unowned_sql(),
                           {id, name, prefix, sha256, role, view.created_at.micros, repository}));
    return {};
  }
  BL_RETURN_IF_ERROR(connection.execute(
      insert_owned_sql(),
      {id, std::string_view(view.user_id), name, sha256, prefix, view.created_at.micros}));
  BL_RETURN_IF_ERROR(connection.execute(insert_grant_sql(), {id, role, repository}));
  return {};
}

}  // namespace

std::optional<net::Role> parse_role(std::string_view text) {
  for (net::Role role : {net::Role::reader, net::Role::writer, net::Role::admin}) {
    if (text == net::name_of(role)) return role;
  }
  return std::nullopt;
}

struct Tokens::State {
  using Instant = std::chrono::steady_clock::time_point;
  struct Entry {
    TokenView view;
    Instant read_at;
  };

  store::Database& database;
  const Clock& clock;
  Random& random;
  IdSource& ids;
  const TokenLimits limits;
  std::mutex mutex;                                  // guards all below; never held across I/O
  std::unordered_map<std::string, Entry> cache;      // by SHA-256; only tokens that work
  std::uint64_t revocations = 0;                     // of this process
  std::unordered_map<std::string, Instant> touched;  // by id: when last_used_at was written

  bool is_fresh(const Entry& entry, Instant now) const {
    return now - entry.read_at < std::chrono::milliseconds(limits.cache_ms_max);
  }

  /// What the cache knows, and how many revocations there were.
  std::pair<std::optional<TokenView>, std::uint64_t> look(const std::string& sha256) {
    std::lock_guard lock(mutex);
    auto found = cache.find(sha256);
    if (found == cache.end() || !is_fresh(found->second, clock.steady_now())) {
      return {std::nullopt, revocations};
    }
    return {found->second.view, revocations};
  }

  /// Unless a token was revoked since it was read: then it may have been this one.
  void keep(const std::string& sha256, const TokenView& view, std::uint64_t revocations_then) {
    std::lock_guard lock(mutex);
    if (revocations != revocations_then) return;
    Instant now = clock.steady_now();
    if (cache.size() >= limits.cache_entries_max) {
      std::erase_if(cache, [&](const auto& item) { return !is_fresh(item.second, now); });
    }
    if (cache.size() >= limits.cache_entries_max) cache.clear();
    cache.insert_or_assign(sha256, Entry{view, now});
  }

  /// True when it is time to write last_used_at; the caller does.
  bool must_touch(const std::string& id) {
    std::lock_guard lock(mutex);
    Instant now = clock.steady_now();
    if (touched.size() >= limits.cache_entries_max) touched.clear();
    auto [entry, is_new] = touched.try_emplace(id, now);
    if (is_new) return true;
    if (now - entry->second < std::chrono::milliseconds(limits.last_used_ms_min)) return false;
    entry->second = now;
    return true;
  }
};

Tokens::Tokens(store::Database& database, const Clock& clock, Random& random, IdSource& ids,
               TokenLimits limits)
    : state_(new State{database, clock, random, ids, limits, {}, {}, 0, {}}) {}

Tokens::~Tokens() = default;

Result<NewToken> Tokens::create_in(Connection& connection, const TokenWish& wish,
                                   const net::Principal& actor) {
  BL_CHECK(wish.role != net::Role::anonymous);
  BL_RETURN_IF_ERROR(check_name(wish.name, state_->limits.name_bytes_max));
  BL_RETURN_IF_ERROR(check_repository(wish.repository, state_->limits.repository_bytes_max));
  BL_RETURN_IF_ERROR(check_room(connection, wish.user_id, state_->limits));
  NewToken token;
  token.plaintext = make_plaintext(state_->random);
  token.view = {.id = state_->ids.next(),
                .name = wish.name,
                .prefix = token.plaintext.substr(0, k_prefix_bytes),
                .role = wish.role,
                .user_id = wish.user_id,
                .repository = wish.repository,
                .created_at = state_->clock.now()};
  BL_RETURN_IF_ERROR(insert(connection, token.view, sha256_hex(token.plaintext)));
  BL_RETURN_IF_ERROR(note(connection, token.view.created_at, actor, "token.create", token.view));
  return token;
}

Result<NewToken> Tokens::create(const TokenWish& wish, const net::Principal& actor) {
  std::optional<NewToken> token;
  BL_RETURN_IF_ERROR(state_->database.write([&](Connection& connection) -> Result<void> {
    BL_TRY(token, create_in(connection, wish, actor));
    return {};
  }));
  return std::move(*token);
}

Result<NewToken> Tokens::create(std::string_view name, net::Role role) {
  return create(
      {.name = std::string(name), .role = role, .user_id = {}, .repository = {}},
      {.role = net::Role::admin, .name = "operator", .kind = net::Principal::Kind::operator_token});
}

Result<std::vector<TokenView>> Tokens::list(const TokenFilter& filter) {
  const auto revoked_max = static_cast<std::int64_t>(state_->limits.revoked_shown_max);
  std::vector<TokenView> views;
  BL_RETURN_IF_ERROR(state_->database.read([&](Connection& connection) -> Result<void> {
    views.clear();
    if (filter.user_id) {
      return append_views(connection, list_of_user_sql(),
                          {revoked_max, std::string_view(*filter.user_id)}, views);
    }
    BL_RETURN_IF_ERROR(append_views(connection, list_unowned_sql(), {revoked_max}, views));
    return append_views(connection, list_owned_sql(), {revoked_max}, views);
  }));
  std::sort(views.begin(), views.end(), [](const TokenView& a, const TokenView& b) {
    return std::tie(b.created_at, b.id) < std::tie(a.created_at, a.id);
  });
  return views;
}

Result<void> Tokens::revoke(std::string_view id, const net::Principal& actor,
                            const std::optional<std::string>& owner) {
  const Timestamp now = state_->clock.now();
  BL_RETURN_IF_ERROR(state_->database.write([&](Connection& connection) -> Result<void> {
    std::vector<TokenView> found;
    BL_RETURN_IF_ERROR(append_views(connection, find_by_id_sql(), {id}, found));
    if (found.empty() || (owner && found.front().user_id != *owner)) {
      return Error{Code::not_found, "no token has the id: " + std::string(id)};
    }
    const TokenView& view = found.front();
    BL_TRY(const std::int64_t changed,
           connection.execute(revoke_sql(view), {std::string_view(view.id), now.micros}));
    // An earlier revocation keeps its time.
    if (changed == 0) return {};
    return note(connection, now, actor, "token.revoke", view);
  }));
  std::lock_guard lock(state_->mutex);
  ++state_->revocations;
  std::erase_if(state_->cache, [&](const auto& item) { return item.second.view.id == id; });
  return {};
}

Result<std::optional<TokenView>> Tokens::find(std::string_view plaintext) {
  const bool may_be_foreign = state_->database.dialect() == store::Dialect::postgres;
  if (!may_be_plaintext(plaintext) && !(may_be_foreign && may_be_foreign_plaintext(plaintext))) {
    return std::optional<TokenView>();
  }
  const std::string sha256 = sha256_hex(plaintext);
  auto [view, revocations] = state_->look(sha256);
  if (!view) {
    std::vector<TokenView> found;
    BL_RETURN_IF_ERROR(state_->database.read([&](Connection& connection) -> Result<void> {
      found.clear();
      return append_views(connection, find_sql(), {std::string_view(sha256)}, found);
    }));
    if (found.empty()) return std::optional<TokenView>();
    view = std::move(found.front());
    state_->keep(sha256, *view, revocations);
  }
  if (state_->must_touch(view->id)) {
    // A store that cannot write must not lock its readers out.
    const std::int64_t now = state_->clock.now().micros;
    (void)state_->database.write([&](Connection& connection) -> Result<void> {
      BL_RETURN_IF_ERROR(connection.execute(touch_sql(*view), {std::string_view(view->id), now}));
      return {};
    });
  }
  return view;
}

}  // namespace bl::access
