#include "access/used_logins.h"

#include "base/hash.h"
#include "store/both_dialects.h"

namespace bl::access {

using store::both_dialects;

Result<void> UsedLogins::use(std::string_view state, Timestamp expires_at) {
  const std::string sha256 = sha256_hex(state);
  const std::int64_t now = clock_.now().micros;
  return database_.write([&](store::Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(connection.execute(
        both_dialects<"delete from @used_login where expires_at <= $1">(), {now}));
    std::int64_t count = 0;
    BL_RETURN_IF_ERROR(connection.query(both_dialects<"select count(*) from @used_login">(), {},
                                        [&](const store::Row& row) {
                                          count = row.integer(0);
                                          return true;
                                        }));
    if (count >= limits_.used_max) {
      return Error{Code::overloaded, "too many people sign in at this moment, try again soon"};
    }
    BL_TRY(const std::int64_t added,
           connection.execute(both_dialects<"insert into @used_login (state_sha256, expires_at)"
                                            " values ($1, $2) on conflict do nothing">(),
                              {std::string_view(sha256), expires_at.micros}));
    if (added == 0) return Error{Code::invalid, "this sign-in has ended before, begin a new one"};
    return {};
  });
}

}  // namespace bl::access
