#include "access/tokens.h"

#include <mutex>
#include <unordered_map>

#include "access/plaintext.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/utf8.h"

namespace bl::access {
namespace {

using store::Connection;
using store::Param;
using store::Row;
using store::Sql;

const Sql k_count("select count(*) from bl_token where revoked_at is null",
                  "select count(*) from benchlake.token where revoked_at is null");
const Sql k_insert(
    "insert into bl_token (id, name, prefix, sha256, role, created_at)"
    " values ($1, $2, $3, $4, $5, $6)",
    "insert into benchlake.token (id, name, prefix, sha256, role, created_at)"
    " values ($1, $2, $3, $4, $5, $6)");
const Sql k_list(
    "select id, name, prefix, role, created_at, last_used_at, revoked_at from bl_token"
    " where revoked_at is null or id in (select id from bl_token where revoked_at is not null"
    " order by revoked_at desc, id desc limit $1) order by id desc",
    "select id, name, prefix, role, created_at, last_used_at, revoked_at from benchlake.token"
    " where revoked_at is null or id in (select id from benchlake.token"
    " where revoked_at is not null order by revoked_at desc, id desc limit $1) order by id desc");
const Sql k_find(
    "select id, name, prefix, role, created_at, last_used_at, revoked_at from bl_token"
    " where sha256 = $1 and revoked_at is null",
    "select id, name, prefix, role, created_at, last_used_at, revoked_at from benchlake.token"
    " where sha256 = $1 and revoked_at is null");
// An earlier revocation keeps its time.
const Sql k_revoke(
    "update bl_token set revoked_at = coalesce(revoked_at, $2) where id = $1",
    "update benchlake.token set revoked_at = coalesce(revoked_at, $2) where id = $1");
const Sql k_touch("update bl_token set last_used_at = $2 where id = $1",
                  "update benchlake.token set last_used_at = $2 where id = $1");

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
                   .created_at = Timestamp{row.integer(4)},
                   .last_used_at = time_of(row.integer_or_null(5)),
                   .revoked_at = time_of(row.integer_or_null(6))};
}

/// Runs a query of views on a reader.
Result<std::vector<TokenView>> read_views(store::Database& database, const Sql& sql,
                                          const Param& param) {
  std::vector<TokenView> views;
  auto outcome = database.read([&](Connection& connection) -> Result<void> {
    views.clear();
    Result<void> decoded;
    BL_RETURN_IF_ERROR(connection.query(sql, {param}, [&](const Row& row) {
      auto view = view_of(row);
      if (!view.ok()) {
        decoded = view.error();
        return false;
      }
      views.push_back(std::move(view).value());
      return true;
    }));
    return decoded;
  });
  if (!outcome.ok()) return outcome.error();
  return views;
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

Result<NewToken> Tokens::create(std::string_view name, net::Role role) {
  BL_CHECK(role != net::Role::anonymous);
  BL_RETURN_IF_ERROR(check_name(name, state_->limits.name_bytes_max));
  NewToken token;
  token.plaintext = make_plaintext(state_->random);
  token.view = {.id = state_->ids.next(),
                .name = std::string(name),
                .prefix = token.plaintext.substr(0, k_prefix_bytes),
                .role = role,
                .created_at = state_->clock.now()};
  const std::string sha256 = sha256_hex(token.plaintext);
  const auto tokens_max = static_cast<std::int64_t>(state_->limits.tokens_max);
  BL_RETURN_IF_ERROR(state_->database.write([&](Connection& connection) -> Result<void> {
    std::int64_t count = 0;
    BL_RETURN_IF_ERROR(connection.query(k_count, {}, [&](const Row& row) {
      count = row.integer(0);
      return true;
    }));
    if (count >= tokens_max) {
      return Error{Code::conflict, "there are too many tokens, revoke some; the most are " +
                                       std::to_string(tokens_max)};
    }
    const TokenView& view = token.view;
    BL_RETURN_IF_ERROR(connection.execute(
        k_insert,
        {std::string_view(view.id), std::string_view(view.name), std::string_view(view.prefix),
         std::string_view(sha256), std::string_view(net::name_of(role)), view.created_at.micros}));
    return {};
  }));
  return token;
}

Result<std::vector<TokenView>> Tokens::list() {
  return read_views(state_->database, k_list,
                    static_cast<std::int64_t>(state_->limits.revoked_shown_max));
}

Result<void> Tokens::revoke(std::string_view id) {
  const std::int64_t now = state_->clock.now().micros;
  BL_RETURN_IF_ERROR(state_->database.write([&](Connection& connection) -> Result<void> {
    BL_TRY(const std::int64_t changed, connection.execute(k_revoke, {id, now}));
    if (changed == 0) return Error{Code::not_found, "no token has the id: " + std::string(id)};
    return {};
  }));
  std::lock_guard lock(state_->mutex);
  ++state_->revocations;
  std::erase_if(state_->cache, [&](const auto& item) { return item.second.view.id == id; });
  return {};
}

Result<std::optional<TokenView>> Tokens::find(std::string_view plaintext) {
  if (!may_be_plaintext(plaintext)) return std::optional<TokenView>();
  const std::string sha256 = sha256_hex(plaintext);
  auto [view, revocations] = state_->look(sha256);
  if (!view) {
    BL_TRY(std::vector<TokenView> found,
           read_views(state_->database, k_find, std::string_view(sha256)));
    if (found.empty()) return std::optional<TokenView>();
    view = std::move(found.front());
    state_->keep(sha256, *view, revocations);
  }
  if (state_->must_touch(view->id)) {
    // A store that cannot write must not lock its readers out.
    const std::int64_t now = state_->clock.now().micros;
    (void)state_->database.write([&](Connection& connection) -> Result<void> {
      BL_RETURN_IF_ERROR(connection.execute(k_touch, {std::string_view(view->id), now}));
      return {};
    });
  }
  return view;
}

}  // namespace bl::access
