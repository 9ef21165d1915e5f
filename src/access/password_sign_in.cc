#include "access/password_sign_in.h"

#include "access/authenticator.h"
#include "base/hash.h"

namespace bl::access {
namespace {

Counter sign_ins(Metrics& metrics, const char* outcome) {
  return metrics.counter("bl_access_sign_ins_total",
                         "sign-ins by password or by a token in its place", {{"outcome", outcome}});
}

Error wrong_password() {
  return {Code::unauthenticated, "nobody has this e-mail address and password"};
}

}  // namespace

class PasswordSignIn::HashPermit {
 public:
  static Result<HashPermit> take(PasswordSignIn& owner) {
    if (owner.hashes_.try_acquire_for(owner.limits_.hash_wait_max))
      return HashPermit(owner.hashes_);
    owner.hashes_refused_.add();
    return Error{Code::overloaded, "too many people sign in at once, try again soon"};
  }
  HashPermit(HashPermit&& other) noexcept : hashes_(std::exchange(other.hashes_, nullptr)) {}
  HashPermit& operator=(HashPermit&&) = delete;
  ~HashPermit() {
    if (hashes_ != nullptr) hashes_->release();
  }

 private:
  explicit HashPermit(std::counting_semaphore<>& hashes) : hashes_(&hashes) {}
  std::counting_semaphore<>* hashes_;
};

PasswordSignIn::PasswordSignIn(Users& users, Sessions& sessions, Tokens& tokens, const Clock& clock,
                               Metrics& metrics, std::string registration_key, SignInLimits limits)
    : users_(users),
      sessions_(sessions),
      tokens_(tokens),
      registration_key_(std::move(registration_key)),
      limits_(limits),
      account_failures_(clock, limits.failures_per_account),
      address_failures_(clock, limits.failures_per_address),
      registrations_(clock, limits.registrations_per_address),
      hashes_(limits.hashes_at_once_max),
      account_refused_(limit_counter(metrics, "failures_per_account")),
      address_refused_(limit_counter(metrics, "failures_per_address")),
      registrations_refused_(limit_counter(metrics, "registrations_per_address")),
      hashes_refused_(limit_counter(metrics, "hashes_at_once_max")),
      succeeded_(sign_ins(metrics, "succeeded")),
      failed_(sign_ins(metrics, "failed")) {}

Result<void> PasswordSignIn::take(RateLimiter& limiter, std::string_view key, Counter& refused) {
  if (limiter.take(key)) return {};
  refused.add();
  return Error{Code::too_many, "too many attempts, wait a few minutes"};
}

// An attempt is counted before it is looked at, so that many at once are no way around the limit,
// and given back when it was none.
Result<SignedIn> PasswordSignIn::with_password(std::string_view email, std::string_view password,
                                               std::string_view peer) {
  BL_RETURN_IF_ERROR(take(address_failures_, peer, address_refused_));
  auto counted = take(account_failures_, email, account_refused_);
  if (!counted.ok()) {
    address_failures_.give_back(peer);
    return std::move(counted).error();
  }
  auto signed_in = by_token(email, password);
  if (signed_in.ok() && !*signed_in) signed_in = by_password(email, password);
  if (signed_in.ok() && !*signed_in) {
    failed_.add();
    return wrong_password();
  }
  account_failures_.give_back(email);
  address_failures_.give_back(peer);
  if (!signed_in.ok()) return std::move(signed_in).error();
  succeeded_.add();
  return **std::move(signed_in);
}

Result<std::optional<SignedIn>> PasswordSignIn::by_token(std::string_view email,
                                                         std::string_view token) {
  auto cookie = cookie_of_token(token);
  if (!cookie) return std::optional<SignedIn>();
  BL_TRY(const auto view, tokens_.find(token));
  if (!view) return std::optional<SignedIn>();
  SignedIn signed_in{.cookie = *std::move(cookie)};
  if (!view->user_id.empty()) {
    BL_TRY(signed_in.user, users_.find(view->user_id));
    if (!signed_in.user || signed_in.user->email != email) return std::optional<SignedIn>();
  }
  return std::optional(std::move(signed_in));
}

Result<std::optional<SignedIn>> PasswordSignIn::by_password(std::string_view email,
                                                            std::string_view password) {
  std::optional<User> user;
  {
    BL_TRY(const HashPermit permit, HashPermit::take(*this));
    BL_TRY(user, users_.with_password(email, password));
  }
  if (!user) return std::optional<SignedIn>();
  BL_TRY(std::string secret, sessions_.begin(user->id));
  return std::optional(SignedIn{std::move(secret), std::move(user)});
}

Result<User> PasswordSignIn::register_user(const Registration& wanted, std::string_view peer) {
  BL_RETURN_IF_ERROR(take(registrations_, peer, registrations_refused_));
  const bool knows_key = equal_constant_time(sha256_hex(wanted.key), sha256_hex(registration_key_));
  if (!knows_key || registration_key_.empty())
    return Error{Code::unauthenticated, "this is not the registration key"};
  BL_TRY(const HashPermit permit, HashPermit::take(*this));
  net::Principal actor;
  actor.name = "registration";
  return users_.create(wanted.user, actor);
}

}  // namespace bl::access
