#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "net/server.h"
#include "store/database.h"

/// API tokens: 32 random bytes, shown once, kept as SHA-256; each has a role, and may be bound to
/// one repository. A user's own stand in Conbench's table `api_token`
/// (spec/results-conbench.md 1.5), so that those of a new Conbench go on working; those that nobody
/// owns in ours. The operator token lives in a file of the data folder (DESIGN 10) and is an admin.
namespace bl::access {

/// The text of a role that a token may have: reader, writer, admin.
std::optional<net::Role> parse_role(std::string_view text);

struct TokenView {
  std::string id, name, prefix;
  net::Role role = net::Role::writer;  ///< as granted; the owner's may be less: principal_of
  std::string user_id;                 ///< the owner; empty: nobody's
  std::string repository;              ///< normalised; empty: any
  Timestamp created_at;
  std::optional<Timestamp> last_used_at, revoked_at;
};

struct NewToken {
  TokenView view;
  std::string plaintext;  ///< `bl_` and 43 characters of base64url; never stored, never logged
};

/// What a new token shall be.
struct TokenWish {
  std::string name;
  net::Role role = net::Role::writer;
  std::string user_id;     ///< who will own it; empty: nobody
  std::string repository;  ///< normalised; the only one that it may write to; empty: any
};

/// Which tokens a list has.
struct TokenFilter {
  std::optional<std::string> user_id;  ///< this user's alone
};

struct TokenLimits {
  std::size_t name_bytes_max = 200;
  std::size_t repository_bytes_max = 300;
  std::size_t tokens_max = 10'000;         ///< not revoked
  std::size_t tokens_per_user_max = 100;   ///< not revoked
  std::size_t revoked_shown_max = 1'000;   ///< in lists
  std::size_t cache_entries_max = 4'096;   ///< authenticated hashes in memory
  std::int64_t cache_ms_max = 5'000;       ///< a revocation by another process is seen after this
  std::int64_t last_used_ms_min = 60'000;  ///< last_used_at is written at most this often
};

/// The tokens of the store. Acknowledged means durable. Threads: any. Errors of all: those of the
/// store.
class Tokens {
 public:
  Tokens(store::Database& database, const Clock& clock, Random& random, IdSource& ids,
         TokenLimits limits = {});
  ~Tokens();
  /// An audit row of `actor` goes with it. BL_CHECKs that the role is not anonymous. Errors:
  /// invalid with the path /name (empty, longer than name_bytes_max, not UTF-8, control characters)
  /// or /repository (longer than repository_bytes_max), conflict (tokens_max or tokens_per_user_max
  /// reached).
  Result<NewToken> create(const TokenWish& wish, const net::Principal& actor);
  /// The same in the transaction of something else. The plaintext is worth nothing before that is
  /// durable.
  Result<NewToken> create_in(store::Connection& connection, const TokenWish& wish,
                             const net::Principal& actor);
  /// Nobody's, made by the operator.
  Result<NewToken> create(std::string_view name, net::Role role);
  /// Newest first: all that work, and the revoked_shown_max that were revoked last.
  Result<std::vector<TokenView>> list(const TokenFilter& filter = {});
  /// Works at once in this process, elsewhere after cache_ms_max; fine when it is revoked already.
  /// With an owner, the tokens of others are not there. An audit row of `actor` goes with the first
  /// time. Errors: not_found.
  Result<void> revoke(std::string_view id, const net::Principal& actor,
                      const std::optional<std::string>& owner = std::nullopt);
  /// The token's view, or nullopt when nobody has it or it is revoked. Keeps last_used_at, at most
  /// once in last_used_ms_min; when that fails the token works all the same. Cost: a hash and a map
  /// look-up when it was seen within cache_ms_max; nothing for a text that cannot be a token (on
  /// PostgreSQL, where a new Conbench may have made it, most texts can be).
  Result<std::optional<TokenView>> find(std::string_view plaintext);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct OperatorToken {
  std::string plaintext;
  bool created = false;  ///< by this call
};
/// Reads DIR/operator.token, or writes a new one (mode 0600, durable). An operator may put a token
/// of his own there: 20 to 200 visible ASCII characters. Errors: corrupt (anything else; names the
/// file, never the token), io, disk_full, forbidden.
Result<OperatorToken> load_operator_token(Disk& disk, const std::string& data_folder,
                                          Random& random);

/// Tables of this domain: `bl_token` (PostgreSQL: benchlake.token). The numbers go on where those
/// of results end.
std::span<const store::Migration> migrations();
/// Number 7: roles of users, sessions, owners and scopes of tokens, logins under way.
std::span<const store::Migration> user_migrations();

}  // namespace bl::access
