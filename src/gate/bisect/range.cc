#include <fmt/format.h>

#include "gate/bisect.h"
#include "gate/measure/git.h"

namespace bl::gate {
namespace {

using GoOn = std::function<bool()>;

Result<std::string> commit_of(Runner& runner, const std::string& folder,
                              const std::string& revision, const GoOn& go_on) {
  if (revision.empty() || revision.front() == '-')
    return Error{Code::not_found, "no revision has such a name: '" + revision + "'"};
  auto commit = git(runner, folder, {"rev-parse", "--verify", revision + "^{commit}"}, go_on);
  if (!commit.ok() && commit.error().code == Code::not_found)
    return std::move(commit).error().with_context("no such revision here: '" + revision + "'");
  return commit;
}

/// `git log` with `words`, oldest first.
Result<std::vector<RangeCommit>> log_of(Runner& runner, const std::string& folder,
                                        std::vector<std::string> words, const GoOn& go_on) {
  words.insert(words.begin(), {"log", "--first-parent", "--format=%H%x1f%P%x1f%s"});
  words.push_back("--");
  BL_TRY(const std::string text, git(runner, folder, std::move(words), go_on));
  std::vector<RangeCommit> commits;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t first = line.find('\x1f'), second = line.find('\x1f', first + 1);
    if (second == std::string::npos)
      return Error{Code::corrupt, "git log said what was not asked: '" + line + "'"};
    const std::string parents = line.substr(first + 1, second - first - 1);
    commits.push_back(
        {.sha = line.substr(0, first),
         .subject = line.substr(second + 1),
         .parents =
             parents.empty() ? 0 : static_cast<std::size_t>(std::ranges::count(parents, ' ') + 1)});
  }
  std::ranges::reverse(commits);
  return commits;
}

}  // namespace

Result<std::vector<RangeCommit>> commits_between(Runner& runner, const std::string& folder,
                                                 const std::optional<std::string>& good,
                                                 const std::string& bad, const GoOn& go_on,
                                                 const BisectLimits& limits) {
  BL_TRY(const std::string bad_sha, commit_of(runner, folder, bad, go_on));
  if (!good) {
    BL_TRY(auto commits,
           log_of(runner, folder,
                  {fmt::format("--max-count={}", limits.commits_by_default + 1), bad_sha}, go_on));
    if (commits.size() < 2)
      return Error{Code::invalid, "there is nothing before the bad end: '" + bad + "'"};
    return commits;
  }
  BL_TRY(const std::string good_sha, commit_of(runner, folder, *good, go_on));
  BL_TRY(const std::string base, git(runner, folder, {"merge-base", good_sha, bad_sha}, go_on));
  if (good_sha == bad_sha)
    return Error{Code::invalid, "the good and the bad end are one commit: '" + bad + "'"};
  if (base != good_sha)
    return Error{Code::invalid,
                 fmt::format("the good end is not behind the bad one, which is {}: '{}'",
                             bad_sha.substr(0, 12), *good)};
  BL_TRY(auto commits, log_of(runner, folder, {"--max-count=1", good_sha}, go_on));
  BL_TRY(const auto rest, log_of(runner, folder, {bad_sha, "^" + good_sha}, go_on));
  commits.insert(commits.end(), rest.begin(), rest.end());
  if (commits.size() > limits.commits_max)
    return Error{Code::too_large, fmt::format("a range has at most {} commits: {}",
                                              limits.commits_max, commits.size())};
  return commits;
}

Result<std::vector<RangeCommit>> commits_of_merge(Runner& runner, const std::string& folder,
                                                  const std::string& merge, const GoOn& go_on,
                                                  const BisectLimits& limits) {
  BL_TRY(const std::string base,
         git(runner, folder, {"merge-base", merge + "^1", merge + "^2"}, go_on));
  return commits_between(runner, folder, base, merge + "^2", go_on, limits);
}

}  // namespace bl::gate
