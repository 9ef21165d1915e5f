// Nothing of OTLP is lost: spans come back from both wires as they went, whatever is in them.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "traces/otlp.h"
#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

Spans from_protobuf(std::string_view bytes, std::int64_t now = k_any_spans_now) {
  auto decoded = decode_otlp_protobuf(bytes, now);
  EXPECT_TRUE(decoded.ok()) << decoded.error().message;
  if (!decoded.ok()) return {};
  EXPECT_EQ(decoded->rejected, 0) << decoded->faults.front().path << " "
                                  << decoded->faults.front().message;
  return std::move(decoded->spans);
}

Spans from_json(std::string_view text, std::int64_t now = k_any_spans_now) {
  auto decoded = decode_otlp_json(text, now);
  EXPECT_TRUE(decoded.ok()) << decoded.error().message;
  if (!decoded.ok()) return {};
  EXPECT_EQ(decoded->rejected, 0) << decoded->faults.front().path << " "
                                  << decoded->faults.front().message;
  return std::move(decoded->spans);
}

RC_GTEST_PROP(RoundTrip, AnySpansComeBackFromBothWires, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const Spans spans = any_spans(seed, *rc::gen::inRange<std::size_t>(0, 12));
  const std::string bytes = encode_otlp_protobuf(spans);
  const Spans by_protobuf = from_protobuf(bytes);
  RC_ASSERT(by_protobuf == spans);
  const std::string text = encode_otlp_json(by_protobuf);
  const Spans by_json = from_json(text);
  RC_ASSERT(by_json == spans);
  RC_ASSERT(encode_otlp_protobuf(by_json) == bytes);
  RC_ASSERT(encode_otlp_json(by_json) == text);
}

TEST(RoundTrip, TracesAsTheyComeKeepTheirOrderAndShareResources) {
  TraceMaker maker;
  const Spans spans = maker.take(5'000);
  const std::int64_t now = TraceShape().start_ns + 30ll * 86'400'000'000'000;
  const Spans read = from_protobuf(encode_otlp_protobuf(spans), now);
  EXPECT_EQ(read, spans);
  for (std::size_t i = 1; i < read.size(); ++i) {
    const bool are_equal = *read[i].resource == *read[i - 1].resource;
    EXPECT_EQ(are_equal, read[i].resource == read[i - 1].resource) << "one object for neighbours";
  }
  EXPECT_EQ(from_json(encode_otlp_json(spans), now), spans);
}

RC_GTEST_PROP(RoundTrip, AnyValueAloneComesBack, ()) {
  std::mt19937_64 engine(*rc::gen::arbitrary<std::uint64_t>());
  const AnyValue value = any_value(engine);
  const auto read = decode_any_value(encode_any_value(value));
  RC_ASSERT(read.ok() && *read == value);
}

}  // namespace
}  // namespace bl::traces
