#pragma once

#include <string_view>

#include "base/time.h"
#include "store/database.h"

/// Sign-ins through an issuer that have ended: none ends twice, on no server of the deployment.
namespace bl::access {

struct UsedLoginLimits {
  std::int64_t used_max = 100'000;  ///< that have not expired
};

class UsedLogins {
 public:
  UsedLogins(store::Database& database, const Clock& clock, UsedLoginLimits limits = {})
      : database_(database), clock_(clock), limits_(limits) {}
  /// Durable on return. Errors: invalid (it has ended before), overloaded (used_max), those of the
  /// store. Threads: any.
  Result<void> use(std::string_view state, Timestamp expires_at);

 private:
  store::Database& database_;
  const Clock& clock_;
  const UsedLoginLimits limits_;
};

}  // namespace bl::access
