#include "lake/journal/certain_put.h"

#include <algorithm>

namespace bl::lake {

PutOutcome put_certainly(objects::ObjectStore& store, const std::string& key,
                         const std::string& bytes, bool in_doubt, int attempts_max,
                         const ObjectJournalLimits& limits, const objects::Wait& wait) {
  using Kind = PutOutcome::Kind;
  Error last{Code::outcome_unknown, "nobody knows yet whether an object was made: " + key};
  std::chrono::milliseconds pause = limits.first_wait;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    if (attempt > 0) {
      if (!wait(pause)) break;
      pause = std::min(pause * 2, limits.wait_max);
    }
    const auto put = store.put_if_absent(key, bytes);
    if (put.ok()) return {Kind::made, {}, last};
    last = put.error();
    if (last.code == Code::conflict) {
      auto there = store.get(key);
      if (there.ok() && *there == bytes) return {Kind::made, {}, last};
      if (there.ok()) return {Kind::taken, std::move(*there), last};
      if (there.error().code == Code::not_found) return {Kind::taken, {}, last};
      in_doubt = true;  // it may be ours
      last = there.error();
      continue;
    }
    if (last.code == Code::outcome_unknown) in_doubt = true;
    // An earlier sending may still arrive: that this one did not says nothing.
    if (!in_doubt) return {Kind::failed, {}, last};
  }
  return {in_doubt ? Kind::unknown : Kind::failed, {}, last};
}

}  // namespace bl::lake
