#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

/// A GitHub App in place of a person's token: it proves itself by its private key (a JWT, RS256)
/// and gets a token of the installation that a repository belongs to, for an hour. Tokens are kept
/// until five minutes before they end.
namespace bl::results {

/// Which App; what an operator configures.
struct GitHubAppIdentity {
  std::string app_id;           ///< or its client id
  std::string installation_id;  ///< digits; empty: that of the repository that is asked about
  std::string private_key_pem;  ///< secret: in no error

  bool is_set() const { return !app_id.empty(); }
};

struct GitHubAppLimits {
  std::chrono::milliseconds refresh_before{300'000};    ///< a token that ends sooner is left
  std::chrono::milliseconds lifetime_default{600'000};  ///< where GitHub does not say
  std::size_t tokens_max = 1'000;                       ///< kept; beyond, all are forgotten
};

/// Threads: any. No lock is held across a request, so that two threads may take a token each.
class GitHubApp {
 public:
  /// Errors: invalid (no id, an installation that is no number, a key that cannot sign). `api`: no
  /// trailing slash. `clock` outlives this.
  static Result<void> check(const GitHubAppIdentity& identity);
  GitHubApp(GitHubAppIdentity identity, std::string api, const Clock& clock,
            GitHubAppLimits limits = {});
  /// `repository`: `org/repo`. Costs nothing while a token is kept, else one or two requests,
  /// within `time` each. Errors: not_found (the App is not installed there), forbidden,
  /// unavailable, timeout, malformed; invalid. None has a credential.
  Result<std::string> token(const std::string& repository, std::chrono::milliseconds time);
  /// GitHub refused this one: the next is new.
  void forget(std::string_view token);

 private:
  struct Kept {
    std::string token;
    Timestamp until;
  };
  Result<Kept> take(const std::string& repository, std::chrono::milliseconds time) const;

  const GitHubAppIdentity identity_;
  const std::string api_;
  const Clock& clock_;
  const GitHubAppLimits limits_;
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;  // guarded by mutex_; by installation, or by repository
};

}  // namespace bl::results
