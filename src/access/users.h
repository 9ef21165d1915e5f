#pragma once

#include <functional>
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
  std::size_t email_length_max = 120;  ///< code points: Conbench's columns
  std::size_t name_length_max = 120;
  std::size_t password_bytes_max = 1'000;
  std::int64_t users_max = 100'000;
  std::int64_t password_iterations = 260'000;  ///< of new passwords: Conbench's; less in tests
  net::Role role = net::Role::writer;          ///< of who has none of their own
  /// E-mail addresses, without case, whose users are admins. Since nobody proves an address by
  /// writing it down, only an admin or an issuer can give one of these to a user.
  std::vector<std::string> admins;
};

struct NewUser {
  std::string email, name;
  std::string password;           ///< empty: one that nobody knows (who signs in by an issuer)
  std::optional<net::Role> role;  ///< absent: UserLimits::role
};

/// What is changed; what is absent stays.
struct UserChange {
  std::optional<std::string> email, name, password;
  std::optional<net::Role> role;
};

/// Some users by e-mail address.
struct UserPage {
  std::vector<User> users;
  bool may_go_on = false;  ///< the next page is after the last address
};

/// What must not go silently with a user, named for people, such as `alert rule 'nightly' (ID)`.
/// Asked in the transaction of a removal; another part of the program knows.
using BelongingsOf =
    std::function<Result<std::vector<std::string>>(store::Connection&, std::string_view user_id)>;

/// Acknowledged means durable; a change is an audit row of `actor`. Rows that another program
/// writes are seen at once: nothing is kept in memory. Threads: any. Errors of all: those of the
/// store.
class Users {
 public:
  Users(store::Database& database, const Clock& clock, Random& random, IdSource& ids,
        UserLimits limits = {}, BelongingsOf belongings = {});
  /// By id.
  Result<std::optional<User>> find(std::string_view id);
  Result<std::optional<User>> find_by_email(std::string_view email);
  /// By e-mail address; at most users_max.
  Result<std::vector<User>> list();
  /// Those whose address sorts (by bytes) after `after_email`.
  Result<UserPage> page(std::string_view after_email, int page_size);
  /// Errors: invalid (/email, /name, /password), conflict (the address is in use, or users_max),
  /// forbidden (an address of UserLimits::admins and an actor who is no admin).
  Result<User> create(const NewUser& user, const net::Principal& actor);
  /// Errors: not_found, invalid, conflict, forbidden as above. A new password ends their sessions.
  Result<User> change(std::string_view id, const UserChange& change, const net::Principal& actor);
  /// With their sessions and tokens. Errors: not_found, conflict (something belongs to the user, or
  /// a row of another table points at them).
  Result<void> remove(std::string_view id, const net::Principal& actor);
  /// The user whose password this is. Costs one password hash whether or not the address is known,
  /// so that the time tells nothing.
  Result<std::optional<User>> with_password(std::string_view email, std::string_view password);
  /// Who signs in through an issuer: found by address, else made.
  /// The address is the issuer's word, so it may be one of UserLimits::admins. Errors: as create.
  Result<User> find_or_create(std::string_view email, std::string_view name);
  const UserLimits& limits() const { return limits_; }

 private:
  Result<User> insert(const NewUser& user, const net::Principal& actor);
  Result<void> check_address(std::string_view email, const net::Principal& actor) const;

  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  IdSource& ids_;
  const UserLimits limits_;
  const BelongingsOf belongings_;
};

}  // namespace bl::access
