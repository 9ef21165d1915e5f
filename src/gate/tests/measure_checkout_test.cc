#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temporary_folder.h"
#include "gate/measure.h"

namespace bl::gate {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A repository with two commits: `sub/value` is 1, then 2.
struct Repository {
  Repository() {
    git({"init", "--quiet", "--initial-branch=main"});
    commit("1");
    commit("2");
  }
  std::string git(std::vector<std::string> words) const {
    for (const char* word : {"user.name=A", "user.email=a@example.org", "commit.gpgsign=false"}) {
      words.insert(words.begin(), word);
      words.insert(words.begin(), "-c");
    }
    words.insert(words.begin(), "git");
    const auto end = run_program({.words = words, .folder = folder.path()});
    EXPECT_TRUE(end.ok() && end->exit_code == 0) << (end.ok() ? end->err : end.error().message);
    return end.ok() ? end->out : "";
  }
  void commit(const std::string& value) const {
    fs::create_directories(folder.path() + "/sub");
    std::ofstream(folder.path() + "/sub/value") << value;
    git({"add", "."});
    git({"commit", "--quiet", "-m", value});
  }
  TemporaryFolder folder;
};

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

TEST(OtherCheckout, has_the_same_place_of_another_revision_and_leaves_nothing) {
  const Repository repository;
  const TemporaryFolder scratch;
  ProgramRunner runner;
  const std::string before = repository.git({"worktree", "list"});
  std::string root;
  {
    const auto other = OtherCheckout::make(runner, repository.folder.path() + "/sub", "HEAD~1",
                                           scratch.path(), {});
    ASSERT_TRUE(other.ok()) << other.error().message;
    EXPECT_EQ(content((*other)->folder() + "/value"), "1");
    EXPECT_EQ((*other)->commit().size(), 40u);
    EXPECT_EQ(content(repository.folder.path() + "/sub/value"), "2");
    root = (*other)->folder();
    std::ofstream(root + "/left-behind") << "by a build";
  }
  EXPECT_FALSE(fs::exists(root));
  EXPECT_EQ(repository.git({"worktree", "list"}), before);
}

TEST(OtherCheckout, a_revision_that_is_none_is_refused) {
  const Repository repository;
  const TemporaryFolder scratch;
  ProgramRunner runner;
  for (const char* revision : {"no-such", "", "--all"}) {
    const auto other =
        OtherCheckout::make(runner, repository.folder.path(), revision, scratch.path(), {});
    ASSERT_FALSE(other.ok()) << revision;
    EXPECT_EQ(other.error().code, Code::not_found);
  }
  const TemporaryFolder bare;
  EXPECT_FALSE(OtherCheckout::make(runner, bare.path(), "HEAD", scratch.path(), {}).ok());
}

TEST(Interruption, is_noted_and_the_signals_are_as_before_afterwards) {
  struct sigaction before{}, after{};
  sigaction(SIGINT, nullptr, &before);
  {
    const Interruption interruption;
    EXPECT_FALSE(interruption.happened());
    raise(SIGINT);
    EXPECT_TRUE(interruption.happened());
  }
  sigaction(SIGINT, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(ScratchFolder, is_removed_with_all_in_it) {
  std::string path;
  {
    const auto scratch = ScratchFolder::make();
    ASSERT_TRUE(scratch.ok());
    path = (*scratch)->path();
    std::ofstream(path + "/file") << "x";
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace bl::gate
