// How two traces differ (spec/traces.md 4.1), in Tempo's shapes.
#include "traces/trace_diff.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "traces/tests/made_spans.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_ms = 1'000'000;

Spans request() {
  return {made_span(1, 0, 0, 100 * k_ms, "GET /", SpanKind::server),
          made_span(2, 1, 10 * k_ms, 40 * k_ms, "SELECT", SpanKind::client),
          made_span(3, 1, 50 * k_ms, 90 * k_ms, "render")};
}

json::Value diff(const Spans& base, const Spans& compare,
                 TraceDiffFormat format = TraceDiffFormat::patch,
                 const TraceDiffLimits& limits = {}) {
  const auto text = diff_traces({base, {0, 1}}, {compare, {0, 2}}, format, limits);
  EXPECT_TRUE(text.ok()) << (text.ok() ? "" : text.error().message);
  return *json::parse(*text);
}
std::string member(const json::Value& value, std::string_view key) {
  return json::to_text(*value.find(key));
}
std::int64_t stat(const json::Value& document, std::string_view key) {
  return *document.find("stats")->find(key)->as_int64();
}

TEST(TraceDiff, ATraceDoesNotDifferFromItself) {
  const json::Value patch = diff(request(), request());
  EXPECT_EQ(member(patch, "base"),
            R"({"traceId":"00000000000000000000000000000001","spanCount":3})");
  EXPECT_EQ(member(patch, "stats"),
            R"({"spanCountA":3,"spanCountB":3,"matchedSpans":3,"modifiedSpans":0,"addedSpans":0,)"
            R"("removedSpans":0,"fieldChanges":0,"attributeChanges":0,"eventChanges":0,)"
            R"("truncated":false})");
  for (const char* list : {"modified", "added", "removed", "warnings"}) {
    EXPECT_EQ(member(patch, list), "[]");
  }
  const json::Value summary = diff(request(), request(), TraceDiffFormat::summary);
  EXPECT_EQ(member(summary, "signals"),
            R"({"traceLatency":"unchanged","sumSpanDuration":"unchanged","errors":"unchanged",)"
            R"("spanCount":"unchanged","structure":"unchanged"})");
  EXPECT_EQ(member(summary, "trust"), R"({"matchedSpanRatio":1,"structureOverlap":1})");
  EXPECT_EQ(member(summary, "changedServices"), "[]");
}

TEST(TraceDiff, GoldenOfAPatch) {
  Spans compare = request();
  compare[0].end_ns = 150 * k_ms;
  compare[1].status = StatusCode::error;
  compare[1].attributes = {{"db.rows", std::int64_t{7}}};
  compare[1].events.push_back({0, "retry", {}, 0});
  compare[2].name = "stream";
  const json::Value patch = diff(request(), compare);
  EXPECT_EQ(member(patch, "modified"),
            R"([{"span":{"path":[0],"service":"shop","name":"GET /","kind":"server"},"changes":[)"
            R"({"op":"modify","target":{"type":"field","name":"duration_nanos"},)"
            R"("before":100000000,"after":150000000}]},)"
            R"({"span":{"path":[0,0],"service":"shop","name":"SELECT","kind":"client"},"changes":[)"
            R"({"op":"modify","target":{"type":"field","name":"status"},)"
            R"("before":"unset","after":"error"},)"
            R"({"op":"add","target":{"type":"attribute","scope":"span","key":"db.rows"},)"
            R"("before":null,"after":7},)"
            R"({"op":"add","target":{"type":"field","name":"events","key":"retry"},)"
            R"("before":0,"after":1}]}])");
  EXPECT_EQ(member(patch, "added"),
            R"([{"target":{"type":"span","path":[0,1],"parentPath":[0],"index":1},)"
            R"("span":{"path":[0,1],"service":"shop","name":"stream","kind":"internal",)"
            R"("duration_nanos":40000000,"status":"unset"}}])");
  EXPECT_EQ(member(patch, "removed"),
            R"([{"target":{"type":"span","path":[0,1],"parentPath":[0],"index":1},)"
            R"("span":{"path":[0,1],"service":"shop","name":"render","kind":"internal",)"
            R"("duration_nanos":40000000,"status":"unset"}}])");
  EXPECT_EQ(member(patch, "stats"),
            R"({"spanCountA":3,"spanCountB":3,"matchedSpans":2,"modifiedSpans":2,"addedSpans":1,)"
            R"("removedSpans":1,"fieldChanges":2,"attributeChanges":1,"eventChanges":1,)"
            R"("truncated":false})");
}

TEST(TraceDiff, GoldenOfASummary) {
  Spans compare = request();
  compare[0].end_ns = 150 * k_ms;
  compare[1].status = StatusCode::error;
  compare[1].resource = service("db");
  EXPECT_EQ(json::to_text(diff(request(), compare, TraceDiffFormat::summary)),
            R"({"version":"trace-summary-v0-native",)"
            R"("base":{"traceId":"00000000000000000000000000000001","rootService":"shop",)"
            R"("rootName":"GET /","spanCount":3,"errorSpanCount":0,"durationMs":100,)"
            R"("sumSpanDurationMs":170},)"
            R"("compare":{"traceId":"00000000000000000000000000000002","rootService":"shop",)"
            R"("rootName":"GET /","spanCount":3,"errorSpanCount":1,"durationMs":150,)"
            R"("sumSpanDurationMs":220},)"
            R"("signals":{"traceLatency":"increased","sumSpanDuration":"increased",)"
            R"("errors":"increased","spanCount":"unchanged","structure":"changed"},)"
            R"("trust":{"matchedSpanRatio":0.6666666666666666,"structureOverlap":0.5},)"
            R"("stats":{"traceLatencyDeltaMs":50,"sumSpanDurationDeltaMs":50,"spanCountDelta":0,)"
            R"("errorSpanDelta":1,"matchedSpans":2,"modifiedSpans":1,"addedSpans":1,)"
            R"("removedSpans":1,"fieldChanges":1,"attributeChanges":0},)"
            R"("changedServices":["db","shop"],)"
            R"("services":[{"name":"db","sumSpanDurationDeltaMs":30,"modified":0,"added":1,)"
            R"("removed":0,"newErrors":1,"resolvedErrors":0},)"
            R"({"name":"shop","sumSpanDurationDeltaMs":20,"modified":1,"added":0,"removed":1,)"
            R"("newErrors":0,"resolvedErrors":0}]})");
}

std::int64_t field_changes(std::int64_t before, std::int64_t after) {
  return stat(diff({made_span(1, 0, 0, before, "a")}, {made_span(1, 0, 0, after, "a")}),
              "fieldChanges");
}

TEST(TraceDiff, DurationsAreNoiseBelowAFifthOrAMillisecond) {
  EXPECT_EQ(field_changes(100 * k_ms, 119 * k_ms), 0);
  EXPECT_EQ(field_changes(100 * k_ms, 120 * k_ms), 1);
  EXPECT_EQ(field_changes(100 * k_ms, 80 * k_ms), 1);
  EXPECT_EQ(field_changes(k_ms, 2 * k_ms - 1), 0);
  EXPECT_EQ(field_changes(k_ms, 2 * k_ms), 1);
  EXPECT_EQ(field_changes(0, k_ms), 1);
}

std::int64_t attribute_changes(const std::string& key, AnyValue before, AnyValue after) {
  Span a = made_span(1, 0, 0, 9, "a"), b = a;
  a.attributes = {{key, std::move(before)}};
  b.attributes = {{key, std::move(after)}};
  return stat(diff({a}, {b}), "attributeChanges");
}

TEST(TraceDiff, NumbersAreNoiseBelowATwentiethUnlessTheyAreNames) {
  EXPECT_EQ(attribute_changes("bytes", std::int64_t{1'000}, std::int64_t{1'050}), 0);
  EXPECT_EQ(attribute_changes("bytes", std::int64_t{1'000}, std::int64_t{1'060}), 1);
  EXPECT_EQ(attribute_changes("ratio", 0.5, 0.51), 0);
  EXPECT_EQ(attribute_changes("http.status_code", std::int64_t{500}, std::int64_t{503}), 1);
  EXPECT_EQ(attribute_changes("server.port", std::int64_t{8080}, std::int64_t{8081}), 1);
  EXPECT_EQ(attribute_changes("user_id", std::int64_t{1000}, std::int64_t{1001}), 1);
  EXPECT_EQ(attribute_changes("code", std::int64_t{500}, std::int64_t{503}), 1);
  EXPECT_EQ(attribute_changes("decode", std::int64_t{500}, std::int64_t{503}), 0);
  EXPECT_EQ(attribute_changes("text", std::string("a"), std::string("b")), 1);
  EXPECT_EQ(attribute_changes("kind", std::string("1"), std::int64_t{1}), 1);
}

TEST(TraceDiff, ThreadsProcessesAndPortsOfPeersAreNotCompared) {
  EXPECT_EQ(attribute_changes("thread.id", std::int64_t{1}, std::int64_t{99}), 0);
  EXPECT_EQ(attribute_changes("process.pid", std::int64_t{1}, std::int64_t{99}), 0);
  EXPECT_EQ(attribute_changes("network.peer.port", std::int64_t{1}, std::int64_t{99}), 0);
}

TEST(TraceDiff, AParentOfTheSameIdentityBreaksTies) {
  // Two `query` below other parents each; in the other trace the parents come the other way round.
  const Spans base = {made_span(1, 0, 0, 90, "root"), made_span(2, 1, 1, 40, "a"),
                      made_span(3, 2, 2, 9, "query"), made_span(4, 1, 41, 80, "b"),
                      made_span(5, 4, 42, 80, "query")};
  const Spans compare = {made_span(1, 0, 0, 90, "root"), made_span(4, 1, 1, 40, "b"),
                         made_span(5, 4, 2, 40, "query"), made_span(2, 1, 41, 80, "a"),
                         made_span(3, 2, 42, 49, "query")};
  const json::Value patch = diff(base, compare);
  EXPECT_EQ(stat(patch, "matchedSpans"), 5);
  EXPECT_EQ(member(patch, "modified"), "[]");
  EXPECT_EQ(member(diff(base, compare, TraceDiffFormat::summary), "signals").find("\"changed\""),
            std::string::npos);
}

TEST(TraceDiff, ASpanThatMovedIsMatchedAndTheStructureChanged) {
  Spans compare = request();
  compare[2].parent_span_id = SpanId{2};
  const json::Value summary = diff(request(), compare, TraceDiffFormat::summary);
  EXPECT_EQ(stat(summary, "matchedSpans"), 3);
  EXPECT_EQ(member(*summary.find("signals"), "structure"), "\"changed\"");
  EXPECT_EQ(member(*summary.find("trust"), "structureOverlap"), "0.5");
}

std::vector<std::string> warnings(const json::Value& document) {
  std::vector<std::string> codes;
  for (const json::Value& warning : document.find("warnings")->items()) {
    codes.push_back(warning.find("code")->as_string());
  }
  return codes;
}
using Codes = std::vector<std::string>;

TEST(TraceDiff, WarnsOfWhatCannotBeTrusted) {
  EXPECT_EQ(warnings(diff(request(), {})), Codes{"zero_span_trace"});
  Spans negative = request();
  negative[2].end_ns = negative[2].start_ns - 1;
  EXPECT_EQ(warnings(diff(request(), negative)), Codes{"invalid_duration"});
  Spans repeated = request();
  repeated[2].span_id = repeated[1].span_id;
  EXPECT_EQ(warnings(diff(request(), repeated)), Codes{"duplicate_span_id"});
  Spans more = request();
  more.push_back(made_span(9, 1, 91 * k_ms, 92 * k_ms, "render"));
  EXPECT_EQ(warnings(diff(request(), more)), Codes{"ambiguous_span_match"});
  Spans names = request();
  for (std::uint64_t i = 0; i < 100; ++i) {
    names.push_back(made_span(10 + i, 1, 0, 1, "GET /user/" + std::to_string(i)));
  }
  EXPECT_EQ(warnings(diff(request(), names)), Codes{"high_cardinality_span_name"});
  const Spans whole = request();
  const auto partial =
      diff_traces({whole, {0, 1}, "a file is gone"}, {whole, {0, 2}}, TraceDiffFormat::patch);
  EXPECT_EQ(warnings(*json::parse(*partial)), Codes{"partial_trace"});
}

TEST(TraceDiff, AComposedSummaryHoldsThePatchWhenItIsSmall) {
  const json::Value small = diff(request(), {}, TraceDiffFormat::composed);
  EXPECT_EQ(member(small, "version"), "\"trace-summary-v0-composed\"");
  EXPECT_EQ(member(*small.find("patch"), "version"), "\"trace-patch-v0\"");
  EXPECT_EQ(small.find("patchOmitted"), nullptr);
  TraceDiffLimits limits;
  limits.attached_bytes_max = 100;
  const json::Value large = diff(request(), {}, TraceDiffFormat::composed, limits);
  EXPECT_EQ(large.find("patch"), nullptr);
  EXPECT_EQ(member(*large.find("patchOmitted"), "reason"), "\"over_budget\"");
}

TEST(TraceDiff, LimitsHold) {
  const Spans spans = request();
  TraceDiffLimits limits;
  limits.spans_max = 2;
  EXPECT_EQ(
      diff_traces({spans, {0, 1}}, {spans, {0, 2}}, TraceDiffFormat::summary, limits).error().code,
      Code::too_large);
  limits = {};
  limits.entries_max = 2;
  const json::Value patch = diff(spans, {}, TraceDiffFormat::patch, limits);
  EXPECT_EQ(patch.find("removed")->items().size(), 2u);
  EXPECT_EQ(stat(patch, "removedSpans"), 3);
  EXPECT_EQ(member(*patch.find("stats"), "truncated"), "true");
  limits = {};
  limits.patch_bytes_max = 100;
  EXPECT_EQ(diff_traces({spans, {0, 1}}, {{}, {0, 2}}, TraceDiffFormat::patch, limits).error().code,
            Code::too_large);
}

TEST(TraceDiff, EverySpanIsMatchedAddedOrRemovedOnceInRandomTraces) {
  for (std::uint64_t seed = 1; seed <= 1'500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Spans base = random_spans(random, 20), compare = random_spans(random, 20);
    const json::Value there = diff(base, compare), back = diff(compare, base);
    EXPECT_EQ(stat(there, "matchedSpans") + stat(there, "removedSpans"),
              static_cast<std::int64_t>(base.size()));
    EXPECT_EQ(stat(there, "matchedSpans") + stat(there, "addedSpans"),
              static_cast<std::int64_t>(compare.size()));
    EXPECT_EQ(stat(there, "matchedSpans"), stat(back, "matchedSpans"));
    EXPECT_EQ(stat(there, "modifiedSpans"), stat(back, "modifiedSpans"));
    const json::Value same = diff(base, base, TraceDiffFormat::summary);
    EXPECT_EQ(stat(same, "modifiedSpans") + stat(same, "addedSpans"), 0);
    EXPECT_EQ(member(*same.find("signals"), "structure"), "\"unchanged\"");
    if (HasFailure()) return;
  }
}

TEST(TraceDiff, FormatsHaveTheirNames) {
  EXPECT_EQ(trace_diff_format_named("trace-patch-v0"), TraceDiffFormat::patch);
  EXPECT_EQ(trace_diff_format_named("trace-summary-v0-native"), TraceDiffFormat::summary);
  EXPECT_EQ(trace_diff_format_named("trace-summary-v0-composed"), TraceDiffFormat::composed);
  EXPECT_FALSE(trace_diff_format_named("unified"));
}

}  // namespace
}  // namespace bl::traces
