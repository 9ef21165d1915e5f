#include "traces/columns.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

Spans canonical(Spans spans) {
  for (Span& span : spans) {
    make_canonical(span);
    auto resource = std::make_shared<Resource>(*span.resource);
    make_canonical(*resource);
    span.resource = resource;
    auto scope = std::make_shared<Scope>(*span.scope);
    make_canonical(*scope);
    span.scope = scope;
  }
  return spans;
}

void expect_round_trip(const Spans& spans, std::size_t bytes_max) {
  const auto batches = batches_of(spans, bytes_max);
  ASSERT_TRUE(batches.ok()) << batches.error().message;
  SpanReader reader;
  Spans back;
  for (const auto& batch : *batches) {
    const auto read = reader.read(batch, back);
    ASSERT_TRUE(read.ok()) << read.error().message;
  }
  ASSERT_EQ(back.size(), spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) EXPECT_TRUE(back[i] == spans[i]) << i;
}

TEST(SpanColumns, any_span_goes_to_rows_and_back) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    expect_round_trip(canonical(any_spans(seed, 50)), seed % 2 == 0 ? 24u << 20 : 8u << 20);
  }
}

TEST(SpanColumns, spans_of_a_generator_go_to_rows_and_back) {
  TraceMaker maker;
  expect_round_trip(canonical(maker.take(5'000)), 1u << 20);
}

TEST(SpanColumns, what_json_has_not_is_an_object_of_one_key_with_a_dollar) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Attributes list{
      {"a", AnyValue()},
      {"b", AnyValue(2.0)},
      {"c", AnyValue(std::int64_t{2})},
      {"d", AnyValue(Bytes{std::string("\0\xff", 2)})},
      {"e", AnyValue(nan)},
      {"f", AnyValue(-std::numeric_limits<double>::infinity())},
      {"g", AnyValue(Attributes{{"$bytes", AnyValue(std::string("text"))}})},
      {"h", AnyValue(Attributes{{"$map", AnyValue(Attributes{{"$map", AnyValue(true)}})}})},
      {"i", AnyValue(-0.0)},
      {"j", AnyValue(1e300)},
  };
  const std::string text = attributes_json(list);
  EXPECT_EQ(text, R"({"a":null,"b":2.0,"c":2,"d":{"$bytes":"AP8"},"e":{"$double":"NaN"},)"
                  R"("f":{"$double":"-Infinity"},"g":{"$map":{"$bytes":"text"}},)"
                  R"("h":{"$map":{"$map":{"$map":{"$map":true}}}},"i":-0.0,"j":1e+300})");
  const auto back = attributes_of_json(text);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_TRUE(*back == list);
}

TEST(SpanColumns, a_text_that_is_none_of_ours_is_refused) {
  for (const char* text : {"{", "{\"a\":}", "{\"a\":1}x", "[1]", "{\"a\":tru}", "{\"a\":\"\\x\"}",
                           "{\"a\":1e}", "{\"a\":{\"$bytes\":7}}", "{\"a\":{\"$other\":\"x\"}}",
                           "{\"a\":12345678901234567890}", "{\"a\":--1}"}) {
    EXPECT_FALSE(attributes_of_json(text).ok()) << text;
  }
  std::string deep = "{\"a\":";
  deep += std::string(100'000, '[');
  EXPECT_FALSE(attributes_of_json(deep).ok());
}

TEST(SpanColumns, hours_begin_at_or_before_their_instants) {
  EXPECT_EQ(hour_of(0), 0);
  EXPECT_EQ(hour_of(-1), -1);
  EXPECT_EQ(hour_of(k_hour_ns - 1), 0);
  EXPECT_EQ(hour_of(-k_hour_ns), -1);
  EXPECT_EQ(hour_of(std::numeric_limits<std::int64_t>::min()), -2562048);
}

}  // namespace
}  // namespace bl::traces
