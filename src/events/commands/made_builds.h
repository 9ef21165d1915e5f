#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/random.h"
#include "events/model.h"

/// Builds that nobody ran, for measurements of a log. Private to the commands.
namespace bl::events {

/// The events of builds one after the other, each of 13: a request with two partitions, a job run
/// for each, what they become. The same for the same seed. One thread.
class MadeBuilds {
 public:
  /// `start`: nanoseconds of the first event.
  MadeBuilds(std::uint64_t seed, std::int64_t start) : random_(seed), now_(start) {}
  BuildEvent next();
  std::vector<BuildEvent> take(std::size_t count);

  static constexpr int k_partitions = 500;
  static constexpr int k_jobs = 20;
  static std::string partition(std::uint64_t number);
  static std::string job(std::uint64_t number);

 private:
  void plan();
  std::string uuid();

  SeededRandom random_;
  std::int64_t now_;
  std::string build_;
  std::deque<Payload> planned_;
};

}  // namespace bl::events
