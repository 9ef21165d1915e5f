#include "results/github_checks.h"

#include <fmt/format.h>

#include "base/uri.h"
#include "results/alert_github.h"
#include "results/commit_source.h"

namespace bl::results {
namespace {

constexpr std::size_t k_answer_bytes_max = 8u << 20;
constexpr std::size_t k_text_bytes_max = 65'000;
constexpr int k_comment_pages_max = 30;

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : "";
}

std::optional<std::int64_t> integer_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_int64();
}

Code code_of(int status) {
  if (status == 401 || status == 403) return Code::forbidden;
  if (status == 404) return Code::not_found;
  if (status == 429) return Code::too_many;
  return status < 500 ? Code::invalid : Code::unavailable;
}

// GitHub gives back lines that end as on Windows.
std::string without_returns(std::string text) {
  std::erase(text, '\r');
  return text;
}

// Cut at a character, not within one.
std::string shortened(std::string text) {
  if (text.size() <= k_text_bytes_max) return text;
  std::size_t end = k_text_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text.append("\n\n(cut)");
}

}  // namespace

std::string check_conclusion(std::string_view report_status) {
  if (report_status == "success" || report_status == "failure" ||
      report_status == "action_required") {
    return std::string(report_status);
  }
  return "neutral";
}

GitHubChecks::GitHubChecks(GitHubCheckOptions options, std::string name, const Clock& clock)
    : options_(std::move(options)),
      name_(std::move(name)),
      path_("/repos/" + percent_encode_path(name_)),
      client_({.timeout = options_.timeout, .body_bytes_max = k_answer_bytes_max}) {
  const GitHubCredentials& credentials = options_.credentials;
  if (!credentials.token.empty()) return;
  app_ = std::make_unique<GitHubApp>(
      GitHubAppIdentity{credentials.app_id, "", credentials.app_private_key}, options_.api, clock);
}

Result<GitHubChecks> GitHubChecks::open(GitHubCheckOptions options, const Clock& clock) {
  BL_TRY(const std::string name, github_repository_name(options.repository));
  if (!is_commit_hash(options.commit_sha)) {
    return Error{Code::invalid, "not a commit's hash: " + options.commit_sha};
  }
  const GitHubCredentials& credentials = options.credentials;
  if (credentials.token.empty() &&
      (credentials.app_id.empty() || credentials.app_private_key.empty())) {
    return Error{Code::invalid,
                 "GitHub wants a token (GITHUB_TOKEN), or an App's id and private key "
                 "(GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY)"};
  }
  while (options.api.ends_with('/')) options.api.pop_back();
  return GitHubChecks(std::move(options), name, clock);
}

Result<json::Value> GitHubChecks::ask_as(const std::string& token, net::Method method,
                                         const std::string& path, const std::string& body) {
  net::Headers headers;
  headers.add("Accept", "application/vnd.github+json");
  headers.add("X-GitHub-Api-Version", "2022-11-28");
  headers.add("Authorization", "Bearer " + token);
  if (!body.empty()) headers.add("Content-Type", "application/json");
  BL_TRY(const net::ClientResponse answer,
         client_.send(method, options_.api + path, headers, body));
  auto parsed = json::parse(answer.body);
  if (answer.status >= 200 && answer.status < 300) {
    if (parsed.ok()) return parsed;
    return Error{Code::malformed, "GitHub's answer is not JSON: " + path};
  }
  const std::string words = parsed.ok() ? text_at(*parsed, "message") : "";
  return Error{code_of(answer.status),
               fmt::format("GitHub answers {} with status {}{}{}", path, answer.status,
                           words.empty() ? "" : ": ", words)};
}

Result<json::Value> GitHubChecks::ask(net::Method method, const std::string& path,
                                      const std::string& body) {
  if (app_ == nullptr) return ask_as(options_.credentials.token, method, path, body);
  BL_TRY(const std::string token, app_->token(name_, options_.timeout));
  return ask_as(token, method, path, body);
}

Result<std::string> GitHubChecks::publish_check(const GitHubCheck& check) {
  BL_TRY(const json::Value before,
         ask(net::Method::get,
             fmt::format("{}/commits/{}/check-runs?per_page=100&check_name={}", path_,
                         options_.commit_sha, percent_encode(options_.check_name)),
             ""));
  std::optional<std::int64_t> id;
  if (const json::Value* runs = before.find("check_runs"); runs != nullptr && runs->is_array()) {
    for (const json::Value& run : runs->items()) {
      if (text_at(run, "external_id") == "benchlake-" + options_.marker) id = integer_at(run, "id");
    }
  }
  std::string body;
  json::Writer out(body);
  out.begin_object().member("name", options_.check_name);
  if (!id) out.member("head_sha", options_.commit_sha);
  out.member("external_id", "benchlake-" + options_.marker)
      .member("status", "completed")
      .member("conclusion", check.conclusion);
  if (!check.details_url.empty()) out.member("details_url", check.details_url);
  out.key("output")
      .begin_object()
      .member("title", check.title)
      .member("summary", shortened(check.markdown))
      .end_object()
      .end_object();
  BL_TRY(const json::Value made,
         id ? ask(net::Method::patch, fmt::format("{}/check-runs/{}", path_, *id), body)
            : ask(net::Method::post, fmt::format("{}/check-runs", path_), body));
  return text_at(made, "html_url");
}

Result<std::int64_t> GitHubChecks::pull_request() {
  BL_TRY(const json::Value pulls,
         ask(net::Method::get,
             fmt::format("{}/commits/{}/pulls?per_page=2", path_, options_.commit_sha), ""));
  const std::size_t count = pulls.is_array() ? pulls.items().size() : 0;
  if (count != 1) {
    return Error{Code::invalid, fmt::format("the commit belongs to {} pull requests; name one: {}",
                                            count == 0 ? "no" : "several", options_.commit_sha)};
  }
  const auto number = integer_at(pulls.items().front(), "number");
  if (number) return *number;
  return Error{Code::malformed, "GitHub's pull request has no number"};
}

Result<std::vector<std::int64_t>> GitHubChecks::open_pull_requests() {
  BL_TRY(const json::Value pulls,
         ask(net::Method::get,
             fmt::format("{}/commits/{}/pulls?per_page=100", path_, options_.commit_sha), ""));
  std::vector<std::int64_t> numbers;
  if (!pulls.is_array()) return numbers;
  for (const json::Value& pull : pulls.items()) {
    const json::Value* head = pull.find("head");
    const auto number = integer_at(pull, "number");
    const bool is_newest = head != nullptr && text_at(*head, "sha") == options_.commit_sha;
    if (number && is_newest && text_at(pull, "state") == "open") numbers.push_back(*number);
  }
  return numbers;
}

Result<GitHubComment> GitHubChecks::publish_comment(const std::string& markdown,
                                                    std::optional<std::int64_t> number) {
  if (!number) {
    BL_TRY(number, pull_request());
  }
  const std::string marker = fmt::format("<!-- benchlake {} -->", options_.marker);
  const std::string text = shortened(fmt::format("{}\n{}", marker, markdown));
  const std::string comments = fmt::format("{}/issues/{}/comments", path_, *number);
  std::optional<std::int64_t> id;
  for (int page = 1; page <= k_comment_pages_max && !id; ++page) {
    BL_TRY(const json::Value found,
           ask(net::Method::get, fmt::format("{}?per_page=100&page={}", comments, page), ""));
    if (!found.is_array() || found.items().empty()) break;
    for (const json::Value& comment : found.items()) {
      const std::string body = text_at(comment, "body");
      if (!body.starts_with(marker)) continue;
      id = integer_at(comment, "id");
      if (without_returns(body) == text)
        return GitHubComment{GitHubComment::Outcome::unchanged, text_at(comment, "html_url")};
    }
  }
  std::string body;
  json::Writer(body).begin_object().member("body", text).end_object();
  BL_TRY(const json::Value made,
         id ? ask(net::Method::patch, fmt::format("{}/issues/comments/{}", path_, *id), body)
            : ask(net::Method::post, comments, body));
  return GitHubComment{id ? GitHubComment::Outcome::updated : GitHubComment::Outcome::created,
                       text_at(made, "html_url")};
}

}  // namespace bl::results
