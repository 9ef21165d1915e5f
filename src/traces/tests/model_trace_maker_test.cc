// The generator of spans: the same for a seed, and all that it promises is in it.
#include <map>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

TEST(TraceMaker, TheSameSeedGivesTheSameSpansHoweverTheyAreTaken) {
  TraceMaker one, other;
  Spans whole = one.take(3'000), pieces;
  while (pieces.size() < 3'000) {
    for (Span& span : other.take(7)) pieces.push_back(std::move(span));
  }
  pieces.resize(3'000);
  EXPECT_EQ(whole, pieces);
  TraceShape shape;
  shape.seed = 2;
  EXPECT_NE(TraceMaker(shape).take(10), Spans(whole.begin(), whole.begin() + 10));
}

TEST(TraceMaker, CountsWhatItMade) {
  TraceShape shape;
  shape.repeated = 50;
  TraceMaker maker(shape);
  const Spans spans = maker.take(60'000);
  std::set<std::tuple<TraceId, SpanId, SpanKind>> distinct;
  for (const Span& span : spans) distinct.insert({span.trace_id, span.span_id, span.kind});
  const TraceMaker::Made& made = maker.made();
  EXPECT_EQ(made.spans, 60'000);
  EXPECT_EQ(made.distinct, static_cast<std::int64_t>(distinct.size()));
  EXPECT_EQ(made.distinct + made.repeated, made.spans);
  EXPECT_GT(made.late, 0);
  EXPECT_GT(made.very_late, 0);
  EXPECT_GT(made.lost, 0);
}

TEST(TraceMaker, HasWhatSpansInTheWildHave) {
  TraceShape shape;
  shape.services = 300;
  TraceMaker maker(shape);
  const Spans spans = maker.take(60'000);
  std::set<std::string_view> services;
  std::set<std::size_t> kinds_of_values;
  std::map<TraceId, std::size_t> sizes;
  std::map<TraceId, std::set<std::int64_t>> days;
  std::set<const Resource*> resources;
  std::set<SpanId> ids;
  std::size_t big = 0, orphans = 0, events = 0, links = 0, runs = 0;
  for (const Span& span : spans) {
    ids.insert(span.span_id);
    services.insert(service_of(*span.resource));
    resources.insert(span.resource.get());
    ++sizes[span.trace_id];
    days[span.trace_id].insert(span.start_ns / 86'400'000'000'000);
    events += span.events.size();
    links += span.links.size();
    runs += !run_id_of(span).empty();
    for (const Attribute& one : span.attributes) {
      kinds_of_values.insert(one.value.value.index());
      const auto* text = std::get_if<std::string>(&one.value.value);
      big += text != nullptr && text->size() > 10'000;
    }
  }
  for (const Span& span : spans)
    orphans += span.parent_span_id && !ids.contains(*span.parent_span_id);
  EXPECT_GT(services.size(), 200u);
  EXPECT_LE(resources.size(), 600u) << "resources are shared";
  EXPECT_EQ(kinds_of_values.size(), std::variant_size_v<AnyValue::Value>);
  std::size_t largest = 0, single = 0, across_days = 0;
  for (const auto& [id, size] : sizes) {
    largest = std::max(largest, size);
    single += size == 1;
  }
  for (const auto& [id, of_trace] : days) across_days += of_trace.size() > 1;
  EXPECT_GT(largest, 500u);
  EXPECT_GT(single, sizes.size() / 4);
  EXPECT_GT(across_days, 0u);
  EXPECT_GT(big, 0u);
  EXPECT_GT(orphans, 0u);
  EXPECT_GT(events, 0u);
  EXPECT_GT(links, 0u);
  EXPECT_GT(runs, 0u);
}

TEST(OneTrace, HasExactlyTheSpansAndTheDepthAskedFor) {
  const Spans spans = one_trace(7, 5'000, 1'000);
  ASSERT_EQ(spans.size(), 5'000u);
  std::map<SpanId, std::size_t> depth;
  std::size_t deepest = 0;
  for (const Span& span : spans) {
    EXPECT_EQ(span.trace_id, spans.front().trace_id);
    EXPECT_GE(span.end_ns, span.start_ns);
    std::size_t at = 1;
    if (span.parent_span_id) {
      ASSERT_TRUE(depth.contains(*span.parent_span_id));
      at = depth[*span.parent_span_id] + 1;
    }
    EXPECT_TRUE(depth.emplace(span.span_id, at).second);
    deepest = std::max(deepest, at);
  }
  EXPECT_FALSE(spans.front().parent_span_id);
  EXPECT_GE(deepest, 1'000u);
}

}  // namespace
}  // namespace bl::traces
