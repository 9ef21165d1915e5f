#include "events/testing/corpus.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace bl::events {
namespace {

constexpr std::array<std::string_view, 10> k_tables{"users",  "orders",    "clicks",   "sessions",
                                                    "prices", "日本/売上", "features", "errors",
                                                    "usage",  "costs"};
constexpr std::array<std::string_view, 4> k_unicode{"müde", "完了しました", "🚧 später",
                                                    "e\u0301tat"};

std::string uuid_of(std::mt19937_64& engine) {
  const std::uint64_t a = engine(), b = engine();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff,
                     0x8000 | (b >> 50), b & 0xffff'ffff'ffff);
}

std::string date_of(std::uint64_t day) {
  return fmt::format("{}-{:02}-{:02}", 2023 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
}

}  // namespace

Corpus::Corpus(const CorpusShape& shape) : shape_(shape), engine_(shape.seed), now_(shape.start) {
  for (int i = 0; i < shape_.builds_in_flight; ++i) builds_.push_back(new_build());
}

BuildEvent Corpus::next() {
  Build& build = builds_[below(builds_.size())];
  BuildEvent event{uuid(), tick(), build.id, std::move(build.script.front())};
  build.script.pop_front();
  if (build.script.empty()) {
    if (past_builds_.size() < 64) past_builds_.emplace_back();
    past_builds_[below(past_builds_.size())] = build.id;
    std::erase(past_builds_, "");
    build = new_build();
  }
  return event;
}

std::vector<BuildEvent> Corpus::take(std::size_t count) {
  std::vector<BuildEvent> events;
  events.reserve(count);
  while (events.size() < count) events.push_back(next());
  return events;
}

std::string Corpus::uuid() {
  return uuid_of(engine_);
}

PartitionRef Corpus::some_ref() {
  // Few are asked for often: the smaller of two.
  const auto count = static_cast<std::uint64_t>(shape_.partitions);
  const std::uint64_t index = std::min(below(count), below(count));
  return fmt::format("data/{}/{}", k_tables[index % k_tables.size()],
                     date_of(index / k_tables.size()));
}

std::string Corpus::message(std::string_view plain) {
  if (chance(shape_.unicode_percent)) return std::string(k_unicode[below(k_unicode.size())]);
  return chance(50) ? std::string() : std::string(plain);
}

std::int64_t Corpus::tick() {
  if (!chance(shape_.ties_percent))
    now_ += 1 + static_cast<std::int64_t>(below(2 * static_cast<std::uint64_t>(shape_.step)));
  if (!chance(shape_.late_percent)) return now_;
  return now_ - static_cast<std::int64_t>(below(100) * static_cast<std::uint64_t>(shape_.step));
}

Corpus::Build Corpus::new_build() {
  Build build;
  build.id = uuid();
  plan(build);
  return build;
}

void Corpus::plan(Build& build) {
  using enum BuildRequestStatus;
  const std::size_t jobs = 1 + below(3);
  for (std::size_t i = 0; i < jobs; ++i) build.requested.push_back(some_ref());
  const auto tell = [&](BuildRequestStatus status, std::string_view text) {
    build.script.emplace_back(BuildRequestEvent{status, build.requested, message(text)});
  };
  tell(received, "asked for by the scheduler");
  tell(planning, "");
  if (chance(20)) {
    Task task{"//jobs:plan", config_of("//jobs:plan", build.requested)};
    build.script.emplace_back(JobGraphEvent{{"//graphs:daily", build.requested, {task}}, ""});
  }
  tell(analysis_completed, "2 tasks");
  tell(executing, "");
  for (std::size_t i = 0; i < jobs; ++i) plan_job(build);
  if (chance(3)) {
    build.script.emplace_back(BuildCancelEvent{message("not needed any more")});
    tell(cancelled, "cancelled by a person");
  } else {
    const bool is_failed = chance(5);
    tell(is_failed ? failed : completed, is_failed ? "a job failed" : "");
  }
}

void Corpus::plan_job(Build& build) {
  using enum JobStatus;
  std::vector<PartitionRef> targets{some_ref()};
  if (chance(30)) targets.push_back(some_ref());
  if (!past_builds_.empty() && chance(8)) return plan_delegation(build, targets[0]);
  const std::string label = fmt::format("//jobs:{}_{}", k_tables[below(5)],
                                        below(static_cast<std::uint64_t>((shape_.labels + 4) / 5)));
  const std::string run = uuid();
  const JobConfig config = config_of(label, targets);
  const auto partitions = [&](PartitionStatus status, std::string_view text) {
    for (const PartitionRef& ref : targets) {
      const bool is_by_run = status != PartitionStatus::requested;
      build.script.emplace_back(PartitionEvent{ref, status, message(text), is_by_run ? run : ""});
    }
  };
  const auto job = [&](JobStatus status, std::string_view text) {
    build.script.emplace_back(JobEvent{run, label, targets, status, message(text), {}, {}});
    return &std::get<JobEvent>(build.script.back());
  };
  partitions(PartitionStatus::requested, "");
  job(scheduled, "")->config = config;
  partitions(PartitionStatus::scheduled, "");
  job(running, "");
  partitions(PartitionStatus::building, "");
  if (chance(2)) build.script.emplace_back(TaskCancelEvent{run, "timeout"});
  if (chance(6)) {
    job(failed, "exit code 1");
    partitions(PartitionStatus::failed, "exit code 1");
    return;
  }
  job(completed, "")->manifests.push_back(manifest_of(label, config));
  partitions(PartitionStatus::available, "");
  if (chance(2))
    build.script.emplace_back(PartitionInvalidationEvent{targets[0], "its source has changed"});
}

void Corpus::plan_delegation(Build& build, const PartitionRef& ref) {
  const std::string& other = past_builds_[below(past_builds_.size())];
  build.script.emplace_back(PartitionEvent{ref, PartitionStatus::delegated, "", ""});
  build.script.emplace_back(DelegationEvent{ref, other, message("is there already")});
  if (chance(50))
    build.script.emplace_back(
        JobEvent{uuid(), "//jobs:users_0", {ref}, JobStatus::skipped, "", {}, {}});
}

JobConfig Corpus::config_of(const std::string& label, const std::vector<PartitionRef>& targets) {
  JobConfig config;
  config.outputs = targets;
  const std::size_t inputs = below(3);
  for (std::size_t i = 0; i < inputs; ++i) {
    const DepType type = chance(30) ? DepType::query : DepType::materialize;
    config.inputs.push_back({type, std::string(name_of(type)), some_ref()});
  }
  config.args = {"--job", label, "--date", date_of(below(365))};
  config.env = {{"RUN_MODE", "daily"}, {"SHARD", std::to_string(below(16))}};
  return config;
}

PartitionManifest Corpus::manifest_of(const std::string& label, const JobConfig& config) {
  PartitionManifest manifest;
  manifest.outputs = config.outputs;
  for (const DataDep& dep : config.inputs) {
    PartitionManifest input;
    input.outputs = {dep.partition_ref};
    input.start_time = input.end_time = now_ / 1'000'000'000 - 60;
    manifest.inputs.push_back(std::move(input));
  }
  manifest.start_time = now_ / 1'000'000'000;
  manifest.end_time = manifest.start_time + static_cast<std::int64_t>(below(600));
  manifest.task = Task{label, config};
  manifest.metadata = {{"rows", std::to_string(below(1'000'000))}};
  if (shape_.big_manifest_every > 0 && ++completed_runs_ % shape_.big_manifest_every == 0)
    manifest.metadata["log"] = std::string(1u << 20, 'x');
  return manifest;
}

std::vector<BuildEvent> history(std::uint64_t seed, std::size_t count) {
  return Corpus({.seed = seed}).take(count);
}

std::string small_world_build(int index) {
  return fmt::format("00000000-0000-4000-8000-00000000000{}", index);
}

std::vector<PartitionRef> small_world_refs() {
  return {"a", "a/b", "A/b", "data/日本", "x*y", "a/\u00e9"};
}

std::vector<std::string> small_world_runs() {
  return {"run-0", "run-1", "run-2", "run-3", "run-4", "run-5", "ünd-6"};
}

namespace {

/// Draws from the small world.
class SmallWorld {
 public:
  explicit SmallWorld(std::uint64_t seed) : engine_(seed) {}

  BuildEvent event() {
    const auto build = small_world_build(static_cast<int>(below(k_small_world_builds)));
    return {uuid_of(engine_), 1 + static_cast<std::int64_t>(below(12)), build, payload()};
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  std::string ref() { return refs_[below(refs_.size())]; }
  std::vector<std::string> some_refs() {
    std::vector<std::string> refs(below(4));
    for (auto& one : refs) one = ref();
    return refs;
  }
  std::string message() {
    constexpr std::array<std::string_view, 4> k_texts{"", "m", "\"q\"\n", "完"};
    return std::string(k_texts[below(k_texts.size())]);
  }
  template <class Status>
  Status status(std::uint64_t last) {
    return static_cast<Status>(1 + below(last));
  }
  JobConfig config() {
    JobConfig config{some_refs(), {}, {message()}, {{"K", message()}}};
    if (below(2) == 0) config.inputs.push_back({DepType::query, "query", ref()});
    return config;
  }
  JobEvent job() {
    const std::uint64_t run = below(runs_.size());
    JobEvent job{runs_[run],  fmt::format("//jobs:{}", run % 3),
                 some_refs(), status<JobStatus>(6),
                 message(),   {},
                 {}};
    if (below(3) == 0) job.config = config();
    if (below(3) == 0) {
      PartitionManifest manifest{some_refs(), {{}}, 7, -7, {}, {{"a", ""}}};
      if (below(2) == 0) manifest.task = Task{"//t", config()};
      job.manifests.push_back(std::move(manifest));
    }
    return job;
  }
  Payload payload() {
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
        return BuildRequestEvent{status<BuildRequestStatus>(7), some_refs(), message()};
      case 3:
      case 4:
      case 5:
        return PartitionEvent{ref(), status<PartitionStatus>(6), message(),
                              below(2) == 0 ? runs_[below(runs_.size())] : ""};
      case 6:
      case 7:
        return job();
      case 8:
        return DelegationEvent{ref(), small_world_build(0), message()};
      case 9:
        return below(2) == 0 ? Payload(JobGraphEvent{{"//g", some_refs(), {{"//t", config()}}}, ""})
                             : Payload(BuildCancelEvent{message()});
      case 10:
        return PartitionInvalidationEvent{ref(), message()};
      default:
        return TaskCancelEvent{runs_[below(runs_.size())], message()};
    }
  }

  std::mt19937_64 engine_;
  std::vector<std::string> refs_ = small_world_refs();
  std::vector<std::string> runs_ = small_world_runs();
};

}  // namespace

std::vector<BuildEvent> small_world(std::uint64_t seed, std::size_t count) {
  SmallWorld world(seed);
  std::vector<BuildEvent> events(count);
  for (BuildEvent& event : events) event = world.event();
  return events;
}

BuildEvent event_with_big_manifest(std::uint64_t seed, std::size_t bytes) {
  std::mt19937_64 engine(seed);
  PartitionManifest manifest;
  manifest.outputs = {"big"};
  std::string& log = manifest.metadata["log"];
  while (log.size() < bytes) log += fmt::format("{:016x} ", engine());
  log.resize(bytes);
  return {uuid_of(engine), 1'750'000'000'000'000'000, small_world_build(0),
          JobEvent{"big-run", "//jobs:big", {"big"}, JobStatus::completed, "", {}, {manifest}}};
}

}  // namespace bl::events
