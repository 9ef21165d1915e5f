// The slow twin keeps the words of log.h; the suite finds what does not.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "events/testing/corpus.h"
#include "events/testing/memory_log.h"
#include "events/testing/parity.h"

namespace bl::events {
namespace {

std::unique_ptr<LogUnderTest> memory_log(const ParityOptions& options) {
  return std::make_unique<LogItself>(
      std::make_unique<MemoryLog>(MemoryLogOptions{.is_strict = options.is_strict}));
}

BL_EVENT_LOG_PARITY(MemoryLogAgainstItself, memory_log);

BuildEvent event_at(std::int64_t at, int id, Payload payload) {
  return {"00000000-0000-4000-8000-0000000000" + std::to_string(10 + id), at, small_world_build(1),
          std::move(payload)};
}

TEST(MemoryLog, TheNewestByTimeIsTheStatusWhateverCameInLast) {
  MemoryLog log;
  const std::vector<BuildEvent> events{
      event_at(5, 0, PartitionEvent{"a", PartitionStatus::available, "", ""}),
      event_at(5, 1, PartitionEvent{"a", PartitionStatus::failed, "", ""}),
      event_at(4, 2, PartitionEvent{"a", PartitionStatus::building, "", ""})};
  ASSERT_TRUE(log.append(events).ok());
  EXPECT_EQ(log.latest_partition_status("a").value(), (PartitionState{PartitionStatus::failed, 5}));
  EXPECT_EQ(log.build_request_for_available_partition("a").value(), small_world_build(1));
  EXPECT_EQ(log.latest_partition_status("b").value(), std::nullopt);
}

TEST(MemoryLog, ABuildIsActiveUntilItsNewestStatusIsAnEnd) {
  MemoryLog log;
  const std::vector<BuildEvent> events{
      event_at(1, 0, BuildRequestEvent{BuildRequestStatus::received, {"a"}, ""}),
      event_at(2, 1, PartitionEvent{"a", PartitionStatus::requested, "", ""})};
  ASSERT_TRUE(log.append(events).ok());
  EXPECT_EQ(log.active_builds_for_partition("a").value(),
            (std::vector<std::string>{small_world_build(1)}));
  const BuildEvent end = event_at(3, 2, BuildRequestEvent{BuildRequestStatus::failed, {}, ""});
  ASSERT_TRUE(log.append(std::span(&end, 1)).ok());
  EXPECT_TRUE(log.active_builds_for_partition("a").value().empty());
  const auto build = log.build_request(small_world_build(1)).value();
  ASSERT_TRUE(build.has_value());
  EXPECT_EQ(*build,
            (BuildRequestSummary{small_world_build(1), BuildRequestStatus::failed, {"a"}, 1, 3}));
}

TEST(MemoryLog, ARunCountsOnceAndItsTimeIsFromRunningToItsEnd) {
  MemoryLog log;
  const auto job = [](JobStatus status) {
    return JobEvent{"r", "//j", {"a", "b"}, status, "", {}, {}};
  };
  const std::vector<BuildEvent> events{event_at(10, 0, job(JobStatus::scheduled)),
                                       event_at(12, 1, job(JobStatus::running)),
                                       event_at(19, 2, job(JobStatus::completed))};
  ASSERT_TRUE(log.append(events).ok());
  const auto jobs = log.list_jobs({}, "j").value();
  ASSERT_EQ(jobs.items.size(), 1u);
  const JobSummary expected{.job_label = "//j",
                            .total_runs = 1,
                            .successful_runs = 1,
                            .average_partitions_per_run = 2,
                            .last_run_timestamp = 19,
                            .last_run_status = JobStatus::completed,
                            .recent_builds = {small_world_build(1)},
                            .timed_runs = 1,
                            .total_duration = 7};
  EXPECT_EQ(jobs.items[0], expected);
}

/// A log that forgets one event of a hundred.
class Forgetful final : public LogUnderTest {
 public:
  Result<Appended> append(std::span<const BuildEvent> events) override {
    BL_TRY(const Appended all, log_.append(events));
    std::vector<BuildEvent> kept(events.begin(), events.end());
    std::erase_if(kept, [&](auto&) { return ++count_ % 100 == 0; });
    BL_RETURN_IF_ERROR(forgetful_.append(kept));
    return all;
  }
  std::string ask(const Question& question) override { return answer_of(forgetful_, question); }

 private:
  MemoryLog log_, forgetful_;
  int count_ = 0;
};

TEST(Parity, FindsALostEvent) {
  const auto run = [] {
    for (const ParityCase& one : parity_cases())
      if (std::string_view(one.name) == "EveryQuestionHasTheSameAnswer")
        one.run([](const ParityOptions&) { return std::make_unique<Forgetful>(); });
  };
  testing::TestPartResultArray failures;
  {
    const testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    run();
  }
  EXPECT_GT(failures.size(), 0);
}

TEST(Corpus, TheMixIsThatOfABuildSystem) {
  const auto events = history(1, 40'000);
  std::map<EventType, int> counts;
  for (const BuildEvent& event : events) {
    ASSERT_TRUE(validate(event).ok()) << validate(event).error().message;
    ++counts[event.type()];
  }
  EXPECT_EQ(counts.size(), k_event_types);
  EXPECT_NEAR(counts[EventType::build_request], 10'000, 2'000);
  EXPECT_NEAR(counts[EventType::job], 10'000, 2'000);
  EXPECT_NEAR(counts[EventType::partition], 18'000, 4'000);
  EXPECT_EQ(history(1, 1'000), std::vector<BuildEvent>(events.begin(), events.begin() + 1'000));
}

}  // namespace
}  // namespace bl::events
