#include "events/commands/made_builds.h"

#include <fmt/format.h>

namespace bl::events {
namespace {

constexpr std::int64_t k_step = 1'000'000;  // 1 ms between two events

}  // namespace

std::string MadeBuilds::partition(std::uint64_t number) {
  return fmt::format("bench/table_{}/part={:03}", number % 7, number % k_partitions);
}

std::string MadeBuilds::job(std::uint64_t number) {
  return fmt::format("//bench/jobs:job_{}", number % k_jobs);
}

std::string MadeBuilds::uuid() {
  const std::uint64_t high = random_.next_u64();
  const std::uint64_t low = random_.next_u64();
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xfff, low >> 52, low & 0xffff'ffff'ffff);
}

void MadeBuilds::plan() {
  build_ = uuid();
  const std::uint64_t number = random_.below(k_partitions);
  const std::string refs[] = {partition(number), partition(number + 1)};
  const auto build = [&](BuildRequestStatus status) {
    planned_.push_back(BuildRequestEvent{status, {refs[0], refs[1]}, ""});
  };
  build(BuildRequestStatus::received);
  build(BuildRequestStatus::planning);
  build(BuildRequestStatus::executing);
  for (const std::string& ref : refs) {
    const std::string run = uuid();
    const std::string label = job(random_.below(k_jobs));
    const auto tell = [&](JobStatus status) {
      planned_.push_back(JobEvent{.job_run_id = run,
                                  .job_label = label,
                                  .target_partitions = {ref},
                                  .status = status,
                                  .message = "",
                                  .config = JobConfig{.outputs = {ref},
                                                      .inputs = {},
                                                      .args = {"--output", ref},
                                                      .env = {{"STAGE", "bench"}}},
                                  .manifests = {}});
    };
    planned_.push_back(PartitionEvent{ref, PartitionStatus::requested, "", ""});
    tell(JobStatus::running);
    planned_.push_back(PartitionEvent{ref, PartitionStatus::building, "", run});
    tell(JobStatus::completed);
    if (random_.below(10) == 0) {
      planned_.push_back(PartitionEvent{ref, PartitionStatus::failed, "exit code 1", run});
    } else {
      planned_.push_back(PartitionEvent{ref, PartitionStatus::available, "", run});
    }
  }
  // One in twenty goes on for ever.
  if (random_.below(20) != 0) build(BuildRequestStatus::completed);
}

BuildEvent MadeBuilds::next() {
  if (planned_.empty()) plan();
  BuildEvent event{.event_id = uuid(),
                   .timestamp = now_ += k_step,
                   .build_request_id = build_,
                   .payload = std::move(planned_.front())};
  planned_.pop_front();
  return event;
}

std::vector<BuildEvent> MadeBuilds::take(std::size_t count) {
  std::vector<BuildEvent> events;
  events.reserve(count);
  for (std::size_t i = 0; i < count; ++i) events.push_back(next());
  return events;
}

}  // namespace bl::events
