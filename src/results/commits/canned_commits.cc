#include "results/canned_commits.h"

#include <array>

namespace bl::results {
namespace {

struct Canned {
  const char* sha;
  const char* parent;
  const char* author_date;
  const char* message;
  const char* author_name;
  const char* author_login;
  const char* author_avatar;
};

constexpr const char* k_clarke_avatar = "https://avatars.githubusercontent.com/u/878798?v=4";
constexpr const char* k_kietzman_avatar = "https://avatars.githubusercontent.com/u/1299904?v=4";

// Child, parent, grandparent, elder.
constexpr std::array k_commits = {
    Canned{"02addad336ba19a654f9c857ede546331be7b631", "4beb514d071c9beec69b8917b5265e77ade22fb3",
           "2021-02-25T01:02:51Z",
           "ARROW-11771: [Developer][Archery] Move benchmark tests (so CI runs them)",
           "Diana Clarke", "dianaclarke", k_clarke_avatar},
    Canned{"4beb514d071c9beec69b8917b5265e77ade22fb3", "6d703c4c7b15be630af48d5e9ef61628751674b2",
           "2021-02-24T22:12:11Z", "ARROW-11767: [C++] Scalar::Hash may segfault",
           "Benjamin Kietzman", "bkietz", k_kietzman_avatar},
    Canned{"6d703c4c7b15be630af48d5e9ef61628751674b2", "81e9417eb68171e03a304097ae86e1fd83307130",
           "2021-02-24T21:48:05Z", "the commit between parent and elder", "Diana Clarke",
           "dianaclarke", k_clarke_avatar},
    Canned{"81e9417eb68171e03a304097ae86e1fd83307130", "4de992c60ba433ad9b15ca1c41e6ec40bc542c2a",
           "2021-02-24T20:27:21Z",
           "ARROW-11575: [Developer][Archery] Expose execution time in benchmark results",
           "Diana Clarke", "dianaclarke", k_clarke_avatar}};

constexpr std::int64_t k_pull_request = 12345678;
constexpr const char* k_pull_request_branch = "some_user_or_org:some_branch";

std::string branch_of(const CommitQuestion& question) {
  if (question.branch) return *question.branch;
  if (question.pull_request == k_pull_request) return k_pull_request_branch;
  const std::string owner = owner_of(question.repository);
  return question.repository.ends_with("/org/repo") ? "org:default_branch" : owner + ":main";
}

}  // namespace

Result<KnownCommit> CannedCommits::find(const CommitQuestion& question) {
  for (const Canned& canned : k_commits) {
    if (question.sha != canned.sha) continue;
    KnownCommit known;
    Commit& commit = known.commit;
    commit.sha = canned.sha;
    commit.repository = question.repository;
    commit.parent = canned.parent;
    BL_TRY(commit.timestamp, parse_rfc3339(canned.author_date));
    commit.message = canned.message;
    commit.author_name = canned.author_name;
    commit.author_login = canned.author_login;
    commit.author_avatar = canned.author_avatar;
    commit.branch = branch_of(question);
    commit.fork_point_sha = canned.sha;
    return known;
  }
  return Error{Code::not_found, "not one of the canned commits: " + question.sha};
}

Result<CommitPage> CannedCommits::between(const CommitRange&, const std::string&, std::size_t) {
  return CommitPage{};
}

}  // namespace bl::results
