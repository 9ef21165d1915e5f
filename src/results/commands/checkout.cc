#include "results/commands/checkout.h"

#include "base/numbers.h"

namespace bl::results {
namespace {

json::Value* member(json::Value& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  for (auto& [name, value] : object.members()) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::optional<std::string> text_of(json::Value& object, std::string_view key) {
  const json::Value* value = member(object, key);
  if (value == nullptr || !value->is_string() || value->as_string().empty()) return std::nullopt;
  return value->as_string();
}

std::optional<std::int64_t> number_of(json::Value& object, std::string_view key) {
  const json::Value* value = member(object, key);
  if (value == nullptr) return std::nullopt;
  return value->is_string() ? parse_int64(value->as_string())
                            : (value->is_number() ? value->as_int64() : std::nullopt);
}

json::Value encode(const Commit& commit) {
  json::Value info = json::Value::object();
  const auto set = [&](const char* key, const std::optional<std::string>& text) {
    if (text) info.set(key, json::Value::string(*text));
  };
  set("timestamp", to_rfc3339(*commit.timestamp));
  set("message", commit.message);
  set("author_name", commit.author_name);
  set("parent", commit.parent);
  set("branch", commit.branch);
  set("fork_point_sha", commit.fork_point_sha);
  return info;
}

}  // namespace

Result<Checkout> Checkout::open(const std::optional<std::string>& folder,
                                const std::optional<std::string>& repository) {
  Checkout checkout;
  checkout.is_named_ = folder.has_value();
  auto git = GitCommits::open(folder.value_or("."), std::nullopt);
  if (!git.ok() && checkout.is_named_ && repository) git = GitCommits::open(*folder, repository);
  if (git.ok()) {
    checkout.git_ = *std::move(git);
  } else if (checkout.is_named_) {
    return std::move(git).error();
  }
  return checkout;
}

json::Value Checkout::info_of(const CommitQuestion& question) {
  const auto known = git_->find(question);
  // Half of what is needed would keep the server from finding the rest.
  if (!known.ok() || !known->commit.fork_point_sha) return {};
  return encode(known->commit);
}

void Checkout::fill(json::Value& submission) {
  if (git_ == nullptr) return;
  json::Value* github = member(submission, "github");
  if (github == nullptr || !github->is_object()) return;
  const json::Value* said = member(*github, "commit_info");
  if (said != nullptr && !said->is_null() && !said->is_object()) return;
  const auto sha = text_of(*github, "commit");
  const auto repository = normalise_repository(text_of(*github, "repository").value_or(""));
  if (!sha || !repository.ok() || (!is_named_ && !git_->covers(*repository))) return;
  CommitQuestion question{*repository, *sha, text_of(*github, "branch"),
                          number_of(*github, "pr_number")};
  const std::string key = *repository + '\n' + *sha + '\n' + question.branch.value_or("") + '\n' +
                          std::to_string(question.pull_request.value_or(0));
  const auto [at, is_new] = known_.try_emplace(key);
  if (is_new) {
    if (!question.branch && !question.pull_request) question.branch = git_->branch_at(*sha);
    at->second = info_of(question);
  }
  if (at->second.is_null()) return;
  json::Value info = at->second;
  if (said != nullptr && said->is_object()) {
    for (const auto& [name, value] : said->members()) {
      if (!value.is_null()) info.set(name, value);
    }
  }
  github->set("commit_info", std::move(info));
}

}  // namespace bl::results
