#include <fmt/format.h>
#include <gtest/gtest.h>

#include "product/server_process.h"
#include "product/store_under_test.h"

/// Results and the traces that they name, through the whole program: commands, spans, backups.
namespace bl::product {
namespace {

constexpr const char* k_trace = "4bf92f3577b34da6a3ce929d0e0e473";  // and a digit
// 2024-08-01T12:00:00Z, the result's time.
constexpr std::int64_t k_second = 1'722'513'600;

std::string submission() {
  return R"({"run_id":"r1","timestamp":"2024-08-01T12:00:00Z","tags":{"name":"sort"},"context":{},)"
         R"("github":{"repository":"https://github.com/org/repo"},"machine_info":{"name":"m1"},)"
         R"("stats":{"data":[2.5,4.5,1.5,3.5],"unit":"s"}})";
}

/// A span that says of which sample it is.
std::string span_of(const std::string& result, int digit, int sample) {
  return fmt::format(
      R"({{"resourceSpans":[{{"resource":{{"attributes":[)"
      R"({{"key":"service.name","value":{{"stringValue":"bench"}}}},)"
      R"({{"key":"benchlake.result_id","value":{{"stringValue":"{}"}}}}]}},)"
      R"("scopeSpans":[{{"spans":[)"
      R"({{"traceId":"{}{}","spanId":"00f067aa0ba902b{}","name":"sample","kind":1,)"
      R"("startTimeUnixNano":"{}000000001","endTimeUnixNano":"{}000000001",)"
      R"("attributes":[{{"key":"benchlake.sample","value":{{"intValue":"{}"}}}}]}}]}}]}}]}})",
      result, k_trace, digit, digit, k_second + sample, k_second + sample + 1, sample);
}

class ResultsAndTraces : public testing::Test {
 protected:
  CommandOutcome run(std::vector<std::string> arguments) const {
    return run_in(folder.path() + "/data", std::move(arguments));
  }
  static CommandOutcome run_in(const std::string& data, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--data", data});
    return run_benchlake(arguments);
  }
  /// `role sample trace span`, a line each.
  static std::string links(const std::string& answer) {
    const auto parsed = json::parse(answer);
    if (!parsed.ok()) return answer;
    std::string text;
    for (const json::Value& link : parsed->find("exemplars")->items()) {
      const json::Value& sample = *link.find("sample_no");
      const json::Value& span = *link.find("span_id");
      text +=
          fmt::format("{} {} {} {}\n", link.find("role")->as_string(),
                      sample.is_null() ? "all" : sample.number_text(),
                      link.find("trace_id")->as_string(), span.is_null() ? "-" : span.as_string());
    }
    return text;
  }
  std::string submit() const {
    const Answer stored = server.post("/api/results", submission());
    EXPECT_EQ(stored.status, 201) << stored.text;
    return stored.status == 201 ? stored.body.find("id")->as_string() : "";
  }

  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data"};
};

TEST_F(ResultsAndTraces, links_are_made_listed_and_taken_back) {
  ASSERT_TRUE(server.ready());
  const std::string id = submit();
  const std::string first = fmt::format("{}1", k_trace);
  const CommandOutcome linked = run({"traces", "link", id, first, "--role", "slowest", "--sample",
                                     "1", "--span", "00f067aa0ba902b7", "--json"});
  EXPECT_EQ(linked.exit_code, 0) << linked.err;
  const std::string slowest = fmt::format("slowest 1 {} 00f067aa0ba902b7\n", first);
  EXPECT_EQ(links(linked.out), slowest);
  EXPECT_EQ(run({"traces", "link", id, "ab"}).exit_code, 0);
  EXPECT_EQ(links(run({"traces", "links", id, "--json"}).out),
            slowest + "manual all 000000000000000000000000000000ab -\n");
  const Answer naming = server.get(fmt::format("/api/v1/traces/{}/results", first));
  EXPECT_NE(naming.text.find(id), std::string::npos);
  EXPECT_EQ(links(run({"traces", "unlink", id, "ab", "--json"}).out), slowest);
  EXPECT_EQ(run({"traces", "unlink", id, "ab"}).exit_code, 2);
}

TEST_F(ResultsAndTraces, what_cannot_be_linked_is_refused) {
  ASSERT_TRUE(server.ready());
  const std::string id = submit();
  const std::string trace = fmt::format("{}1", k_trace);
  for (const std::vector<std::string>& more : {std::vector<std::string>{"nobody", trace},
                                               {id, "no-id"},
                                               {id},
                                               {id, trace, "--from-spans"},
                                               {id, trace, "--role", "worst"},
                                               {id, trace, "--sample", "4"},
                                               {id, trace, "--sample", "first"},
                                               {id, trace, "--end", "5"},
                                               {id, "--from-spans"}}) {
    std::vector<std::string> call = {"traces", "link"};
    call.insert(call.end(), more.begin(), more.end());
    const CommandOutcome refused = run(call);
    EXPECT_EQ(refused.exit_code, 2) << more.back();
    EXPECT_FALSE(refused.err.empty()) << more.back();
  }
  EXPECT_EQ(links(run({"traces", "links", id, "--json"}).out), "");
}

TEST_F(ResultsAndTraces, spans_say_of_which_sample_they_are) {
  ASSERT_TRUE(server.ready());
  const std::string id = submit();
  // Of 2.5, 4.5, 1.5 and 3.5 seconds: slowest 1, fastest 2, median 0; 3 is neither.
  for (const int sample : {0, 1, 3}) {
    EXPECT_EQ(server.post("/v1/traces", span_of(id, sample, sample)).status, 200);
  }
  const CommandOutcome linked = run({"traces", "link", id, "--from-spans", "--json"});
  EXPECT_EQ(linked.exit_code, 0) << linked.err;
  EXPECT_NE(linked.err.find("sample 2, the fastest"), std::string::npos) << linked.err;
  const std::string two =
      fmt::format("slowest 1 {0}1 00f067aa0ba902b1\nmedian 0 {0}0 00f067aa0ba902b0\n", k_trace);
  EXPECT_EQ(links(linked.out), two);
  const json::Value link = json::parse(linked.out)->find("exemplars")->items().front();
  EXPECT_EQ(link.find("start")->as_string(), "2024-08-01T12:00:01.000000001Z");

  // The rest comes later; the same call goes on.
  EXPECT_EQ(server.post("/v1/traces", span_of(id, 2, 2)).status, 200);
  const CommandOutcome whole = run({"traces", "link", id, "--from-spans", "--json"});
  EXPECT_EQ(links(whole.out), two + fmt::format("fastest 2 {}2 00f067aa0ba902b2\n", k_trace));

  // Another trace of a sample: which is meant is not guessed.
  EXPECT_EQ(server.post("/v1/traces", span_of(id, 5, 1)).status, 200);
  const CommandOutcome refused = run({"traces", "link", id, "--from-spans"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("several traces"), std::string::npos) << refused.err;
}

TEST_F(ResultsAndTraces, a_trace_that_a_result_names_stays_when_old_spans_go) {
  ASSERT_TRUE(server.ready());
  const std::string id = submit();
  for (const int digit : {1, 2}) {
    ASSERT_EQ(server.post("/v1/traces", span_of(id, digit, digit)).status, 200);
  }
  ASSERT_EQ(run({"traces", "link", id, fmt::format("{}1", k_trace)}).exit_code, 0);
  const CommandOutcome told = run({"traces", "expire", "--older-than", "90d"});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_NE(told.out.find("1 spans"), std::string::npos) << told.out;
  const auto status_of = [&](int digit) {
    return server.get(fmt::format("/api/v1/traces/{}{}", k_trace, digit)).status;
  };
  EXPECT_EQ(status_of(2), 200) << "nothing went yet";
  const CommandOutcome done = run({"traces", "expire", "--older-than", "90d", "--yes"});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(status_of(1), 200);
  EXPECT_EQ(status_of(2), 404);
}

TEST_F(ResultsAndTraces, links_are_part_of_a_backup) {
  ASSERT_TRUE(server.ready());
  const std::string id = submit();
  ASSERT_EQ(run({"traces", "link", id, "ab"}).exit_code, 0);
  const std::string before = run({"traces", "links", id, "--json"}).out;
  const std::string backup = folder.path() + "/backup.db";
  ASSERT_EQ(run({"backup", backup}).exit_code, 0);
  const std::string elsewhere = folder.path() + "/elsewhere";
  const CommandOutcome restored = run_in(elsewhere, {"restore", backup});
  ASSERT_EQ(restored.exit_code, 0) << restored.err;
  const ServerProcess other(elsewhere);
  ASSERT_TRUE(other.ready());
  EXPECT_EQ(run_in(elsewhere, {"traces", "links", id, "--json"}).out, before);
}

}  // namespace
}  // namespace bl::product
