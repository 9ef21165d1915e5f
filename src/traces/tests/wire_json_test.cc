// OTLP/JSON as senders have it, as they should not, and what is refused with its path.
#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "traces/otlp.h"
#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_now = k_any_spans_now;
constexpr std::string_view k_good =
    R"("traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174",)"
    R"("startTimeUnixNano":"1750000000000000000","endTimeUnixNano":1750000000000000005)";

std::string request_with(std::string_view members) {
  return fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{}{}{}}}]}}]}}]}})", k_good,
                     members.empty() ? "" : ",", members);
}
std::string request_with_value(std::string_view value) {
  return request_with(fmt::format(R"("attributes":[{{"key":"k","value":{}}}])", value));
}

Span only_span(std::string_view text) {
  auto decoded = decode_otlp_json(text, k_now);
  EXPECT_TRUE(decoded.ok()) << decoded.error().message;
  if (!decoded.ok() || decoded->spans.size() != 1) {
    ADD_FAILURE() << text;
    return {};
  }
  return decoded->spans.front();
}
AnyValue only_value(std::string_view value) {
  const Span span = only_span(request_with_value(value));
  return span.attributes.empty() ? AnyValue("none") : span.attributes.front().value;
}

/// The path of what ends the request.
std::string broken_at(std::string_view text) {
  const auto decoded = decode_otlp_json(text, k_now);
  if (decoded.ok()) return "it is read";
  EXPECT_EQ(decoded.error().code, Code::malformed);
  return decoded.error().faults.empty() ? "" : decoded.error().faults.front().path;
}

TEST(OtlpJson, IdsAreHexOfAnyCase) {
  const Span span = only_span(request_with(R"("parentSpanId":"EEE19B7EC3C1B173")"));
  EXPECT_EQ(span.trace_id.hex(), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(span.parent_span_id->hex(), "eee19b7ec3c1b173");
  EXPECT_EQ(span.duration_ns(), 5) << "numbers of 64 bits as text and as number";
  for (const char* none : {R"("")", R"("0000000000000000")", "null"})
    EXPECT_EQ(only_span(request_with(fmt::format(R"("parentSpanId":{})", none))).parent_span_id,
              std::nullopt);
}

TEST(OtlpJson, ValuesOfEveryKind) {
  EXPECT_EQ(only_value(R"({"stringValue":"ü\u0000"})"), AnyValue(std::string("ü\0", 3)));
  EXPECT_EQ(only_value(R"({"boolValue":true})"), AnyValue(true));
  EXPECT_EQ(only_value(R"({"intValue":"9223372036854775807"})"),
            AnyValue(std::int64_t{9223372036854775807}));
  EXPECT_EQ(only_value(R"({"intValue":9007199254740993})"), AnyValue(9007199254740993));
  EXPECT_EQ(only_value(R"({"intValue":-9223372036854775808})"),
            AnyValue(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(only_value(R"({"intValue":1e3})"), AnyValue(1'000));
  EXPECT_EQ(only_value(R"({"doubleValue":"NaN"})"), AnyValue(std::nan("")));
  EXPECT_EQ(only_value(R"({"doubleValue":"-Infinity"})"), AnyValue(-HUGE_VAL));
  EXPECT_EQ(only_value(R"({"doubleValue":-0})"), AnyValue(-0.0));
  EXPECT_EQ(only_value(R"({"doubleValue":"0.5"})"), AnyValue(0.5));
  EXPECT_EQ(only_value(R"({"bytesValue":"AP8="})"), AnyValue(Bytes{std::string("\0\xff", 2)}));
  EXPECT_EQ(only_value(R"({"bytesValue":"AP8"})"), AnyValue(Bytes{std::string("\0\xff", 2)}));
  EXPECT_EQ(only_value(R"({"arrayValue":{"values":[{},{"intValue":"1"}]}})"),
            AnyValue(Array{AnyValue(), AnyValue(1)}));
  EXPECT_EQ(only_value(R"({"arrayValue":{}})"), AnyValue(Array{}));
  EXPECT_EQ(only_value(R"({"kvlistValue":{"values":[{"key":"a","value":{"boolValue":false}}]}})"),
            AnyValue(Attributes{{"a", false}}));
  for (const char* empty :
       {"{}", "null", R"({"stringValue":null})", R"({"stringValueStrindex":5})"})
    EXPECT_EQ(only_value(empty), AnyValue()) << empty;
}

TEST(OtlpJson, IndicesIntoTablesOfStringsAreCounted) {
  const auto decoded = decode_otlp_json(
      request_with(R"("attributes":[{"keyStrindex":1,"value":{"stringValueStrindex":2}}])"), k_now);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->spans.at(0).attributes, (Attributes{{"", AnyValue()}}));
  EXPECT_EQ(decoded->ignored_indices, 2);
}

TEST(OtlpJson, OtherKeysArePassedOverAndNullIsAbsent) {
  const Span span = only_span(
      request_with(R"("name":null,"trace_state":"no","later":{"a":[1]},"kind":null,"events":null,)"
                   R"("status":{"status_code":2},"start_time_unix_nano":"1")"));
  Span expected;
  expected.trace_id = span.trace_id;
  expected.span_id = span.span_id;
  expected.start_ns = k_now;
  expected.end_ns = k_now + 5;
  expected.resource = std::make_shared<const Resource>();
  expected.scope = std::make_shared<const Scope>();
  EXPECT_EQ(span, expected);
  const auto snake = decode_otlp_json(R"({"resource_spans":[{"scope_spans":[{}]}]})", k_now);
  ASSERT_TRUE(snake.ok());
  EXPECT_TRUE(snake->spans.empty());
}

TEST(OtlpJson, EnumsAreNumbersOrNames) {
  for (const char* kind : {"3", R"("3")", R"("SPAN_KIND_CLIENT")", R"("client")"})
    EXPECT_EQ(only_span(request_with(fmt::format(R"("kind":{})", kind))).kind, SpanKind::client);
  EXPECT_EQ(only_span(request_with(R"("status":{"code":2,"message":"m"})")).status,
            StatusCode::error);
  EXPECT_EQ(only_span(request_with(R"("status":{"code":"STATUS_CODE_OK"})")).status,
            StatusCode::ok);
}

TEST(OtlpJson, OfEqualKeysTheLastStays) {
  EXPECT_EQ(only_span(request_with(R"("name":"a","name":"b")")).name, "b");
  EXPECT_EQ(only_value(R"({"stringValue":"a","intValue":1})"), AnyValue(1));
  const Span span = only_span(request_with(R"("attributes":[{"key":"a"}],"attributes":[])"));
  EXPECT_TRUE(span.attributes.empty());
}

TEST(OtlpJson, AFaultOfASpanCostsThatSpanAlone) {
  const auto decoded = decode_otlp_json(
      fmt::format(R"({{"resourceSpans":[{{}},{{"scopeSpans":[{{"spans":[{{{}}},)"
                  R"({{{},"traceId":"zz"}},{{{},"spanId":"0000000000000000"}},)"
                  R"({{{},"startTimeUnixNano":"18446744073709551615"}},)"
                  R"({{{},"links":[{{"traceId":"W47/95gDgQPSabYzgT/HAA=="}}]}},{{}}]}}]}}]}})",
                  k_good, k_good, k_good, k_good, k_good),
      k_now);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded->spans.size(), 1u);
  EXPECT_EQ(decoded->rejected, 5);
  std::vector<std::string> paths;
  for (const Fault& fault : decoded->faults) paths.push_back(fault.path);
  const std::string at = "/resourceSpans/1/scopeSpans/0/spans/";
  EXPECT_EQ(paths,
            (std::vector<std::string>{at + "1/traceId", at + "2/spanId", at + "3/startTimeUnixNano",
                                      at + "4/links", at + "5/traceId"}));
  EXPECT_EQ(decoded->faults[0].value, "\"zz\"");
}

TEST(OtlpJson, WhatIsBrokenIsNamedByItsPath) {
  const std::string span = "/resourceSpans/0/scopeSpans/0/spans/0";
  const std::string value = span + "/attributes/0/value";
  const std::pair<std::string, std::string> rows[] = {
      {"", ""},
      {"[]", ""},
      {"5", ""},
      {R"({"resourceSpans":{}})", "/resourceSpans"},
      {R"({"resourceSpans":[5]})", "/resourceSpans/0"},
      {R"({"resourceSpans":[{"resource":{"attributes":[{"key":5}]}}]})",
       "/resourceSpans/0/resource/attributes/0/key"},
      {R"({"resourceSpans":[{"scopeSpans":[{"scope":{"name":1}}]}]})",
       "/resourceSpans/0/scopeSpans/0/scope/name"},
      {request_with(R"("name":5)"), span + "/name"},
      {request_with(R"("traceId":5)"), span + "/traceId"},
      {request_with(R"("kind":"servant")"), span + "/kind"},
      {request_with(R"("flags":-1)"), span + "/flags"},
      {request_with(R"("flags":4294967296)"), span + "/flags"},
      {request_with(R"("startTimeUnixNano":1.5)"), span + "/startTimeUnixNano"},
      {request_with(R"("events":[{},{"timeUnixNano":"x"}])"), span + "/events/1/timeUnixNano"},
      {request_with_value(R"({"intValue":"9223372036854775808"})"), value + "/intValue"},
      {request_with_value(R"({"intValue":1e400})"), value + "/intValue"},
      {request_with_value(R"({"doubleValue":"nan"})"), value + "/doubleValue"},
      {request_with_value(R"({"doubleValue":1e400})"), value + "/doubleValue"},
      {request_with_value(R"({"boolValue":"true"})"), value + "/boolValue"},
      {request_with_value(R"({"bytesValue":"?"})"), value + "/bytesValue"},
      {request_with_value(R"({"arrayValue":{"values":[1]}})"), value + "/arrayValue/values/0"},
      {request_with_value(R"("text")"), value},
  };
  for (const auto& [text, path] : rows) EXPECT_EQ(broken_at(text), path) << text;
}

TEST(OtlpJson, CutAnywhereItIsRefused) {
  const std::string text = encode_otlp_json(any_spans(5, 3));
  for (std::size_t size = 0; size < text.size(); size += size < 500 ? 1 : 37)
    EXPECT_FALSE(decode_otlp_json(text.substr(0, size), k_now).ok()) << size;
}

std::string nested(int depth) {
  std::string text = R"({"intValue":"1"})";
  for (int i = 1; i < depth; ++i) text = R"({"arrayValue":{"values":[)" + text + "]}}";
  return text;
}

TEST(OtlpJson, ValuesMayBeNestedAsDeepAsTheLimit) {
  EXPECT_NE(only_value(nested(64)), AnyValue());
  EXPECT_NE(broken_at(request_with_value(nested(65))), "it is read");
  EXPECT_NE(broken_at(request_with_value(nested(20'000))), "it is read");
  EXPECT_NE(broken_at(R"({"later":)" + std::string(100'000, '[')), "it is read");
}

TEST(OtlpJson, HasLimits) {
  SpanLimits limits;
  limits.spans_max = 2;
  const auto code = [&](std::string_view spans) {
    const auto decoded = decode_otlp_json(
        fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}})", spans), k_now,
        limits);
    return decoded.ok() ? std::optional<Code>() : decoded.error().code;
  };
  EXPECT_EQ(code("{},{}"), std::nullopt);
  EXPECT_EQ(code("{},{},{}"), Code::too_large);
  limits.values_max = 7;
  EXPECT_EQ(code("{}"), std::nullopt);
  EXPECT_EQ(code(R"({"later":[1,2,3,4,5]})"), Code::too_large);
  limits.request_bytes_max = 10;
  EXPECT_EQ(code("{}"), Code::too_large);
}

TEST(OtlpJson, IsWrittenAsTheSpecificationHasIt) {
  Span span = only_span(request_with(R"("name":"a","kind":2,"status":{"code":2})"));
  span.attributes = {{"n", 5}, {"empty", AnyValue()}};
  EXPECT_EQ(encode_otlp_json({span}),
            R"({"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[)"
            R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",)"
            R"("name":"a","kind":2,"startTimeUnixNano":"1750000000000000000",)"
            R"("endTimeUnixNano":"1750000000000000005",)"
            R"("attributes":[{"key":"n","value":{"intValue":"5"}},{"key":"empty","value":{}}],)"
            R"("status":{"code":2}}]}]}]})");
  EXPECT_EQ(encode_otlp_json({}), R"({"resourceSpans":[]})");
}

TEST(TempoJson, HasBase64IdsAndNamesOfEnums) {
  Span span = only_span(request_with(R"("kind":2,"status":{"code":2})"));
  EXPECT_EQ(encode_tempo_json({span}, "batches"),
            R"({"batches":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[)"
            R"({"traceId":"W47/95gDgQPSabYzgT/GDA==","spanId":"7uGbfsPBsXQ=",)"
            R"("kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1750000000000000000",)"
            R"("endTimeUnixNano":"1750000000000000005",)"
            R"("status":{"code":"STATUS_CODE_ERROR"}}]}]}]})");
}

}  // namespace
}  // namespace bl::traces
