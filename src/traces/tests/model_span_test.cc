// Values of spans: equality, canonical order, names of codes, services and runs.
#include <cmath>

#include <gtest/gtest.h>

#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

TEST(AnyValue, IsEqualByKindAndBits) {
  EXPECT_EQ(AnyValue(std::nan("1")), AnyValue(std::nan("2")));
  EXPECT_NE(AnyValue(0.0), AnyValue(-0.0));
  EXPECT_NE(AnyValue(1), AnyValue(1.0));
  EXPECT_NE(AnyValue(""), AnyValue());
  EXPECT_NE(AnyValue("a"), AnyValue(Bytes{"a"}));
  EXPECT_EQ(AnyValue(Array{AnyValue(std::nan(""))}), AnyValue(Array{AnyValue(std::nan(""))}));
}

TEST(Canonical, SortsKeysAtEveryLevelAndKeepsTheLastOfEqualOnes) {
  Attributes attributes{{"b", Array{AnyValue(Attributes{{"z", 1}, {"y", 2}, {"z", 3}})}},
                        {"a", 1},
                        {"b", 2},
                        {"a", Attributes{{"d", 1}, {"c", 2}}}};
  EXPECT_EQ(make_canonical(attributes), 3u);
  EXPECT_EQ(attributes, (Attributes{{"a", Attributes{{"c", 2}, {"d", 1}}}, {"b", 2}}));
  EXPECT_EQ(make_canonical(attributes), 0u) << "what is canonical stays";
}

TEST(Canonical, KeepsTheOrderOfEventsAndLinks) {
  for (Span span : any_spans(4, 100)) {
    std::vector<std::string> before, after;
    for (const SpanEvent& event : span.events) before.push_back(event.name);
    make_canonical(span);
    for (const SpanEvent& event : span.events) after.push_back(event.name);
    EXPECT_EQ(before, after);
    const Span once = span;
    EXPECT_EQ(make_canonical(span), 0u);
    EXPECT_EQ(span, once);
  }
}

TEST(Codes, HaveNamesBothWays) {
  for (int i = 0; i < 6; ++i) {
    const auto kind = static_cast<SpanKind>(i);
    EXPECT_EQ(span_kind_named(name_of(kind)), kind);
    EXPECT_EQ(span_kind_named("SPAN_KIND_" + std::string(name_of(kind))), kind);
  }
  EXPECT_EQ(status_code_named("STATUS_CODE_ERROR"), StatusCode::error);
  EXPECT_EQ(name_of(static_cast<SpanKind>(6)), "");
  EXPECT_EQ(name_of(static_cast<StatusCode>(-1)), "");
  EXPECT_EQ(span_kind_named("servant"), std::nullopt);
}

TEST(ServiceOf, IsUnknownWithoutAText) {
  const auto service = [](Attributes attributes) {
    return std::string(service_of(Resource{.attributes = std::move(attributes)}));
  };
  EXPECT_EQ(service({{"service.name", "a"}}), "a");
  EXPECT_EQ(service({{"service.name", "a"}, {"service.name", "b"}}), "b");
  for (const Attributes& attributes :
       {Attributes{}, Attributes{{"service.name", ""}}, Attributes{{"service.name", 5}}})
    EXPECT_EQ(service(attributes), k_unknown_service);
}

TEST(RunIdOf, OursBeforeThatOfCiAndTheSpanBeforeItsResource) {
  Span span = any_spans(1, 1).front();
  Resource resource;
  resource.attributes = {{"benchlake.run_id", "of resource"}};
  span.resource = std::make_shared<const Resource>(resource);
  span.attributes = {{"cicd.pipeline.run.id", "of ci"}};
  EXPECT_EQ(run_id_of(span), "of resource");
  span.attributes.push_back({"benchlake.run_id", "of span"});
  EXPECT_EQ(run_id_of(span), "of span");
  span.resource = std::make_shared<const Resource>();
  span.attributes.pop_back();
  EXPECT_EQ(run_id_of(span), "of ci");
}

}  // namespace
}  // namespace bl::traces
