#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "net/server.h"
#include "store/database.h"

/// API tokens: 32 random bytes, shown once, kept as SHA-256; each has a role. The operator token
/// lives in a file of the data folder (DESIGN 10) and is an admin.
namespace bl::access {

struct TokenView {
  std::string id, name, prefix;
  net::Role role = net::Role::writer;
  Timestamp created_at;
  std::optional<Timestamp> last_used_at, revoked_at;
};

struct NewToken {
  TokenView view;
  std::string plaintext;  ///< `bl_` and 43 characters of base64url; never stored, never logged
};

struct TokenLimits {
  std::size_t name_bytes_max = 200;
  std::size_t tokens_max = 10'000;         ///< not revoked
  std::size_t cache_entries_max = 4'096;   ///< authenticated hashes in memory
  std::int64_t cache_ms_max = 5'000;       ///< a revocation by another process is seen after this
  std::int64_t last_used_ms_min = 60'000;  ///< last_used_at is written at most this often
};

/// Threads: any. Errors of all: io, overloaded.
class Tokens {
 public:
  Tokens(store::Database& database, const Clock& clock, Random& random, IdSource& ids,
         TokenLimits limits = {});
  ~Tokens();
  /// Errors: invalid (empty or too long name), too_many.
  Result<NewToken> create(std::string_view name, net::Role role);
  /// Newest first, revoked ones too.
  Result<std::vector<TokenView>> list();
  /// Works at once in this process. Errors: not_found.
  Result<void> revoke(std::string_view id);
  /// The token's view, or nullopt when nobody has it or it is revoked. Cost: a hash and a map
  /// look-up when it was seen within cache_ms_max.
  Result<std::optional<TokenView>> find(std::string_view plaintext);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Bearer tokens, and the operator's.
class TokenAuthenticator final : public net::Authenticator {
 public:
  TokenAuthenticator(Tokens& tokens, std::string operator_token)
      : tokens_(tokens), operator_token_(std::move(operator_token)) {}
  Result<net::Principal> authenticate(const net::Request& request) override;

 private:
  Tokens& tokens_;
  std::string operator_token_;
};

/// Reads DIR/operator.token, or writes a new one (0600). `created` tells which. Errors: io,
/// corrupt.
struct OperatorToken {
  std::string plaintext;
  bool created = false;
};
Result<OperatorToken> load_operator_token(Disk& disk, const std::string& data_folder,
                                          Random& random);

/// Tables of this domain (numbers 50..).
std::span<const store::Migration> migrations();

}  // namespace bl::access
