#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "advice/adviser.h"
#include "advice/encode.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "store/jobs.h"

/// Writes the comment of a commit under its pull request soon after its results came in, and again
/// when more come: late, doubled and corrected ones change the comment that is there. Of several
/// servers over one store, the one that holds the job `advice.comments` writes.
namespace bl::advice {

/// Commits off the default branch that got results, or lost some. Bound by app.
class ResultNews {
 public:
  virtual ~ResultNews() = default;
  struct Commit {
    std::string repository, sha;
  };
  struct Since {
    std::int64_t mark = 0;  ///< ask with it for what comes after
    std::vector<Commit> commits;
  };
  /// What came behind a mark; none: the newest thousand changes. Cost: those, and one statement
  /// when there are none.
  virtual Result<Since> since(std::optional<std::int64_t> mark) = 0;
};

/// Where the comments of a repository go; nullptr: nowhere.
using ForgeOf = std::function<std::unique_ptr<Forge>(const std::string& repository)>;

struct PosterLimits {
  std::chrono::milliseconds quiet{500};          ///< without a new result: the comment is written
  std::chrono::milliseconds quiet_max{1'500};    ///< of a commit whose results never end
  std::chrono::milliseconds retry_after{5'000};  ///< of one that failed; doubles
  std::chrono::milliseconds retry_max{300'000};
  int attempts_max = 8;
  /// Everything since the look before last is written again: on PostgreSQL a change may become
  /// visible after later ones. What says the same is left alone.
  std::chrono::milliseconds look_again{30'000};
  std::chrono::milliseconds lease{60'000};
  std::size_t waiting_max = 10'000;  ///< commits; beyond, new ones are told in the log
};

/// work() belongs to one background thread; post() to any. The ports outlive this.
class Poster {
 public:
  static constexpr std::string_view k_job = "advice.comments";

  struct Ports {
    const Adviser& adviser;
    ResultNews& news;
    ForgeOf forge_of;
    store::Jobs& jobs;
    const Clock& clock;
    Log& log;
    Metrics& metrics;
  };
  struct Options {
    std::string base_url;  ///< of the page; empty: no links
    bool checks = true;    ///< a check run beside the comment
  };
  Poster(Ports ports, Options options, PosterLimits limits = {});

  /// One look: what is new, and what is due. Cost without anything new: one statement.
  void work();
  /// Now. Errors: conflict (no forge for the repository), those of the forge and of the adviser.
  Result<PostedComment> post(const Question& question);
  /// Commits whose comment is to be written.
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::chrono::steady_clock::time_point first_since, since;
    std::optional<std::chrono::steady_clock::time_point> not_before;  ///< after a failure
    int attempts = 0;
  };
  using Key = std::pair<std::string, std::string>;  // repository, sha

  Result<void> look();
  Result<void> write_due();
  bool is_due(const Waiting& one) const;
  void write(const Key& key, Waiting& one, std::vector<Key>& finished);
  Counter outcome_counter(const char* outcome);

  const Ports ports_;
  const Options options_;
  const PosterLimits limits_;
  // Of the background thread.
  RecurringError errors_;
  std::optional<std::int64_t> mark_, mark_before_;
  std::optional<std::chrono::steady_clock::time_point> looked_again_at_;
  std::map<Key, Waiting> waiting_;
};

/// The check run of a comment: passes unless something is slower or failed; neither where nothing
/// is known or it is not sure.
Forge::Check check_of(const Comment& comment, const std::string& markdown,
                      const std::string& base_url);

}  // namespace bl::advice
