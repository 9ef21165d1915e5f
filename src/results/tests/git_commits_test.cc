#include "results/git_commits.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "base/random.h"
#include "results/tests/git_repository.h"

namespace bl::results {
namespace {

using testing::GitRepository;

constexpr const char* k_url = "https://github.com/org/repo";

// January the `number`-th of 2024, noon.
std::string day(int number) {
  return "2024-01-" + std::string(number < 10 ? "0" : "") + std::to_string(number) +
         "T12:00:00+00:00";
}

class GitHistory : public ::testing::Test {
 protected:
  KnownCommit find(const GitRepository& in, const std::string& sha,
                   const std::optional<std::string>& branch = {}) {
    auto source = GitCommits::open(in.folder, k_url);
    BL_CHECK(source.ok());
    auto known = (*source)->find({k_url, sha, branch, {}});
    if (!known.ok()) ADD_FAILURE() << known.error().message;
    return known.ok() ? *known : KnownCommit{};
  }
  KnownCommit find(const std::string& sha) { return find(repository, sha); }
  Error failure_of(const GitRepository& in, const std::string& sha) {
    const auto known = GitCommits::open(in.folder, k_url).value()->find({k_url, sha, {}, {}});
    return known.ok() ? Error{Code::internal, "it is known"} : known.error();
  }
  /// `parent` merged into what is checked out.
  std::string merge(const std::string& branch, int on_day) {
    repository.git({"merge", "-q", "--no-ff", "-m", "merge " + branch, branch});
    repository.git(
        {"commit", "-q", "--amend", "--no-edit", "--allow-empty", "--date", day(on_day)});
    return repository.head();
  }
  std::vector<std::string> hashes_between(const std::string& newest,
                                          const std::optional<std::string>& oldest,
                                          std::size_t page) {
    auto source = GitCommits::open(repository.folder, k_url).value();
    CommitRange range{k_url, newest, {}, oldest, {}};
    std::vector<std::string> hashes;
    std::string from;
    for (int i = 0; i < 100; ++i) {
      const auto read = source->between(range, from, page);
      if (!read.ok()) ADD_FAILURE() << read.error().message;
      if (!read.ok()) return hashes;
      EXPECT_LE(read->commits.size(), page);
      for (const Commit& commit : read->commits) hashes.push_back(commit.sha);
      if (!read->next) return hashes;
      from = *read->next;
    }
    return hashes;
  }

  GitRepository repository;
};

TEST_F(GitHistory, a_commit_of_the_default_branch_is_its_own_fork_point) {
  const std::string first = repository.commit("first", day(1));
  const std::string second = repository.commit("second line\n\nits body", day(2));
  const KnownCommit known = find(second);
  EXPECT_EQ(known.commit.sha, second);
  EXPECT_EQ(known.commit.repository, k_url);
  EXPECT_EQ(known.commit.parent, first);
  EXPECT_EQ(to_rfc3339(known.commit.timestamp.value()), "2024-01-02T12:00:00Z");
  EXPECT_EQ(known.commit.message, "second line");
  EXPECT_EQ(known.commit.author_name, "Ada L");
  EXPECT_EQ(known.commit.branch, "org:main");
  EXPECT_EQ(known.commit.fork_point_sha, second);
  EXPECT_FALSE(known.fork_point);
  EXPECT_FALSE(find(first).commit.parent);
  EXPECT_TRUE(find(first).commit.on_default_branch()) << "although it is not the head";
}

TEST_F(GitHistory, a_commit_of_another_branch_tells_its_fork_point) {
  const std::string base = repository.commit("base", day(1));
  repository.git({"checkout", "-q", "-b", "topic"});
  const std::string topic = repository.commit("topic", day(2));
  repository.git({"checkout", "-q", "main"});
  repository.commit("later", day(3));
  const KnownCommit known = find(topic);
  EXPECT_EQ(known.commit.fork_point_sha, base);
  ASSERT_TRUE(known.fork_point);
  EXPECT_EQ(known.fork_point->sha, base);
  EXPECT_EQ(known.fork_point->fork_point_sha, base);
  EXPECT_EQ(known.fork_point->message, "base");
  EXPECT_EQ(find(repository, topic, "me:topic").commit.branch, "me:topic");
}

TEST_F(GitHistory, what_came_in_by_a_merge_is_not_on_the_default_branch) {
  const std::string base = repository.commit("base", day(1));
  repository.git({"checkout", "-q", "-b", "topic"});
  const std::string topic = repository.commit("topic", day(2));
  repository.git({"checkout", "-q", "main"});
  const std::string other = repository.commit("other", day(3));
  const std::string merged = merge("topic", 4);
  EXPECT_TRUE(find(merged).commit.on_default_branch());
  EXPECT_EQ(find(merged).commit.parent, other);
  EXPECT_TRUE(find(other).commit.on_default_branch());
  EXPECT_EQ(find(topic).commit.fork_point_sha, base) << "merge-base would say: itself";
  repository.git({"checkout", "-q", "topic"});
  const std::string onwards = repository.commit("goes on after the merge", day(5));
  EXPECT_EQ(find(onwards).commit.fork_point_sha, base);
}

TEST_F(GitHistory, a_branch_that_merged_the_default_branch_forks_from_what_it_merged) {
  repository.commit("base", day(1));
  repository.git({"checkout", "-q", "-b", "topic"});
  repository.commit("topic", day(2));
  repository.git({"checkout", "-q", "main"});
  const std::string second = repository.commit("second", day(3));
  repository.git({"checkout", "-q", "topic"});
  const std::string synced = merge("main", 4);
  repository.git({"checkout", "-q", "main"});
  repository.commit("third", day(5));
  EXPECT_EQ(find(synced).commit.fork_point_sha, second);
}

TEST_F(GitHistory, author_dates_decide_nothing) {
  const std::string first = repository.commit("first", day(20));
  const std::string rebased = repository.commit("rebased, with an old date", day(2));
  const std::string last = repository.commit("last", day(10));
  EXPECT_TRUE(find(rebased).commit.on_default_branch());
  EXPECT_EQ(to_rfc3339(find(rebased).commit.timestamp.value()), "2024-01-02T12:00:00Z");
  EXPECT_EQ(hashes_between(last, first, 10), std::vector<std::string>{rebased});
}

TEST_F(GitHistory, a_range_leaves_out_both_ends_and_what_was_merged_in) {
  const std::string first = repository.commit("first", day(1));
  const std::string second = repository.commit("second", day(2));
  repository.git({"checkout", "-q", "-b", "topic"});
  repository.commit("topic", day(3));
  repository.git({"checkout", "-q", "main"});
  const std::string third = repository.commit("third", day(4));
  const std::string merged = merge("topic", 5);
  const std::string last = repository.commit("last", day(6));
  const std::vector<std::string> wanted = {merged, third, second};
  for (const std::size_t page : {1u, 2u, 3u, 10u}) {
    EXPECT_EQ(hashes_between(last, first, page), wanted) << page;
  }
  EXPECT_EQ(hashes_between(third, {}, 2), (std::vector<std::string>{second, first}));
  EXPECT_TRUE(hashes_between(second, first, 2).empty());
  EXPECT_TRUE(hashes_between(first, {}, 2).empty()) << "nothing is below the first";
}

TEST_F(GitHistory, a_checkout_follows_the_default_branch_of_its_origin) {
  const std::string base = repository.commit("base", day(1));
  repository.git({"branch", "-m", "trunk"});
  const auto checkout = GitRepository::clone(repository, {});
  EXPECT_EQ(find(*checkout, base).commit.branch, "org:trunk");
  const std::string ahead = checkout->commit("not pushed", day(2));
  EXPECT_TRUE(find(*checkout, ahead).commit.on_default_branch()) << "but on the branch";
  checkout->git({"checkout", "-q", "--detach"});
  EXPECT_TRUE(find(*checkout, base).commit.on_default_branch()) << "detached";
  EXPECT_EQ(GitCommits::open(checkout->folder, k_url).value()->branch_at(ahead), std::nullopt);
  checkout->git({"checkout", "-q", "trunk"});
  EXPECT_EQ(GitCommits::open(checkout->folder, k_url).value()->branch_at(ahead), "org:trunk");
  EXPECT_EQ(GitCommits::open(checkout->folder, k_url).value()->branch_at(base), std::nullopt);
}

TEST_F(GitHistory, hashes_that_no_column_holds_are_refused_by_name) {
  repository.git({"init", "-q", "--object-format=sha256", "long"});
  const auto source = GitCommits::open(repository.folder + "/long", k_url);
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().code, Code::unsupported);
  EXPECT_NE(source.error().message.find("SHA-256"), std::string::npos);
}

TEST_F(GitHistory, a_mirror_follows_its_head) {
  repository.git({"checkout", "-q", "-b", "develop"});
  const std::string base = repository.commit("base", day(1));
  const auto mirror = GitRepository::clone(repository, {"--bare"});
  EXPECT_EQ(find(*mirror, base).commit.branch, "org:develop");
  EXPECT_TRUE(find(*mirror, base).commit.on_default_branch());
}

TEST_F(GitHistory, a_shallow_clone_says_what_it_cannot_tell) {
  const std::string base = repository.commit("base", day(1));
  repository.git({"checkout", "-q", "-b", "topic"});
  const std::string before = repository.commit("before", day(2));
  const std::string topic = repository.commit("topic", day(3));
  repository.git({"checkout", "-q", "main"});
  const std::string main_head = repository.commit("main", day(4));
  const auto shallow = GitRepository::clone(repository, {"--depth=1", "--no-single-branch"});
  const KnownCommit known = find(*shallow, topic);
  EXPECT_EQ(known.commit.parent, before) << "the commit names it, though it is cut off";
  EXPECT_FALSE(known.commit.fork_point_sha);
  EXPECT_NE(known.why_no_fork_point.find("--unshallow"), std::string::npos);
  EXPECT_TRUE(find(*shallow, main_head).commit.on_default_branch());
  EXPECT_EQ(find(*shallow, main_head).commit.parent, base);
  EXPECT_EQ(failure_of(*shallow, base).code, Code::not_found);
  shallow->git({"fetch", "-q", "--unshallow"});
  EXPECT_EQ(find(*shallow, topic).commit.fork_point_sha, base);
}

TEST_F(GitHistory, another_source_is_asked_where_a_shallow_clone_cannot_tell) {
  const std::string base = repository.commit("base", day(1));
  const std::string second = repository.commit("second", day(2));
  repository.git({"checkout", "-q", "-b", "topic"});
  const std::string topic = repository.commit("topic", day(3));
  repository.git({"checkout", "-q", "main"});
  const auto shallow = GitRepository::clone(repository, {"--depth=1", "--no-single-branch"});
  std::vector<std::unique_ptr<CommitSource>> both;
  both.push_back(GitCommits::open(shallow->folder, k_url).value());
  both.push_back(GitCommits::open(repository.folder, k_url).value());
  CommitSources sources(std::move(both));
  const auto known = sources.find({k_url, topic, {}, {}});
  ASSERT_TRUE(known.ok());
  EXPECT_EQ(known->commit.fork_point_sha, second);
  const auto page = sources.between({k_url, second, {}, {}, {}}, "", 10);
  ASSERT_TRUE(page.ok()) << page.error().message;
  ASSERT_EQ(page->commits.size(), 1u);
  EXPECT_EQ(page->commits[0].sha, base);
  EXPECT_EQ(sources.find({k_url, std::string(40, '1'), {}, {}}).error().code, Code::not_found);
  EXPECT_EQ(sources.between({k_url, std::string(40, '1'), {}, {}, {}}, "", 10).error().code,
            Code::not_found);
  EXPECT_EQ(sources.find({"https://example.org/x", topic, {}, {}}).error().code, Code::not_found);
}

TEST_F(GitHistory, another_history_has_no_fork_point) {
  repository.commit("base", day(1));
  repository.git({"checkout", "-q", "--orphan", "pages"});
  const std::string pages = repository.commit("pages", day(2));
  const KnownCommit known = find(pages);
  EXPECT_TRUE(known.commit.timestamp);
  EXPECT_FALSE(known.commit.fork_point_sha);
  EXPECT_NE(known.why_no_fork_point.find("no common history"), std::string::npos);
}

TEST_F(GitHistory, only_hashes_are_names_of_commits) {
  const std::string base = repository.commit("base", day(1));
  repository.git({"branch", "abcdef1"});
  for (const char* sha : {"main", "HEAD", "--upload-pack=x", "", "abc", "unknown commit", "HEAD~1",
                          "-1234567", "$(reboot)"}) {
    EXPECT_EQ(failure_of(repository, sha).code, Code::invalid) << sha;
  }
  EXPECT_EQ(failure_of(repository, "abcdef1").code, Code::not_found) << "the name of a branch";
  EXPECT_EQ(failure_of(repository, std::string(40, '0')).code, Code::not_found);
  const std::string tree = repository.git({"rev-parse", "HEAD^{tree}"});
  EXPECT_EQ(failure_of(repository, tree).code, Code::not_found) << "a tree is no commit";
  const KnownCommit known = find(base.substr(0, 10));
  EXPECT_EQ(known.commit.sha, base.substr(0, 10)) << "as the client named it";
  EXPECT_TRUE(known.commit.on_default_branch());
}

TEST_F(GitHistory, texts_fit_the_columns_whatever_a_commit_holds) {
  const std::string wide = "ü";
  std::string subject;
  for (int i = 0; i < 300; ++i) subject += wide;
  repository.git({"config", "user.name", std::string(150, 'n')});
  const std::string long_one = repository.commit(subject, day(1));
  EXPECT_EQ(find(long_one).commit.message, subject.substr(0, 240 * wide.size()));
  EXPECT_EQ(find(long_one).commit.author_name, std::string(100, 'n'));
  repository.git({"config", "i18n.commitEncoding", "ISO-8859-1"});
  const std::string latin = repository.commit("caf\xe9", day(2));
  EXPECT_EQ(find(latin).commit.message, "café");
}

TEST_F(GitHistory, a_folder_is_known_by_its_origin_or_by_what_is_said) {
  repository.commit("base", day(1));
  EXPECT_EQ(GitCommits::open(repository.folder, {}).error().code, Code::invalid);
  repository.git({"remote", "add", "origin", "git@github.com:org/repo.git"});
  const auto source = GitCommits::open(repository.folder, {});
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_TRUE((*source)->covers(k_url));
  EXPECT_TRUE((*source)->covers("https://github.com/org/repo.git"));
  EXPECT_FALSE((*source)->covers("https://github.com/org/repo2"));
  const auto folders =
      open_git_folders(repository.folder + "; https://example.org/a=" + repository.folder);
  ASSERT_TRUE(folders.ok()) << folders.error().message;
  ASSERT_EQ(folders->size(), 2u);
  EXPECT_TRUE((*folders)[1]->covers("https://example.org/a"));
  EXPECT_EQ(open_git_folders("/nowhere at all").error().code, Code::invalid);
  EXPECT_EQ(open_git_folders("https://example.org/a").error().code, Code::invalid);
  EXPECT_TRUE(open_git_folders(" ; ")->empty());
}

/// A history with branches and merges by chance: commit i has up to two earlier parents. main is
/// the last one.
struct ChanceHistory {
  ChanceHistory(std::uint64_t seed, int length) {
    SeededRandom random(seed);
    std::string stream;
    for (int i = 0; i < length; ++i) {
      parents.emplace_back();
      if (i > 0) parents[i].push_back(pick(random, i));
      if (i > 1 && random.below(3) == 0) {
        const int second = pick(random, i);
        if (second != parents[i][0]) parents[i].push_back(second);
      }
      stream += fmt::format("commit refs/heads/b{}\nmark :{}\nauthor A <a@b> {} +0000\n", i, i + 1,
                            1'700'000'000 + random.below(1'000'000));
      stream += fmt::format("committer A <a@b> {} +0000\ndata 1\nx", 1'700'000'000 + i);
      for (std::size_t p = 0; p < parents[i].size(); ++p) {
        stream += fmt::format("\n{} :{}", p == 0 ? "from" : "merge", parents[i][p] + 1);
      }
      stream += "\n\n";
    }
    stream += fmt::format("reset refs/heads/main\nfrom :{}\n", length);
    std::ofstream(repository.folder + "/stream") << stream;
    repository.git({"-c", "alias.load=!git fast-import --quiet < stream", "load"});
    for (int i = 0; i < length; ++i) {
      hashes.push_back(repository.git({"rev-parse", fmt::format("refs/heads/b{}", i)}));
    }
  }

  // Mostly the newest ones, so that lines grow.
  static int pick(SeededRandom& random, int before) {
    const auto back = std::min(random.below(4), random.below(static_cast<std::uint64_t>(before)));
    return before - 1 - static_cast<int>(back);
  }

  // The slow twin: walks everything.
  std::set<int> ancestors_of(int commit) const {
    std::set<int> found = {commit};
    for (int i = commit; i >= 0; --i) {
      if (found.contains(i)) found.insert(parents[i].begin(), parents[i].end());
    }
    return found;
  }
  int fork_point_of(int commit) const {
    const std::set<int> ancestors = ancestors_of(commit);
    for (int i = static_cast<int>(parents.size()) - 1;; i = parents[i][0]) {
      if (ancestors.contains(i)) return i;
    }
  }

  GitRepository repository;
  std::vector<std::vector<int>> parents;
  std::vector<std::string> hashes;
};

TEST(GitProperties, fork_points_are_those_that_a_walk_of_the_whole_graph_finds) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const ChanceHistory history(seed, 30);
    const auto source = GitCommits::open(history.repository.folder, k_url).value();
    for (int i = 0; i < 30; ++i) {
      const auto known = source->find({k_url, history.hashes[i], {}, {}});
      ASSERT_TRUE(known.ok()) << known.error().message;
      const int wanted = history.fork_point_of(i);
      EXPECT_EQ(known->commit.fork_point_sha, history.hashes[wanted])
          << "seed " << seed << ", commit " << i;
      EXPECT_EQ(known->fork_point.has_value(), wanted != i);
    }
  }
}

TEST(GitProcess, a_command_that_takes_too_long_is_killed) {
  const GitRepository repository;
  // An alias that runs a shell which waits; everything in its group goes.
  const auto outcome = run_git(repository.folder, {"-c", "alias.wait=!sleep 60", "wait"},
                               {.time_max = std::chrono::milliseconds(50)});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::timeout);
}

TEST(GitProcess, output_is_bounded) {
  const GitRepository repository;
  repository.commit("base", day(1));
  const auto outcome = run_git(repository.folder, {"log"}, {.output_bytes_max = 10});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::too_large);
}

TEST(GitProcess, the_callers_own_git_variables_lead_nowhere) {
  const GitRepository one, other;
  one.commit("one", day(1));
  other.commit("other", day(1));
  ASSERT_EQ(::setenv("GIT_DIR", (other.folder + "/.git").c_str(), 1), 0);
  const std::string head = one.git({"log", "-1", "--format=%s"});
  ::unsetenv("GIT_DIR");
  EXPECT_EQ(head, "one");
}

}  // namespace
}  // namespace bl::results
