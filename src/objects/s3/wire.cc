#include "objects/s3/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/hash.h"
#include "base/utf8.h"
#include "objects/key.h"

namespace bl::objects {
namespace {

constexpr std::size_t k_words_bytes_max = 300;

bool is_any_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::ranges::find(codes, code) != codes.end();
}

bool is_throttling(const S3Answer& answer) {
  return answer.status == 429 ||
         is_any_of(answer.fault.code, {"SlowDown", "RequestLimitExceeded", "TooManyRequests",
                                       "Throttling", "ThrottlingException"});
}

bool is_about_credentials(std::string_view code) {
  return is_any_of(code, {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken",
                          "TokenRefreshRequired", "SignatureDoesNotMatch"});
}

std::string host_of(const S3Settings& settings) {
  if (settings.style == S3Settings::Style::path) return settings.host;
  return settings.bucket + "." + settings.host;
}

std::string front_of(const S3Settings& settings) {
  return settings.style == S3Settings::Style::path ? "/" + settings.bucket : "";
}

net::ClientLimits client_limits(const S3Limits& limits, std::size_t body_bytes_max) {
  net::ClientLimits client;
  client.connect_timeout = limits.connect_timeout;
  client.timeout = limits.attempt_timeout;
  client.body_bytes_max = body_bytes_max;
  return client;
}

std::chrono::milliseconds retry_after(const Result<S3Answer>& answer) {
  if (!answer.ok()) return {};
  const std::string_view text = answer->headers.get("Retry-After");
  std::uint32_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(seconds);
}

Error distrusted(const std::string& url) {
  return Error{
      Code::forbidden,
      "the certificate of S3 is not trusted; ca_file or AWS_CA_BUNDLE names whom to trust: " + url};
}

Code code_of(const S3Answer& answer) {
  const std::string& code = answer.fault.code;
  if (is_throttling(answer)) return Code::overloaded;
  if (is_any_of(code, {"XMinioStorageFull", "InsufficientStorage"})) return Code::disk_full;
  if (code == "NoSuchBucket") return Code::unavailable;
  if (is_about_credentials(code)) return Code::forbidden;
  if (code == "EntityTooLarge") return Code::too_large;
  switch (answer.status) {
    case 401:
    case 403:
      return Code::forbidden;
    case 404:
      return Code::not_found;
    case 412:
      return Code::conflict;
    case 501:
      return Code::unsupported;
    case 507:
      return Code::disk_full;
    default:
      break;
  }
  if (answer.status >= 500) return Code::unavailable;
  return answer.status >= 300 && answer.status < 400 ? Code::invalid : Code::io;
}

}  // namespace

/// A client of the pool, for one request.
class S3Wire::Lease {
 public:
  Lease(S3Wire& wire, net::Client client) : wire_(&wire), client(std::move(client)) {}
  Lease(Lease&& other) noexcept
      : wire_(std::exchange(other.wire_, nullptr)), client(std::move(other.client)) {}
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (wire_ == nullptr) return;
    {
      std::lock_guard lock(wire_->mutex_);
      wire_->idle_.push_back(std::move(client));
    }
    wire_->returned_.notify_one();
  }

 private:
  S3Wire* wire_;

 public:
  net::Client client;
};

S3Wire::S3Wire(S3Settings settings, S3Limits limits, std::size_t body_bytes_max,
               std::unique_ptr<CredentialSource> credentials, World world)
    : settings_(std::move(settings)),
      limits_(limits),
      body_bytes_max_(std::max(body_bytes_max, limits.document_bytes_max)),
      credentials_(std::move(credentials)),
      world_(std::move(world)),
      host_(host_of(settings_)),
      front_(front_of(settings_)),
      metrics_(world_.metrics),
      connection_hits_(world_.metrics.counter("bl_objects_limit_hits_total",
                                              "times that a limit of an object store was reached",
                                              {{"limit", "connections_max"}})),
      tokens_(limits_) {}

Result<S3Wire::Lease> S3Wire::lease() {
  std::unique_lock lock(mutex_);
  const auto is_free = [this] { return !idle_.empty() || open_ < limits_.connections_max; };
  if (!is_free()) {
    connection_hits_.add();
    if (!returned_.wait_for(lock, limits_.attempt_timeout, is_free)) {
      return Error{Code::overloaded, fmt::format("all connections to S3 are busy, the most are {}",
                                                 limits_.connections_max)};
    }
  }
  if (idle_.empty()) {
    ++open_;
    net::ClientTrust trust;
    trust.ca_file = settings_.ca_file;
    return Lease(*this, net::Client(client_limits(limits_, body_bytes_max_), std::move(trust),
                                    net::ClientCodings::as_sent));
  }
  net::Client client = std::move(idle_.back());
  idle_.pop_back();
  return Lease(*this, std::move(client));
}

net::Headers S3Wire::signed_headers(const S3Request& request, std::string_view path,
                                    std::string_view query, const Credentials& credentials) const {
  const std::string digest = sha256_hex(request.body);
  SigningRequest signing;
  signing.method = net::name_of(request.method);
  signing.host = host_;
  signing.path = path;
  signing.query = query;
  signing.headers = request.headers;
  signing.payload_sha256 = digest;
  net::Headers headers;
  for (const auto& [name, value] : request.headers) headers.add(name, value);
  for (auto& [name, value] : sign(signing, world_.clock.now(), settings_.region, credentials)) {
    headers.add(std::move(name), std::move(value));
  }
  return headers;
}

S3Wire::Attempt S3Wire::attempt(const S3Request& request) {
  Attempt made{Error{Code::unavailable, ""}, 0, credentials_->current()};
  auto leased = lease();
  if (!leased.ok()) {
    made.answer = std::move(leased).error();
    return made;
  }
  const std::string path = front_ + "/" + percent_encode_path(request.path);
  const std::string query = canonical_query(request.query);
  const std::string url = (settings_.https ? "https://" : "http://") + host_ + path +
                          (query.empty() ? "" : "?" + query);
  const net::Headers headers = signed_headers(request, path, query, made.credentials);
  metrics_.requests.add();
  auto sent = leased->client.send(request.method, url, headers, request.body);
  made.sendings = leased->client.sendings();
  if (!sent.ok()) {
    made.answer = sent.error().code == Code::forbidden ? distrusted(url) : sent.error();
    return made;
  }
  S3Answer answer{sent->status, std::move(sent->headers), std::move(sent->body), {}};
  // Without a length, an answer that breaks off looks whole.
  const bool has_length =
      answer.headers.find("Content-Length") || answer.headers.find("Transfer-Encoding");
  if (request.method == net::Method::get && answer.ok() && !has_length) {
    made.answer = Error{Code::unavailable, "S3 answers without a length: " + url};
    return made;
  }
  // CompleteMultipartUpload may begin with 200 and fail later.
  const bool may_hide_fault = answer.status == 200 && request.method == net::Method::post;
  if (answer.status >= 300 || may_hide_fault) answer.fault = decode_fault(answer.body);
  made.answer = std::move(answer);
  return made;
}

S3Wire::Next S3Wire::next_of(const Attempt& attempt) {
  if (!attempt.answer.ok()) {
    switch (attempt.answer.error().code) {
      case Code::unavailable:
      case Code::timeout:
        return attempt.sendings > 0 ? Next::again_in_doubt : Next::again;
      default:
        return Next::nothing;
    }
  }
  const S3Answer& answer = *attempt.answer;
  const std::string& code = answer.fault.code;
  if (answer.ok() || answer.status == 501 || answer.status == 507) return Next::nothing;
  if (is_about_credentials(code)) return Next::renew;
  if (is_throttling(answer) ||
      is_any_of(code, {"RequestTimeout", "ConditionalRequestConflict", "OperationAborted"})) {
    return Next::again;
  }
  const bool is_late_fault = answer.status == 200;
  return answer.status >= 500 || is_late_fault ? Next::again_in_doubt : Next::nothing;
}

S3Outcome S3Wire::send(const S3Request& request) {
  Attempts attempts(limits_, tokens_, metrics_, world_.clock, world_.random, world_.wait);
  bool may_have_happened = false;
  while (true) {
    Attempt made = attempt(request);
    const Next next = next_of(made);
    const int unanswered = made.sendings - (made.answer.ok() ? 1 : 0);
    may_have_happened = may_have_happened || next == Next::again_in_doubt || unanswered > 0;
    if (next == Next::nothing || (next == Next::renew && !credentials_->renew(made.credentials))) {
      if (made.answer.ok() && made.answer->ok()) tokens_.give_back();
      return {std::move(made.answer), may_have_happened};
    }
    const auto again = attempts.again(retry_after(made.answer));
    if (!again.ok()) return {again.error(), may_have_happened};
    if (!*again) return {exhausted(made, request.path), may_have_happened};
  }
}

Error S3Wire::exhausted(const Attempt& last, const std::string& path) const {
  if (last.answer.ok()) return error_of(*last.answer, path);
  return Error(last.answer.error()).with_context("S3 does not answer");
}

std::string S3Wire::safe_words(const S3Fault& fault) const {
  if (fault.message.empty()) return {};
  const Credentials own = credentials_->current();
  const auto holds = [&](const std::string& secret) {
    return !secret.empty() && fault.message.find(secret) != std::string::npos;
  };
  if (holds(own.access_key_id) || holds(own.secret_access_key.reveal()) ||
      holds(own.session_token.reveal()) || fault.message.find("Signature=") != std::string::npos) {
    return ": (its words are withheld, credentials stand in them)";
  }
  return ": " + quoted(prefix_of_bytes(fault.message, k_words_bytes_max));
}

Error S3Wire::error_of(const S3Answer& answer, const std::string& path) const {
  const std::string place = quoted("s3://" + settings_.bucket + (path.empty() ? "" : "/") + path);
  const S3Fault& fault = answer.fault;
  if (fault.code == "NoSuchBucket") return Error{Code::unavailable, "no such bucket: " + place};
  if (fault.code == "RequestTimeTooSkewed") {
    return Error{Code::forbidden,
                 "S3 refuses the request because the clock of this machine is wrong: " + place};
  }
  std::string hint;
  if (!fault.region.empty() && fault.region != settings_.region) {
    hint = ", the bucket lies in the region " + fault.region;
  }
  return Error{code_of(answer), fmt::format("S3 answers {}{}{}{}{}: {}", answer.status,
                                            fault.code.empty() ? "" : " ", fault.code, hint,
                                            safe_words(fault), place)};
}

}  // namespace bl::objects
