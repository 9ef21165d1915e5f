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
#include "net/http.h"
#include "store/database.h"

/// People: Conbench's table `user` (spec/results-conbench.md 1.1), whose rows are served as they
/// are, and beside it a role for each (`bl_user_role`; without a row: UserLimits::role). Passwords
/// are kept as Conbench keeps them (5.1), so that old and new programs know each other's users.
namespace bl::access {

struct User {
  std::string id, email, name;
  net::Role role = net::Role::writer;
};

struct UserLimits {
  std::size_t email_bytes_max = 120;  ///< Conbench's columns
  std::size_t name_bytes_max = 120;
  std::size_t password_bytes_max = 1'000;
  std::size_t users_max = 100'000;
  net::Role role = net::Role::writer;  ///< of who has none of their own
  std::vector<std::string> admins;     ///< e-mail addresses that are admins, without case
};

struct NewUser {
  std::string email, name;
  std::string password;  ///< empty: one that nobody knows (who signs in through an issuer)
};

/// What is changed; what is absent stays.
struct UserChange {
  std::optional<std::string> email, name, password;
  std::optional<net::Role> role;
};

/// Acknowledged means durable; a change is an audit row of `actor`. Rows that another program
/// writes are seen at once: nothing is kept in memory. Threads: any. Errors of all: those of the
/// store.
class Users {
 public:
  Users(store::Database& database, const Clock& clock, Random& random, IdSource& ids,
        UserLimits limits = {});
  /// By id.
  Result<std::optional<User>> find(std::string_view id);
  Result<std::optional<User>> find_by_email(std::string_view email);
  /// By e-mail address.
  Result<std::vector<User>> list();
  /// Errors: invalid (/email, /name, /password), conflict (the address is in use).
  Result<User> create(const NewUser& user, const net::Principal& actor);
  /// Errors: not_found, invalid, conflict. A new password ends their sessions.
  Result<User> change(std::string_view id, const UserChange& change, const net::Principal& actor);
  /// With their sessions; their tokens are revoked. Errors: not_found.
  Result<void> remove(std::string_view id, const net::Principal& actor);
  /// The user whose password this is. Costs one password hash whether or not the address is known,
  /// so that the time tells nothing.
  Result<std::optional<User>> with_password(std::string_view email, std::string_view password);
  /// Who signs in through an issuer: found by address, else made.
  Result<User> find_or_create(std::string_view email, std::string_view name);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  IdSource& ids_;
  const UserLimits limits_;
};

}  // namespace bl::access
