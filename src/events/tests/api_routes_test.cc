// What the routes answer, each rule of openapi_events.yaml by an example.
#include <gmock/gmock.h>

#include "base/hash.h"
#include "events/encode.h"
#include "events/testing/corpus.h"
#include "events/tests/api_server.h"

namespace bl::events {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* k_build = "0192f000-0000-7000-8000-000000000001";
constexpr const char* k_other = "0192f000-0000-7000-8000-000000000002";
constexpr std::int64_t k_now = 1'795'399'200'000'000'000;  // the server's clock

std::string text(const json::Value& value, std::string_view name) {
  const json::Value* member = value.find(name);
  return member == nullptr ? "(missing)" : json::to_text(*member);
}

class EventRoutes : public testing::Test {
 protected:
  BuildEvent event(std::int64_t at, Payload payload, const std::string& build = k_build) {
    return {.event_id = "0192f000-0000-7000-9000-" + std::to_string(100'000'000'000 + ++made_),
            .timestamp = at,
            .build_request_id = build,
            .payload = std::move(payload)};
  }
  void append(const std::vector<BuildEvent>& events) {
    const auto appended = api.log->append(events);
    ASSERT_TRUE(appended.ok()) << appended.error().message;
  }
  /// A build that made `data/users` and is over.
  void build_users() {
    append(
        {event(10, BuildRequestEvent{BuildRequestStatus::received, {"data/users"}, ""}),
         event(20, PartitionEvent{"data/users", PartitionStatus::building, "", "run-1"}),
         event(30,
               JobEvent{"run-1", "//jobs:users", {"data/users"}, JobStatus::completed, "", {}, {}}),
         event(40, PartitionEvent{"data/users", PartitionStatus::available, "", "run-1"}),
         event(50, BuildRequestEvent{BuildRequestStatus::completed, {"data/users"}, ""})});
  }
  std::vector<EventType> types_of(const std::string& build) {
    std::vector<EventType> types;
    const Events events = api.log->build_request_events(build, {}).value();
    for (const BuildEvent& one : events.events) types.push_back(one.type());
    return types;
  }

  ApiServer api;

 private:
  std::int64_t made_ = 0;
};

// Builds -----------------------------------------------------------------------------------------

TEST_F(EventRoutes, a_build_that_is_asked_for_is_received) {
  const Answered made = api.post("/api/v1/builds", R"({"partitions":["a",{"str":"b/c"}]})");
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string id = made.body.find("build_request_id")->as_string();
  EXPECT_TRUE(is_uuid(id));
  EXPECT_EQ(made.headers.get("Location"), "/api/v1/builds/" + id);
  EXPECT_EQ(text(made.body, "status_name"), "\"BUILD_REQUEST_RECEIVED\"");
  EXPECT_EQ(text(made.body, "created_at"), "\"" + std::to_string(k_now) + "\"");
  EXPECT_EQ(text(made.body, "requested_partitions"), R"([{"str":"a"},{"str":"b/c"}])");
  EXPECT_THAT(types_of(id), ElementsAre(EventType::build_request));
}

TEST_F(EventRoutes, the_same_build_asked_for_again_is_the_same) {
  const std::string wanted =
      std::string(R"({"partitions":["a"],"build_request_id":")") + k_build + "\"}";
  EXPECT_EQ(api.post("/api/v1/builds", wanted).status, 201);
  api.clock.advance(std::chrono::hours(1));
  const Answered again = api.post("/api/v1/builds", wanted);
  EXPECT_EQ(again.status, 200) << again.text;
  EXPECT_EQ(text(again.body, "created_at"), "\"" + std::to_string(k_now) + "\"");
  EXPECT_EQ(types_of(k_build).size(), 1u);
  const Answered other =
      api.post("/api/v1/builds",
               std::string(R"({"partitions":["b"],"build_request_id":")") + k_build + "\"}");
  EXPECT_EQ(other.status, 409) << other.text;
}

TEST_F(EventRoutes, a_build_that_others_logged_is_not_asked_for_again) {
  build_users();
  const Answered answer = api.post(
      "/api/v1/builds",
      std::string(R"({"partitions":["data/users"],"build_request_id":")") + k_build + "\"}");
  EXPECT_EQ(answer.status, 409) << answer.text;
}

TEST_F(EventRoutes, every_fault_of_a_body_is_named) {
  const Answered answer =
      api.post("/api/v1/builds", R"({"partitions":["a","",3],"build_request_id":"x","more":1})");
  EXPECT_EQ(answer.status, 422);
  for (const char* place : {"/partitions/1", "/partitions/2", "/build_request_id", "/more"}) {
    EXPECT_THAT(answer.text, HasSubstr(place));
  }
  EXPECT_EQ(api.post("/api/v1/builds", "{").status, 400);
  EXPECT_EQ(api.post("/api/v1/builds", "[]").status, 422);
  EXPECT_EQ(api.post("/api/v1/builds", "").status, 422);
}

TEST_F(EventRoutes, a_build_shows_its_events_and_the_runs_of_its_results) {
  build_users();
  api.results.runs = {{.run_id = k_build,
                       .run_reason = "nightly",
                       .latest_result_id = "r9",
                       .latest_result_at = Timestamp::from_seconds(5),
                       .results = 7}};
  const Answered build = api.get(std::string("/api/v1/builds/") + k_build + "?since=20&limit=2");
  ASSERT_EQ(build.status, 200) << build.text;
  EXPECT_EQ(text(*build.body.find("build"), "status_code"), "4");
  EXPECT_EQ(build.body.find("events")->items().size(), 2u);
  EXPECT_EQ(text(build.body, "has_more"), "true");
  EXPECT_EQ(
      text(build.body, "runs"),
      std::string(R"([{"run_id":")") + k_build +
          R"(","run_reason":"nightly","latest_result_id":"r9",)"
          R"("latest_result_at":"1970-01-01T00:00:05Z","results":7,"has_more_results":false}])");
  EXPECT_EQ(api.get(std::string("/api/v1/builds/") + k_other).status, 404);
  EXPECT_EQ(api.get("/api/v1/builds/nothing").status, 422);
  EXPECT_EQ(api.get("/api/v1/builds/0192F000-0000-7000-8000-000000000001").status, 200);
}

TEST_F(EventRoutes, a_build_without_a_request_shows_what_is_known) {
  append({event(5, PartitionEvent{"p", PartitionStatus::building, "", ""}, k_other)});
  const Answered build = api.get(std::string("/api/v1/builds/") + k_other);
  ASSERT_EQ(build.status, 200) << build.text;
  EXPECT_EQ(text(build.body, "build"), "null");
  // Also when nothing stands behind `since`.
  EXPECT_EQ(api.get(std::string("/api/v1/builds/") + k_other + "?since=5").status, 200);
}

TEST_F(EventRoutes, builds_are_listed_by_status_and_page) {
  build_users();
  append({event(60, BuildRequestEvent{BuildRequestStatus::executing, {"x"}, ""}, k_other)});
  const Answered all = api.get("/api/v1/builds");
  EXPECT_EQ(text(all.body, "total"), "2");
  EXPECT_EQ(text(all.body.find("builds")->items()[0], "build_request_id"),
            "\"" + std::string(k_other) + "\"");
  EXPECT_EQ(text(api.get("/api/v1/builds?status=completed").body, "total"), "1");
  EXPECT_EQ(text(api.get("/api/v1/builds?status=BUILD_REQUEST_FAILED").body, "total"), "0");
  const Answered beyond = api.get("/api/v1/builds?offset=9&limit=1");
  EXPECT_EQ(beyond.text, R"({"builds":[],"total":2})");
  EXPECT_EQ(api.get("/api/v1/builds?status=fine").status, 422);
  EXPECT_EQ(api.get("/api/v1/builds?limit=0").status, 422);
  EXPECT_EQ(api.get("/api/v1/builds?page=1").status, 422);
}

TEST_F(EventRoutes, a_cancelled_build_has_both_events_behind_all_others) {
  // A clock that is ahead of the server's.
  append({event(k_now + 5'000, BuildRequestEvent{BuildRequestStatus::executing, {"x"}, ""})});
  const std::string path = std::string("/api/v1/builds/") + k_build;
  const Answered gone = api.ask(net::Method::del, path + "?reason=too%20late");
  ASSERT_EQ(gone.status, 200) << gone.text;
  EXPECT_EQ(text(gone.body, "status_name"), "\"BUILD_REQUEST_CANCELLED\"");
  EXPECT_THAT(types_of(k_build), ElementsAre(EventType::build_request, EventType::build_cancel,
                                             EventType::build_request));
  const Events events = *api.log->build_request_events(k_build, {});
  EXPECT_EQ(std::get<BuildCancelEvent>(events.events[1].payload).reason, "too late");
  EXPECT_EQ(events.events[2].timestamp, k_now + 5'001);
  // Once more: nothing is appended.
  EXPECT_EQ(api.ask(net::Method::del, path).status, 200);
  EXPECT_EQ(types_of(k_build).size(), 3u);
}

TEST_F(EventRoutes, a_build_that_is_over_is_not_cancelled) {
  build_users();
  EXPECT_EQ(api.ask(net::Method::del, std::string("/api/v1/builds/") + k_build).status, 409);
  EXPECT_EQ(api.ask(net::Method::del, std::string("/api/v1/builds/") + k_other).status, 404);
}

// Partitions and jobs
// ------------------------------------------------------------------------------

TEST_F(EventRoutes, a_partition_has_a_status_and_events) {
  build_users();
  append({event(60, BuildRequestEvent{BuildRequestStatus::executing, {"data/users"}, ""}, k_other),
          event(61, PartitionEvent{"data/users", PartitionStatus::requested, "", ""}, k_other)});
  const Answered status = api.get("/api/v1/partitions/data%2Fusers/status");
  EXPECT_EQ(status.text,
            std::string(R"({"partition_ref":{"str":"data/users"},"status_code":1,)") +
                R"("status_name":"PARTITION_REQUESTED","timestamp":"61","active_builds":[")" +
                k_other + R"("],"available_build_request_id":")" + k_build + "\"}");
  const Answered events = api.get("/api/v1/partitions/data%2Fusers/events?limit=3&since=10");
  EXPECT_EQ(events.body.find("events")->items().size(), 3u);
  EXPECT_EQ(text(events.body, "has_more"), "true");
  EXPECT_EQ(api.get("/api/v1/partitions/unknown/status").status, 404);
  EXPECT_EQ(api.get("/api/v1/partitions/unknown/events").body.find("events")->items().size(), 0u);
  EXPECT_EQ(text(api.get("/api/v1/partitions?status=requested").body, "total"), "1");
  EXPECT_EQ(api.get("/api/v1/partitions?status=fine").status, 422);
}

std::string in_base64(std::string_view name) {
  return base64url(std::as_bytes(std::span(name.data(), name.size())));
}

TEST_F(EventRoutes, a_name_in_a_path_may_be_base64url) {
  build_users();
  const std::string coded = in_base64("data/users");
  EXPECT_EQ(text(api.get("/api/v1/partitions/" + coded + "/status").body, "timestamp"), "\"40\"");
  EXPECT_EQ(
      text(api.get("/api/v1/partitions/" + coded + "/status?encoding=base64url").body, "timestamp"),
      "\"40\"");
  EXPECT_EQ(api.get("/api/v1/partitions/" + coded + "/status?encoding=text").status, 404);
  EXPECT_EQ(api.get("/api/v1/partitions/a.b/status?encoding=base64url").status, 422);
  EXPECT_EQ(api.get("/api/v1/partitions/a.b/status?encoding=hex").status, 422);
  EXPECT_EQ(api.get("/api/v1/partitions/%FF/status").status, 400);
  EXPECT_EQ(api.get("/api/v1/jobs/" + in_base64("//jobs:users")).status, 200);
  EXPECT_EQ(api.get("/api/v1/jobs/%2F%2Fjobs%3Ausers").status, 200);
}

TEST_F(EventRoutes, of_a_name_that_reads_two_ways_the_log_knows_which) {
  const std::string both = in_base64("dates");  // `ZGF0ZXM`
  append({event(1, PartitionEvent{both, PartitionStatus::building, "", ""})});
  const auto ref = [&](const std::string& path) {
    return text(*api.get(path).body.find("partition_ref"), "str");
  };
  EXPECT_EQ(ref("/api/v1/partitions/" + both + "/events"), "\"" + both + "\"");
  append({event(2, PartitionEvent{"dates", PartitionStatus::building, "", ""})});
  EXPECT_EQ(ref("/api/v1/partitions/" + both + "/events"), "\"" + both + "\"");
  EXPECT_EQ(ref("/api/v1/partitions/" + both + "/events?encoding=base64url"), "\"dates\"");
  // A write does not guess.
  const Answered doubt = api.post("/api/v1/partitions/" + both + "/invalidate", "");
  EXPECT_EQ(doubt.status, 422);
  EXPECT_THAT(doubt.text, HasSubstr("encoding=text"));
  const Answered said = api.post("/api/v1/partitions/" + both + "/invalidate?encoding=text", "");
  EXPECT_EQ(said.status, 201) << said.text;
}

TEST_F(EventRoutes, an_invalidation_stands_under_the_build_that_made_the_partition) {
  build_users();
  const Answered made =
      api.post("/api/v1/partitions/data%2Fusers/invalidate", R"({"reason":"late rows"})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(text(made.body, "build_request_id"), "\"" + std::string(k_build) + "\"");
  EXPECT_EQ(text(made.body, "partition_invalidation_event"),
            R"({"partition_ref":{"str":"data/users"},"reason":"late rows"})");
  const std::string named = std::string(R"({"build_request_id":")") + k_other + "\"}";
  EXPECT_EQ(
      text(api.post("/api/v1/partitions/data%2Fusers/invalidate", named).body, "build_request_id"),
      "\"" + std::string(k_other) + "\"");
  EXPECT_EQ(api.post("/api/v1/partitions/new.one/invalidate", "").status, 201);
}

TEST_F(EventRoutes, jobs_are_listed_searched_and_found_by_their_label) {
  build_users();
  append({event(31, JobEvent{"run-2", "all//jobs:users", {}, JobStatus::failed, "", {}, {}})});
  EXPECT_EQ(text(api.get("/api/v1/jobs").body, "total"), "2");
  EXPECT_EQ(text(api.get("/api/v1/jobs?search=all").body, "total"), "1");
  const Answered job = api.get("/api/v1/jobs/%2F%2Fjobs%3Ausers");
  ASSERT_EQ(job.status, 200) << job.text;
  EXPECT_EQ(text(job.body, "successful_runs"), "1");
  EXPECT_EQ(api.get("/api/v1/jobs/jobs%3Ausers").status, 404);
  const Answered run = api.get("/api/v1/job-runs/run-1/events");
  EXPECT_EQ(run.body.find("events")->items().size(), 3u);
  EXPECT_EQ(text(api.get("/api/v1/activity").body, "total_partitions_count"), "1");
}

// Events
// -------------------------------------------------------------------------------------------

TEST_F(EventRoutes, appends_take_one_event_a_list_and_lines) {
  const std::vector<BuildEvent> events = history(1, 6);
  const auto json_of = [&](std::size_t i) { return event_json(events[i]); };
  EXPECT_EQ(api.post("/api/v1/events", json_of(0)).text, R"({"added":1,"repeated":0})");
  EXPECT_EQ(api.post("/api/v1/events", "[" + json_of(1) + "," + json_of(2) + "]").text,
            R"({"added":2,"repeated":0})");
  EXPECT_EQ(api.post("/api/v1/events", json_of(2) + "\n" + json_of(3) + "\n").text,
            R"({"added":1,"repeated":1})");
  BuildEvent changed = events[0];
  changed.timestamp += 1;
  EXPECT_EQ(api.post("/api/v1/events", event_json(changed)).status, 409);
  const Answered broken = api.post("/api/v1/events", R"({"event_id":"x","build_cancel_event":{}})");
  EXPECT_EQ(broken.status, 422) << broken.text;
  EXPECT_THAT(broken.text, HasSubstr("event_id"));
  EXPECT_EQ(api.post("/api/v1/events", "{").status, 400);
}

TEST(EventRouteLimits, an_append_of_too_many_bytes_is_refused_whole_and_by_name) {
  const ApiServer api(std::make_unique<MemoryLog>(), {}, 2'000);
  std::string lines;
  for (const BuildEvent& event : history(1, 50)) lines += event_json(event) + "\n";
  ASSERT_GT(lines.size(), 2'000u);
  const Answered refused = api.post("/api/v1/events", lines);
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.text, HasSubstr("too_large"));
  EXPECT_EQ(api.log->status()->events, 0);
  EXPECT_EQ(api.post("/api/v1/events", lines.substr(0, lines.find('\n'))).status, 200);
}

TEST_F(EventRoutes, events_are_read_in_pages_by_sequence) {
  append(history(2, 250));
  std::size_t seen = 0;
  std::string after = "0";
  while (true) {
    const Answered page = api.get("/api/v1/events?limit=100&since_idx=" + after);
    ASSERT_EQ(page.status, 200) << page.text;
    seen += page.body.find("events")->items().size();
    after = text(page.body, "next_idx");
    if (text(page.body, "has_more") == "false") break;
  }
  EXPECT_EQ(seen, 250u);
  const Answered none = api.get("/api/v1/events?since_idx=250");
  EXPECT_EQ(none.text, R"({"events":[],"next_idx":250,"has_more":false})");
}

TEST_F(EventRoutes, events_are_chosen_by_parameters_that_may_be_repeated) {
  build_users();
  append({event(60, BuildCancelEvent{"x"}, k_other)});
  const auto count = [&](const std::string& query) {
    const Answered page = api.get("/api/v1/events?" + query);
    EXPECT_EQ(page.status, 200) << page.text;
    return page.body.find("events")->items().size();
  };
  EXPECT_EQ(count("type=partition"), 2u);
  EXPECT_EQ(count("type=partition&type=job"), 3u);
  EXPECT_EQ(count("partition=data/users"), 5u);
  EXPECT_EQ(count("partition_pattern=data/*&type=job"), 1u);
  EXPECT_EQ(count("job_label=//jobs:users"), 1u);
  EXPECT_EQ(count("job_run_id=run-1"), 3u);
  EXPECT_EQ(count("build_request_id=0192F000-0000-7000-8000-000000000002"), 1u);
  EXPECT_EQ(count("type="), 6u);
  EXPECT_EQ(api.get("/api/v1/events?type=fine").status, 422);
  EXPECT_EQ(api.get("/api/v1/events?since_idx=-1").status, 422);
}

TEST_F(EventRoutes, one_event_and_a_range_of_time) {
  const BuildEvent one = event(7, BuildCancelEvent{"x"});
  append({one});
  build_users();
  const Answered found = api.get("/api/v1/events/" + one.event_id);
  EXPECT_EQ(found.text, R"({"sequence":1,"event":)" + event_json(one) + "}");
  EXPECT_EQ(api.get(std::string("/api/v1/events/") + k_other).status, 404);
  EXPECT_EQ(api.get("/api/v1/events/nothing").status, 422);
  const Answered range = api.get("/api/v1/events/range?start=10&end=20");
  EXPECT_EQ(range.body.find("events")->items().size(), 2u);
  EXPECT_EQ(api.get("/api/v1/events/range?start=20&end=10").body.find("events")->items().size(),
            0u);
  EXPECT_EQ(text(api.get("/api/v1/events/status").body, "events"), "6");
}

// Who may, and what is refused
// ----------------------------------------------------------------------

TEST_F(EventRoutes, appends_need_a_writer_of_all) {
  const std::string one = event_json(event(1, BuildCancelEvent{""}));
  EXPECT_EQ(api.ask(net::Method::post, "/api/v1/events", one, "").status, 401);
  EXPECT_EQ(api.ask(net::Method::post, "/api/v1/events", one, "reader").status, 403);
  EXPECT_EQ(api.ask(net::Method::post, "/api/v1/events", one, "repository").status, 403);
  EXPECT_EQ(api.ask(net::Method::post, "/api/v1/events", one, "writer").status, 200);
  EXPECT_EQ(api.ask(net::Method::get, "/api/v1/events", "", "").status, 200);
}

TEST_F(EventRoutes, builds_are_not_run_here) {
  for (const char* path : {"/api/v1/analyze", "/api/v1/execute"}) {
    const Answered answer = api.post(path, "{}");
    EXPECT_EQ(answer.status, 501);
    EXPECT_EQ(text(answer.body, "code"), "\"unsupported\"");
    EXPECT_THAT(answer.text, HasSubstr("runs no builds"));
  }
}

TEST_F(EventRoutes, a_server_without_a_log_says_so) {
  ApiServer none(nullptr);
  EXPECT_EQ(none.get("/api/v1/builds").status, 404);
  EXPECT_EQ(none.post("/api/v1/events", "[]").status, 404);
  EXPECT_EQ(none.get("/api/v1/events/stream").status, 404);
}

}  // namespace
}  // namespace bl::events
