// Events as rows: the schema of the contract, both ways.
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "base/json.h"
#include "events/columns.h"
#include "events/encode.h"
#include "events/testing/corpus.h"
#include "lake/delta_model.h"

namespace bl::events {
namespace {

// The one line of the specification that is a schemaString: its Appendix C.
std::optional<json::Value> schema_of_the_contract() {
  const char* shared = std::getenv("BENCHLAKE_SHARED");
  std::ifstream file(std::string(shared ? shared : "../shared") + "/spec/events-delta.md");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(R"({"type":"struct")")) return json::parse(line).value();
  return std::nullopt;
}

TEST(ModelColumns, TheSchemaIsTheContracts) {
  const auto expected = schema_of_the_contract();
  if (!expected) GTEST_SKIP() << "BENCHLAKE_SHARED has no spec/events-delta.md";
  const auto text = lake::delta_schema_text(event_schema());
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_EQ(json::to_text(json::parse(*text).value()), json::to_text(*expected));
}

TEST(ModelColumns, EveryEventComesBack) {
  for (const auto& events : {history(1, 3'000), small_world(1, 500), std::vector<BuildEvent>()}) {
    const auto back = events_of(batch_of(events));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, events);
  }
}

TEST(ModelColumns, SlicesComeBackToo) {
  const auto events = history(2, 100);
  const auto back = events_of(batch_of(events).slice(30, 40));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, std::vector<BuildEvent>(events.begin() + 30, events.begin() + 70));
}

TEST(ModelColumns, WithoutJsonAllElseIsThere) {
  auto events = history(2, 500);
  const auto read = events_of(batch_of(events), EventParts::without_json);
  for (BuildEvent& event : events) {
    if (auto* job = std::get_if<JobEvent>(&event.payload)) {
      job->config.reset();
      job->manifests.clear();
    }
    if (auto* graph = std::get_if<JobGraphEvent>(&event.payload)) graph->job_graph = {};
  }
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, events);
}

TEST(ModelColumns, ExactlyTheStructOfTheTypeIsThere) {
  const auto events = history(3, 200);
  const auto batch = batch_of(events);
  for (std::size_t type = 0; type < k_event_types; ++type) {
    const auto column = batch.column(static_cast<int>(4 + type));
    for (std::size_t row = 0; row < events.size(); ++row)
      EXPECT_EQ(column.is_null(static_cast<std::int64_t>(row)),
                events[row].payload.index() != type);
  }
}

TEST(ModelColumns, ColumnsAreFoundByNameAndMayBeMissing) {
  std::vector<BuildEvent> events;
  for (const BuildEvent& event : history(4, 300))
    if (event.type() == EventType::partition) events.push_back(event);
  const std::vector<std::string> names{"partition_event", "event_type", "timestamp",
                                       "build_request_id", "event_id"};
  const auto back = events_of(batch_of(events).select(names).value());
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, events);
  const std::vector<std::string> too_few{"partition_event", "event_type", "timestamp"};
  EXPECT_EQ(events_of(batch_of(events).select(too_few).value()).error().code, Code::corrupt);
}

TEST(ModelColumns, ARowWithoutItsStructIsCorrupt) {
  const std::vector<std::string> names{"event_id", "timestamp", "build_request_id", "event_type",
                                       "job_event"};
  std::vector<BuildEvent> events;
  for (const BuildEvent& event : history(5, 300))
    if (event.type() == EventType::partition) events.push_back(event);
  const auto back = events_of(batch_of(events).select(names).value());
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().code, Code::corrupt);
  EXPECT_NE(back.error().message.find("row 0"), std::string::npos) << back.error().message;
}

}  // namespace
}  // namespace bl::events
