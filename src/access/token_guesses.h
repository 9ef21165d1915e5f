#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_set>

#include "access/rate_limiter.h"

/// Tokens that nobody has, counted by the client's address, so that nobody tries them one after the
/// other. Who was let in with a token goes on being let in from that address: others behind the
/// same proxy are not locked out by one job whose token was revoked.
namespace bl::access {

/// Threads: any. Memory: that of the limiter, and some 50 bytes for each of at most known_max
/// tokens; then all of them are forgotten.
class TokenGuesses {
 public:
  TokenGuesses(const Clock& clock, Metrics& metrics, Rate rate, std::size_t known_max = 10'000);

  /// One attempt; is told how it ended, or counts for nothing.
  class Attempt {
   public:
    Attempt(TokenGuesses& guesses, std::string_view token_sha256, std::string_view peer);
    ~Attempt();
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    /// False: too many before it were wrong; nothing is to be looked up.
    bool is_allowed() const { return is_known_ || is_counted_; }
    void was_right();
    void was_wrong();

   private:
    TokenGuesses& guesses_;
    const std::string_view peer_;
    const std::uint64_t key_;
    bool is_known_ = false;
    bool is_counted_ = false;  // and would be given back
  };

 private:
  RateLimiter limiter_;
  const std::size_t known_max_;
  Counter refused_, wrong_;
  std::mutex mutex_;
  // Hashes of token and address; guarded by mutex_. Two that collide share no rights, only this.
  std::unordered_set<std::uint64_t> known_;
};

}  // namespace bl::access
