#include "results/alert_github.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/uri.h"
#include "net/client.h"
#include "results/alerts/messages.h"
#include "results/commit_source.h"

namespace bl::results {
namespace {

constexpr const char* k_check_name = "benchlake performance alert";
constexpr std::size_t k_answer_bytes_max = 8u << 20;
constexpr int k_comment_pages_max = 10;

/// `org/repo`; its path is safe to stand in a URL.
std::string path_of(const std::string& name) {
  return "/repos/" + percent_encode_path(name);
}

/// One message's requests, within one deadline. The API's own errors become sentences without the
/// token.
class Exchange {
 public:
  Exchange(const GitHubAlertOptions& options, const std::string& name, const Clock& clock)
      : options_(options),
        name_(name),
        clock_(clock),
        deadline_(clock.steady_now() + options.timeout) {}

  Result<json::Value> get(const std::string& path) { return ask(net::Method::get, path, ""); }
  Result<json::Value> post(const std::string& path, const std::string& body) {
    return ask(net::Method::post, path, body);
  }

 private:
  Result<std::chrono::milliseconds> time_left(const std::string& path) const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - clock_.steady_now());
    if (left.count() > 0) return left;
    return Error{Code::timeout, "GitHub did not answer in time: " + path};
  }
  Result<std::string> token(const std::string& path) const {
    if (options_.app == nullptr) return options_.token;
    BL_TRY(const auto left, time_left(path));
    return options_.app->token(name_, left);
  }
  Result<net::ClientResponse> send(net::Method method, const std::string& path,
                                   const std::string& body, const std::string& token) const {
    BL_TRY(const auto left, time_left(path));
    net::Client client(
        {.connect_timeout = left, .timeout = left, .body_bytes_max = k_answer_bytes_max});
    net::Headers headers;
    headers.add("Accept", "application/vnd.github+json");
    headers.add("X-GitHub-Api-Version", "2022-11-28");
    headers.add("Authorization", "Bearer " + token);
    if (!body.empty()) headers.add("Content-Type", "application/json");
    return client.send(method, options_.api + path, headers, body);
  }
  Result<json::Value> ask(net::Method method, const std::string& path, const std::string& body) {
    BL_TRY(std::string with, token(path));
    BL_TRY(net::ClientResponse answer, send(method, path, body, with));
    if (answer.status == 401 && options_.app != nullptr) {  // revoked before it ended
      options_.app->forget(with);
      BL_TRY(with, token(path));
      BL_TRY(answer, send(method, path, body, with));
    }
    if (answer.status < 200 || answer.status >= 300) {
      return Error{Code::unavailable,
                   fmt::format("GitHub answers with status {}: {}", answer.status, path)};
    }
    return json::parse(answer.body);
  }

  const GitHubAlertOptions& options_;
  const std::string& name_;
  const Clock& clock_;
  const std::chrono::steady_clock::time_point deadline_;
};

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : "";
}

const char* conclusion_of(const AlertEvent& event) {
  if (event.status == "failure") return "failure";
  if (event.status == "success") return "success";
  return "neutral";
}

class GitHubChannel : public AlertChannel {
 public:
  GitHubChannel(const char* channel, GitHubAlertOptions options, const Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        name_(github_repository_name(options_.repository).value()),
        target_{channel, name_, options_.repository} {}
  const AlertTarget& target() const override { return target_; }
  Result<void> send(const AlertDelivery& delivery) override {
    if (!delivery.event.commit_sha || !is_commit_hash(*delivery.event.commit_sha)) return {};
    Exchange exchange(options_, name_, clock_);
    return tell(exchange, delivery, *delivery.event.commit_sha);
  }

 protected:
  virtual Result<void> tell(Exchange& exchange, const AlertDelivery& delivery,
                            const std::string& sha) = 0;

  const GitHubAlertOptions options_;
  const Clock& clock_;
  const std::string name_;

 private:
  const AlertTarget target_;
};

class CheckChannel final : public GitHubChannel {
 public:
  CheckChannel(GitHubAlertOptions options, const Clock& clock)
      : GitHubChannel("github-check", std::move(options), clock) {}

 private:
  Result<void> tell(Exchange& exchange, const AlertDelivery& delivery,
                    const std::string& sha) override {
    BL_TRY(const json::Value before,
           exchange.get(fmt::format("{}/commits/{}/check-runs?per_page=100&check_name={}",
                                    path_of(name_), sha, percent_encode(k_check_name))));
    const json::Value* runs = before.find("check_runs");
    if (runs != nullptr && runs->is_array()) {
      for (const json::Value& run : runs->items()) {
        if (text_at(run, "external_id") == delivery.id) return {};
      }
    }
    std::string body;
    json::Writer writer(body);
    writer.begin_object()
        .member("name", k_check_name)
        .member("head_sha", sha)
        .member("external_id", delivery.id)
        .member("status", "completed")
        .member("conclusion", conclusion_of(delivery.event));
    const std::string link = report_link(delivery.event, options_.base_url);
    if (link.starts_with("https://")) writer.member("details_url", link);
    writer.key("output")
        .begin_object()
        .member("title", alert_title(delivery))
        .member("summary", markdown_text(delivery, options_.base_url))
        .end_object()
        .end_object();
    BL_TRY([[maybe_unused]] const json::Value made,
           exchange.post(path_of(name_) + "/check-runs", body));
    return {};
  }
};

class CommentChannel final : public GitHubChannel {
 public:
  CommentChannel(GitHubAlertOptions options, const Clock& clock)
      : GitHubChannel("github-comment", std::move(options), clock) {}

 private:
  Result<void> tell(Exchange& exchange, const AlertDelivery& delivery,
                    const std::string& sha) override {
    BL_TRY(const json::Value pulls,
           exchange.get(fmt::format("{}/commits/{}/pulls?per_page=2", path_of(name_), sha)));
    if (!pulls.is_array() || pulls.items().size() != 1) return {};
    const json::Value* number = pulls.items().front().find("number");
    const auto pull = number != nullptr && number->is_number() ? number->as_int64() : std::nullopt;
    if (!pull) return Error{Code::malformed, "GitHub's pull request has no number"};
    const std::string comments = fmt::format("{}/issues/{}/comments", path_of(name_), *pull);
    const std::string marker = fmt::format("<!-- benchlake delivery {} -->", delivery.id);
    // The first attempt finds nothing of its own there.
    if (delivery.attempt > 1) {
      BL_TRY(const bool is_there, has_comment(exchange, comments, marker));
      if (is_there) return {};
    }
    std::string body;
    json::Writer(body)
        .begin_object()
        .member("body", marker + "\n" + markdown_text(delivery, options_.base_url))
        .end_object();
    BL_TRY([[maybe_unused]] const json::Value made, exchange.post(comments, body));
    return {};
  }

  static Result<bool> has_comment(Exchange& exchange, const std::string& comments,
                                  const std::string& marker) {
    for (int page = 1; page <= k_comment_pages_max; ++page) {
      BL_TRY(const json::Value found,
             exchange.get(fmt::format("{}?per_page=100&page={}", comments, page)));
      if (!found.is_array() || found.items().empty()) return false;
      for (const json::Value& comment : found.items()) {
        if (text_at(comment, "body").starts_with(marker)) return true;
      }
    }
    return false;
  }
};

}  // namespace

Result<std::string> github_repository_name(std::string_view text) {
  std::string_view name = text;
  for (const std::string_view prefix : {"git@", "https://"}) {
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    const std::size_t end = name.find_first_of(prefix == "git@" ? ":" : "/");
    name.remove_prefix(end == std::string_view::npos ? name.size() : end + 1);
    break;
  }
  while (name.ends_with('/')) name.remove_suffix(1);
  if (name.ends_with(".git")) name.remove_suffix(4);
  const std::size_t slash = name.find('/');
  const bool is_name = slash != std::string_view::npos && slash > 0 && slash + 1 < name.size() &&
                       name.find('/', slash + 1) == std::string_view::npos &&
                       name.find_first_of("?#% ") == std::string_view::npos &&
                       name.find("..") == std::string_view::npos;
  if (is_name) return std::string(name);
  return Error{Code::invalid, fmt::format("not a repository of GitHub, org/repo: '{}'", text)};
}

std::unique_ptr<AlertChannel> make_github_check(GitHubAlertOptions options, const Clock& clock) {
  return std::make_unique<CheckChannel>(std::move(options), clock);
}

std::unique_ptr<AlertChannel> make_github_comment(GitHubAlertOptions options, const Clock& clock) {
  return std::make_unique<CommentChannel>(std::move(options), clock);
}

}  // namespace bl::results
