#include <fmt/format.h>

#include "api/two_stores.h"

// The part of the scenario that is about build events: one server keeps them in SQLite, the other
// in PostgreSQL.
namespace bl::product {
namespace {

std::string id(int number) {
  return fmt::format("0192f000-0000-7000-8000-{:012}", number);
}

/// An event as a client writes it: `payload` is `"partition_event":{...}`.
std::string event(int number, int build, const std::string& payload) {
  return fmt::format(R"({{"event_id":"{}","timestamp":"{}","build_request_id":"{}",{}}})",
                     id(1000 + number), 1'750'000'000'000'000'000 + number / 2, id(build), payload);
}

Question append(std::string body) {
  return {"", net::Method::post, "/api/v1/events", std::move(body)};
}

}  // namespace

std::vector<Question> event_submissions() {
  std::string lines;
  int number = 0;
  for (int build = 1; build <= 4; ++build) {
    const auto add = [&](const std::string& payload) {
      lines += event(++number, build, payload) + "\n";
    };
    const std::string ref = fmt::format(R"({{"str":"data/ä {}"}})", build % 3);
    add(fmt::format(R"("build_request_event":{{"status_code":1,"requested_partitions":[{}]}})",
                    ref));
    add(fmt::format(
        R"("partition_event":{{"partition_ref":{},"status_code":3,"job_run_id":"r{}"}})", ref,
        build));
    add(fmt::format(
        R"("job_event":{{"job_run_id":"r{}","job_label":{{"label":"//jobs:users"}},"status_code":2,)"
        R"("target_partitions":[{}]}})",
        build, ref));
    add(fmt::format(
        R"("job_event":{{"job_run_id":"r{}","job_label":{{"label":"//jobs:users"}},"status_code":{},)"
        R"("target_partitions":[{}],"config":{{"outputs":[{}],"args":["-x"],"env":{{"A":"1"}}}}}})",
        build, build == 2 ? 4 : 3, ref, ref));
    if (build == 3) continue;
    add(fmt::format(
        R"("partition_event":{{"partition_ref":{},"status_code":4,"job_run_id":"r{}"}})", ref,
        build));
    add(R"("build_request_event":{"status_name":"BUILD_REQUEST_COMPLETED","status_code":4})");
  }
  const std::string first = event(1, 1,
                                  R"("build_request_event":{"status_code":1,)"
                                  R"("requested_partitions":[{"str":"data/ä 1"}]})");
  std::vector<Question> questions = {
      append(lines),
      append(lines),  // the same again
      append("[" + first + "]"),
      append(event(1, 1, R"("build_cancel_event":{"reason":"another under its id"})")),
      append(event(90, 5,
                   R"("delegation_event":{"partition_ref":"data/ä 2",)"
                   R"("delegated_to_build_request_id":")" +
                       id(2) + "\"}")),
      append(
          event(91, 5, R"("partition_invalidation_event":{"partition_ref":"b'c\"","reason":"x"})")),
      append(event(92, 5, R"("partition_event":{"partition_ref":"","status_code":0})")),
      append("{"),
      append("[]")};
  return questions;
}

std::vector<std::string> event_reads() {
  std::vector<std::string> paths = {"/api/v1/activity"};
  for (const char* more : {"", "?limit=2", "?limit=2&offset=3", "?offset=99", "?status=completed",
                           "?status=BUILD_REQUEST_RECEIVED", "?status=x", "?limit=0"}) {
    paths.push_back(std::string("/api/v1/builds") + more);
  }
  for (int build = 1; build <= 6; ++build) paths.push_back("/api/v1/builds/" + id(build));
  paths.push_back("/api/v1/builds/" + id(1) + "?since=1750000000000000001&limit=2");
  paths.push_back("/api/v1/builds/x");
  for (const char* more : {"", "?limit=1&offset=1", "?status=available", "?status=failed"}) {
    paths.push_back(std::string("/api/v1/partitions") + more);
  }
  for (const char* ref :
       {"data%2F%C3%A4%201", "ZGF0YS_DpCAx", "data%2F%C3%A4%200", "b'c%22", "no"}) {
    paths.push_back(fmt::format("/api/v1/partitions/{}/status", ref));
    paths.push_back(fmt::format("/api/v1/partitions/{}/events", ref));
    paths.push_back(fmt::format("/api/v1/partitions/{}/events?limit=2&encoding=text", ref));
  }
  for (const char* more : {"", "?search=users", "?search=%25", "?limit=1&offset=1"}) {
    paths.push_back(std::string("/api/v1/jobs") + more);
  }
  for (const char* label : {"%2F%2Fjobs%3Ausers", "Ly9qb2JzOnVzZXJz", "users"}) {
    paths.push_back(fmt::format("/api/v1/jobs/{}", label));
  }
  for (const char* run : {"r1/events", "r3/events?limit=1", "none/events"}) {
    paths.push_back(fmt::format("/api/v1/job-runs/{}", run));
  }
  for (const char* more :
       {"", "?limit=3", "?since_idx=4&limit=3", "?type=job&type=partition",
        "?partition=data%2F%C3%A4%201", "?partition_pattern=data%2F*&type=build_request",
        "?job_label=%2F%2Fjobs%3Ausers", "?job_run_id=r1", "?type=x", "?since_idx=-1"}) {
    paths.push_back(std::string("/api/v1/events") + more);
  }
  paths.push_back("/api/v1/events/" + id(1001));
  paths.push_back("/api/v1/events/" + id(1));
  paths.push_back("/api/v1/events/range");
  paths.push_back("/api/v1/events/range?start=1750000000000000002&end=1750000000000000004&limit=3");
  return paths;
}

}  // namespace bl::product
