// What Grafana's sources Tempo and Jaeger ask, word for word, and the whole of what they are
// answered (spec/traces.md 6.1, 6.3): data/grafana.tsv, its bodies held against the specification
// by eye. And what JavaScript and other ids make of both wires (7.11).
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "traces/otlp.h"
#include "traces/tests/api_server.h"

namespace bl::traces {
namespace {

using testing::HasSubstr;

class Grafana : public testing::Test {
 protected:
  Grafana() { BL_CHECK(api.store.ingest(small_trace(1), "1").ok()); }
  ApiServer api;
};

TEST_F(Grafana, is_answered_as_tempo_and_jaeger_answer) {
  const char* source = std::getenv("BL_TEST_SOURCE");
  std::ifstream file(std::string(source ? source : ".") + "/src/traces/tests/data/grafana.tsv");
  ASSERT_TRUE(file) << "run the test in the repository's root, or set BL_TEST_SOURCE";
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
    const std::string request = line.substr(0, first);
    const Answered answer = api.get(request);
    EXPECT_EQ(std::to_string(answer.status), line.substr(first + 1, second - first - 1)) << request;
    EXPECT_EQ(answer.text, line.substr(second + 1)) << request;
  }
  EXPECT_EQ(lines, 17);
}

/// It asks v2 for protobuf, and v1 where that is 404.
TEST_F(Grafana, loads_a_trace_as_protobuf_and_falls_back) {
  net::Headers headers;
  headers.set("Accept", "application/protobuf");
  const auto ask = [&](const std::string& path) {
    return api.ask(net::Method::get, path + "?start=1795395600&end=1795399200", "", headers);
  };
  const std::string id = small_trace(1)[0].trace_id.hex();
  const Answered v2 = ask("/tempo/api/v2/traces/" + id);
  EXPECT_EQ(v2.status, 200);
  EXPECT_EQ(v2.headers.get("Content-Type"), "application/protobuf");
  // TraceByIDResponse: the trace is field 1, a message of spans as OTLP has them.
  EXPECT_EQ(v2.text[0], '\x0A');
  EXPECT_THAT(v2.text, HasSubstr(encode_otlp_protobuf(small_trace(1))));
  EXPECT_EQ(ask("/tempo/api/traces/" + id).text, encode_otlp_protobuf(small_trace(1)));
  const std::string none = small_trace(9)[0].trace_id.hex();
  EXPECT_EQ(ask("/tempo/api/v2/traces/" + none).status, 404);
  EXPECT_EQ(ask("/tempo/api/traces/" + none).status, 404);
}

/// Ids are hex of any case in OTLP/JSON, base64 in Tempo's; short ones lost their zeros on the way.
TEST_F(Grafana, ids_are_one_in_every_form) {
  const std::string sent =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)"
      R"("traceId":"0000000000000000000000000ABCDEF1","spanId":"00000000000000FA",)"
      R"("name":"a","startTimeUnixNano":"1795399190000000000",)"
      R"("endTimeUnixNano":1795399190000000007}]}]}]})";
  ASSERT_EQ(api.send(sent, "application/json").status, 200);
  for (const char* id : {"0000000000000000000000000abcdef1", "0000000000000000000000000ABCDEF1",
                         "abcdef1", "ABCDEF1", "0abcdef1"}) {
    const Answered own = api.get(std::string("/api/v1/traces/") + id);
    EXPECT_THAT(own.text, HasSubstr("\"trace_id\":\"0000000000000000000000000abcdef1\"")) << id;
    const Answered jaeger = api.get(std::string("/jaeger/api/traces/") + id);
    EXPECT_THAT(jaeger.text, HasSubstr("\"traceID\":\"0000000000000000000000000abcdef1\"")) << id;
    const Answered tempo = api.get(std::string("/tempo/api/traces/") + id);
    EXPECT_THAT(tempo.text, HasSubstr(R"("traceId":"AAAAAAAAAAAAAAAACrze8Q==")")) << id;
  }
  EXPECT_THAT(api.get("/tempo/api/search?q=%7Bname%3D%22a%22%7D").text,
              HasSubstr("\"traceID\":\"0000000000000000000000000abcdef1\""));
}

/// 2^53 + 1 has no double: it is a text wherever JavaScript reads it.
TEST_F(Grafana, integers_beyond_what_javascript_can_hold_stay_whole) {
  for (const char* value : {"\"9007199254740993\"", "9007199254740993"}) {
    const std::string id = value[0] == '"' ? "a1" : "a2";
    const std::string sent =
        R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":")" + std::string(30, '0') + id +
        R"(","spanId":"00000000000000fa","name":"a","startTimeUnixNano":"1795399190000000001",)"
        R"("endTimeUnixNano":"1795399190000000002","attributes":[{"key":"k","value":{"intValue":)" +
        value + "}}]}]}]}]}";
    ASSERT_EQ(api.send(sent, "application/json").status, 200);
    const auto text = [&](const std::string& path) { return api.get(path).text; };
    const std::string digits = "\"9007199254740993\"";
    EXPECT_THAT(text("/api/v1/traces/" + id), HasSubstr("\"value\":" + digits));
    EXPECT_THAT(text("/api/v1/traces/" + id + "?format=otlp"), HasSubstr("\"intValue\":" + digits));
    EXPECT_THAT(text("/jaeger/api/traces/" + id), HasSubstr("\"value\":" + digits));
    EXPECT_THAT(text("/tempo/api/traces/" + id), HasSubstr("\"intValue\":" + digits));
    EXPECT_THAT(text("/api/v1/traces/" + id + "/spans/00000000000000fa"), HasSubstr(digits));
    EXPECT_THAT(text("/api/v1/traces/" + id), HasSubstr("\"start_ns\":\"1795399190000000001\""));
  }
}

}  // namespace
}  // namespace bl::traces
