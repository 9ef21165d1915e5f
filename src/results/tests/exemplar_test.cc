#include "results/exemplar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "results/decode.h"

namespace bl::results {
namespace {

constexpr const char* k_trace = "4bf92f3577b34da6a3ce929d0e0e4736";

std::string submission_with(const std::string& exemplars) {
  return fmt::format(
      R"({{"run_id": "r1", "timestamp": "2024-08-01T12:00:00Z", "tags": {{"name": "sort"}},
      "context": {{}}, "github": {{"repository": "https://github.com/org/repo"}},
      "machine_info": {{"name": "m1"}}, "stats": {{"data": [1.5, 2.5], "unit": "s"}},
      "exemplars": {}}})",
      exemplars);
}

TEST(Exemplars, a_submission_may_name_traces) {
  const auto submission = decode_submission(submission_with(
      R"([{"trace_id": "4BF92F3577B34DA6A3CE929D0E0E4736", "role": "slowest", "sample_no": 1,
           "span_id": "00f067aa0ba902b7", "start": "2024-08-01T12:00:00.000000001Z",
           "end": 1722513600000000002},
          {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "role": "manual",
           "sample_no": null}])"));
  ASSERT_TRUE(submission.ok()) << submission.error().message;
  ASSERT_EQ(submission->exemplars.size(), 2u);
  const Exemplar& first = submission->exemplars[0];
  EXPECT_EQ(first.trace_id.hex(), k_trace);
  EXPECT_EQ(first.role, ExemplarRole::slowest);
  EXPECT_EQ(first.sample_no, 1);
  EXPECT_EQ(first.span_id->hex(), "00f067aa0ba902b7");
  EXPECT_EQ(first.start_ns, 1'722'513'600'000'000'001);
  EXPECT_EQ(first.end_ns, 1'722'513'600'000'000'002);
  EXPECT_EQ(submission->exemplars[1].sample_no, std::nullopt);
  EXPECT_TRUE(decode_submission(submission_with("null"))->exemplars.empty());
  EXPECT_TRUE(decode_submission(submission_with("[]"))->exemplars.empty());
}

TEST(Exemplars, each_fault_of_a_submission_has_its_place) {
  // A good one, with more.
  const auto with = [](const char* more) {
    return fmt::format(R"([{{"trace_id":"{}","role":"slowest"{}}}])", k_trace, more);
  };
  const auto of = [](const char* trace) {
    return fmt::format(R"([{{"trace_id":"{}","role":"slowest"}}])", trace);
  };
  const std::map<std::string, std::string> k_faults = {
      {R"({})", "/exemplars"},
      {R"([7])", "/exemplars/0"},
      {R"([{"role":"slowest"}])", "/exemplars/0/trace_id"},
      {of("4bf9"), "/exemplars/0/trace_id"},
      {of("00000000000000000000000000000000"), "/exemplars/0/trace_id"},
      {fmt::format(R"([{{"trace_id":"{}"}}])", k_trace), "/exemplars/0/role"},
      {fmt::format(R"([{{"trace_id":"{}","role":"worst"}}])", k_trace), "/exemplars/0/role"},
      {with(R"(,"span_id":"0000000000000000")"), "/exemplars/0/span_id"},
      {with(R"(,"sample_no":-1)"), "/exemplars/0/sample_no"},
      {with(R"(,"sample_no":2)"), "/exemplars/0/sample_no"},  // there are two
      {with(R"(,"start":"noon")"), "/exemplars/0/start"},
      {with(R"(,"end":5)"), "/exemplars/0/end"},
      {with(R"(,"start":5,"end":5)"), "/exemplars/0/end"},
      {with(R"(,"traceid":5)"), "/exemplars/0/traceid"},
      {fmt::format(
           R"([{{"trace_id":"{0}","role":"slowest"}},{{"trace_id":"{0}","role":"slowest"}}])",
           k_trace),
       "/exemplars/1"},
  };
  for (const auto& [exemplars, path] : k_faults) {
    const auto refused = decode_submission(submission_with(exemplars));
    ASSERT_FALSE(refused.ok()) << exemplars;
    EXPECT_EQ(refused.error().code, Code::invalid);
    ASSERT_EQ(refused.error().faults.size(), 1u) << exemplars;
    EXPECT_EQ(refused.error().faults.front().path, path) << exemplars;
  }
}

std::string body_of(std::size_t links) {
  std::string body = R"({"exemplars":[)";
  for (std::size_t i = 0; i < links; ++i) {
    body += fmt::format(R"({}{{"role":"manual","trace_id":"{}"}})", i > 0 ? "," : "",
                        TraceId{1, i + 1}.hex());
  }
  body += "]}";
  return body;
}

TEST(Exemplars, at_most_a_thousand_come_at_once_and_at_least_one) {
  EXPECT_EQ(decode_exemplars(body_of(1'000))->size(), 1'000u);
  const auto refused = decode_exemplars(body_of(1'001));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("at most 1000"), std::string::npos);
  EXPECT_EQ(decode_exemplars(body_of(0)).error().code, Code::invalid);
  EXPECT_EQ(decode_exemplars("{}").error().code, Code::invalid);
  EXPECT_EQ(decode_exemplars("{").error().code, Code::malformed);
}

TEST(Exemplars, what_is_written_is_read_again) {
  Exemplar exemplar;
  exemplar.trace_id = *TraceId::from_hex(k_trace);
  exemplar.role = ExemplarRole::outlier;
  exemplar.sample_no = 3;
  exemplar.span_id = SpanId{9};
  exemplar.start_ns = -1;
  exemplar.end_ns = 1'722'513'600'123'456'789;
  std::string text = "{\"exemplars\":[";
  json::Writer writer(text);
  write_exemplar(writer, exemplar);
  text += "]}";
  const auto read = decode_exemplars(text);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->front(), exemplar);
}

}  // namespace
}  // namespace bl::results
