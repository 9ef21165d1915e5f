// Which spans are not taken, and how that is said.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_now = k_any_spans_now;
constexpr std::int64_t k_day = 86'400'000'000'000;

Span good_span() {
  Span span;
  span.trace_id = {1, 2};
  span.span_id = {3};
  span.start_ns = k_now;
  span.end_ns = k_now;
  span.resource = std::make_shared<const Resource>();
  span.scope = std::make_shared<const Scope>();
  return span;
}

/// `path message`, or nothing.
std::string fault(const Span& span, const SpanLimits& limits = {}, std::int64_t now = k_now) {
  const auto found = fault_of(span, now, limits);
  return found ? found->path + " " + found->message : "";
}
template <class Change>
std::string fault_with(const Change& change, const SpanLimits& limits = {}) {
  Span span = good_span();
  change(span);
  return fault(span, limits);
}

TEST(FaultOf, AnythingThatOtlpAllowsIsTaken) {
  EXPECT_EQ(fault(good_span()), "");
  for (const Span& span : any_spans(11, 300)) EXPECT_EQ(fault(span), "");
}

TEST(FaultOf, IdsAreThere) {
  EXPECT_EQ(fault_with([](Span& span) { span.trace_id = {}; }), "/traceId is missing, or zero");
  EXPECT_EQ(fault_with([](Span& span) { span.span_id = {}; }), "/spanId is missing, or zero");
  EXPECT_EQ(fault_with([](Span& span) { span.parent_span_id = SpanId{}; }),
            "/parentSpanId is zero");
}

TEST(FaultOf, TimesAreInTheWindow) {
  const SpanLimits limits;
  const auto starts = [&](std::int64_t at) {
    return fault_with([&](Span& span) { span.start_ns = span.end_ns = at; });
  };
  EXPECT_EQ(starts(k_now + limits.future_ns_max), "");
  EXPECT_EQ(starts(k_now + limits.future_ns_max + 1), "/startTimeUnixNano is in the future");
  EXPECT_EQ(starts(k_now - limits.past_ns_max), "");
  EXPECT_EQ(starts(k_now - limits.past_ns_max - 1), "/startTimeUnixNano is too long ago");
  EXPECT_EQ(starts(0), "/startTimeUnixNano is too long ago");
  EXPECT_EQ(starts(std::numeric_limits<std::int64_t>::max()),
            "/startTimeUnixNano is in the future");
  EXPECT_EQ(starts(std::numeric_limits<std::int64_t>::min()), "/startTimeUnixNano is too long ago");
  EXPECT_EQ(fault_with([](Span& span) { span.end_ns = k_now - 1; }),
            "/endTimeUnixNano is before the start");
  EXPECT_EQ(fault_with([](Span& span) { span.end_ns = k_now + 366 * k_day; }), "");
  EXPECT_EQ(fault_with([](Span& span) {
              span.end_ns = std::numeric_limits<std::int64_t>::max();
            }).substr(0, 25),
            "/endTimeUnixNano is over ");
  Span old = good_span();
  old.start_ns = old.end_ns = 5;
  EXPECT_EQ(fault(old, limits, 10), "") << "a clock that stands at its beginning";
  EXPECT_EQ(fault(old, limits, std::numeric_limits<std::int64_t>::min()),
            "/startTimeUnixNano is in the future");
  EXPECT_EQ(fault_with([](Span& span) { span.events = {{-1, "e"}}; }),
            "/events/0/timeUnixNano is out of range");
}

TEST(FaultOf, SizesHaveLimits) {
  SpanLimits limits;
  limits.attributes_max = 2;
  limits.attribute_bytes_max = 100;
  limits.span_bytes_max = 200;
  limits.events_max = limits.links_max = 1;
  limits.depth_max = 2;
  const auto fault_of_change = [&](const auto& change) { return fault_with(change, limits); };
  const Attributes three{{"a", 1}, {"b", 2}, {"c", 3}}, large{{"a", std::string(84, 'x')}};
  EXPECT_EQ(fault_of_change([&](Span& span) { span.attributes = three; }),
            "/attributes has over 2 attributes");
  EXPECT_EQ(fault_of_change([&](Span& span) { span.attributes = large; }),
            "/attributes/0 has over 100 bytes");
  EXPECT_EQ(fault_of_change([&](Span& span) { span.events = {{1, "e"}, {1, "e"}}; }),
            "/events are over 1");
  EXPECT_EQ(fault_of_change([&](Span& span) { span.events = {{1, "e", large}}; }),
            "/events/0/attributes/0 has over 100 bytes");
  EXPECT_EQ(fault_of_change([&](Span& span) { span.links = {{{1, 1}, {1}}, {{1, 1}, {1}}}; }),
            "/links are over 1");
  EXPECT_EQ(fault_of_change([&](Span& span) { span.links = {{{1, 1}, {1}, "", three}}; }),
            "/links/0/attributes has over 2 attributes");
  EXPECT_EQ(fault_of_change([&](Span& span) { span.name = std::string(101, 'x'); }),
            "/name has over 100 bytes");
  EXPECT_EQ(fault_of_change([&](Span& span) {
              span.name = span.trace_state = std::string(100, 'x');
              span.status_message = "x";
            }),
            " has over 200 bytes");
  const Attributes deep{{"a", Array{AnyValue(Array{AnyValue(1)})}}};
  EXPECT_EQ(fault_of_change([&](Span& span) { span.attributes = deep; }),
            "/attributes/0 is nested deeper than 2 values");
}

TEST(FaultOf, ResourcesAndScopesHaveThem) {
  SpanLimits limits;
  limits.attributes_max = 1;
  limits.attribute_bytes_max = 50;
  const Attributes two{{"a", 1}, {"b", 2}};
  const auto with_resource = [&](Resource resource) {
    return fault_with(
        [&](Span& span) { span.resource = std::make_shared<const Resource>(std::move(resource)); },
        limits);
  };
  const auto with_scope = [&](Scope scope) {
    return fault_with(
        [&](Span& span) { span.scope = std::make_shared<const Scope>(std::move(scope)); }, limits);
  };
  const std::string large(51, 'x');
  EXPECT_EQ(with_resource({.attributes = two}), "/resource/attributes has over 1 attributes");
  EXPECT_EQ(with_resource({.schema_url = large}), "/schemaUrl has over 50 bytes");
  EXPECT_EQ(with_resource({.entity_refs = {{}, {}}}), "/resource/entityRefs are over 1");
  EXPECT_EQ(with_resource({.entity_refs = {{"", "", {"a", "b"}}}}),
            "/resource/entityRefs has over 1 keys");
  EXPECT_EQ(with_resource({.entity_refs = {{"", large}}}),
            "/resource/entityRefs has over 50 bytes");
  EXPECT_EQ(with_scope({.attributes = two}), "/scope/attributes has over 1 attributes");
  EXPECT_EQ(with_scope({.version = large}), "/scope/version has over 50 bytes");
}

}  // namespace
}  // namespace bl::traces
