// What Tempo's clients read (spec/traces.md 6.3).
#include "traces/views/tempo.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/protobuf.h"
#include "traces/otlp.h"
#include "traces/tests/made_spans.h"

namespace bl::traces {
namespace {

TraceHit hit() {
  TraceHit hit;
  hit.summary.id = {0, 10};
  hit.summary.start_ns = 1'000'000'000;
  hit.summary.end_ns = 1'557'900'000;
  hit.summary.root_service = "shop";
  hit.summary.root_name = "GET /";
  hit.summary.services = {{"db", 1, 0}, {"shop", 3, 1}};
  Span span = made_span(0x1F, 0, 1'000'000'000, 1'000'001'500, "SELECT", SpanKind::client);
  span.attributes = {{"db.rows", std::int64_t{7}}, {"db.system", std::string("sqlite")}};
  span.status = StatusCode::error;
  hit.spans = {span};
  hit.matched = 4;
  return hit;
}

TEST(TempoSearch, GoldenOfAHit) {
  SearchAnswer answer;
  answer.traces = {hit()};
  answer.cost.bytes_read = 4'096;
  answer.cost.requests = 3;
  answer.cost.files_considered = 2;
  answer.cost.cache_hits = 5;
  const std::string set =
      R"({"spans":[{"spanID":"000000000000001f","name":"SELECT",)"
      R"("startTimeUnixNano":"1000000000","durationNanos":"1500","attributes":[)"
      R"({"key":"db.system","value":{"stringValue":"sqlite"}},)"
      R"({"key":"db.rows","value":{"intValue":"7"}},)"
      R"({"key":"service.name","value":{"stringValue":"shop"}},)"
      R"({"key":"status","value":{"stringValue":"error"}}]}],"matched":4})";
  const std::vector<SpanField> selected = {
      *parse_traceql_field("span.db.system"), *parse_traceql_field(".db.rows"),
      *parse_traceql_field("resource.service.name"), *parse_traceql_field("status"),
      *parse_traceql_field("span.not_there")};
  EXPECT_EQ(encode_tempo_search(answer, selected),
            R"({"traces":[{"traceID":"0000000000000000000000000000000a",)"
            R"("rootServiceName":"shop","rootTraceName":"GET /",)"
            R"("startTimeUnixNano":"1000000000","durationMs":557,"spanSets":[)" +
                set + R"(],"spanSet":)" + set +
                R"(,"serviceStats":{"db":{"spanCount":1},"shop":{"spanCount":3,"errorCount":1}}}],)"
                R"("metrics":{"inspectedTraces":1,"totalBlocks":2,"completedJobs":1,"totalJobs":1,)"
                R"("inspectedBytes":"4096","backendReads":"3","backendBytes":"4096",)"
                R"("additionalMetrics":{"cacheHits":"5"}}})");
}

TEST(TempoSearch, ARootThatDidNotComeIsSaid) {
  SearchAnswer answer;
  answer.traces = {hit()};
  answer.traces[0].summary.root_service.reset();
  answer.traces[0].summary.root_name.reset();
  const auto read = json::parse(encode_tempo_search(answer));
  const json::Value& trace = read->find("traces")->items().at(0);
  EXPECT_EQ(trace.find("rootServiceName")->as_string(), "<root span not yet received>");
  EXPECT_EQ(trace.find("rootTraceName"), nullptr);
}

TEST(TempoSearch, APartialAnswerHasJobsThatDidNotEnd) {
  SearchAnswer answer;
  answer.partial_reason = "too many candidates";
  EXPECT_EQ(encode_tempo_search(answer), R"({"traces":[],"metrics":{"totalJobs":1}})");
}

TEST(TempoTrace, AsJsonItHasBase64IdsAndNames) {
  const Spans spans = {made_span(0x1F, 0, 5, 9, "GET /", SpanKind::server)};
  const std::string first = encode_tempo_trace_v1(spans);
  EXPECT_EQ(first.substr(0, 12), R"({"batches":[)");
  EXPECT_NE(first.find(R"("traceId":"W47/95gDgQPSabYzgT/GDA==")"), std::string::npos) << first;
  EXPECT_NE(first.find(R"("SPAN_KIND_SERVER")"), std::string::npos);
  TraceAnswer answer;
  answer.spans = spans;
  answer.cost.bytes_read = 12;
  const std::string second = encode_tempo_trace_v2(answer);
  EXPECT_EQ(second.substr(0, 27), R"({"trace":{"resourceSpans":[)");
  EXPECT_NE(second.find(R"("metrics":{"inspectedBytes":"12","backendBytes":"12"}})"),
            std::string::npos)
      << second;
}

TEST(TempoTrace, APartialOneSaysSoAndWhy) {
  TraceAnswer answer;
  answer.has_more = true;
  const auto read = json::parse(encode_tempo_trace_v2(answer));
  EXPECT_EQ(read->find("status")->as_string(), "PARTIAL");
  EXPECT_EQ(read->find("message")->as_string(), "the trace has more spans than one answer holds");
  answer.partial_reason = "a file is gone";
  EXPECT_EQ(json::parse(encode_tempo_trace_v2(answer))->find("message")->as_string(),
            "a file is gone");
}

TEST(TempoTrace, AsProtobufItHoldsTheSameSpansAsOtlp) {
  TraceAnswer answer;
  answer.spans = {made_span(0x1F, 0, 5, 9, "GET /", SpanKind::server)};
  answer.cost.bytes_read = 300;
  answer.cost.requests = 2;
  answer.partial_reason = "a file is gone";
  const std::string bytes = encode_tempo_trace_v2_protobuf(answer);
  protobuf::Reader reader(bytes);
  protobuf::Field field;
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.number, 1u);
  EXPECT_EQ(field.bytes, encode_otlp_protobuf(answer.spans));
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.number, 2u);
  EXPECT_EQ(field.bytes, std::string("\x08\xAC\x02\x10\x02\x18\xAC\x02", 8));
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.number, 3u);
  EXPECT_EQ(field.value, 1u);
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.number, 4u);
  EXPECT_EQ(field.bytes, "a file is gone");
  EXPECT_FALSE(reader.next(field));
  EXPECT_EQ(reader.fault(), nullptr);
}

const std::vector<AttributeKey> k_keys = {{AttributePlace::resource, "service.name"},
                                          {AttributePlace::span, "http.route"},
                                          {AttributePlace::span, "service.name"},
                                          {AttributePlace::event, "n"}};

TEST(TempoTags, NamesOnceOrByScope) {
  EXPECT_EQ(encode_tempo_tag_names(k_keys),
            R"({"tagNames":["http.route","n","service.name"],"metrics":{}})");
  EXPECT_EQ(encode_tempo_tag_names(k_keys, *tempo_scope_named("resource")),
            R"({"tagNames":["service.name"],"metrics":{}})");
  EXPECT_EQ(encode_tempo_scoped_tags(k_keys, *tempo_scope_named("span")),
            R"({"scopes":[{"name":"span","tags":["http.route","service.name"]}],"metrics":{}})");
  const auto all = json::parse(encode_tempo_scoped_tags(k_keys));
  std::string names;
  for (const json::Value& scope : all->find("scopes")->items()) {
    names += scope.find("name")->as_string() + " ";
  }
  EXPECT_EQ(names, "resource span event intrinsic ");
}

TEST(TempoTags, TheIntrinsicScopeIsWhatTraceQlHas) {
  const auto answer =
      json::parse(encode_tempo_scoped_tags(k_keys, *tempo_scope_named("intrinsic")));
  const auto& scopes = answer->find("scopes")->items();
  ASSERT_EQ(scopes.size(), 1u);
  EXPECT_EQ(scopes[0].find("tags")->items().size(), traceql_intrinsics().size());
  for (const json::Value& tag : scopes[0].find("tags")->items()) {
    EXPECT_TRUE(parse_traceql_field(tag.as_string()).ok()) << tag.as_string();
  }
}

TEST(TempoTags, ScopesThatAreNoneAreRefused) {
  EXPECT_TRUE(tempo_scope_named("").has_value());
  EXPECT_TRUE(tempo_scope_named("none").has_value());
  EXPECT_TRUE(tempo_scope_named("instrumentation").has_value());
  EXPECT_FALSE(tempo_scope_named("everything").has_value());
}

TEST(TempoTagValues, HaveTheirTypes) {
  const std::vector<AnyValue> values = {std::int64_t{200}, 0.5, true, std::string("x"), Bytes{"b"}};
  EXPECT_EQ(encode_tempo_typed_values(*parse_traceql_field("span.a"), values),
            R"({"tagValues":[{"type":"int","value":"200"},{"type":"float","value":"0.5"},)"
            R"({"type":"bool","value":"true"},{"type":"string","value":"x"}],"metrics":{}})");
  EXPECT_EQ(encode_tempo_typed_values(*parse_traceql_field("duration"),
                                      {AnyValue(std::int64_t{1'200'000})}),
            R"({"tagValues":[{"type":"duration","value":"1.2ms"}],"metrics":{}})");
  EXPECT_EQ(encode_tempo_tag_values({std::string("x"), std::int64_t{1}, std::string("1")}),
            R"({"tagValues":["1","x"],"metrics":{}})");
}

TEST(TempoTagValues, StatusAndKindAreKnownWithoutAsking) {
  const SpanField status = *parse_traceql_field("status");
  EXPECT_EQ(encode_tempo_typed_values(status, *tempo_keywords(status)),
            R"({"tagValues":[{"type":"keyword","value":"error"},{"type":"keyword","value":"ok"},)"
            R"({"type":"keyword","value":"unset"}],"metrics":{}})");
  EXPECT_EQ(tempo_keywords(*parse_traceql_field("span:kind"))->size(), 6u);
  EXPECT_FALSE(tempo_keywords(*parse_traceql_field("name")).has_value());
}

}  // namespace
}  // namespace bl::traces
