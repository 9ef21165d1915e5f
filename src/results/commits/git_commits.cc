#include "results/git_commits.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/numbers.h"
#include "formats/machine.h"
#include "results/commits/git_process.h"

namespace bl::results {
namespace {

// Each field ends in NUL, which no message holds.
constexpr const char* k_commit_format = "--format=%H%x00%P%x00%at%x00%an%x00%B%x00";
constexpr std::size_t k_commit_fields = 5;

std::string_view without_git(std::string_view repository) {
  if (repository.ends_with(".git")) repository.remove_suffix(4);
  return repository;
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find_first_of(" \n"));
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

struct GitCommit {
  std::string hash;
  Commit commit;  // without repository, branch and fork point; sha is the full hash
};

Result<GitCommit> read_commit(std::span<const std::string_view> fields) {
  GitCommit read;
  read.hash = fields[0].substr(std::min(fields[0].find_first_not_of('\n'), fields[0].size()));
  const auto seconds = parse_int64(fields[2]);
  if (!is_commit_hash(read.hash) || !seconds || *seconds < k_timestamp_min.micros / 1'000'000 ||
      *seconds > k_timestamp_max.micros / 1'000'000) {
    return Error{Code::malformed, "git's answer is no commit: " + read.hash};
  }
  read.commit.sha = read.hash;
  if (const auto parent = first_word(fields[1]); !parent.empty()) read.commit.parent = parent;
  read.commit.timestamp = Timestamp::from_seconds(*seconds);
  read.commit.author_name = fields[3];
  read.commit.message = fields[4];
  return read;
}

/// One repository, one question: the commands that answer it.
class Git {
 public:
  Git(const std::string& folder, GitLimits limits) : folder_(folder) {
    limits_.time_max = limits.command_time_max;
  }

  Result<GitOutput> run(const std::vector<std::string>& arguments) const {
    return run_git(folder_, arguments, limits_);
  }

  /// The full hash; nullopt when there is no such commit.
  Result<std::optional<std::string>> resolve(const std::string& name) const {
    BL_TRY(const GitOutput output,
           run({"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"}));
    std::optional<std::string> hash;
    if (output.exit_code == 0) hash = trimmed(output.out);
    return hash;
  }

  /// At most `count_max` commits of a walk.
  Result<std::vector<GitCommit>> log(std::vector<std::string> walk, std::size_t count_max) const {
    std::vector<std::string> arguments = {"log", "--encoding=UTF-8", k_commit_format,
                                          "--max-count=" + std::to_string(count_max)};
    for (std::string& word : walk) arguments.push_back(std::move(word));
    arguments.emplace_back("--");
    BL_TRY(const GitOutput output, run(arguments));
    if (output.exit_code != 0) return refusal(output);
    std::vector<std::string_view> fields;
    std::string_view rest = output.out;
    for (std::size_t end = 0; (end = rest.find('\0')) != std::string_view::npos;) {
      fields.push_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    std::vector<GitCommit> commits;
    for (std::size_t i = 0; i + k_commit_fields <= fields.size(); i += k_commit_fields) {
      BL_TRY(GitCommit commit, read_commit(std::span(fields).subspan(i, k_commit_fields)));
      commits.push_back(std::move(commit));
    }
    return commits;
  }

  Result<GitCommit> commit(const std::string& hash) const {
    BL_TRY(std::vector<GitCommit> found, log({hash}, 1));
    if (found.empty()) return Error{Code::not_found, "git does not know the commit " + hash};
    if (!found.front().commit.parent) {
      BL_TRY(found.front().commit.parent, recorded_parent(hash));
    }
    return std::move(found.front());
  }

  Result<bool> is_shallow() const { return says("--is-shallow-repository"); }
  Result<bool> is_bare() const { return says("--is-bare-repository"); }

  struct Branch {
    std::string reference;  ///< full name
    std::string name;
    std::optional<std::string> local;  ///< the checkout's own branch of that name
  };
  Result<Branch> default_branch() const {
    BL_TRY(const bool bare, is_bare());
    if (bare) {
      BL_TRY(const GitOutput head, run({"symbolic-ref", "--quiet", "HEAD"}));
      const std::string reference = trimmed(head.out);
      if (head.exit_code == 0) return Branch{reference, name_of(reference), std::nullopt};
    }
    BL_TRY(const GitOutput listed,
           run({"for-each-ref", "--format=%(refname) %(symref)", "refs/remotes/origin/HEAD",
                "refs/remotes/origin/main", "refs/remotes/origin/master", "refs/heads/main",
                "refs/heads/master"}));
    for (const char* wanted :
         {"refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master",
          "refs/heads/main", "refs/heads/master"}) {
      if (const auto target = target_of(listed.out, wanted)) return with_local(*target);
    }
    return Error{Code::not_found,
                 "git has no default branch (no origin/HEAD, main or master) in " + folder_};
  }

  /// The newest commit of the branch's first-parent line that `hash` descends from, or is; nullopt:
  /// none (another history), or the clone is too shallow to tell.
  Result<std::optional<std::string>> fork_point(const std::string& reference,
                                                const std::string& hash) const {
    // The line from the branch's head down to where `hash` reaches it; its last commit is the first
    // one after the fork.
    std::string line, last;
    BL_TRY(const GitOutput output, run_git(folder_,
                                           {"rev-list", "--first-parent", "--parents",
                                            "--end-of-options", reference, "^" + hash, "--"},
                                           limits_, [&](std::string_view piece) {
                                             for (const char c : piece) {
                                               if (c != '\n') {
                                                 line += c;
                                               } else {
                                                 last = std::exchange(line, {});
                                               }
                                             }
                                           }));
    if (output.exit_code != 0) return refusal(output);
    if (last.empty()) return resolve(reference);
    std::optional<std::string> fork;
    const std::size_t blank = last.find(' ');
    if (blank != std::string::npos) {
      fork = std::string(first_word(std::string_view(last).substr(blank + 1)));
    }
    return fork;
  }

  Error refusal(const GitOutput& output) const {
    return Error{Code::unavailable, "git refuses " + folder_ + ": " + output.err};
  }

 private:
  Result<bool> says(const char* question) const {
    BL_TRY(const GitOutput output, run({"rev-parse", question}));
    if (output.exit_code != 0) return refusal(output);
    return trimmed(output.out) == "true";
  }

  static std::string name_of(const std::string& reference) {
    for (const std::string_view prefix : {"refs/remotes/origin/", "refs/heads/"}) {
      if (reference.starts_with(prefix)) return reference.substr(prefix.size());
    }
    return reference;
  }

  Result<Branch> with_local(const std::string& reference) const {
    Branch branch{reference, name_of(reference), std::nullopt};
    const std::string local = "refs/heads/" + branch.name;
    if (local == reference) return branch;
    BL_TRY(const auto there, resolve(local));
    if (there) branch.local = local;
    return branch;
  }

  // `refs/remotes/origin/HEAD refs/remotes/origin/main`; the second is empty for a plain branch.
  static std::optional<std::string> target_of(const std::string& listed, std::string_view wanted) {
    for (std::size_t at = 0; at < listed.size();) {
      const std::size_t end = std::min(listed.find('\n', at), listed.size());
      const std::string_view line = std::string_view(listed).substr(at, end - at);
      const std::string_view reference = first_word(line);
      if (reference == wanted) {
        const std::string_view symbolic = line.substr(std::min(reference.size() + 1, line.size()));
        return std::string(symbolic.empty() ? reference : symbolic);
      }
      at = end + 1;
    }
    return std::nullopt;
  }

  // A shallow clone hides the parents of its oldest commits; the commit itself still names them.
  Result<std::optional<std::string>> recorded_parent(const std::string& hash) const {
    BL_TRY(const GitOutput output, run({"cat-file", "commit", hash}));
    std::optional<std::string> parent;
    const std::string_view header = std::string_view(output.out).substr(0, output.out.find("\n\n"));
    const std::size_t at = header.find("\nparent ");
    if (output.exit_code == 0 && at != std::string_view::npos) {
      parent = std::string(first_word(header.substr(at + 8)));
    }
    return parent;
  }

  const std::string& folder_;
  GitProcessLimits limits_;
};

std::string label_of(std::string_view repository, const std::string& branch) {
  const std::string owner = owner_of(repository);
  return owner.empty() ? branch : owner + ":" + branch;
}

Commit default_branch_commit(GitCommit from, std::string_view repository,
                             const std::string& branch) {
  Commit commit = std::move(from.commit);
  commit.repository = repository;
  commit.branch = branch;
  commit.fork_point_sha = commit.sha;
  fit_columns(commit);
  return commit;
}

Result<std::optional<std::string>> fork_point_of(const Git& git, const Git::Branch& branch,
                                                 const std::string& hash) {
  BL_TRY(auto fork, git.fork_point(branch.reference, hash));
  if (fork == hash || !branch.local) return fork;
  // What a checkout has on its default branch and has not pushed yet is on it all the same.
  BL_TRY(const auto local, git.fork_point(*branch.local, hash));
  return local == hash ? local : fork;
}

}  // namespace

Result<std::unique_ptr<GitCommits>> GitCommits::open(const std::string& folder,
                                                     const std::optional<std::string>& repository,
                                                     GitLimits limits) {
  BL_TRY(const GitOutput output, Git(folder, limits).run({"rev-parse", "--git-dir"}));
  if (output.exit_code != 0) {
    return Error{Code::invalid, "no git repository: " + folder + ": " + output.err};
  }
  BL_TRY(const GitOutput hashes, Git(folder, limits).run({"rev-parse", "--show-object-format"}));
  if (hashes.exit_code == 0 && trimmed(hashes.out) == "sha256") {
    return Error{
        Code::unsupported,
        "not supported: a git repository of SHA-256 hashes, which the store's columns do not "
        "hold: " +
            folder};
  }
  std::optional<std::string> named = repository;
  if (!named) named = formats::detect_git(folder).repository;
  if (!named) {
    return Error{Code::invalid,
                 "the git repository has no remote origin to be known by; write URL=" + folder};
  }
  BL_TRY(std::string normalised, normalise_repository(*named));
  return std::unique_ptr<GitCommits>(new GitCommits(folder, std::move(normalised), limits));
}

bool GitCommits::covers(std::string_view repository) const {
  return without_git(repository) == without_git(repository_);
}

Error GitCommits::not_there(const std::string& sha) const {
  return Error{Code::not_found, "not in the git repository " + folder_ + ": " + sha};
}

Result<KnownCommit> GitCommits::find(const CommitQuestion& question) {
  if (!is_commit_hash(question.sha)) {
    return Error{Code::invalid, "not a commit hash: " + question.sha};
  }
  const Git git(folder_, limits_);
  BL_TRY(const auto hash, git.resolve(question.sha));
  if (!hash || !is_same_commit(question.sha, *hash)) {
    return not_there(question.sha);
  }
  BL_TRY(GitCommit found, git.commit(*hash));
  BL_TRY(const Git::Branch branch, git.default_branch());
  BL_TRY(const auto fork, fork_point_of(git, branch, *hash));
  const std::string default_label = label_of(question.repository, branch.name);
  KnownCommit known;
  known.commit = std::move(found.commit);
  known.commit.sha = question.sha;
  known.commit.repository = question.repository;
  known.commit.branch = question.branch;
  if (!question.branch) {
    known.commit.branch =
        question.pull_request
            ? label_of(question.repository, "pull/" + std::to_string(*question.pull_request))
            : default_label;
  }
  if (fork == *hash) {
    known.commit.fork_point_sha = question.sha;
  } else if (fork) {
    known.commit.fork_point_sha = fork;
    BL_TRY(GitCommit at_fork, git.commit(*fork));
    known.fork_point =
        default_branch_commit(std::move(at_fork), question.repository, default_label);
  } else {
    BL_TRY(const bool shallow, git.is_shallow());
    known.why_no_fork_point =
        shallow
            ? "the clone is too shallow to hold the fork point (git fetch --unshallow): " + folder_
            : "no common history with " + branch.reference + " in " + folder_;
  }
  fit_columns(known.commit);
  return known;
}

Result<CommitPage> GitCommits::between(const CommitRange& range, const std::string& from,
                                       std::size_t count_max) {
  const std::string& start = from.empty() ? range.newest_sha : from;
  if (!is_commit_hash(start)) return Error{Code::invalid, "not a commit hash: " + start};
  const Git git(folder_, limits_);
  BL_TRY(const auto first, git.resolve(from.empty() ? start + "^1" : start));
  CommitPage page;
  if (!first) {
    BL_TRY(const auto newest, git.resolve(start));
    if (!newest) return not_there(start);
    BL_TRY(const GitCommit top, git.commit(*newest));
    if (top.commit.parent) return not_there(*top.commit.parent);  // the end of a shallow clone
    return page;                                                  // the first commit of all
  }
  BL_TRY(const Git::Branch branch, git.default_branch());
  std::vector<std::string> walk = {"--first-parent", *first};
  if (range.oldest_sha && is_commit_hash(*range.oldest_sha)) {
    BL_TRY(const auto oldest, git.resolve(*range.oldest_sha));
    if (oldest) walk.push_back("^" + *oldest);
  }
  BL_TRY(std::vector<GitCommit> commits, git.log(std::move(walk), count_max + 1));
  if (commits.size() > count_max) {
    page.next = commits.back().hash;
    commits.pop_back();
  }
  const std::string label = label_of(range.repository, branch.name);
  for (GitCommit& commit : commits) {
    page.commits.push_back(default_branch_commit(std::move(commit), range.repository, label));
  }
  return page;
}

std::optional<std::string> GitCommits::branch_at(const std::string& sha) const {
  const Git git(folder_, limits_);
  const auto head = git.resolve("HEAD");
  if (!head.ok() || !*head || !is_same_commit(sha, **head)) return std::nullopt;
  const auto branch = git.run({"symbolic-ref", "--quiet", "--short", "HEAD"});
  if (!branch.ok() || branch->exit_code != 0) return std::nullopt;
  return label_of(repository_, trimmed(branch->out));
}

Result<std::vector<std::unique_ptr<GitCommits>>> open_git_folders(std::string_view setting) {
  std::vector<std::unique_ptr<GitCommits>> opened;
  for (std::size_t at = 0; at <= setting.size();) {
    const std::size_t end = std::min(setting.find(';', at), setting.size());
    std::string_view entry = setting.substr(at, end - at);
    at = end + 1;
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (entry.empty()) continue;
    std::optional<std::string> repository;
    std::string_view folder = entry;
    // A folder's name may hold `=`; an address is told by its scheme or `git@`.
    const std::size_t equals = entry.find('=');
    const bool named = entry.starts_with("https://") || entry.starts_with("git@");
    if (named) {
      repository = entry.substr(0, std::min(equals, entry.size()));
      folder = equals == std::string_view::npos ? "" : entry.substr(equals + 1);
    }
    if (folder.empty()) {
      return Error{Code::invalid, "commits.git wants DIR or URL=DIR: " + std::string(entry)};
    }
    BL_TRY(auto source, GitCommits::open(std::string(folder), repository));
    opened.push_back(std::move(source));
  }
  return opened;
}

}  // namespace bl::results
