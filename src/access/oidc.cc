#include "access/oidc.h"

#include <algorithm>
#include <mutex>

#include "base/hash.h"
#include "base/uri.h"

namespace bl::access {
namespace {

using Instant = std::chrono::steady_clock::time_point;

/// What the issuer says of itself, together.
struct Discovery {
  std::string issuer, authorization_endpoint, token_endpoint, userinfo_endpoint, jwks_uri;
  bool wants_secret_in_body = false;
};

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

bool lists(const json::Value& object, std::string_view name, std::string_view wanted) {
  const json::Value* list = object.find(name);
  if (list == nullptr || !list->is_array()) return false;
  return std::any_of(list->items().begin(), list->items().end(), [&](const json::Value& item) {
    return item.is_string() && item.as_string() == wanted;
  });
}

std::string without_slash(std::string text) {
  if (text.ends_with('/')) text.pop_back();
  return text;
}

bool is_loopback(std::string_view host) {
  // Digits to the end: 127.0.0.1.evil.example is somebody's name.
  const bool is_127 =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "::1" || is_127;
}

Error wrong_answer(const std::string& what) {
  return {Code::unavailable, "the issuer answers what it should not: " + what};
}

/// Errors: unavailable.
Result<Discovery> discovery_of(const std::string& text, const std::string& issuer) {
  const auto document = json::parse(text);
  if (!document.ok()) return wrong_answer("its discovery document is no JSON");
  Discovery found{.issuer = text_of(*document, "issuer"),
                  .authorization_endpoint = text_of(*document, "authorization_endpoint"),
                  .token_endpoint = text_of(*document, "token_endpoint"),
                  .userinfo_endpoint = text_of(*document, "userinfo_endpoint"),
                  .jwks_uri = text_of(*document, "jwks_uri")};
  // Some say it with a slash at the end and some without; the ID token must say it as this does.
  if (without_slash(found.issuer) != without_slash(issuer)) {
    return wrong_answer("its discovery document is of another issuer");
  }
  for (const std::string* url :
       {&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri}) {
    if (!is_issuer_url(*url)) return wrong_answer("its discovery document lacks an https address");
  }
  if (!is_issuer_url(found.userinfo_endpoint)) found.userinfo_endpoint.clear();
  // Basic is what must work when nothing is said (RFC 6749 2.3.1).
  constexpr std::string_view k_methods = "token_endpoint_auth_methods_supported";
  found.wants_secret_in_body = !lists(*document, k_methods, "client_secret_basic") &&
                               lists(*document, k_methods, "client_secret_post");
  return found;
}

std::string base64(std::string_view bytes) {
  std::string text = base64url(std::as_bytes(std::span(bytes)));
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

void append_field(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form.append(name).append("=").append(percent_encode(value));
}

/// False for "false" and false; providers say both.
bool may_be_verified(const json::Value& claims) {
  const json::Value* verified = claims.find("email_verified");
  if (verified == nullptr || verified->is_null()) return true;
  if (verified->is_bool()) return verified->as_bool();
  return verified->is_string() && verified->as_string() == "true";
}

std::string name_of_person(const json::Value& claims) {
  if (std::string name = text_of(claims, "name"); !name.empty()) return name;
  std::string name = text_of(claims, "given_name");
  const std::string family = text_of(claims, "family_name");
  if (!name.empty() && !family.empty()) name += ' ';
  name += family;
  return name.empty() ? text_of(claims, "email") : name;
}

}  // namespace

bool is_issuer_url(std::string_view text) {
  const auto uri = parse_uri(text);
  if (!uri.ok() || uri->host.empty() || !uri->user.empty()) return false;
  return uri->scheme == "https" || (uri->scheme == "http" && is_loopback(uri->host));
}

struct OidcProvider::State {
  const OidcSettings& settings;
  const Clock& clock;
  Log& log;
  const OidcLimits limits;
  Counter reads, failed_reads;
  std::mutex mutex;  // guards all below; never held across I/O
  std::shared_ptr<const Discovery> discovery;
  std::shared_ptr<const SigningKeys> keys;
  Instant discovery_at, keys_at, new_keys_at, failed_at;
  bool has_looked_for_new_keys = false;
  std::optional<Error> failure;  // of the last read
  std::size_t at_once = 0;

  std::chrono::milliseconds since(Instant then) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady_now() - then);
  }

  net::Client client() const {
    return net::Client({.connect_timeout = limits.connect_timeout,
                        .timeout = limits.timeout,
                        .body_bytes_max = limits.answer_bytes_max},
                       {.ca_file = settings.ca_file, .public_key_sha256 = {}});
  }

  /// One document of the issuer. Errors: unavailable, timeout.
  Result<std::string> read(const std::string& url, const net::Headers& headers = {}) {
    net::Client http = client();
    Error last = wrong_answer("nothing");
    for (int attempt = 0; attempt < limits.attempts_max; ++attempt) {
      reads.add();
      auto answer = http.send(net::Method::get, url, headers, "");
      if (answer.ok() && answer->status == 200) return std::move(answer->body);
      failed_reads.add();
      last = answer.ok() ? Error{Code::unavailable, "the issuer answers with status " +
                                                        std::to_string(answer->status) + ": " + url}
                         : away(answer.error());
      if (answer.ok() && answer->status < 500) break;  // a second time says the same
    }
    return last;
  }

  static Error away(const Error& error) {
    const Code code = error.code == Code::timeout ? Code::timeout : Code::unavailable;
    return {code, "the issuer cannot be reached: " + error.message};
  }

  /// The last failure, while it is too early to try again.
  Result<void> demand_patience() {
    std::lock_guard lock(mutex);
    if (failure && since(failed_at).count() < limits.failure_pause_ms) return *failure;
    return {};
  }
  void note_failure(const Error& error) {
    log.warning("oidc_issuer", {{"error", error.message}});
    std::lock_guard lock(mutex);
    failure = error;
    failed_at = clock.steady_now();
  }

  template <class T>
  std::shared_ptr<const T> kept(const std::shared_ptr<const T>& value, Instant at,
                                std::int64_t ms_max) {
    std::lock_guard lock(mutex);
    return value != nullptr && since(at).count() < ms_max ? value : nullptr;
  }

  Result<std::shared_ptr<const Discovery>> discover() {
    if (auto fresh = kept(discovery, discovery_at, limits.fresh_ms)) return fresh;
    auto found = read_discovery();
    if (found.ok()) return found;
    if (auto stale = kept(discovery, discovery_at, limits.stale_ms_max)) return stale;
    return found;
  }

  Result<std::shared_ptr<const Discovery>> read_discovery() {
    BL_RETURN_IF_ERROR(demand_patience());
    auto text = read(without_slash(settings.issuer) + "/.well-known/openid-configuration");
    auto found = text.ok() ? discovery_of(*text, settings.issuer) : text.error();
    if (!found.ok()) {
      note_failure(found.error());
      return found.error();
    }
    auto shared = std::make_shared<const Discovery>(std::move(found).value());
    std::lock_guard lock(mutex);
    discovery = shared;
    discovery_at = clock.steady_now();
    failure.reset();
    return std::shared_ptr<const Discovery>(shared);
  }

  Result<std::shared_ptr<const SigningKeys>> signing_keys(const std::string& url) {
    if (auto fresh = kept(keys, keys_at, limits.fresh_ms)) return fresh;
    auto found = read_keys(url);
    if (found.ok()) return found;
    if (auto stale = kept(keys, keys_at, limits.stale_ms_max)) return stale;
    return found;
  }

  Result<std::shared_ptr<const SigningKeys>> read_keys(const std::string& url) {
    BL_TRY(const std::string text, read(url));
    auto parsed = SigningKeys::parse(text);
    if (!parsed.ok()) return wrong_answer("its key set is none");
    auto shared = std::make_shared<const SigningKeys>(std::move(parsed).value());
    std::lock_guard lock(mutex);
    keys = shared;
    keys_at = clock.steady_now();
    return std::shared_ptr<const SigningKeys>(shared);
  }

  bool may_look_for_new_keys() {
    std::lock_guard lock(mutex);
    if (has_looked_for_new_keys && since(new_keys_at).count() < limits.new_keys_ms_min)
      return false;
    has_looked_for_new_keys = true;
    new_keys_at = clock.steady_now();
    return true;
  }

  /// Claims of a token whose signature is the issuer's. Keys change: one that is not known makes us
  /// look again, but not for every forged token.
  Result<json::Value> verified(const std::string& token, const std::string& keys_url) {
    BL_TRY(const auto known, signing_keys(keys_url));
    auto claims = known->verify(token);
    if (claims.ok() || claims.error().code != Code::not_found) return claims;
    if (may_look_for_new_keys()) {
      BL_TRY(const auto renewed, read_keys(keys_url));
      claims = renewed->verify(token);
    }
    if (!claims.ok()) return Error{Code::invalid, claims.error().message};
    return claims;
  }

  Result<net::ClientResponse> exchange(const Discovery& issuer, const std::string& code,
                                       const PendingLogin& login) {
    std::string form;
    append_field(form, "grant_type", "authorization_code");
    append_field(form, "code", code);
    append_field(form, "redirect_uri", login.redirect_uri);
    append_field(form, "code_verifier", login.verifier);
    net::Headers headers;
    headers.set("Content-Type", "application/x-www-form-urlencoded");
    headers.set("Accept", "application/json");
    if (issuer.wants_secret_in_body) {
      append_field(form, "client_id", settings.client_id);
      append_field(form, "client_secret", settings.client_secret);
    } else {
      std::string pair = percent_encode(settings.client_id);
      pair.append(":").append(percent_encode(settings.client_secret));
      headers.set("Authorization", "Basic " + base64(pair));
    }
    auto answer = client().send(net::Method::post, issuer.token_endpoint, headers, form);
    if (!answer.ok()) return away(answer.error());
    return answer;
  }

  /// Tokens of the answer. Errors: invalid, unavailable.
  Result<json::Value> tokens_for(const Discovery& issuer, const std::string& code,
                                 const PendingLogin& login) {
    BL_TRY(const net::ClientResponse answer, exchange(issuer, code, login));
    const auto document = json::parse(answer.body);
    if (answer.status == 200 && document.ok() && !text_of(*document, "id_token").empty()) {
      return *document;
    }
    const std::string error = document.ok() ? text_of(*document, "error") : std::string();
    if (error == "invalid_grant") {
      return Error{Code::invalid, "the issuer does not take the code: it is old, or was used"};
    }
    // What is wrong here is the operator's to repair (invalid_client, for example).
    log.error("oidc_exchange", {{"status", answer.status}, {"error", error.substr(0, 100)}});
    return wrong_answer("its token endpoint refuses this server, see the server's log");
  }

  /// Some issuers tell the address here and not in the ID token (Core 5.3).
  Result<json::Value> user_info(const Discovery& issuer, const json::Value& tokens,
                                const json::Value& claims) {
    const std::string access_token = text_of(tokens, "access_token");
    if (issuer.userinfo_endpoint.empty() || access_token.empty()) return claims;
    net::Headers headers;
    headers.set("Authorization", "Bearer " + access_token);
    BL_TRY(const std::string text, read(issuer.userinfo_endpoint, headers));
    auto info = json::parse(text);
    if (!info.ok() || text_of(*info, "sub") != text_of(claims, "sub")) {
      return wrong_answer("what it tells of the user is of somebody else");
    }
    return info;
  }

  Result<Identity> identity_of(const json::Value& claims, const std::string& subject) const {
    Identity identity{subject, text_of(claims, "email"), name_of_person(claims)};
    const std::size_t at = identity.email.rfind('@');
    if (at == std::string::npos || at == 0 || at + 1 == identity.email.size()) {
      return Error{Code::forbidden, "the issuer does not tell this person's e-mail address"};
    }
    if (!may_be_verified(claims)) {
      return Error{Code::forbidden,
                   "the issuer has not verified the e-mail address: " + identity.email};
    }
    const auto& domains = settings.email_domains;
    const bool is_welcome =
        domains.empty() || std::any_of(domains.begin(), domains.end(), [&](const auto& domain) {
          return net::equal_without_case(domain, std::string_view(identity.email).substr(at + 1));
        });
    if (is_welcome) return identity;
    return Error{Code::forbidden,
                 "addresses of this domain may not sign in here: " + identity.email};
  }

  bool enter() {
    std::lock_guard lock(mutex);
    if (at_once >= limits.at_once_max) return false;
    ++at_once;
    return true;
  }
  void leave() {
    std::lock_guard lock(mutex);
    --at_once;
  }
};

namespace {

/// Ends with the scope what State::enter began.
template <class State>
class Place {
 public:
  explicit Place(State& state) : state_(state), taken_(state.enter()) {}
  ~Place() {
    if (taken_) state_.leave();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  bool taken() const { return taken_; }

 private:
  State& state_;
  const bool taken_;
};

Error too_many() {
  return {Code::overloaded, "too many people sign in at this moment, try again soon"};
}

}  // namespace

OidcProvider::OidcProvider(OidcSettings settings, const Clock& clock, Log& log, Metrics& metrics,
                           OidcLimits limits)
    : settings_(std::move(settings)),
      state_(new State{
          .settings = settings_,
          .clock = clock,
          .log = log,
          .limits = limits,
          .reads = metrics.counter("bl_oidc_reads_total", "reads of the issuer's documents"),
          .failed_reads = metrics.counter("bl_oidc_failed_reads_total",
                                          "reads of the issuer's documents that failed")}) {}

OidcProvider::~OidcProvider() = default;

Result<std::string> OidcProvider::authorization_url(const PendingLogin& login) {
  const Place place(*state_);
  if (!place.taken()) return too_many();
  BL_TRY(const auto issuer, state_->discover());
  std::string query;
  append_field(query, "response_type", "code");
  append_field(query, "client_id", settings_.client_id);
  append_field(query, "redirect_uri", login.redirect_uri);
  append_field(query, "scope", "openid email profile");
  append_field(query, "state", login.state);
  append_field(query, "nonce", login.nonce);
  append_field(query, "code_challenge", base64url(sha256(login.verifier)));
  append_field(query, "code_challenge_method", "S256");
  const std::string& url = issuer->authorization_endpoint;
  return url + (url.find('?') == std::string::npos ? "?" : "&") + query;
}

Result<Identity> OidcProvider::redeem(const std::string& code, const std::string& issuer_parameter,
                                      const PendingLogin& login) {
  const Place place(*state_);
  if (!place.taken()) return too_many();
  BL_TRY(const auto issuer, state_->discover());
  if (!issuer_parameter.empty() && issuer_parameter != issuer->issuer) {
    return Error{Code::invalid, "this answer is of another issuer (iss)"};
  }
  BL_TRY(const json::Value tokens, state_->tokens_for(*issuer, code, login));
  BL_TRY(const json::Value claims, state_->verified(text_of(tokens, "id_token"), issuer->jwks_uri));
  BL_RETURN_IF_ERROR(check_claims(claims, {.issuer = issuer->issuer,
                                           .client_id = settings_.client_id,
                                           .nonce = login.nonce,
                                           .now = state_->clock.now()}));
  const std::string subject = text_of(claims, "sub");
  if (!text_of(claims, "email").empty()) return state_->identity_of(claims, subject);
  BL_TRY(const json::Value info, state_->user_info(*issuer, tokens, claims));
  return state_->identity_of(info, subject);
}

}  // namespace bl::access
