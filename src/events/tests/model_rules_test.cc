// What may be appended, and what may follow what.
#include <gtest/gtest.h>

#include "events/model.h"

namespace bl::events {
namespace {

BuildEvent good() {
  return {"0190a3c4-0000-7000-8000-000000000001", 1, "0190a3c4-0000-7000-8000-0000000000b1",
          PartitionEvent{"a", PartitionStatus::available, "", ""}};
}

std::string fault_of(const BuildEvent& event, const EventLimits& limits = {}) {
  const auto checked = validate(event, limits);
  return checked.ok() ? "" : checked.error().faults.at(0).path;
}

TEST(ModelRules, AnEventThatKeepsTheRulesIsTaken) {
  EXPECT_TRUE(validate(good()).ok());
}

TEST(ModelRules, IdsAreUuidsInLowerCase) {
  BuildEvent event = good();
  event.event_id[0] = 'A';
  EXPECT_EQ(fault_of(event), "/event_id");
  event = good();
  event.build_request_id = "b1";
  EXPECT_EQ(fault_of(event), "/build_request_id");
  event = good();
  event.payload = DelegationEvent{"a", "not an id", ""};
  EXPECT_EQ(fault_of(event), "/delegation_event/delegated_to_build_request_id");
}

TEST(ModelRules, TimestampsArePositive) {
  BuildEvent event = good();
  event.timestamp = 0;
  EXPECT_EQ(fault_of(event), "/timestamp");
}

TEST(ModelRules, TextsAreUtf8WithoutNul) {
  BuildEvent event = good();
  event.payload = BuildCancelEvent{std::string("a\0b", 3)};
  EXPECT_EQ(fault_of(event), "/build_cancel_event/reason");
  event.payload = BuildCancelEvent{"\xff"};
  EXPECT_EQ(fault_of(event), "/build_cancel_event/reason");
  JobConfig config;
  config.env["a/b"] = "\xc3";
  event.payload = JobEvent{"r", "//j", {}, JobStatus::running, "", config, {}};
  EXPECT_EQ(fault_of(event), "/job_event/config/env/a~1b");
}

TEST(ModelRules, WhatTheTypeNeedsIsThere) {
  BuildEvent event = good();
  event.payload = PartitionEvent{"", PartitionStatus::available, "", ""};
  EXPECT_EQ(fault_of(event), "/partition_event/partition_ref");
  event.payload = PartitionEvent{"a", PartitionStatus::unknown, "", ""};
  EXPECT_EQ(fault_of(event), "/partition_event/status_code");
  event.payload = PartitionEvent{"a", static_cast<PartitionStatus>(7), "", ""};
  EXPECT_EQ(fault_of(event), "/partition_event/status_code");
  event.payload = TaskCancelEvent{"", ""};
  EXPECT_EQ(fault_of(event), "/task_cancel_event/job_run_id");
}

TEST(ModelRules, SizesAreBounded) {
  const EventLimits limits{.event_bytes_max = 2000, .text_bytes_max = 100};
  BuildEvent event = good();
  event.payload = BuildCancelEvent{std::string(1850, 'x')};
  EXPECT_TRUE(validate(event, limits).ok());
  event.payload = BuildCancelEvent{std::string(2000, 'x')};
  EXPECT_EQ(validate(event, limits).error().code, Code::too_large);
  event.payload = PartitionEvent{std::string(101, 'x'), PartitionStatus::available, "", ""};
  EXPECT_EQ(validate(event, limits).error().code, Code::too_large);
}

TEST(ModelRules, UuidsHaveOneForm) {
  EXPECT_TRUE(is_uuid("0190a3c4-0000-7000-8000-00000000000f"));
  EXPECT_FALSE(is_uuid("0190a3c4-0000-7000-8000-00000000000g"));
  EXPECT_FALSE(is_uuid("0190a3c4-0000-7000-8000-00000000000F"));
  EXPECT_FALSE(is_uuid("0190a3c40000-7000-8000--00000000000f"));
  EXPECT_FALSE(is_uuid(""));
}

template <class Status, std::size_t N>
std::vector<int> followers(Status from, const Status (&all)[N]) {
  std::vector<int> to;
  for (const Status status : all)
    if (may_follow(from, status)) to.push_back(static_cast<int>(status));
  return to;
}

TEST(ModelRules, ABuildGoesForward) {
  using enum BuildRequestStatus;
  const BuildRequestStatus all[] = {unknown,   received, planning,  executing,
                                    completed, failed,   cancelled, analysis_completed};
  using Codes = std::vector<int>;
  EXPECT_EQ(followers(unknown, all), (Codes{1}));
  EXPECT_EQ(followers(received, all), (Codes{1, 2, 3, 5, 6, 7}));
  EXPECT_EQ(followers(planning, all), (Codes{2, 3, 5, 6, 7}));
  EXPECT_EQ(followers(analysis_completed, all), (Codes{3, 5, 6, 7}));
  EXPECT_EQ(followers(executing, all), (Codes{3, 4, 5, 6}));
  EXPECT_EQ(followers(completed, all), (Codes{4}));
  EXPECT_EQ(followers(failed, all), (Codes{5}));
  EXPECT_EQ(followers(cancelled, all), (Codes{6}));
}

TEST(ModelRules, APartitionGoesForwardAndIsBuiltAnew) {
  using enum PartitionStatus;
  const PartitionStatus all[] = {unknown,   requested, scheduled, building,
                                 available, failed,    delegated};
  using Codes = std::vector<int>;
  EXPECT_EQ(followers(unknown, all), (Codes{1, 2, 6}));
  EXPECT_EQ(followers(requested, all), (Codes{1, 2, 6}));
  EXPECT_EQ(followers(scheduled, all), (Codes{2, 3, 6}));
  EXPECT_EQ(followers(building, all), (Codes{3, 4, 5, 6}));
  EXPECT_EQ(followers(available, all), (Codes{1, 2, 4}));
  EXPECT_EQ(followers(failed, all), (Codes{1, 2, 5}));
  EXPECT_EQ(followers(delegated, all), (Codes{1, 2, 6}));
}

TEST(ModelRules, AJobRunGoesForward) {
  using enum JobStatus;
  const JobStatus all[] = {unknown, scheduled, running, completed, failed, cancelled, skipped};
  using Codes = std::vector<int>;
  EXPECT_EQ(followers(unknown, all), (Codes{1, 6}));
  EXPECT_EQ(followers(scheduled, all), (Codes{1, 2}));
  EXPECT_EQ(followers(running, all), (Codes{2, 3, 4, 5}));
  EXPECT_EQ(followers(completed, all), (Codes{3}));
  EXPECT_EQ(followers(skipped, all), (Codes{6}));
}

TEST(ModelRules, AnEventNamesItsPartitionsOnce) {
  BuildEvent event = good();
  event.payload = BuildRequestEvent{BuildRequestStatus::received, {"b", "a", "b"}, ""};
  EXPECT_EQ(partitions_of(event), (std::vector<std::string_view>{"b", "a"}));
  BuildRequestEvent many{BuildRequestStatus::received, {}, ""};
  for (int i = 0; i < 100; ++i) many.requested_partitions.push_back(std::to_string(i % 50));
  event.payload = many;
  const auto refs = partitions_of(event);
  ASSERT_EQ(refs.size(), 50u);
  EXPECT_EQ(refs[7], "7");
  event.payload = TaskCancelEvent{"run", ""};
  EXPECT_TRUE(partitions_of(event).empty());
  EXPECT_EQ(job_run_of(event), "run");
  EXPECT_EQ(job_run_of(good()), "");
}

}  // namespace
}  // namespace bl::events
