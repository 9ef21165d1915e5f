#pragma once

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "results/commits/git_process.h"

namespace bl::results::testing {

/// A real git repository in a new folder with a blank in its name.
class GitRepository {
 public:
  GitRepository() : GitRepository(Empty{}) {
    git({"init", "-q", "-b", "main", "."});
    configure();
  }
  ~GitRepository() { std::filesystem::remove_all(folder); }
  GitRepository(const GitRepository&) = delete;
  GitRepository& operator=(const GitRepository&) = delete;

  /// A clone of it; `arguments` such as `--depth=1`, `--bare`.
  static std::unique_ptr<GitRepository> clone(const GitRepository& of,
                                              const std::vector<std::string>& arguments) {
    auto clone = std::unique_ptr<GitRepository>(new GitRepository(Empty{}));
    std::vector<std::string> words = {"clone", "-q"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.push_back("file://" + of.folder);
    words.push_back(".");
    clone->git(words);
    clone->configure();
    return clone;
  }

  std::string git(const std::vector<std::string>& arguments) const {
    const auto output = run_git(folder, arguments);
    BL_CHECK(output.ok());
    if (output->exit_code != 0) std::fprintf(stderr, "git: %s\n", output->err.c_str());
    BL_CHECK(output->exit_code == 0);
    return output->out.substr(0, output->out.find('\n'));
  }
  /// A commit on what is checked out; gives its hash.
  std::string commit(const std::string& message, const std::string& author_date) const {
    git({"commit", "-q", "--allow-empty", "--date", author_date, "-m", message});
    return head();
  }
  std::string head() const { return git({"rev-parse", "HEAD"}); }

  std::string folder;

 private:
  struct Empty {};
  explicit GitRepository(Empty) {
    std::string pattern = (std::filesystem::temp_directory_path() / "bl git XXXXXX").string();
    BL_CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
  }
  void configure() const {
    git({"config", "user.name", "Ada L"});
    git({"config", "user.email", "ada@example.org"});
    git({"config", "commit.gpgsign", "false"});
  }
};

}  // namespace bl::results::testing
