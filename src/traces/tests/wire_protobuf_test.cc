// What a request in protobuf may be, what it may not, and whom a fault costs.
#include <gtest/gtest.h>

#include "base/protobuf.h"
#include "traces/otlp.h"
#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

using namespace std::string_literals;
using protobuf::put_element;
using protobuf::put_fixed32;
using protobuf::put_fixed64;
using protobuf::put_int;
using protobuf::put_message;
using protobuf::put_tag;
using protobuf::put_varint;
using protobuf::Type;

constexpr std::int64_t k_now = k_any_spans_now;

Span good_span() {
  Span span;
  span.trace_id = {1, 2};
  span.span_id = {3};
  span.name = "good";
  span.start_ns = k_now;
  span.end_ns = k_now + 5;
  span.resource = std::make_shared<const Resource>();
  span.scope = std::make_shared<const Scope>();
  return span;
}

/// The members of a span that is fine but for what the test adds.
std::string span_with(const std::function<void(std::string&)>& add) {
  std::string span;
  put_element(span, 1, TraceId{1, 2}.bytes());
  put_element(span, 2, SpanId{3}.bytes());
  put_fixed64(span, 7, k_now);
  put_fixed64(span, 8, k_now + 5);
  add(span);
  return span;
}

std::string request_of(const std::vector<std::string>& spans) {
  std::string out;
  put_message(out, 1, [&] {
    put_message(out, 2, [&] {
      for (const std::string& span : spans) put_element(out, 2, span);
    });
  });
  return out;
}
std::string request_with(const std::function<void(std::string&)>& add) {
  return request_of({span_with(add)});
}

Spans spans_of(std::string_view bytes) {
  auto decoded = decode_otlp_protobuf(bytes, k_now);
  EXPECT_TRUE(decoded.ok()) << decoded.error().message;
  if (!decoded.ok()) return {};
  EXPECT_EQ(decoded->rejected, 0);
  return std::move(decoded->spans);
}

std::optional<Code> code_of(std::string_view bytes, const SpanLimits& limits = {}) {
  const auto decoded = decode_otlp_protobuf(bytes, k_now, limits);
  return decoded.ok() ? std::optional<Code>() : decoded.error().code;
}

TEST(OtlpProtobuf, ZeroBytesAreAnEmptyRequest) {
  EXPECT_TRUE(spans_of("").empty());
  EXPECT_TRUE(spans_of("\x0a\x00"s).empty());
}

TEST(OtlpProtobuf, FieldsOfLaterVersionsArePassedOver) {
  const std::string bytes = request_with([](std::string& span) {
    put_int(span, 999, -1);
    put_element(span, 1000, "later");
    put_fixed64(span, 1001, 1);
    put_fixed32(span, 1002, 1);
    span += "\xa3\x3f\x08\x01\xa4\x3f";  // a group of field 1012
    put_element(span, 5, "good");
  });
  EXPECT_EQ(spans_of(bytes), Spans{good_span()});
}

TEST(OtlpProtobuf, AFaultOfASpanCostsThatSpanAlone) {
  const auto bad_id = span_with([](std::string& span) { put_element(span, 1, "short"); });
  const auto bad_parent = span_with([](std::string& span) { put_element(span, 4, "123456789"); });
  const auto bad_end = span_with([](std::string& span) { put_fixed64(span, 8, 1); });
  const auto far = span_with([](std::string& span) { put_fixed64(span, 7, ~0ull); });
  const auto bad_link = span_with(
      [](std::string& span) { put_message(span, 13, [&] { put_element(span, 2, "1"); }); });
  const auto good = span_with([](std::string& span) { put_element(span, 5, "good"); });
  const auto decoded = decode_otlp_protobuf(
      request_of({bad_id, good, bad_parent, bad_end, "", good, far, bad_link}), k_now);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->spans, (Spans{good_span(), good_span()}));
  EXPECT_EQ(decoded->rejected, 6);
  std::vector<std::string> paths;
  for (const Fault& fault : decoded->faults) paths.push_back(fault.path);
  const std::string at = "/resourceSpans/0/scopeSpans/0/spans/";
  EXPECT_EQ(paths, (std::vector<std::string>{at + "0/traceId", at + "2/parentSpanId",
                                             at + "3/endTimeUnixNano", at + "4/traceId",
                                             at + "6/startTimeUnixNano", at + "7/links"}));
  EXPECT_EQ(decoded->faults[0].value, "\"73686f7274\"");
}

TEST(OtlpProtobuf, OnlyTheFirstFaultsAreTold) {
  const auto decoded = decode_otlp_protobuf(request_of(std::vector(25, ""s)), k_now);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->rejected, 25);
  EXPECT_EQ(decoded->faults.size(), 10u);
}

TEST(OtlpProtobuf, AFaultOfAResourceCostsItsSpans) {
  SpanLimits limits;
  limits.attribute_bytes_max = 100;
  Span span = good_span(), other = span;
  Resource resource;
  resource.attributes = {{"long", std::string(101, 'x')}};
  other.resource = std::make_shared<const Resource>(resource);
  const auto decoded =
      decode_otlp_protobuf(encode_otlp_protobuf({other, other, span}), k_now, limits);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->spans, Spans{span});
  EXPECT_EQ(decoded->rejected, 2);
  EXPECT_EQ(decoded->faults.at(0).path, "/resourceSpans/0/resource/attributes/0");
}

TEST(OtlpProtobuf, AParentOfZerosIsNone) {
  const auto spans = spans_of(request_with([](std::string& span) {
    put_element(span, 4, std::string(8, '\0'));
    put_element(span, 5, "good");
  }));
  EXPECT_EQ(spans, Spans{good_span()});
}

TEST(OtlpProtobuf, AnotherTypeOfAKnownFieldIsNotThisWire) {
  const std::function<void(std::string&)> broken[] = {
      [](std::string& span) { put_int(span, 1, 5); },
      [](std::string& span) { put_element(span, 6, "\x01"); },  // packed
      [](std::string& span) { put_int(span, 7, 5); },
      [](std::string& span) { put_fixed64(span, 16, 5); },
      [](std::string& span) { put_int(span, 9, 5); },
      [](std::string& span) { put_int(span, 11, 5); },
      [](std::string& span) { put_fixed32(span, 15, 5); },
      [](std::string& span) { put_message(span, 9, [&] { put_int(span, 2, 5); }); },
      [](std::string& span) {
        put_message(span, 9, [&] { put_message(span, 2, [&] { put_int(span, 1, 5); }); });
      },
      [](std::string& span) {
        put_message(span, 9, [&] { put_message(span, 2, [&] { put_element(span, 2, ""); }); });
      },
      [](std::string& span) { put_element(span, 5, "\xff"); },
      [](std::string& span) { put_element(span, 9, "\x0a\x02\xc3\x28"); },
      [](std::string& span) { span += "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"; },
  };
  for (const auto& add : broken) EXPECT_EQ(code_of(request_with(add)), Code::malformed);
  EXPECT_EQ(code_of("\x08\x01"), Code::malformed);
  EXPECT_EQ(code_of("{}"), Code::malformed) << "JSON is another wire";
}

TEST(OtlpProtobuf, CutAnywhereItIsRefusedOrShorter) {
  const Spans spans = any_spans(3, 4);
  const std::string bytes = encode_otlp_protobuf(spans);
  for (std::size_t size = 0; size < bytes.size(); size += size < 2'000 ? 1 : 97) {
    const auto decoded = decode_otlp_protobuf(bytes.substr(0, size), k_now);
    if (!decoded.ok()) {
      EXPECT_EQ(decoded.error().code, Code::malformed);
    } else {
      EXPECT_LT(decoded->spans.size(), spans.size()) << size;
    }
  }
}

TEST(OtlpProtobuf, NumbersOfTenBytesAreRead) {
  const auto spans = spans_of(request_with([](std::string& span) {
    put_element(span, 5, "good");
    put_message(span, 9, [&] {
      put_element(span, 1, "n");
      put_message(span, 2, [&] {
        put_tag(span, 3, Type::varint);
        put_varint(span, static_cast<std::uint64_t>(-1));
      });
    });
    put_int(span, 6, -7);
  }));
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(*find(spans[0].attributes, "n"), AnyValue(std::int64_t{-1}));
  EXPECT_EQ(static_cast<int>(spans[0].kind), -7) << "a code that nobody knows is kept";
}

TEST(OtlpProtobuf, TheLastOfAOneofStaysAndMessagesAreMerged) {
  const auto spans = spans_of(request_with([](std::string& span) {
    put_message(span, 9, [&] {
      put_element(span, 1, "a");
      put_element(span, 1, "b");
      put_message(span, 2, [&] { put_element(span, 1, "text"); });
      put_message(span, 2, [&] {
        put_tag(span, 2, Type::varint);
        put_varint(span, 1);
      });
    });
    put_message(span, 15, [&] { put_element(span, 2, "bad"); });
    put_message(span, 15, [&] { put_int(span, 3, 2); });
  }));
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].attributes, (Attributes{{"b", true}}));
  EXPECT_EQ(spans[0].status, StatusCode::error) << "the code is field 3";
  EXPECT_EQ(spans[0].status_message, "bad") << "the message is field 2";
}

TEST(OtlpProtobuf, IndicesIntoTablesOfStringsCountAsAbsentAndAreCounted) {
  const auto decoded = decode_otlp_protobuf(request_with([](std::string& span) {
                                              put_message(span, 9, [&] {
                                                put_element(span, 1, "a");
                                                put_int(span, 3, 7);
                                                put_message(span, 2, [&] { put_int(span, 8, 7); });
                                              });
                                            }),
                                            k_now);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->spans.at(0).attributes, (Attributes{{"a", AnyValue()}}));
  EXPECT_EQ(decoded->ignored_indices, 2);
}

TEST(OtlpProtobuf, KeysThatRepeatStayAsTheyCame) {
  Span span = good_span();
  span.attributes = {{"b", 1}, {"a", 2}, {"b", 3}, {"", 4}};
  const auto spans = spans_of(encode_otlp_protobuf({span}));
  EXPECT_EQ(spans.at(0).attributes, span.attributes);
  Span canonical = spans.at(0);
  EXPECT_EQ(make_canonical(canonical), 1u);
  EXPECT_EQ(canonical.attributes, (Attributes{{"", 4}, {"a", 2}, {"b", 3}}));
}

AnyValue nested(int depth) {
  AnyValue value(1);
  for (int i = 1; i < depth; ++i) {
    value = i % 2 == 0 ? AnyValue(Array{std::move(value)}) : AnyValue(Attributes{{"k", value}});
  }
  return value;
}

TEST(OtlpProtobuf, ValuesMayBeNestedAsDeepAsTheLimit) {
  for (const int depth : {64, 65, 2'000}) {
    const std::string bytes = encode_any_value(nested(depth));
    const auto read = decode_any_value(bytes);
    EXPECT_EQ(read.ok(), depth <= 64);
    EXPECT_TRUE(read.ok() || read.error().code == Code::malformed);
  }
  Span span = good_span();
  span.attributes = {{"deep", nested(64)}};
  EXPECT_EQ(spans_of(encode_otlp_protobuf({span})), Spans{span});
}

TEST(OtlpProtobuf, MemoryHasLimits) {
  SpanLimits limits;
  limits.spans_max = 3;
  EXPECT_EQ(code_of(request_of(std::vector(3, ""s)), limits), std::nullopt);
  EXPECT_EQ(code_of(request_of(std::vector(4, ""s)), limits), Code::too_large);
  limits.values_max = 5;
  const auto with_attributes = [](int count) {
    return request_with([=](std::string& span) {
      for (int i = 0; i < count; ++i) put_element(span, 9, "");
    });
  };
  EXPECT_EQ(code_of(with_attributes(5), limits), std::nullopt);
  EXPECT_EQ(code_of(with_attributes(6), limits), Code::too_large);
  limits.request_bytes_max = 10;
  EXPECT_EQ(code_of(std::string(11, '\0'), limits), Code::too_large);
  EXPECT_EQ(code_of(request_with([](std::string& span) {
              // Two bytes each on the wire, eighty in memory.
              for (int i = 0; i < 5'000'000; ++i) span += "\x4a\x00"s;
            })),
            Code::too_large);
}

TEST(OtlpProtobuf, ResourcesAndScopesAreReadWhereverTheyStand) {
  // The resource behind its spans, in two parts; the schema URL before.
  std::string span = span_with([](std::string& to) { put_element(to, 5, "good"); });
  std::string bytes;
  put_message(bytes, 1, [&] {
    put_element(bytes, 3, "schema");
    put_message(bytes, 2, [&] {
      put_element(bytes, 2, span);
      put_message(bytes, 1, [&] { put_element(bytes, 1, "lib"); });
    });
    for (const char* key : {"a", "b"})
      put_message(bytes, 1, [&] { put_message(bytes, 1, [&] { put_element(bytes, 1, key); }); });
  });
  const auto spans = spans_of(bytes);
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].resource->attributes, (Attributes{{"a", AnyValue()}, {"b", AnyValue()}}));
  EXPECT_EQ(spans[0].resource->schema_url, "schema");
  EXPECT_EQ(spans[0].scope->name, "lib");
}

}  // namespace
}  // namespace bl::traces
