// What Jaeger's clients read (spec/traces.md 6.1, 6.2).
#include "traces/views/jaeger.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "traces/tests/made_spans.h"

namespace bl::traces {
namespace {

std::string enveloped(const std::string& data, int total) {
  return R"({"data":)" + data + R"(,"total":)" + std::to_string(total) +
         R"(,"limit":0,"offset":0,"errors":null})";
}

Span request() {
  Span span = made_span(0x1F, 0, 1'700'000'000'000'001'999, 1'700'000'000'000'557'000, "GET /",
                        SpanKind::server);
  auto resource = std::make_shared<Resource>();
  resource->attributes = {{"host.name", std::string("one")}, {"service.name", std::string("shop")}};
  span.resource = resource;
  return span;
}

TEST(JaegerTrace, GoldenOfASpan) {
  Span span = request();
  span.flags = 0x101;
  span.attributes = {{"http.status_code", std::int64_t{503}}};
  span.status = StatusCode::error;
  span.status_message = "no stock";
  span.trace_state = "a=b";
  span.events.push_back({1'700'000'000'000'100'500, "retry", {{"n", std::int64_t{1}}}, 0});
  EXPECT_EQ(
      encode_jaeger_traces({{span}}),
      enveloped(
          R"([{"traceID":"5b8efff798038103d269b633813fc60c","spans":[{)"
          R"("traceID":"5b8efff798038103d269b633813fc60c","spanID":"000000000000001f","flags":1,)"
          R"("operationName":"GET /","references":[],"startTime":1700000000000001,)"
          R"("duration":555,"tags":[)"
          R"({"key":"http.status_code","type":"int64","value":503},)"
          R"({"key":"span.kind","type":"string","value":"server"},)"
          R"({"key":"error","type":"bool","value":true},)"
          R"({"key":"otel.status_code","type":"string","value":"ERROR"},)"
          R"({"key":"otel.status_description","type":"string","value":"no stock"},)"
          R"({"key":"w3c.tracestate","type":"string","value":"a=b"}],)"
          R"("logs":[{"timestamp":1700000000000100,"fields":[)"
          R"({"key":"event","type":"string","value":"retry"},)"
          R"({"key":"n","type":"int64","value":1}]}],"processID":"p1","warnings":null}],)"
          R"("processes":{"p1":{"serviceName":"shop","tags":[)"
          R"({"key":"host.name","type":"string","value":"one"}]}},"warnings":null}])",
          1));
}

json::Value first_span(const Span& span) {
  const auto answer = json::parse(encode_jaeger_traces({{span}}));
  return answer->find("data")->items().at(0).find("spans")->items().at(0);
}
std::string tag_of(const Span& span, std::string_view key) {
  const json::Value shown = first_span(span);
  for (const json::Value& tag : shown.find("tags")->items()) {
    if (tag.find("key")->as_string() == key) {
      return tag.find("type")->as_string() + " " + json::to_text(*tag.find("value"));
    }
  }
  return "none";
}

TEST(JaegerTrace, EveryTypeOfAttributeHasItsTag) {
  Span span = request();
  span.attributes = {{"array", Array{std::int64_t{1}, std::string("x")}},
                     {"bytes", Bytes{std::string("\x00\xFF", 2)}},
                     {"double", 0.25},
                     {"empty", AnyValue()},
                     {"infinite", std::numeric_limits<double>::infinity()},
                     {"map", Attributes{{"k", true}}},
                     {"text", std::string("x")},
                     {"truth", false}};
  EXPECT_EQ(tag_of(span, "array"), R"(string "[1,\"x\"]")");
  EXPECT_EQ(tag_of(span, "bytes"), R"(binary "AP8=")");
  EXPECT_EQ(tag_of(span, "double"), "float64 0.25");
  EXPECT_EQ(tag_of(span, "empty"), R"(string "")");
  EXPECT_EQ(tag_of(span, "infinite"), R"(float64 "Infinity")");
  EXPECT_EQ(tag_of(span, "map"), R"(string "{\"k\":true}")");
  EXPECT_EQ(tag_of(span, "text"), R"(string "x")");
  EXPECT_EQ(tag_of(span, "truth"), "bool false");
}

TEST(JaegerTrace, IntegersThatJavaScriptCannotHoldAreTexts) {
  Span span = request();
  const std::int64_t most = (std::int64_t{1} << 53) - 1;
  span.attributes = {{"least", -most - 1}, {"most", most}, {"over", most + 1}};
  EXPECT_EQ(tag_of(span, "most"), "int64 9007199254740991");
  EXPECT_EQ(tag_of(span, "over"), R"(int64 "9007199254740992")");
  EXPECT_EQ(tag_of(span, "least"), R"(int64 "-9007199254740992")");
}

TEST(JaegerTrace, TheParentComesFirstThenLinks) {
  Span span = request();
  span.parent_span_id = SpanId{0xAA};
  span.links = {
      {TraceId{1, 2}, SpanId{3}, "", {}, 0, 0},
      {TraceId{1, 2}, SpanId{4}, "", {{"opentracing.ref_type", std::string("child_of")}}, 0, 0}};
  EXPECT_EQ(json::to_text(*first_span(span).find("references")),
            R"([{"refType":"CHILD_OF","traceID":"5b8efff798038103d269b633813fc60c",)"
            R"("spanID":"00000000000000aa"},)"
            R"({"refType":"FOLLOWS_FROM","traceID":"00000000000000010000000000000002",)"
            R"("spanID":"0000000000000003"},)"
            R"({"refType":"CHILD_OF","traceID":"00000000000000010000000000000002",)"
            R"("spanID":"0000000000000004"}])");
}

TEST(JaegerTrace, WarningsAreTheSendersAndWhatItLeftOut) {
  Span span = request();
  span.attributes = {{"@jaeger@warnings", Array{std::string("clock skew adjusted")}}};
  span.dropped_events = 3;
  EXPECT_EQ(json::to_text(*first_span(span).find("warnings")),
            R"(["clock skew adjusted","3 events were left out by the sender"])");
  EXPECT_EQ(tag_of(span, "@jaeger@warnings"), "none");
}

TEST(JaegerTrace, ProcessesAreTheDifferentResources) {
  Span a = request(), b = request(), c = request();
  b.resource = std::make_shared<Resource>(*a.resource);  // equal, another object
  c.resource = std::make_shared<Resource>();
  const auto answer = json::parse(encode_jaeger_traces({{a, b, c}}));
  const json::Value& trace = answer->find("data")->items().at(0);
  const auto& spans = trace.find("spans")->items();
  EXPECT_EQ(spans[0].find("processID")->as_string(), "p1");
  EXPECT_EQ(spans[1].find("processID")->as_string(), "p1");
  EXPECT_EQ(spans[2].find("processID")->as_string(), "p2");
  EXPECT_EQ(trace.find("processes")->find("p2")->find("serviceName")->as_string(),
            k_unknown_service);
}

TEST(JaegerTrace, AnEventThatNamesItselfIsNotNamedTwice) {
  Span span = request();
  span.events.push_back({0, "log", {{"event", std::string("mine")}}, 0});
  EXPECT_EQ(json::to_text(*first_span(span).find("logs")->items()[0].find("fields")),
            R"([{"key":"event","type":"string","value":"mine"}])");
}

TEST(JaegerLists, StandInTheEnvelope) {
  EXPECT_EQ(encode_jaeger_traces({}), enveloped("[]", 0));
  EXPECT_EQ(encode_jaeger_services({"a", "b"}), enveloped(R"(["a","b"])", 2));
  const std::vector<Operation> operations = {
      {"GET", SpanKind::client}, {"GET", SpanKind::server}, {"run", SpanKind::unspecified}};
  EXPECT_EQ(encode_jaeger_operation_names(operations), enveloped(R"(["GET","run"])", 2));
  EXPECT_EQ(encode_jaeger_operations(operations),
            enveloped(R"([{"name":"GET","spanKind":"client"},{"name":"GET","spanKind":"server"},)"
                      R"({"name":"run","spanKind":"internal"}])",
                      3));
  EXPECT_EQ(encode_jaeger_dependencies({{"a", "b", 7}}),
            enveloped(R"([{"parent":"a","child":"b","callCount":7}])", 1));
}

TEST(JaegerErrors, NameTheTrace) {
  EXPECT_EQ(encode_jaeger_error(404, "trace not found", TraceId{0, 10}),
            R"({"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,)"
            R"("msg":"trace not found","traceID":"0000000000000000000000000000000a"}]})");
  EXPECT_EQ(encode_jaeger_v3_error(400, "no \"id\""),
            R"({"error":{"httpCode":400,"message":"no \"id\""}})");
}

TEST(JaegerV3, ListsAndSpans) {
  EXPECT_EQ(encode_jaeger_v3_services({"a"}), R"({"services":["a"]})");
  EXPECT_EQ(encode_jaeger_v3_operations({{"run", SpanKind::unspecified}}),
            R"({"operations":[{"name":"run","spanKind":"internal"}]})");
  const std::string spans = encode_jaeger_v3_spans({request()});
  EXPECT_EQ(spans.substr(0, 28), R"({"result":{"resourceSpans":[)");
  EXPECT_NE(spans.find(R"("traceId":"5b8efff798038103d269b633813fc60c")"), std::string::npos);
  EXPECT_TRUE(json::parse(spans).ok());
}

TEST(JaegerV3, SummariesLeaveOutZeros) {
  TraceSummary summary;
  summary.id = {0, 10};
  EXPECT_EQ(encode_jaeger_v3_summaries({summary}),
            R"({"summaries":[{"traceId":"0000000000000000000000000000000a"}]})");
  summary.start_ns = 5;
  summary.end_ns = 9;
  summary.spans = 3;
  summary.errors = 1;
  summary.orphans = 2;
  summary.root_service = "shop";
  summary.root_name = "GET /";
  summary.services = {{"db", 1, 0}, {"shop", 2, 1}};
  EXPECT_EQ(encode_jaeger_v3_summaries({summary}),
            R"({"summaries":[{"traceId":"0000000000000000000000000000000a",)"
            R"("rootServiceName":"shop","rootOperationName":"GET /","minStartTimeUnixNano":"5",)"
            R"("maxEndTimeUnixNano":"9","spanCount":3,"errorSpanCount":1,"orphanSpanCount":2,)"
            R"("services":[{"name":"db","spanCount":1},)"
            R"({"name":"shop","spanCount":2,"errorSpanCount":1}]}]})");
  EXPECT_EQ(encode_jaeger_v3_summaries({}), "{}");
}

TEST(JaegerV3, IdsInPathsAreHexOrBase64) {
  const TraceId id{0x5B8EFFF798038103ull, 0xD269B633813FC60Cull};
  for (const char* text :
       {"5b8efff798038103d269b633813fc60c", "5B8EFFF798038103D269B633813FC60C",
        "W47/95gDgQPSabYzgT/GDA==", "W47_95gDgQPSabYzgT_GDA==", "W47_95gDgQPSabYzgT_GDA"}) {
    EXPECT_EQ(parse_jaeger_v3_trace_id(text), id) << text;
  }
  EXPECT_EQ(parse_jaeger_v3_trace_id("a"), (TraceId{0, 10}));
  for (const char* text : {"", "xyz", "AAAAAAAAAAAAAAAAAAAAAA==", "W47_95gDgQPSabYzgT_GDA=x"}) {
    EXPECT_FALSE(parse_jaeger_v3_trace_id(text)) << text;
  }
}

}  // namespace
}  // namespace bl::traces
