#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "events/model.h"

/// Histories of builds, by seed: the same events on every machine. Streams: memory goes with the
/// builds in flight, not with the events.
namespace bl::events {

struct CorpusShape {
  std::uint64_t seed = 1;
  int builds_in_flight = 8;
  int partitions = 400;  ///< distinct refs; dates of some tables
  int labels = 40;
  std::int64_t start = 1'750'000'000'000'000'000;  ///< ns
  std::int64_t step = 20'000'000;                  ///< ns, between two events on average
  int ties_percent = 5;                            ///< events with the timestamp of the one before
  int late_percent = 1;                            ///< events that come in up to 100 steps late
  int unicode_percent = 5;  ///< messages beyond ASCII; a tenth of the refs is, always
  /// Every n-th completed run has a manifest of about 1 MB; 0: none.
  int big_manifest_every = 0;
};

/// What a build system writes: about 25 % build requests, 25 % jobs with configs and manifests, 45
/// % partitions, the rest delegations, graphs, invalidations and cancels
/// (spec/events-delta.md 5.1). Most builds complete; some fail, are cancelled, or wait for
/// another's partition. One thread.
class Corpus {
 public:
  explicit Corpus(const CorpusShape& shape = {});
  BuildEvent next();
  std::vector<BuildEvent> take(std::size_t count);

 private:
  struct Build;
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  std::string uuid();
  PartitionRef some_ref();
  std::string message(std::string_view plain);
  std::int64_t tick();
  Build new_build();
  void plan(Build& build);
  void plan_job(Build& build);
  void plan_delegation(Build& build, const PartitionRef& ref);
  void plan_end(Build& build, bool failed);
  JobConfig config_of(const std::string& label, const std::vector<PartitionRef>& targets);
  PartitionManifest manifest_of(const std::string& label, const JobConfig& config);

  struct Build {
    std::string id;
    std::vector<PartitionRef> requested;
    std::deque<Payload> script;  // what it will tell, in order
  };

  CorpusShape shape_;
  std::mt19937_64 engine_;
  std::vector<Build> builds_;
  std::vector<std::string> past_builds_;  // some, for delegations
  std::int64_t now_;
  std::int64_t completed_runs_ = 0;
};

/// `count` events of the default shape.
std::vector<BuildEvent> history(std::uint64_t seed, std::size_t count);

/// Any valid events in any order, in a world so small that everything meets: few builds, refs,
/// runs and instants, all types and statuses. For comparisons with a slow twin. A run has one
/// label.
std::vector<BuildEvent> small_world(std::uint64_t seed, std::size_t count);
/// Ids that small_world() uses, and one that it never does.
std::string small_world_build(int index);  ///< 0 .. 4
inline constexpr int k_small_world_builds = 5;
std::vector<PartitionRef> small_world_refs();
std::vector<std::string> small_world_runs();

/// One event with a manifest of `bytes` of metadata.
BuildEvent event_with_big_manifest(std::uint64_t seed, std::size_t bytes = 1u << 20);

}  // namespace bl::events
