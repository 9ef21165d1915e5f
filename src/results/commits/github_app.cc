#include "results/github_app.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/hash.h"
#include "base/json.h"
#include "base/rsa_signature.h"
#include "base/uri.h"
#include "net/client.h"

namespace bl::results {
namespace {

constexpr std::size_t k_answer_bytes_max = 1u << 20;
constexpr std::int64_t k_proof_lifetime_s = 540;  // GitHub takes ten minutes at most
constexpr std::int64_t k_clock_difference_s = 60;

std::string encoded(std::string_view text) {
  return base64url(std::as_bytes(std::span(text)));
}

/// The App's proof of itself.
Result<std::string> proof_of(const GitHubAppIdentity& identity, Timestamp now) {
  const std::int64_t seconds = now.micros / 1'000'000;
  std::string claims;
  json::Writer(claims)
      .begin_object()
      .member("iat", seconds - k_clock_difference_s)
      .member("exp", seconds + k_proof_lifetime_s)
      .member("iss", identity.app_id)
      .end_object();
  const std::string message =
      fmt::format("{}.{}", encoded(R"({"alg":"RS256","typ":"JWT"})"), encoded(claims));
  BL_TRY(const std::string signature, sign_rs256(identity.private_key_pem, message));
  return message + "." + encoded(signature);
}

Code code_of(int status) {
  if (status == 401 || status == 403) return Code::forbidden;
  if (status == 404) return Code::not_found;
  if (status == 429) return Code::too_many;
  return status < 500 ? Code::invalid : Code::unavailable;
}

Result<json::Value> ask(net::Client& client, net::Method method, const std::string& api,
                        const std::string& path, const std::string& proof) {
  net::Headers headers;
  headers.add("Accept", "application/vnd.github+json");
  headers.add("X-GitHub-Api-Version", "2022-11-28");
  headers.add("Authorization", "Bearer " + proof);
  const bool has_body = method != net::Method::get;
  if (has_body) headers.add("Content-Type", "application/json");
  BL_TRY(const net::ClientResponse answer,
         client.send(method, api + path, headers, has_body ? "{}" : ""));
  auto parsed = json::parse(answer.body);
  if (answer.status < 200 || answer.status >= 300) {
    const json::Value* words = parsed.ok() ? parsed->find("message") : nullptr;
    const bool has_words = words != nullptr && words->is_string();
    return Error{code_of(answer.status),
                 fmt::format("GitHub answers the App with status {}{}{}: {}", answer.status,
                             has_words ? ", " : "", has_words ? words->as_string() : "", path)};
  }
  if (parsed.ok()) return parsed;
  return Error{Code::malformed, "GitHub's answer to the App is no JSON: " + path};
}

}  // namespace

Result<void> GitHubApp::check(const GitHubAppIdentity& identity) {
  if (identity.app_id.empty()) return Error{Code::invalid, "a GitHub App needs its id"};
  const std::string& installation = identity.installation_id;
  if (installation.find_first_not_of("0123456789") != std::string::npos) {
    return Error{Code::invalid, "a GitHub App's installation is a number: '" + installation + "'"};
  }
  const auto proof = proof_of(identity, Timestamp{});
  return proof.ok() ? Result<void>() : Result<void>(proof.error());
}

GitHubApp::GitHubApp(GitHubAppIdentity identity, std::string api, const Clock& clock,
                     GitHubAppLimits limits)
    : identity_(std::move(identity)), api_(std::move(api)), clock_(clock), limits_(limits) {}

Result<GitHubApp::Kept> GitHubApp::take(const std::string& repository,
                                        std::chrono::milliseconds time) const {
  const Timestamp now = clock_.now();
  BL_TRY(const std::string proof, proof_of(identity_, now));
  net::Client client(
      {.connect_timeout = time, .timeout = time, .body_bytes_max = k_answer_bytes_max});
  std::string installation = identity_.installation_id;
  if (installation.empty()) {
    const std::string path = "/repos/" + percent_encode_path(repository) + "/installation";
    BL_TRY(const json::Value found, ask(client, net::Method::get, api_, path, proof));
    const json::Value* id = found.find("id");
    const auto number = id != nullptr && id->is_number() ? id->as_int64() : std::nullopt;
    if (!number) return Error{Code::malformed, "GitHub's installation has no id: " + path};
    installation = std::to_string(*number);
  }
  const std::string path = "/app/installations/" + installation + "/access_tokens";
  BL_TRY(const json::Value made, ask(client, net::Method::post, api_, path, proof));
  const json::Value* token = made.find("token");
  if (token == nullptr || !token->is_string() || token->as_string().empty()) {
    return Error{Code::malformed, "GitHub's answer to the App has no token: " + path};
  }
  const json::Value* ends = made.find("expires_at");
  const auto until = ends != nullptr && ends->is_string()
                         ? parse_rfc3339(ends->as_string())
                         : Result<Timestamp>(now + limits_.lifetime_default);
  return Kept{token->as_string(), until.ok() ? *until : now + limits_.lifetime_default};
}

Result<std::string> GitHubApp::token(const std::string& repository,
                                     std::chrono::milliseconds time) {
  const std::string& key =
      identity_.installation_id.empty() ? repository : identity_.installation_id;
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(key);
    const Timestamp needed = clock_.now() + limits_.refresh_before;
    if (found != kept_.end() && found->second.until > needed) return found->second.token;
  }
  BL_TRY(Kept taken, take(repository, time));
  const std::lock_guard lock(mutex_);
  if (kept_.size() >= limits_.tokens_max) kept_.clear();
  return kept_.insert_or_assign(key, std::move(taken)).first->second.token;
}

void GitHubApp::forget(std::string_view token) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const auto& one) { return one.second.token == token; });
}

}  // namespace bl::results
