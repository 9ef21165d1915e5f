#include "access/token_guesses.h"

#include <string>

#include "base/hash.h"

namespace bl::access {

TokenGuesses::TokenGuesses(const Clock& clock, Metrics& metrics, Rate rate, std::size_t known_max)
    : limiter_(clock, rate),
      known_max_(known_max),
      refused_(limit_counter(metrics, "wrong_tokens")),
      wrong_(metrics.counter("bl_access_wrong_tokens_total",
                             "tokens that nobody has, or that were revoked")) {}

TokenGuesses::Attempt::Attempt(TokenGuesses& guesses, std::string_view token_sha256,
                               std::string_view peer)
    : guesses_(guesses),
      peer_(peer),
      key_(xxh3_64(std::string(token_sha256).append(" ").append(peer))) {
  {
    const std::lock_guard lock(guesses_.mutex_);
    is_known_ = guesses_.known_.contains(key_);
  }
  // Counted before it is looked at, so that many at once are no way around the limit.
  if (!is_known_) is_counted_ = guesses_.limiter_.take(peer_);
  if (!is_allowed()) guesses_.refused_.add();
}

TokenGuesses::Attempt::~Attempt() {
  if (is_counted_) guesses_.limiter_.give_back(peer_);
}

void TokenGuesses::Attempt::was_right() {
  if (is_known_) return;
  const std::lock_guard lock(guesses_.mutex_);
  if (guesses_.known_.size() >= guesses_.known_max_) guesses_.known_.clear();
  guesses_.known_.insert(key_);
}

void TokenGuesses::Attempt::was_wrong() {
  guesses_.wrong_.add();
  is_counted_ = false;
  if (!is_known_) return;
  const std::lock_guard lock(guesses_.mutex_);
  guesses_.known_.erase(key_);
}

}  // namespace bl::access
