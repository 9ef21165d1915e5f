// Which spans a filter finds: tables of field, comparison, value and answer.
#include "traces/filter.h"

#include <limits>

#include <gtest/gtest.h>

namespace bl::traces {
namespace {

using enum Comparison;
using Name = IntrinsicField::Name;

Span example() {
  Span span;
  span.trace_id = {0xab, 1};
  span.span_id = {0xcd};
  span.name = "GET /items";
  span.kind = SpanKind::server;
  span.start_ns = 1'000;
  span.end_ns = 1'000'250;
  span.status = StatusCode::error;
  span.status_message = "line one\nline two";
  span.attributes = {{"code", 404},
                     {"load", 0.5},
                     {"hit", true},
                     {"text", "größe"},
                     {"empty", std::monostate()},
                     {"list", Array{AnyValue(1), AnyValue("two")}},
                     {"big", (1ll << 53) + 1},
                     {"twice", "first"},
                     {"twice", "last"}};
  span.events = {{5, "exception", {{"type", "Timeout"}}}, {6, "retry", {{"attempt", 2}}}};
  span.links = {{{1, 1}, {1}, "", {{"why", "batch"}}}};
  Resource resource;
  resource.attributes = {{"service.name", "shop"}, {"code", 1}};
  span.resource = std::make_shared<const Resource>(resource);
  span.scope = std::make_shared<const Scope>(Scope{"lib", "1", {{"short", "yes"}}});
  return span;
}

bool finds(SpanFilter filter, const Span& span, const TraceFacts& trace = {}) {
  auto matcher = SpanMatcher::make(std::move(filter));
  EXPECT_TRUE(matcher.ok()) << matcher.error().message;
  return matcher.ok() && matcher->matches(span, trace);
}

SpanFilter attribute(std::string key, Comparison comparison, AnyValue value = {},
                     AttributePlace place = AttributePlace::any) {
  return SpanFilter::where({AttributeField{place, std::move(key)}, comparison, std::move(value)});
}
SpanFilter intrinsic(Name name, Comparison comparison, AnyValue value = {}) {
  return SpanFilter::where({IntrinsicField{name}, comparison, std::move(value)});
}

TEST(SpanMatcher, AttributesAreComparedByKind) {
  struct Row {
    const char* key;
    Comparison comparison;
    AnyValue value;
    bool is_found;
  };
  const Row rows[] = {
      {"code", equal, 404, true},
      {"code", equal, 404.0, true},
      {"code", equal, "404", false},
      {"code", not_equal, "404", true},
      {"code", more, 403.5, true},
      {"code", at_least, 405, false},
      {"code", less, "5", false},
      {"load", equal, 0.5, true},
      {"load", more, 0, true},
      {"load", at_most, 0.5, true},
      {"load", less, 0.5, false},
      {"hit", equal, true, true},
      {"hit", not_equal, true, false},
      {"hit", not_equal, false, true},
      {"hit", equal, 1, false},
      {"text", equal, "größe", true},
      {"text", contains, "röß", true},
      {"text", contains, "RÖ", false},
      {"text", matches, "gr..e", true},
      {"text", matches, "gr", false},
      {"text", not_matches, "x", true},
      {"text", more, "a", true},
      {"text", less, "a", false},
      {"empty", exists, {}, true},
      {"empty", equal, "", false},
      {"empty", not_equal, "", true},
      {"gone", exists, {}, false},
      {"gone", absent, {}, true},
      {"gone", not_equal, 1, false},
      {"gone", not_matches, "x", false},
      {"list", equal, "two", true},
      {"list", equal, 1, true},
      {"list", equal, 2, false},
      {"code", contains, "40", false},
      {"big", equal, 9007199254740992.0, false},
      {"big", more, 9007199254740992.0, true},
      {"code", equal, std::numeric_limits<double>::quiet_NaN(), false},
      {"code", not_equal, std::numeric_limits<double>::quiet_NaN(), true},
      {"code", less, std::numeric_limits<double>::infinity(), true},
      {"twice", equal, "last", true},
      {"twice", equal, "first", false},
  };
  const Span span = example();
  for (const Row& row : rows)
    EXPECT_EQ(finds(attribute(row.key, row.comparison, row.value, AttributePlace::span), span),
              row.is_found)
        << row.key << " " << static_cast<int>(row.comparison);
}

TEST(SpanMatcher, APlaceIsWhereOneLooks) {
  const Span span = example();
  EXPECT_TRUE(finds(attribute("code", equal, 1, AttributePlace::resource), span));
  EXPECT_FALSE(finds(attribute("code", equal, 404, AttributePlace::resource), span));
  EXPECT_TRUE(finds(attribute("code", equal, 1), span)) << "of any place, one is enough";
  EXPECT_TRUE(finds(attribute("short", equal, "yes", AttributePlace::scope), span));
  EXPECT_TRUE(finds(attribute("type", equal, "Timeout", AttributePlace::event), span));
  EXPECT_TRUE(finds(attribute("attempt", equal, 2, AttributePlace::event), span));
  EXPECT_TRUE(finds(attribute("why", equal, "batch", AttributePlace::link), span));
  EXPECT_FALSE(finds(attribute("why", exists, {}, AttributePlace::span), span));
}

TEST(SpanMatcher, IntrinsicFieldsAreThoseOfTheSpanAndItsTrace) {
  const Span span = example();
  const TraceFacts trace{"gateway", "", 5'000'000};
  const auto is_found = [&](Name name, Comparison comparison, AnyValue value = {}) {
    return finds(intrinsic(name, comparison, std::move(value)), span, trace);
  };
  EXPECT_TRUE(is_found(Name::service, equal, "shop"));
  EXPECT_TRUE(is_found(Name::name, contains, "items"));
  EXPECT_TRUE(is_found(Name::kind, equal, "server"));
  EXPECT_TRUE(is_found(Name::kind, equal, "SPAN_KIND_SERVER"));
  EXPECT_TRUE(is_found(Name::status, equal, "Error"));
  EXPECT_TRUE(is_found(Name::status_message, matches, "line.*two")) << "a dot is any character";
  EXPECT_TRUE(is_found(Name::duration, equal, 999'250));
  EXPECT_TRUE(is_found(Name::duration, more, 1e5));
  EXPECT_TRUE(is_found(Name::scope_name, equal, "lib"));
  EXPECT_TRUE(is_found(Name::event_name, equal, "retry"));
  EXPECT_TRUE(is_found(Name::root_service, equal, "gateway"));
  EXPECT_TRUE(is_found(Name::root_name, absent));
  EXPECT_TRUE(is_found(Name::trace_duration, at_least, 5'000'000));
  EXPECT_TRUE(is_found(Name::run_id, absent));
  EXPECT_TRUE(is_found(Name::trace_id, equal, "00000000000000AB0000000000000001"));
  EXPECT_TRUE(is_found(Name::span_id, equal, "00000000000000cd"));
  Span other = span;
  other.resource = std::make_shared<const Resource>();
  other.events.clear();
  EXPECT_TRUE(finds(intrinsic(Name::service, equal, "unknown_service"), other));
  EXPECT_TRUE(finds(intrinsic(Name::event_name, absent), other));
}

TEST(SpanMatcher, GroupsAreAboutOneSpan) {
  const Span span = example();
  const SpanFilter yes = attribute("code", equal, 404), no = attribute("code", equal, 5);
  EXPECT_TRUE(finds(SpanFilter::everything(), span));
  EXPECT_TRUE(finds(SpanFilter::all_of({yes, yes}), span));
  EXPECT_FALSE(finds(SpanFilter::all_of({yes, no}), span));
  EXPECT_TRUE(finds(SpanFilter::any_of({no, yes}), span));
  EXPECT_FALSE(finds(SpanFilter::any_of({no, no}), span));
  EXPECT_TRUE(finds(SpanFilter::none_of({no, no}), span));
  EXPECT_FALSE(finds(SpanFilter::none_of({no, yes}), span));
  EXPECT_TRUE(finds(SpanFilter::all_of({}), span));
  EXPECT_FALSE(finds(SpanFilter::any_of({}), span));
  EXPECT_TRUE(finds(SpanFilter::none_of({}), span));
}

TEST(SpanMatcher, KnowsWhetherItAsksOfTheTrace) {
  const SpanFilter of_span = intrinsic(Name::duration, more, 1);
  const SpanFilter of_trace = intrinsic(Name::trace_duration, more, 1);
  EXPECT_FALSE(SpanMatcher::make(of_span)->asks_of_trace());
  EXPECT_TRUE(SpanMatcher::make(SpanFilter::none_of({of_span, of_trace}))->asks_of_trace());
}

TEST(CheckFilter, RefusesWhatMakesNoSense) {
  const SpanFilter filters[] = {
      attribute("a", equal),
      attribute("a", equal, Bytes{"x"}),
      attribute("a", equal, Array{}),
      attribute("a", contains, 5),
      attribute("a", less, true),
      attribute("a", matches, "("),
      attribute("a", matches, "((a{1000}){1000}){1000}"),
      intrinsic(Name::duration, equal, "1ms"),
      intrinsic(Name::trace_duration, contains, "1"),
      intrinsic(Name::name, equal, 5),
      intrinsic(Name::kind, equal, "servant"),
      intrinsic(Name::status, not_equal, "bad"),
  };
  for (const SpanFilter& filter : filters) {
    const auto checked = check(SpanFilter::any_of({filter}));
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().code, Code::invalid) << checked.error().message;
    EXPECT_FALSE(SpanMatcher::make(filter).ok());
  }
}

TEST(CheckFilter, HasLimits) {
  const FilterLimits limits{.depth_max = 3, .conditions_max = 4, .expression_bytes_max = 8};
  const SpanFilter one = attribute("a", equal, 1);
  const auto code_of = [&](const SpanFilter& filter) {
    const auto checked = check(filter, limits);
    return checked.ok() ? std::optional<Code>() : checked.error().code;
  };
  EXPECT_EQ(code_of(SpanFilter::all_of({SpanFilter::all_of({one})})), std::nullopt);
  EXPECT_EQ(code_of(SpanFilter::all_of({SpanFilter::all_of({SpanFilter::all_of({one})})})),
            Code::too_large);
  EXPECT_EQ(code_of(SpanFilter::all_of({one, one, one, one})), std::nullopt);
  EXPECT_EQ(code_of(SpanFilter::all_of({one, one, one, one, one})), Code::too_large);
  EXPECT_EQ(code_of(SpanFilter::all_of(std::vector(5, SpanFilter::all_of({})))), Code::too_large);
  EXPECT_EQ(code_of(attribute("a", matches, "12345678")), std::nullopt);
  EXPECT_EQ(code_of(attribute("a", matches, "123456789")), Code::too_large);
}

TEST(SpanMatcher, AHostileExpressionIsAnsweredInLinearTime) {
  Span span = example();
  span.name = std::string(1 << 20, 'a');
  EXPECT_FALSE(finds(intrinsic(Name::name, matches, "(a*)*(a|aa)+(a?){50}b"), span));
}

}  // namespace
}  // namespace bl::traces
