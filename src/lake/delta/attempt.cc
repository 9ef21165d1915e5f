#include "lake/delta/attempt.h"

#include <algorithm>
#include <cstdint>

namespace bl::lake::delta {
namespace {

bool is_passing(Code code) {
  return code == Code::unavailable || code == Code::timeout || code == Code::overloaded;
}

Result<Taken> whose(const std::string& there, const std::string& ours, const std::string& id,
                    const std::string& key) {
  if (there == ours) return Taken::by_us;
  if (there.find(id) == std::string::npos) return Taken::by_others;
  return Error{Code::corrupt, "our commit does not read as it was written: " + key};
}

}  // namespace

Patience::Patience(const DeltaWorld& world, const DeltaLimits& limits)
    : world_(world),
      limits_(limits),
      until_(world.clock.steady_now() + limits.commit_time_max),
      wait_(limits.first_wait) {}

bool Patience::pause() {
  if (world_.clock.steady_now() >= until_) return false;
  const auto half = static_cast<std::uint64_t>(std::max<std::int64_t>(wait_.count() / 2, 1));
  const std::chrono::milliseconds chance{static_cast<std::int64_t>(world_.random.below(half + 1))};
  stopped_ = !world_.wait(std::chrono::milliseconds(half) + chance);
  wait_ = std::min(wait_ * 2, limits_.wait_max);
  ++pauses_;
  return !stopped_;
}

Result<Taken> take_version(LogFolder& folder, DeltaVersion version, const std::string& bytes,
                           const std::string& id, Patience& patience) {
  const std::string key = folder.key(commit_name(version));
  bool in_doubt = false;
  while (true) {
    const auto put = folder.store().put_if_absent(key, bytes);
    if (put.ok()) return Taken::by_us;
    const Code code = put.error().code;
    if (code == Code::conflict && !in_doubt) return Taken::by_others;
    if (code == Code::outcome_unknown) in_doubt = true;
    if (!in_doubt) return put.error();
    const auto there = folder.commit(version);
    if (there.ok() && there->has_value()) return whose(**there, bytes, id, key);
    if (!there.ok() && !is_passing(there.error().code)) {
      return Error{Code::outcome_unknown,
                   "a commit's answer was lost, and looking failed: " + there.error().message};
    }
    if (!patience.pause()) {
      return Error{Code::outcome_unknown,
                   "a commit's answer was lost, and it may still arrive: " + key};
    }
  }
}

}  // namespace bl::lake::delta
