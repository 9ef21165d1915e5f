// What clients of Jaeger and Tempo are answered (spec/traces.md 6); the shapes of spans are
// views' tests.
#include <gmock/gmock.h>

#include "traces/otlp.h"
#include "traces/tests/api_server.h"

namespace bl::traces {
namespace {

using testing::HasSubstr;

constexpr const char* k_id = "4bf92f3577b34da60000000000000001";

class Dialects : public testing::Test {
 protected:
  Dialects() { BL_CHECK(api.store.ingest(small_trace(1), "1").ok()); }
  std::size_t count(const std::string& path, std::string_view list) {
    const Answered answer = api.get(path);
    EXPECT_EQ(answer.status, 200) << path << answer.text;
    const json::Value* found = answer.body.find(list);
    return found != nullptr && found->is_array() ? found->items().size() : 0;
  }
  ApiServer api;
};

// Jaeger ------------------------------------------------------------------------------------------

TEST_F(Dialects, jaegers_older_pages_find_services_operations_and_traces) {
  EXPECT_EQ(count("/jaeger/api/services", "data"), 2u);
  EXPECT_EQ(count("/jaeger/api/services/db/operations", "data"), 1u);
  EXPECT_EQ(count("/jaeger/api/operations?service=db&spanKind=client", "data"), 1u);
  EXPECT_EQ(count("/jaeger/api/operations?service=db&spanKind=server", "data"), 0u);
  EXPECT_EQ(count("/jaeger/api/traces?service=shop&lookback=1h", "data"), 1u);
  EXPECT_EQ(count("/jaeger/api/traces?service=shop&operation=GET%20%2Fcart&minDuration=99ms"
                  "&maxDuration=1.1s&limit=5",
                  "data"),
            1u);
  EXPECT_EQ(count("/jaeger/api/traces?service=shop&minDuration=1s", "data"), 0u);
  EXPECT_EQ(count("/jaeger/api/traces?service=shop&tags=%7B%22http.status_code%22%3A%22200%22%7D",
                  "data"),
            1u);
  EXPECT_EQ(count("/jaeger/api/traces?service=shop&tag=http.status_code%3A404", "data"), 0u);
  EXPECT_EQ(count(std::string("/jaeger/api/traces?traceID=") + k_id + "&traceID=1", "data"), 1u);
  EXPECT_EQ(count("/jaeger/api/dependencies?endTs=1795399200000&lookback=86400000", "data"), 1u);
}

TEST_F(Dialects, jaegers_window_is_in_microseconds_and_holds_its_end) {
  EXPECT_EQ(
      count("/jaeger/api/traces?service=shop&start=1795399190000000&end=1795399190000000", "data"),
      1u);
  EXPECT_EQ(
      count("/jaeger/api/traces?service=shop&start=1795399190000001&end=1795399200000000", "data"),
      0u);
}

TEST_F(Dialects, one_trace_for_jaeger_is_there_or_404_with_errors) {
  EXPECT_EQ(count(std::string("/jaeger/api/traces/") + k_id, "data"), 1u);
  const Answered none = api.get("/jaeger/api/traces/abc");
  EXPECT_EQ(none.status, 404);
  EXPECT_THAT(none.text, HasSubstr("\"code\":404"));
  const Answered bad = api.get("/jaeger/api/traces/xyz");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.text, HasSubstr("\"errors\":[{"));
  EXPECT_EQ(api.get("/jaeger/api/traces").status, 400);
  EXPECT_EQ(api.get("/jaeger/api/nothing").status, 404);
  EXPECT_THAT(api.get("/jaeger/api/nothing").text, HasSubstr("\"errors\":[{"));
}

TEST_F(Dialects, jaeger_shows_otlp_that_is_not_kept) {
  net::Headers headers;
  headers.set("Content-Type", "application/json");
  const Answered answer = api.ask(net::Method::post, "/jaeger/api/transform",
                                  encode_otlp_json(small_trace(9)), headers);
  EXPECT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.body.find("data")->items().size(), 1u);
  EXPECT_EQ(api.store.kept.status()->spans, 2);
}

TEST_F(Dialects, what_jaeger_has_and_we_do_not_is_refused_by_name) {
  const Answered metrics = api.get("/jaeger/api/metrics/latencies?service=shop");
  EXPECT_EQ(metrics.status, 501);
  EXPECT_THAT(metrics.text, HasSubstr("not supported"));
}

TEST_F(Dialects, jaegers_newest_page_asks_api_v3) {
  EXPECT_EQ(count("/jaeger/api/v3/services", "services"), 2u);
  EXPECT_EQ(count("/jaeger/api/v3/operations?service=db", "operations"), 1u);
  const std::string window =
      "query.startTimeMin=2026-11-23T01:00:00Z&query.startTimeMax=2026-11-23T02:00:00Z";
  const Answered found = api.get("/jaeger/api/v3/traces?query.serviceName=shop&" + window);
  EXPECT_EQ(found.status, 200) << found.text;
  EXPECT_THAT(found.text, HasSubstr(R"({"result":{"resourceSpans":[)"));
  EXPECT_EQ(
      count("/jaeger/api/v3/trace-summaries?query.service_name=shop&query.num_traces=5&" + window,
            "summaries"),
      1u);
  EXPECT_EQ(api.get("/jaeger/api/v3/traces?query.serviceName=none&" + window).status, 404);
  EXPECT_EQ(count("/jaeger/api/v3/trace-summaries?query.serviceName=none&" + window, "summaries"),
            0u);
  const Answered bad = api.get("/jaeger/api/v3/traces?query.serviceName=shop");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.text, HasSubstr("\"httpCode\":400"));
}

TEST_F(Dialects, a_trace_of_api_v3_is_named_in_hex_or_base64) {
  const std::string hex = std::string("/jaeger/api/v3/traces/") + k_id;
  EXPECT_EQ(api.get(hex).status, 200);
  EXPECT_EQ(api.get("/jaeger/api/v3/traces/S_kvNXezTaYAAAAAAAAAAQ==").text, api.get(hex).text);
  EXPECT_EQ(api.get("/jaeger/api/v3/traces/nothing").status, 400);
  EXPECT_EQ(api.get("/jaeger/api/v3/traces/abcdef00000000000000000000000000").status, 404);
}

// Tempo -------------------------------------------------------------------------------------------

TEST_F(Dialects, grafana_finds_tempo) {
  EXPECT_EQ(api.get("/tempo/api/echo").text, "echo");
  EXPECT_EQ(api.get("/tempo/ready").status, 200);
  const Answered info = api.get("/tempo/api/status/buildinfo");
  EXPECT_NE(info.body.find("version"), nullptr);
  EXPECT_THAT(info.text, HasSubstr("benchlake 1.2.3"));
}

TEST_F(Dialects, tempo_gives_a_trace_as_json_or_protobuf) {
  const std::string path = std::string("/tempo/api/traces/") + k_id;
  EXPECT_THAT(api.get(path).text, HasSubstr("{\"batches\":["));
  net::Headers headers;
  headers.set("Accept", "application/protobuf");
  const Answered v1 = api.ask(net::Method::get, path, "", headers);
  EXPECT_EQ(v1.headers.get("Content-Type"), "application/protobuf");
  EXPECT_EQ(v1.text, encode_otlp_protobuf(small_trace(1)));
  const std::string path_v2 = std::string("/tempo/api/v2/traces/") + k_id;
  EXPECT_THAT(api.get(path_v2).text, HasSubstr("{\"trace\":{\"resourceSpans\":["));
  const Answered v2 = api.ask(net::Method::get, path_v2, "", headers);
  EXPECT_THAT(v2.text, HasSubstr(v1.text));
  EXPECT_EQ(api.get("/tempo/api/traces/abc").status, 404);
  EXPECT_EQ(api.get("/tempo/api/v2/traces/abc").status, 404);
  EXPECT_EQ(api.get("/tempo/api/traces/xyz").status, 400);
  EXPECT_EQ(api.get(path + "?start=1795399190&end=1795399200").status, 200);
}

TEST_F(Dialects, tempo_searches_by_traceql_or_tags) {
  EXPECT_EQ(count("/tempo/api/search", "traces"), 1u);
  EXPECT_EQ(count("/tempo/api/search?q=%7Bresource.service.name%3D%22shop%22%20%26%26%20duration"
                  "%3E10ms%7D&limit=20&spss=3&start=1795399000&end=1795399200",
                  "traces"),
            1u);
  EXPECT_EQ(count("/tempo/api/search?q=%7Bstatus%3Dok%7D", "traces"), 0u);
  EXPECT_EQ(count("/tempo/api/search?tags=service.name%3Dshop&minDuration=99ms", "traces"), 1u);
  EXPECT_EQ(count("/tempo/api/search?maxDuration=99ms", "traces"), 0u);
  const Answered broken = api.get("/tempo/api/search?q=%7B");
  EXPECT_EQ(broken.status, 400);
  EXPECT_EQ(std::string(broken.headers.get("Content-Type")).substr(0, 10), "text/plain");
  EXPECT_EQ(api.get("/tempo/api/search?start=1").status, 400);
}

TEST_F(Dialects, tempo_tells_tags_and_their_values) {
  EXPECT_THAT(api.get("/tempo/api/search/tags").text, HasSubstr("\"http.status_code\""));
  EXPECT_THAT(api.get("/tempo/api/v2/search/tags").text, HasSubstr("\"intrinsic\""));
  EXPECT_THAT(api.get("/tempo/api/v2/search/tags?scope=resource").text,
              testing::Not(HasSubstr("\"intrinsic\"")));
  EXPECT_EQ(api.get("/tempo/api/v2/search/tags?scope=odd").status, 400);
  EXPECT_EQ(count("/tempo/api/search/tag/service.name/values", "tagValues"), 2u);
  EXPECT_EQ(count("/tempo/api/v2/search/tag/resource.service.name/values", "tagValues"), 2u);
  EXPECT_EQ(count("/tempo/api/v2/search/tag/name/values", "tagValues"), 2u);
  EXPECT_EQ(count("/tempo/api/v2/search/tag/status/values", "tagValues"), 3u);
  EXPECT_EQ(count("/tempo/api/v2/search/tag/span.db.system/values", "tagValues"), 1u);
  EXPECT_EQ(count("/tempo/api/v2/search/tag/.none/values", "tagValues"), 0u);
}

TEST_F(Dialects, tempos_values_are_those_of_spans_that_a_query_finds) {
  const auto values = [&](const std::string& field, const std::string& query) {
    return api.get("/tempo/api/v2/search/tag/" + field + "/values?q=" + query).text;
  };
  const std::string of_db = "%7Bresource.service.name%3D%22db%22%7D";
  EXPECT_EQ(values("span.db.system", of_db),
            R"({"tagValues":[{"type":"string","value":"sqlite"}],"metrics":{}})");
  EXPECT_EQ(values("span.http.status_code", of_db), R"({"tagValues":[],"metrics":{}})");
  EXPECT_EQ(values("name", of_db),
            R"({"tagValues":[{"type":"string","value":"SELECT"}],"metrics":{}})");
  EXPECT_EQ(values("resource.service.name", "%7Bkind%3Dserver%7D"),
            R"({"tagValues":[{"type":"string","value":"shop"}],"metrics":{}})");
  EXPECT_EQ(values("span.http.status_code", "%7B%20duration%20%3E%201ms%20%7D"),
            R"({"tagValues":[{"type":"int","value":"200"}],"metrics":{}})");
  // What asks for nothing, and what is no query, narrows nothing.
  for (const char* none : {"", "%7B%7D", "%7B"}) {
    EXPECT_EQ(count(std::string("/tempo/api/v2/search/tag/name/values?q=") + none, "tagValues"),
              2u);
  }
}

TEST_F(Dialects, metrics_of_traceql_are_refused_by_name) {
  const Answered answer = api.get("/tempo/api/metrics/query_range?q=%7B%7D");
  EXPECT_EQ(answer.status, 501);
  EXPECT_THAT(answer.text, HasSubstr("not supported"));
}

}  // namespace
}  // namespace bl::traces
