#include "results/commit_source.h"

#include <algorithm>

#include "base/utf8.h"
#include "results/commits/widths.h"

namespace bl::results {
namespace {

constexpr std::size_t k_hash_digits_min = 7;
constexpr std::size_t k_hash_digits_max = 64;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string cut(std::string_view text, std::size_t characters_max) {
  std::string valid = valid_utf8(text);
  std::erase(valid, '\0');
  return std::string(prefix_of_code_points(valid, characters_max));
}

void drop_if_longer(std::optional<std::string>& text, std::size_t characters_max) {
  if (!text) return;
  std::string fitting = cut(*text, characters_max);
  if (fitting.empty() || code_point_count(*text) > characters_max) {
    text.reset();
  } else {
    text = std::move(fitting);
  }
}

Error nobody_covers(const std::string& repository) {
  return Error{Code::not_found, "no commit source is configured for " + repository};
}

}  // namespace

bool is_commit_hash(std::string_view text) {
  return text.size() >= k_hash_digits_min && text.size() <= k_hash_digits_max &&
         std::all_of(text.begin(), text.end(), is_hex);
}

bool is_same_commit(std::string_view asked, std::string_view full) {
  return asked.size() <= full.size() && !asked.empty() &&
         std::equal(asked.begin(), asked.end(), full.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string owner_of(std::string_view repository) {
  const std::size_t scheme = repository.find("://");
  if (scheme != std::string_view::npos) repository.remove_prefix(scheme + 3);
  const std::size_t slash = repository.find('/');
  if (slash == std::string_view::npos) return "";
  repository.remove_prefix(slash + 1);
  const std::size_t last = repository.rfind('/');
  return last == std::string_view::npos ? "" : std::string(repository.substr(0, last));
}

void fit_columns(Commit& commit) {
  commit.message =
      cut(std::string_view(commit.message).substr(0, commit.message.find_first_of("\r\n")),
          k_message_kept);
  commit.author_name = cut(commit.author_name, k_author_name_max);
  drop_if_longer(commit.author_login, k_author_login_max);
  drop_if_longer(commit.author_avatar, k_author_avatar_max);
  drop_if_longer(commit.branch, k_branch_max);
}

bool CommitSources::covers(std::string_view repository) const {
  return std::any_of(sources_.begin(), sources_.end(),
                     [&](const auto& source) { return source->covers(repository); });
}

bool CommitSources::is_instant() const {
  return !sources_.empty() && std::all_of(sources_.begin(), sources_.end(),
                                          [](const auto& source) { return source->is_instant(); });
}

Result<KnownCommit> CommitSources::find(const CommitQuestion& question) {
  Result<KnownCommit> answer = nobody_covers(question.repository);
  std::optional<KnownCommit> half;  // without a fork point
  for (const auto& source : sources_) {
    if (!source->covers(question.repository)) continue;
    answer = source->find(question);
    if (answer.ok() && answer->commit.fork_point_sha) return answer;
    if (answer.ok() && !half) half = *answer;
  }
  if (half) return *std::move(half);
  return answer;
}

Result<CommitPage> CommitSources::between(const CommitRange& range, const std::string& from,
                                          std::size_t count_max) {
  // A position belongs to the source that gave it.
  const std::size_t colon = from.find(':');
  const std::string_view whose = std::string_view(from).substr(0, std::min(colon, from.size()));
  Result<CommitPage> page = nobody_covers(range.repository);
  for (const auto& source : sources_) {
    if (!source->covers(range.repository)) continue;
    if (!whose.empty() && source->name() != whose) continue;
    page = source->between(range, from.empty() ? from : from.substr(colon + 1), count_max);
    if (!page.ok()) continue;
    if (page->next) page->next = std::string(source->name()) + ":" + *page->next;
    return page;
  }
  return page;
}

std::string CommitSources::names() const {
  std::string names;
  for (const auto& source : sources_) {
    names += names.empty() ? "" : ", ";
    names += source->name();
  }
  return names.empty() ? "none" : names;
}

}  // namespace bl::results
