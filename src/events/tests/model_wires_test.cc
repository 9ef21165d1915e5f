// An event through its wires: JSON, protobuf, columns; and what they refuse.
#include <gtest/gtest.h>

#include "events/decode.h"
#include "events/encode.h"
#include "events/protobuf.h"

namespace bl::events {
namespace {

constexpr const char* k_id = "0190a3c4-0000-7000-8000-000000000001";
constexpr const char* k_build = "0190a3c4-0000-7000-8000-0000000000b1";

BuildEvent event_with(Payload payload) {
  return {k_id, 1'700'000'000'000'000'001, k_build, std::move(payload)};
}

JobConfig config() {
  return {.outputs = {"data/users/2024-01-01"},
          .inputs = {{DepType::materialize, "materialize", "data/raw/ü"},
                     {DepType::query, "query", "x"}},
          .args = {"--day", ""},
          .env = {{"B", "2"}, {"A", ""}}};
}

std::vector<BuildEvent> one_of_each() {
  const Task task{"//jobs:ingest", config()};
  PartitionManifest inner{.outputs = {"a"}, .start_time = 5};
  PartitionManifest manifest{{"b"}, {inner}, 1, -2, task, {{"rows", "7"}}};
  return {
      event_with(BuildRequestEvent{BuildRequestStatus::analysis_completed, {"a", "b"}, "go"}),
      event_with(PartitionEvent{"a/ü", PartitionStatus::delegated, "", "run-1"}),
      event_with(JobEvent{
          "run-1", "//jobs:ingest", {"a"}, JobStatus::skipped, "m", config(), {manifest, {}}}),
      event_with(JobEvent{"run-1", "//jobs:ingest", {}, JobStatus::running, "", {}, {}}),
      event_with(DelegationEvent{"a", k_build, "theirs"}),
      event_with(JobGraphEvent{{"//graph", {"a"}, {task, {"//b", {}}}}, ""}),
      event_with(PartitionInvalidationEvent{"a", "stale"}),
      event_with(TaskCancelEvent{"run-1", ""}),
      event_with(BuildCancelEvent{""}),
  };
}

TEST(ModelWires, EveryTypeComesBackFromJson) {
  for (const BuildEvent& event : one_of_each()) {
    const std::string text = event_json(event);
    const auto back = decode_events(text);
    ASSERT_TRUE(back.ok()) << back.error().message << text;
    ASSERT_EQ(back->size(), 1u);
    EXPECT_EQ((*back)[0], event) << text;
  }
}

TEST(ModelWires, EveryTypeComesBackFromProtobuf) {
  for (const BuildEvent& event : one_of_each()) {
    const auto back = from_protobuf(to_protobuf(event));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, event) << event_json(event);
  }
}

TEST(ModelWires, JsonIsCanonical) {
  EXPECT_EQ(event_json(one_of_each()[1]),
            R"({"event_id":"0190a3c4-0000-7000-8000-000000000001",)"
            R"("timestamp":"1700000000000000001",)"
            R"("build_request_id":"0190a3c4-0000-7000-8000-0000000000b1",)"
            R"("partition_event":{"partition_ref":{"str":"a/ü"},"status_code":6,)"
            R"("status_name":"PARTITION_DELEGATED","message":"","job_run_id":"run-1"}})");
  EXPECT_EQ(job_config_json({}), R"({"outputs":[],"inputs":[],"args":[],"env":{}})");
  EXPECT_EQ(manifests_json({}), "[]");
}

TEST(ModelWires, PeopleMayWriteLess) {
  const auto event =
      decode_events(R"({"event_id":"0190A3C4-0000-7000-8000-000000000001","timestamp":5,)"
                    R"("build_request_id":"0190a3c4-0000-7000-8000-0000000000b1",)"
                    R"("partition_event":{"partition_ref":"a","status_code":"available"}})");
  ASSERT_TRUE(event.ok()) << event.error().message;
  EXPECT_EQ((*event)[0].event_id, k_id);
  EXPECT_EQ((*event)[0].payload, Payload(PartitionEvent{"a", PartitionStatus::available, "", ""}));
}

TEST(ModelWires, EventsAreOneOrAListOrLines) {
  std::string lines, list = "[";
  for (const BuildEvent& event : one_of_each()) {
    lines += event_json(event) + "\n\n";
    list += (list.size() > 1 ? ",\n" : "") + event_json(event);
  }
  EXPECT_EQ(decode_events(lines).value(), one_of_each());
  EXPECT_EQ(decode_events(list + "]").value(), one_of_each());
  EXPECT_EQ(decode_events("[]").value().size(), 0u);
  EXPECT_EQ(decode_events("").error().code, Code::malformed);
}

std::vector<std::string> faults_of(std::string text) {
  const auto events = decode_events(text);
  if (events.ok()) return {};
  std::vector<std::string> paths;
  for (const Fault& fault : events.error().faults) paths.push_back(fault.path);
  return paths;
}

TEST(ModelWires, FaultsNameTheMemberAndTheEvent) {
  const std::string head = R"({"event_id":"0190a3c4-0000-7000-8000-000000000001","timestamp":"5",)"
                           R"("build_request_id":"0190a3c4-0000-7000-8000-0000000000b1",)";
  using Paths = std::vector<std::string>;
  EXPECT_EQ(faults_of(head + R"("job_event":{"status_code":99,"target_partitions":["a",""]}})"),
            (Paths{"/job_event/job_run_id", "/job_event/job_label",
                   "/job_event/target_partitions/1", "/job_event/status_code"}));
  EXPECT_EQ(faults_of(head + R"("partition_event":{"partition_ref":{"st":"a"},"status_code":4,)" +
                      R"("status_name":"PARTITION_FAILED"}})"),
            (Paths{"/partition_event/partition_ref/st", "/partition_event/status_name"}));
  EXPECT_EQ(faults_of(head + R"("unknown_event":{}})"), (Paths{"", "/unknown_event"}));
  EXPECT_EQ(faults_of("[" + head + R"("build_cancel_event":{"reason":3}}])"),
            (Paths{"/0/build_cancel_event/reason"}));
  const std::string good = head + R"("build_cancel_event":{}})";
  EXPECT_EQ(faults_of(good + "\n" + head + R"("build_cancel_event":{"x":1}})"),
            (Paths{"line 2/build_cancel_event/x"}));
  EXPECT_EQ(faults_of(head + R"("build_cancel_event":{},"task_cancel_event":{"job_run_id":"a"}})"),
            (Paths{"/build_cancel_event"}));
}

TEST(ModelWires, ProtobufIsTheWireOfTheContract) {
  const auto bytes = to_protobuf({k_id, 300, "", TaskCancelEvent{"r", ""}});
  EXPECT_EQ(bytes, std::string("\x0a\x24") + k_id + "\x10\xac\x02\x82\x01\x03\x0a\x01r");
}

TEST(ModelWires, ProtobufPassesOverWhatItDoesNotKnow) {
  for (const BuildEvent& event : one_of_each()) {
    const auto back = from_protobuf("\xfa\x01\x02hi" + to_protobuf(event) + "\xf8\x01\x07");
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, event);
  }
}

TEST(ModelWires, ProtobufThatIsCutIsCorruptOrAnotherEvent) {
  for (const BuildEvent& event : one_of_each()) {
    const std::string bytes = to_protobuf(event);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto cut = from_protobuf(std::string_view(bytes).substr(0, size));
      EXPECT_TRUE(cut.ok() || cut.error().code == Code::corrupt);
    }
  }
}

TEST(ModelWires, ProtobufRefusesAStatusNameThatDoesNotFit) {
  std::string bytes = to_protobuf(one_of_each()[1]);
  bytes.replace(bytes.find("DELEGATED"), 9, "AVAILABLE");
  EXPECT_EQ(from_protobuf(bytes).error().code, Code::corrupt);
}

TEST(ModelWires, ManifestsMayBeNestedToTheLimitOnly) {
  const auto nested = [](std::size_t depth) {
    PartitionManifest manifest;
    for (std::size_t i = 1; i < depth; ++i) {
      PartitionManifest outer;
      outer.inputs.push_back(std::move(manifest));
      manifest = std::move(outer);
    }
    return event_with(JobEvent{"r", "//j", {}, JobStatus::completed, "", {}, {manifest}});
  };
  const BuildEvent deepest = nested(32), too_deep = nested(33);
  EXPECT_TRUE(validate(deepest).ok());
  EXPECT_EQ(from_protobuf(to_protobuf(deepest)).value(), deepest);
  EXPECT_EQ(decode_events(event_json(deepest)).value()[0], deepest);
  EXPECT_EQ(validate(too_deep).error().code, Code::too_large);
  EXPECT_EQ(from_protobuf(to_protobuf(too_deep)).error().code, Code::corrupt);
  EXPECT_FALSE(decode_events(event_json(too_deep)).ok());
}

}  // namespace
}  // namespace bl::events
