#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"

/// What `demo --full` tells: a shop whose commits are measured, one of which made it slower. The
/// same for the same seed and end. Pure.
namespace bl::app::demo {

struct StoryOptions {
  std::uint64_t seed = 1;
  Timestamp until;  ///< nothing is newer
};

/// A commit with its run. The build, the results and the traces of a run have one id.
struct StoryCommit {
  std::string sha, parent, message, author;
  std::string run_id;  ///< UUID
  Timestamp time;
  double machine_factor = 1;  ///< how slow the machine was that day, for all benchmarks alike
  std::optional<std::int64_t> pull_request;  ///< none: it is on the default branch
  std::string fork_point;                    ///< of a pull request
  std::optional<std::int64_t> sweep;         ///< the CI's number of an inference sweep of its run
  bool is_slow = false;                      ///< holds the planted slowdown
  bool is_traced = false;
  bool has_failed_build = false;  ///< so that it has no results

  Timestamp measured_at() const { return time + std::chrono::minutes(20); }
};

struct Story {
  StoryOptions options;
  std::string repository, machine;
  std::vector<StoryCommit> commits;  ///< the default branch by time, then the pull request's
  std::size_t guilty = 0, before = 0, failed = 0, head = 0;  ///< places in commits
};

/// 150 commits of the default branch, the fourth newest guilty; two of a pull request that leaves
/// from the newest and changes nothing. One build failed long before.
Story make_story(const StoryOptions& options);

/// Draws that depend on the story and on `what` alone, not on what was drawn before.
SeededRandom draws_for(const StoryOptions& options, std::string_view what);
/// Standard normal.
double draw_normal(Random& random);
/// 8-4-4-4-12 hex digits.
std::string draw_uuid(Random& random);

}  // namespace bl::app::demo
