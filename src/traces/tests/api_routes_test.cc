// What our own API answers, each rule of openapi_traces.yaml by an example.
#include <gmock/gmock.h>

#include "traces/otlp.h"
#include "traces/tests/api_server.h"

namespace bl::traces {
namespace {

using testing::HasSubstr;

constexpr const char* k_id = "4bf92f3577b34da60000000000000001";

std::string text(const json::Value& value, std::string_view name) {
  const json::Value* member = value.find(name);
  return member == nullptr ? "(missing)" : json::to_text(*member);
}

class TraceRoutes : public testing::Test {
 protected:
  TraceRoutes() { keep(small_trace(1)); }
  void keep(Spans spans) {
    BL_CHECK(api.store.ingest(std::move(spans), std::to_string(++requests_)).ok());
  }
  std::string of_trace(const std::string& more) const {
    return std::string("/api/v1/traces/") + k_id + more;
  }
  /// The list `name` of an answer.
  json::Array list(const std::string& path, std::string_view name) {
    const Answered answer = api.get(path);
    EXPECT_EQ(answer.status, 200) << path << answer.text;
    const json::Value* found = answer.body.find(name);
    return found == nullptr ? json::Array() : found->items();
  }
  std::vector<std::string> ids(const std::string& query) {
    std::vector<std::string> found;
    for (const json::Value& trace : list("/api/v1/traces" + query, "traces")) {
      found.push_back(trace.find("trace_id")->as_string().substr(31));
    }
    return found;
  }

  ApiServer api;

 private:
  int requests_ = 0;
};

// One trace ---------------------------------------------------------------------------------------

TEST_F(TraceRoutes, a_trace_has_its_spans_its_summary_and_what_it_cost) {
  const Answered answer = api.get(of_trace(""));
  ASSERT_EQ(answer.status, 200) << answer.text;
  const json::Value& summary = *answer.body.find("summary");
  EXPECT_EQ(text(summary, "trace_id"), std::string("\"") + k_id + "\"");
  EXPECT_EQ(text(summary, "start_ns"), "\"1795399190000000000\"");
  EXPECT_EQ(text(summary, "duration_ns"), "100000000");
  EXPECT_EQ(text(summary, "spans"), "2");
  EXPECT_EQ(text(summary, "errors"), "1");
  EXPECT_EQ(text(summary, "root_service"), "\"shop\"");
  EXPECT_EQ(text(summary, "run_id"), "null");
  EXPECT_NE(answer.body.find("cost"), nullptr);
  EXPECT_EQ(text(answer.body, "partial_reason"), "null");
  const json::Array& spans = answer.body.find("spans")->items();
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(text(spans[1], "name"), "\"SELECT\"");
  EXPECT_EQ(text(spans[1], "parent_span_id"), "\"0000000000000020\"");
  EXPECT_EQ(text(spans[1], "offset_ns"), "20000000");
  EXPECT_EQ(text(spans[0], "attributes"),
            R"([{"key":"http.status_code","type":"int","value":"200"}])");
  EXPECT_EQ(answer.body.find("resources")->items().size(), 2u);
}

TEST_F(TraceRoutes, its_spans_come_in_pages) {
  const Answered first = api.get(of_trace("?limit=1"));
  const std::string next = first.body.find("next_page")->as_string();
  const Answered second = api.get(of_trace("?limit=1&page=" + next));
  ASSERT_EQ(second.body.find("spans")->items().size(), 1u);
  EXPECT_EQ(text(second.body.find("spans")->items()[0], "name"), "\"SELECT\"");
  EXPECT_EQ(text(second.body, "next_page"), "null");
  EXPECT_EQ(text(*second.body.find("summary"), "spans"), "2");
  EXPECT_EQ(api.get(of_trace("?page=nonsense")).status, 422);
}

TEST_F(TraceRoutes, an_id_may_be_short_and_a_wrong_one_is_named) {
  keep([] {
    Spans spans = small_trace();
    for (Span& span : spans) span.trace_id = TraceId{0, 0xabc};
    return spans;
  }());
  EXPECT_EQ(api.get("/api/v1/traces/ABC").status, 200);
  EXPECT_EQ(api.get("/api/v1/traces/xyz").status, 422);
  const Answered none = api.get("/api/v1/traces/def");
  EXPECT_EQ(none.status, 404);
  EXPECT_THAT(none.text, HasSubstr("00000000000000000000000000000def"));
}

TEST_F(TraceRoutes, a_trace_comes_in_the_forms_of_other_tools) {
  const Answered otlp = api.get(of_trace("?format=otlp"));
  EXPECT_EQ(otlp.text, encode_otlp_json(small_trace()));
  const Answered protobuf = api.get(of_trace("?format=otlp-protobuf"));
  EXPECT_EQ(protobuf.text, encode_otlp_protobuf(small_trace()));
  EXPECT_EQ(protobuf.headers.get("Content-Type"), "application/x-protobuf");
  EXPECT_THAT(api.get(of_trace("?format=jaeger")).text, HasSubstr("\"operationName\":\"SELECT\""));
  EXPECT_THAT(api.get(of_trace("?format=chrome")).text, HasSubstr("\"traceEvents\""));
  EXPECT_THAT(api.get(of_trace("?format=folded")).text,
              HasSubstr("shop: GET /cart;db: SELECT 60000000\n"));
  EXPECT_EQ(api.get(of_trace("?format=pdf")).status, 422);
  EXPECT_EQ(api.get(of_trace("?format=otlp&limit=1")).status, 422);
}

TEST_F(TraceRoutes, what_was_sent_comes_out_again_as_the_same_bytes) {
  const std::string sent = encode_otlp_json(small_trace(7));
  EXPECT_EQ(api.send(sent, "application/json").status, 200);
  EXPECT_EQ(api.get("/api/v1/traces/4bf92f3577b34da60000000000000007?format=otlp").text, sent);
}

TEST_F(TraceRoutes, a_critical_path_sums_up_to_the_root) {
  const json::Array parts = list(of_trace("/critical-path"), "parts");
  std::int64_t sum = 0;
  for (const json::Value& part : parts) sum += *part.find("duration_ns")->as_int64();
  EXPECT_EQ(sum, 100'000'000);
  const json::Array operations = list(of_trace("/critical-path"), "operations");
  ASSERT_EQ(operations.size(), 2u);
  EXPECT_EQ(text(operations[0], "name"), "\"SELECT\"");
  EXPECT_EQ(text(operations[0], "critical_ns"), "60000000");
}

TEST_F(TraceRoutes, a_waterfall_has_rows_in_pages) {
  const Answered answer = api.get(of_trace("/waterfall?first=1&rows=10"));
  EXPECT_EQ(text(answer.body, "rows_total"), "2");
  const json::Array& rows = answer.body.find("rows")->items();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(text(rows[0], "parent"), "0");
  EXPECT_EQ(text(rows[0], "depth"), "1");
  EXPECT_EQ(text(rows[0], "self_ns"), "60000000");
  EXPECT_EQ(text(rows[0], "status_message"), "\"too many rows\"");
  EXPECT_EQ(text(rows[0], "critical"), "[[20000000,80000000]]");
  EXPECT_EQ(api.get(of_trace("/waterfall?rows=20001")).status, 422);
}

TEST_F(TraceRoutes, a_flame_graph_has_frames_by_path) {
  const json::Array frames = list(of_trace("/flame"), "frames");
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(text(frames[0], "parent"), "null");
  EXPECT_EQ(text(frames[1], "parent"), "0");
  EXPECT_EQ(text(frames[1], "total_ns"), "60000000");
}

TEST_F(TraceRoutes, one_span_is_told_with_all_that_is_known) {
  const Answered answer = api.get(of_trace("/spans/0000000000000021"));
  ASSERT_EQ(answer.status, 200) << answer.text;
  const json::Value& span = *answer.body.find("span");
  EXPECT_EQ(text(span, "service"), "\"db\"");
  EXPECT_EQ(text(span, "self_ns"), "60000000");
  EXPECT_EQ(text(span, "resource"), R"([{"key":"service.name","type":"string","value":"db"}])");
  const Answered root = api.get(of_trace("/spans/0000000000000020"));
  EXPECT_EQ(text(*root.body.find("span"), "self_ns"), "40000000");
  EXPECT_EQ(api.get(of_trace("/spans/00000000000000ff")).status, 404);
  EXPECT_EQ(api.get(of_trace("/spans/zz")).status, 422);
}

TEST_F(TraceRoutes, two_traces_are_compared_in_tempos_shapes) {
  keep(small_trace(2));
  const auto ask = [&](const char* path, const std::string& body) {
    net::Headers headers;
    headers.set("Content-Type", "application/json");
    return api.ask(net::Method::post, path, body, headers);
  };
  const std::string other = "4bf92f3577b34da60000000000000002";
  const std::string own = R"({"base":{"trace_id":")" + std::string(k_id) +
                          R"("},"compare":{"trace_id":")" + other + R"("})";
  const Answered summary =
      ask("/api/v1/traces/diff", own + R"(,"format":"trace-summary-v0-native"})");
  EXPECT_EQ(summary.status, 200) << summary.text;
  EXPECT_EQ(text(*summary.body.find("signals"), "traceLatency"), "\"unchanged\"");
  EXPECT_NE(ask("/api/v1/traces/diff", own + "}").body.find("stats"), nullptr);
  EXPECT_EQ(ask("/api/v1/traces/diff", own + R"(,"format":"odd"})").status, 422);
  EXPECT_EQ(ask("/api/v1/traces/diff", "{}").status, 422);
  EXPECT_EQ(ask("/api/v1/traces/diff", "no JSON").status, 400);
  const Answered tempo = ask(
      "/tempo/api/v2/traces/diff",
      R"({"base":{"traceId":")" + std::string(k_id) +
          R"(","start":1795399190,"end":1795399200},"compare":{"traceId":")" + other + R"("}})");
  EXPECT_EQ(tempo.status, 200) << tempo.text;
  EXPECT_EQ(
      ask("/tempo/api/v2/traces/diff", R"({"base":{"traceId":"abc"},"compare":{"traceId":"def"}})")
          .status,
      404);
  EXPECT_EQ(api.get("/tempo/api/v2/traces/diff").status, 405);
}

// Many traces -------------------------------------------------------------------------------------

TEST_F(TraceRoutes, a_search_says_its_window_and_gives_the_newest_first) {
  keep(small_trace(2, k_now_ns - 5'000'000'000));
  const Answered answer = api.get("/api/v1/traces");
  EXPECT_EQ(text(*answer.body.find("window"), "start"), "\"2026-11-22T02:01:00Z\"");
  EXPECT_EQ(text(*answer.body.find("window"), "end"), "\"2026-11-23T02:01:00Z\"");
  const json::Array& traces = answer.body.find("traces")->items();
  ASSERT_EQ(traces.size(), 2u);
  EXPECT_EQ(text(traces[0], "trace_id"), "\"4bf92f3577b34da60000000000000002\"");
  EXPECT_EQ(text(traces[0], "matched"), "2");
  EXPECT_EQ(traces[0].find("matched_spans")->items().size(), 2u);
  EXPECT_EQ(ids("?limit=1"), std::vector<std::string>{"2"});
  const std::string page = api.get("/api/v1/traces?limit=1").body.find("next_page")->as_string();
  EXPECT_EQ(ids("?limit=1&page=" + page), std::vector<std::string>{"1"});
}

TEST_F(TraceRoutes, the_filter_is_of_one_span) {
  keep([] {
    Spans spans = small_trace(2);
    spans[0].end_ns += 1'000'000'000;
    spans[0].attributes.push_back(
        {"benchlake.run_id", AnyValue(AnyValue::Value(std::string("r")))});
    return spans;
  }());
  using List = std::vector<std::string>;
  EXPECT_EQ(ids("?service=shop&min_duration=500ms"), List{"2"});
  EXPECT_EQ(ids("?service=db&min_duration=500ms"), List{});
  EXPECT_EQ(ids("?service=db&max_duration=60ms").size(), 2u);
  EXPECT_EQ(ids("?operation=SELECT&kind=client&status=error").size(), 2u);
  EXPECT_EQ(ids("?operation=SELECT&kind=server"), List{});
  EXPECT_EQ(ids("?attribute=http.status_code%3D200").size(), 2u);
  EXPECT_EQ(ids("?attribute=http.status_code%3D200&attribute=db.system%3Dsqlite"), List{});
  EXPECT_EQ(ids("?run_id=r"), List{"2"});
  EXPECT_EQ(ids("?q=%7B%20duration%20%3E%201s%20%7D"), List{"2"});
  EXPECT_EQ(ids("?start=2026-11-23T01:59:50.000000001Z&end=2026-11-23T02:00:00Z&service=shop"),
            List{});
}

TEST_F(TraceRoutes, what_is_wrong_with_a_question_is_named) {
  for (const auto& [query, place] :
       {std::pair("?kind=big", "?kind"), std::pair("?status=bad", "?status"),
        std::pair("?min_duration=fast", "?min_duration"), std::pair("?attribute=k", "?attribute"),
        std::pair("?q=%7B", "?q"), std::pair("?start=yesterday", "?start"),
        std::pair("?start=2000&end=1000", "?end"), std::pair("?limit=0", "?limit"),
        std::pair("?page=x", "page"), std::pair("?colour=red", "?colour")}) {
    const Answered answer = api.get(std::string("/api/v1/traces") + query);
    EXPECT_EQ(answer.status, 422) << query << answer.text;
    EXPECT_THAT(answer.text, HasSubstr(place)) << query;
  }
}

TEST_F(TraceRoutes, lists_are_kept_as_spans_come_in) {
  EXPECT_EQ(api.get("/api/v1/traces/services").text, R"({"services":["db","shop"]})");
  EXPECT_EQ(api.get("/api/v1/traces/operations?service=db").text,
            R"({"operations":[{"name":"SELECT","kind":"client"}]})");
  EXPECT_EQ(api.get("/api/v1/traces/operations").status, 422);
  EXPECT_EQ(api.get("/api/v1/traces/attributes?place=span").text,
            R"({"attributes":[{"place":"span","key":"db.system"},)"
            R"({"place":"span","key":"http.status_code"}]})");
  EXPECT_EQ(api.get("/api/v1/traces/attribute-values?key=http.status_code").text,
            R"({"values":[{"type":"int","value":"200"}]})");
  EXPECT_EQ(api.get("/api/v1/traces/dependencies").text,
            R"({"dependencies":[{"parent":"shop","child":"db","calls":1}]})");
}

TEST_F(TraceRoutes, metrics_are_of_buckets) {
  const Answered answer = api.get("/api/v1/traces/metrics?service=shop&step=1m");
  ASSERT_EQ(answer.status, 200) << answer.text;
  const json::Value& series = answer.body.find("series")->items().at(0);
  EXPECT_EQ(text(series, "service"), "\"shop\"");
  const json::Value& bucket = series.find("buckets")->items().at(0);
  EXPECT_EQ(text(bucket, "start_ns"), "\"1795399140000000000\"");
  EXPECT_EQ(text(bucket, "spans"), "1");
  EXPECT_EQ(text(bucket, "p99_ns"), "100000000");
  EXPECT_EQ(api.get("/api/v1/traces/metrics?step=1ns").status, 422);
  EXPECT_EQ(
      api.get("/api/v1/traces/metrics?start=-9223372036854775808&end=9223372036854775807").status,
      422);
}

TEST_F(TraceRoutes, the_status_counts) {
  const Answered answer = api.get("/api/v1/traces/status");
  EXPECT_EQ(text(answer.body, "spans"), "2");
  EXPECT_EQ(text(answer.body, "traces"), "1");
}

TEST(TraceExpiryRoute, needs_an_admin_and_a_number_of_days) {
  ApiServer api;
  BL_CHECK(api.store.ingest(small_trace(1, k_now_ns - 100 * 86'400'000'000'000), "1").ok());
  const auto ask = [&](std::string_view body, const std::string& role = "admin") {
    return api.ask(net::Method::post, "/api/v1/traces/expire", body, {}, role);
  };
  EXPECT_EQ(ask(R"({"older_than_days":90})", "writer").status, 403);
  for (const char* body :
       {"", "[]", "{}", R"({"older_than_days":0})", R"({"older_than_days":1e9})",
        R"({"older_than_days":"90"})", R"({"older_than_days":90,"dry_run":1})"}) {
    const int status = ask(body).status;
    EXPECT_TRUE(status == 400 || status == 422) << body << ": " << status;
  }
  EXPECT_EQ(api.store.status()->spans, 2);
  const auto told = ask(R"({"older_than_days":90,"dry_run":true})");
  EXPECT_EQ(told.text, R"({"before":"2026-08-25T00:00:00Z","spans":2,"files":0,"kept_spans":0,)"
                       R"("dry_run":true})");
  EXPECT_EQ(ask(R"({"older_than_days":90})").status, 200);
  EXPECT_EQ(api.store.status()->spans, 0);
}

// Sets --------------------------------------------------------------------------------------------

/// Traces of run `r`, the query of each slower by its number of thousandths.
class TraceSets : public TraceRoutes {
 protected:
  void keep_run(const std::string& run, std::uint64_t first, int count, std::int64_t query_ns) {
    for (int i = 0; i < count; ++i) {
      Spans spans = small_trace(first + static_cast<std::uint64_t>(i),
                                k_now_ns - (60 - i) * std::int64_t{1'000'000'000});
      const std::int64_t noise = (i % 5) * 500'000;
      spans[1].end_ns = spans[1].start_ns + query_ns + noise;
      spans[0].end_ns = spans[1].end_ns + 20'000'000;
      for (Span& span : spans) {
        span.attributes.push_back({"benchlake.run_id", AnyValue(AnyValue::Value(run))});
      }
      keep(std::move(spans));
    }
  }
};

TEST_F(TraceSets, a_run_is_compared_with_another_by_the_time_of_each_path) {
  keep_run("before", 100, 8, 60'000'000);
  keep_run("after", 200, 8, 90'000'000);
  const Answered answer = api.get("/api/v1/traces/diff-sets?base_run=before&compare_run=after");
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.body.find("base")->find("traces")->items().size(), 8u);
  EXPECT_EQ(text(*answer.body.find("base"), "partial_reason"), "null");
  const json::Value& diff = *answer.body.find("diff");
  EXPECT_EQ(text(diff, "direction"), "\"increased\"");
  EXPECT_EQ(text(diff, "compare_runs"), "8");
  const json::Value& first = diff.find("changed")->items().at(0);
  EXPECT_EQ(text(first.find("path")->items().at(1), "name"), "\"SELECT\"");
  EXPECT_EQ(text(*first.find("critical_ns"), "shift"), "30000000");
  EXPECT_NE(answer.body.find("cost"), nullptr);
  const Answered same = api.get("/api/v1/traces/diff-sets?base_run=before&compare_run=before");
  EXPECT_EQ(text(*same.body.find("diff"), "direction"), "\"unchanged\"");
}

TEST_F(TraceSets, a_set_may_be_ids_or_a_search_of_its_own) {
  keep_run("before", 100, 6, 60'000'000);
  keep_run("after", 200, 6, 90'000'000);
  std::string ids;
  for (int i = 0; i < 6; ++i) {
    ids += "&base_trace=4bf92f3577b34da600000000000000" + std::to_string(64 + i);
  }
  const Answered by_id =
      api.get("/api/v1/traces/diff-sets?compare_q=%7B%20duration%20%3E%20105ms%20%7D" + ids);
  ASSERT_EQ(by_id.status, 200) << by_id.text;
  EXPECT_EQ(text(*by_id.body.find("base"), "window"), "null");
  EXPECT_EQ(text(*by_id.body.find("diff"), "base_runs"), "6");
  EXPECT_EQ(text(*by_id.body.find("diff"), "compare_runs"), "6");
  const Answered by_time = api.get(
      "/api/v1/traces/diff-sets?service=db&base_run=before"
      "&compare_start=2026-11-23T01:59:00Z&compare_end=2026-11-23T01:59:02Z");
  EXPECT_EQ(text(*by_time.body.find("diff"), "compare_runs"), "4") << by_time.text;
  EXPECT_EQ(text(*by_time.body.find("diff"), "direction"), "\"unchanged\"");
}

TEST_F(TraceSets, more_traces_than_the_limit_are_said_to_be_left_out) {
  keep_run("before", 100, 6, 60'000'000);
  const Answered answer =
      api.get("/api/v1/traces/diff-sets?base_run=before&compare_run=before&limit=3");
  EXPECT_EQ(text(*answer.body.find("diff"), "base_runs"), "3");
  EXPECT_EQ(text(*answer.body.find("diff"), "direction"), "\"undecided\"");
  EXPECT_THAT(text(*answer.body.find("base"), "partial_reason"), HasSubstr("newest 3 traces"));
}

TEST_F(TraceSets, what_keeps_sets_from_being_compared_is_named) {
  keep_run("before", 100, 2, 60'000'000);
  const auto refused = [&](const std::string& query, int status, const std::string& why) {
    const Answered answer = api.get("/api/v1/traces/diff-sets?" + query);
    EXPECT_EQ(answer.status, status) << query;
    EXPECT_THAT(answer.text, HasSubstr(why)) << query;
  };
  refused("compare_run=before", 422, "?base_run");
  refused("base_run=before", 422, "?compare_run");
  refused("base_run=before&compare_run=before&base_trace=abc", 422, "?base_trace");
  refused("base_trace=xyz&compare_run=before", 422, "xyz");
  refused("base_run=before&compare_q=%7B", 422, "?compare_q");
  refused("base_run=before&compare_run=before&compare_start=2000&compare_end=1000", 422,
          "?compare_end");
  refused("base_run=before&compare_run=before&limit=1001", 422, "?limit");
  refused("base_run=before&compare_run=nobodys", 404, "what is compared");
  refused("base_trace=def&compare_run=before", 404, "00000000000000000000000000000def");
  refused("base_trace=1&base_trace=2&compare_run=before&limit=1", 422, "more ids");
}

TEST_F(TraceSets, shares_of_the_critical_paths_have_a_value_for_each_trace) {
  keep_run("r", 100, 3, 60'000'000);
  const Answered answer = api.get("/api/v1/traces/critical-shares?run_id=r");
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(text(answer.body, "start_ns"), "\"1795399140000000000\"");
  const json::Array& shares = answer.body.find("shares")->items();
  ASSERT_EQ(shares.size(), 2u);
  EXPECT_EQ(text(shares[0], "name"), "\"SELECT\"");
  EXPECT_EQ(text(shares[0], "traces"), "3");
  EXPECT_EQ(text(shares[0], "median_ns"), "60500000");
  EXPECT_EQ(text(shares[0], "values_ns"), "[61000000,60500000,60000000]");  // the newest first
  EXPECT_EQ(text(shares[1], "values_ns"), "[40000000,40000000,40000000]");
  EXPECT_EQ(api.get("/api/v1/traces/critical-shares").status, 422);
  EXPECT_EQ(api.get("/api/v1/traces/critical-shares?run_id=nobodys").status, 404);
  EXPECT_EQ(list(std::string("/api/v1/traces/critical-shares?trace=") + k_id, "shares").size(), 2u);
}

}  // namespace
}  // namespace bl::traces
