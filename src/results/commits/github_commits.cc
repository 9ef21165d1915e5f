#include "results/github_commits.h"

#include <algorithm>
#include <span>

#include "base/json.h"
#include "base/numbers.h"
#include "base/uri.h"

namespace bl::results {
namespace {

constexpr std::size_t k_per_page_max = 100;
constexpr std::int64_t k_pages_max = 100'000;

const char* const k_quota_help = "requests that a GitHub token may still make, as GitHub said last";

Gauge quota_gauge(Metrics& metrics, std::size_t number) {
  return metrics.gauge("bl_commits_github_quota_remaining", k_quota_help,
                       {{"token", std::to_string(number)}});
}

Counter limit_counter(Metrics& metrics, const char* limit) {
  return metrics.counter("bl_commits_github_limit_hits_total",
                         "times that a limit of questions to GitHub was reached",
                         {{"limit", limit}});
}

// Whose repositories the API serves.
std::string host_of(const std::string& api) {
  const auto uri = parse_uri(api);
  const bool is_enterprise = uri.ok() && uri->path.ends_with("/api/v3");
  return is_enterprise ? uri->host : "github.com";
}

struct RepositoryName {
  std::string org, name;
};

std::optional<RepositoryName> name_of(std::string_view repository, std::string_view host) {
  const std::string prefix = "https://" + std::string(host) + "/";
  if (!repository.starts_with(prefix)) return std::nullopt;
  repository.remove_prefix(prefix.size());
  if (repository.ends_with(".git")) repository.remove_suffix(4);
  const std::size_t slash = repository.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == repository.size()) {
    return std::nullopt;
  }
  const std::string_view name = repository.substr(slash + 1);
  if (name.find_first_of("/?#") != std::string_view::npos || name == "." || name == "..") {
    return std::nullopt;
  }
  return RepositoryName{std::string(repository.substr(0, slash)), std::string(name)};
}

std::string path_of(const RepositoryName& repository) {
  return "/repos/" + percent_encode(repository.org) + "/" + percent_encode(repository.name);
}

std::optional<std::string> text_at(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key);
  if (found == nullptr || !found->is_string() || found->as_string().empty()) return std::nullopt;
  return found->as_string();
}

const json::Value& object_at(const json::Value& value, std::string_view key) {
  static const json::Value nothing;
  const json::Value* found = value.find(key);
  return found == nullptr ? nothing : *found;
}

Error no_commit(const std::string& what) {
  return Error{Code::malformed, "GitHub's answer is no commit: " + what};
}

struct GitHubCommit {
  Commit commit;  // sha is the full hash; branch and fork point are not known
  Timestamp committed_at;
};

Result<GitHubCommit> read_commit(const json::Value& answer, const std::string& repository) {
  const auto sha = text_at(answer, "sha");
  if (!sha || !is_commit_hash(*sha)) return no_commit("no sha");
  const json::Value& inner = object_at(answer, "commit");
  const json::Value& author = object_at(inner, "author");
  const auto date = text_at(author, "date");
  const auto author_time = date ? parse_rfc3339(*date) : no_commit("no author date");
  if (!author_time.ok()) return no_commit("no author date in " + *sha);
  GitHubCommit read;
  Commit& commit = read.commit;
  commit.sha = *sha;
  commit.repository = repository;
  commit.timestamp = *author_time;
  const auto committed = text_at(object_at(inner, "committer"), "date");
  const auto committed_at = committed ? parse_rfc3339(*committed) : author_time;
  read.committed_at = committed_at.ok() ? *committed_at : *author_time;
  commit.message = text_at(inner, "message").value_or("");
  commit.author_name = text_at(author, "name").value_or("");
  commit.author_login = text_at(object_at(answer, "author"), "login");
  commit.author_avatar = text_at(object_at(answer, "author"), "avatar_url");
  const json::Value& parents = object_at(answer, "parents");
  if (parents.is_array() && !parents.items().empty()) {
    const auto parent = text_at(parents.items().front(), "sha");
    if (parent && is_commit_hash(*parent)) commit.parent = parent;
  }
  fit_columns(commit);
  return read;
}

Commit on_default_branch(Commit commit, const std::string& branch) {
  commit.branch = branch;
  commit.fork_point_sha = commit.sha;
  fit_columns(commit);
  return commit;
}

std::optional<std::int64_t> integer_of(const net::Headers& headers, std::string_view name) {
  const std::string* text = headers.find(name);
  return text == nullptr ? std::nullopt : parse_int64(*text);
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 307 || status == 308;
}

bool is_absent(int status) {
  return status == 404 || status == 409 || status == 410 || status == 422 || status == 451;
}

}  // namespace

// One question: a connection, a deadline, and as many requests as it takes.
class GitHubCommits::Exchange {
 public:
  Exchange(GitHubCommits& github, const RepositoryName& repository)
      : github_(github),
        repository_(repository.org + "/" + repository.name),
        limits_(github.options_.limits),
        client_({.timeout = limits_.request_timeout, .body_bytes_max = limits_.answer_bytes_max}),
        deadline_(github.clock_.steady_now() + limits_.budget) {
    const std::lock_guard lock(github_.mutex_);
    if (github_.idle_.empty()) return;
    client_ = std::move(github_.idle_.back());
    github_.idle_.pop_back();
  }
  ~Exchange() {
    const std::lock_guard lock(github_.mutex_);
    github_.idle_.push_back(std::move(client_));
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// `path` as of the API's documentation, encoded.
  Result<json::Value> get(const std::string& path) {
    BL_RETURN_IF_ERROR(github_.check_pause());
    std::string url = github_.options_.api + path;
    std::chrono::milliseconds wait = limits_.first_wait;
    int redirects = 0;
    for (;;) {
      if (github_.clock_.steady_now() >= deadline_) {
        github_.pause();
        return failure(Code::timeout, "GitHub did not answer in time", url);
      }
      BL_TRY(TakenToken token, take_token());
      if (github_.app_ != nullptr) {
        BL_TRY(token.text, app_token());
      }
      github_.requests_.add();
      auto answer = client_.send(net::Method::get, url, headers(token), "");
      if (answer.ok()) {
        note_quota(token, answer->headers);
        if (answer->status == 200) return read(answer->body, url);
        if (is_absent(answer->status)) {
          return failure(Code::not_found, "GitHub does not know it", url);
        }
        if (is_redirect(answer->status) && redirects++ < limits_.redirects_max) {
          BL_TRY(url, target_of(answer->headers, url));
          continue;
        }
        if (answer->status == 401 && github_.app_ != nullptr && !is_app_token_new_) {
          github_.app_->forget(token.text);
          is_app_token_new_ = true;
          continue;
        }
        if (answer->status == 401 || answer->status == 403 || answer->status == 429) {
          if (rest(token, *answer)) continue;
          return failure(Code::forbidden, "GitHub refuses", url);
        }
        if (answer->status < 500) {
          return failure(Code::unavailable,
                         "GitHub answers with status " + std::to_string(answer->status), url);
        }
      } else if (!may_pass(answer.error().code)) {
        github_.failures_.add();
        return answer.error();
      }
      if (github_.clock_.steady_now() + wait >= deadline_) {
        github_.pause();
        return failure(Code::unavailable,
                       answer.ok() ? "GitHub answers with status " + std::to_string(answer->status)
                                   : "GitHub does not answer: " + answer.error().message,
                       url);
      }
      github_.retries_.add();
      if (!github_.wait_(wait)) return Error{Code::cancelled, "stopping"};
      wait = std::min(wait * 2, limits_.wait_max);
    }
  }

 private:
  struct TakenToken {
    std::size_t number = 0;
    std::string text;
  };

  Error failure(Code code, const std::string& what, const std::string& url) {
    github_.failures_.add();
    return Error{code, what + ": " + url};
  }

  Result<std::string> app_token() {
    auto token = github_.app_->token(repository_, limits_.request_timeout);
    if (token.ok()) return token;
    github_.failures_.add();
    // That the App is not installed says nothing of the commit.
    const Code code = token.error().code;
    return Error{code == Code::not_found ? Code::forbidden : code, token.error().message};
  }

  static bool may_pass(Code code) { return code == Code::unavailable || code == Code::timeout; }

  // The current one, or the next that does not rest.
  Result<TakenToken> take_token() {
    const std::lock_guard lock(github_.mutex_);
    const Timestamp now = github_.clock_.now();
    std::optional<Timestamp> first_back;
    for (std::size_t i = 0; i < github_.tokens_.size(); ++i) {
      const std::size_t number = (github_.current_ + i) % github_.tokens_.size();
      Token& token = github_.tokens_[number];
      if (token.rests_until && *token.rests_until > now) {
        first_back = std::min(first_back.value_or(*token.rests_until), *token.rests_until);
        continue;
      }
      token.rests_until.reset();
      github_.current_ = number;
      return TakenToken{number, token.text};
    }
    github_.quota_hits_.add();
    return Error{Code::too_many, "GitHub's quota is used up, or its tokens are refused, until " +
                                     to_rfc3339_seconds(first_back.value_or(now))};
  }

  void note_quota(const TakenToken& token, const net::Headers& headers) {
    const auto remaining = integer_of(headers, "x-ratelimit-remaining");
    if (!remaining) return;
    const std::lock_guard lock(github_.mutex_);
    github_.tokens_[token.number].remaining.set(static_cast<double>(*remaining));
  }

  // True when it is the token that is refused and not the question: then it rests.
  bool rest(const TakenToken& token, const net::ClientResponse& answer) {
    const Timestamp now = github_.clock_.now();
    const auto remaining = integer_of(answer.headers, "x-ratelimit-remaining");
    const auto reset = integer_of(answer.headers, "x-ratelimit-reset");
    const auto retry_after = integer_of(answer.headers, "retry-after");
    const bool out_of_quota = answer.status == 429 || retry_after || (remaining && *remaining == 0);
    if (!out_of_quota && answer.status == 403) return false;
    Timestamp until = now + limits_.rest_default;
    const std::int64_t seconds_max = k_timestamp_max.micros / 1'000'000;
    if (out_of_quota && retry_after && *retry_after >= 0 && *retry_after < seconds_max) {
      until = now + std::chrono::seconds(std::min(*retry_after, std::int64_t{1} << 30));
    } else if (out_of_quota && reset && *reset > 0 && *reset < seconds_max) {
      until = Timestamp::from_seconds(*reset);
    }
    until = std::clamp(until, now + std::chrono::seconds(1), now + limits_.rest_max);
    const std::lock_guard lock(github_.mutex_);
    github_.tokens_[token.number].rests_until = until;
    return true;
  }

  static net::Headers headers(const TakenToken& token) {
    net::Headers headers;
    headers.add("Accept", "application/vnd.github+json");
    headers.add("X-GitHub-Api-Version", "2022-11-28");
    if (!token.text.empty()) headers.add("Authorization", "Bearer " + token.text);
    return headers;
  }

  // The token goes nowhere else.
  Result<std::string> target_of(const net::Headers& headers, const std::string& url) {
    const std::string* location = headers.find("Location");
    if (location != nullptr && location->starts_with(github_.options_.api + "/")) return *location;
    return failure(Code::unavailable, "GitHub redirects to another place", url);
  }

  Result<json::Value> read(const std::string& body, const std::string& url) {
    auto value = json::parse(body, {.bytes_max = limits_.answer_bytes_max});
    if (value.ok()) return value;
    return failure(Code::malformed, "GitHub's answer is no JSON", url);
  }

  GitHubCommits& github_;
  const std::string repository_;  // org/repo
  bool is_app_token_new_ = false;
  const GitHubLimits& limits_;
  net::Client client_;
  const std::chrono::steady_clock::time_point deadline_;
};

namespace {

// `owner:branch` of the repository, or of the one that it is a fork of.
Result<std::string> read_default_branch(const json::Value& answer, const std::string& repository) {
  const json::Value* fork = answer.find("fork");
  const bool is_fork = fork != nullptr && fork->is_bool() && fork->as_bool();
  const json::Value& source = object_at(answer, "source");
  const json::Value& of = is_fork && source.is_object() ? source : answer;
  const auto owner = text_at(object_at(of, "owner"), "login");
  const auto branch = text_at(of, "default_branch");
  if (!owner || !branch) {
    return Error{Code::malformed, "GitHub names no default branch of " + repository};
  }
  return *owner + ":" + *branch;
}

// The branch that the commit goes by: the given one, else that of its pull request.
Result<std::optional<std::string>> given_branch(
    const CommitQuestion& question, const std::function<Result<json::Value>(std::string)>& get) {
  if (question.branch || !question.pull_request) return question.branch;
  const auto answer = get("/pulls/" + std::to_string(*question.pull_request));
  if (answer.ok()) return text_at(object_at(*answer, "head"), "label");
  if (answer.error().code == Code::not_found) return std::optional<std::string>();
  return answer.error();
}

}  // namespace

GitHubCommits::GitHubCommits(GitHubOptions options, const Clock& clock, Metrics& metrics, Wait wait)
    : options_(std::move(options)),
      host_(host_of(options_.api)),
      app_(options_.app.is_set() ? std::make_unique<GitHubApp>(options_.app, options_.api, clock)
                                 : nullptr),
      clock_(clock),
      wait_(std::move(wait)),
      requests_(metrics.counter("bl_commits_github_requests_total", "requests sent to GitHub")),
      retries_(metrics.counter("bl_commits_github_retries_total",
                               "requests to GitHub that were tried again")),
      failures_(metrics.counter("bl_commits_github_failures_total",
                                "requests to GitHub that gave no answer to use")),
      quota_hits_(limit_counter(metrics, "quota")),
      budget_hits_(limit_counter(metrics, "budget")) {
  for (const std::string& text : options_.tokens) {
    tokens_.push_back({text, std::nullopt, quota_gauge(metrics, tokens_.size())});
  }
  if (tokens_.empty()) tokens_.push_back({"", std::nullopt, quota_gauge(metrics, 0)});
}

GitHubCommits::~GitHubCommits() = default;

bool GitHubCommits::covers(std::string_view repository) const {
  return results::name_of(repository, host_).has_value();
}

// One question that used its budget up is enough: the others would only wait for the same.
void GitHubCommits::pause() {
  budget_hits_.add();
  const std::lock_guard lock(mutex_);
  paused_until_ = clock_.now() + options_.limits.pause;
}

Result<void> GitHubCommits::check_pause() {
  const std::lock_guard lock(mutex_);
  if (!paused_until_ || *paused_until_ <= clock_.now()) return {};
  return Error{Code::unavailable, "GitHub did not answer a moment ago, and is left alone until " +
                                      to_rfc3339_seconds(*paused_until_)};
}

Result<std::string> GitHubCommits::default_branch(Exchange& exchange, const std::string& path,
                                                  const std::string& repository) {
  const Timestamp now = clock_.now();
  {
    const std::lock_guard lock(mutex_);
    const auto found = branches_.find(repository);
    if (found != branches_.end() && now - found->second.asked_at < options_.limits.branch_kept) {
      return found->second.label;
    }
  }
  BL_TRY(const json::Value answer, exchange.get(path));
  BL_TRY(std::string label, read_default_branch(answer, repository));
  const std::lock_guard lock(mutex_);
  if (branches_.size() >= options_.limits.branches_kept_max) branches_.clear();
  branches_[repository] = {label, now};
  return label;
}

Result<KnownCommit> GitHubCommits::find(const CommitQuestion& question) {
  if (!is_commit_hash(question.sha)) {
    return Error{Code::invalid, "not a commit hash: " + question.sha};
  }
  const auto repository = results::name_of(question.repository, host_);
  if (!repository) {
    return Error{Code::not_found, "not a repository of " + host_ + ": " + question.repository};
  }
  const std::string path = path_of(*repository);
  Exchange exchange(*this, *repository);
  BL_TRY(const json::Value answer, exchange.get(path + "/commits/" + question.sha));
  BL_TRY(const GitHubCommit found, read_commit(answer, question.repository));
  if (!is_same_commit(question.sha, found.commit.sha)) {
    return no_commit("it is about " + found.commit.sha + ", asked for was " + question.sha);
  }
  BL_TRY(const std::string main_branch, default_branch(exchange, path, question.repository));
  BL_TRY(const auto branch, given_branch(question, [&](const std::string& below) {
           return exchange.get(path + below);
         }));
  KnownCommit known;
  known.commit = found.commit;
  known.commit.sha = question.sha;
  known.commit.branch = branch ? branch : main_branch;
  fit_columns(known.commit);
  const auto compared = exchange.get(path + "/compare/" + percent_encode(main_branch) + "..." +
                                     percent_encode(found.commit.sha));
  if (!compared.ok() && compared.error().code != Code::not_found) return compared.error();
  if (!compared.ok()) {
    known.why_no_fork_point = "GitHub finds no merge base with " + main_branch;
    return known;
  }
  BL_TRY(const GitHubCommit base,
         read_commit(object_at(*compared, "merge_base_commit"), question.repository));
  if (base.commit.sha == found.commit.sha) {
    known.commit.fork_point_sha = question.sha;
    known.range_until = found.committed_at;
  } else {
    known.commit.fork_point_sha = base.commit.sha;
    known.fork_point = on_default_branch(base.commit, main_branch);
    known.range_until = base.committed_at;
  }
  return known;
}

Result<CommitPage> GitHubCommits::between(const CommitRange& range, const std::string& from,
                                          std::size_t count_max) {
  const auto repository = results::name_of(range.repository, host_);
  const auto page = from.empty() ? std::optional<std::int64_t>(1) : parse_int64(from);
  if (!repository || !page || *page < 1 || *page > k_pages_max ||
      !is_commit_hash(range.newest_sha)) {
    return Error{Code::invalid, "not a range of GitHub's commits: " + range.newest_sha};
  }
  const std::string path = path_of(*repository);
  const std::size_t per_page = std::clamp<std::size_t>(count_max, 1, k_per_page_max);
  Exchange exchange(*this, *repository);
  BL_TRY(const std::string branch, default_branch(exchange, path, range.repository));
  std::string query = "?per_page=" + std::to_string(per_page) + "&sha=" + range.newest_sha;
  if (range.oldest_time) {
    query += "&since=" + percent_encode(to_rfc3339_seconds(*range.oldest_time));
  }
  query += "&until=" + percent_encode(to_rfc3339_seconds(range.until));
  query += "&page=" + std::to_string(*page);
  BL_TRY(const json::Value answer, exchange.get(path + "/commits" + query));
  if (!answer.is_array()) return no_commit("no list of commits");
  CommitPage read;
  for (const json::Value& item : answer.items()) {
    BL_TRY(GitHubCommit commit, read_commit(item, range.repository));
    read.commits.push_back(on_default_branch(std::move(commit.commit), branch));
  }
  if (answer.items().size() >= per_page) read.next = std::to_string(*page + 1);
  return read;
}

std::vector<std::string> split_tokens(std::string_view setting) {
  std::vector<std::string> tokens;
  for (std::size_t at = 0; at < setting.size();) {
    const std::size_t end = std::min(setting.find(',', at), setting.size());
    std::string token(setting.substr(at, end - at));
    std::erase_if(token, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
    if (!token.empty()) tokens.push_back(std::move(token));
    at = end + 1;
  }
  return tokens;
}

}  // namespace bl::results
