#include "traces/traceql.h"

#include <gtest/gtest.h>

#include <random>

#include "traces/tests/filter_text.h"
#include "traces/tests/made_spans.h"

namespace bl::traces {
namespace {

std::string parsed(std::string_view text) {
  const auto query = parse_traceql(text);
  return query.ok() ? text_of(query->filter)
                    : std::string(name_of(query.error().code)) + ": " + query.error().message;
}

TEST(TraceQl, NothingAndEmptyBracesAreEverything) {
  EXPECT_EQ(parsed(""), "everything");
  EXPECT_EQ(parsed("  \n"), "everything");
  EXPECT_EQ(parsed("{}"), "everything");
  EXPECT_EQ(parsed("{ true }"), "everything");
  EXPECT_EQ(parsed("{ false }"), "none(everything)");
}

TEST(TraceQl, WhatGrafanasSearchBuilderWrites) {
  EXPECT_EQ(parsed(R"({resource.service.name="x" && name="y" && duration>10ms && status=error &&
                       span.k="v" && kind=server})"),
            R"(all(resource.service.name = "x", name = "y", duration > 10000000, )"
            R"(status = "error", span.k = "v", kind = "server"))");
  EXPECT_EQ(parsed(R"({nestedSetParent<0 && true})"),
            "unsupported: TraceQL: not supported: the field nestedSetParent at character 2: "
            "nestedSetParent<0 && tru");
}

TEST(TraceQl, AndBindsBeforeOrAndNotBeforeBoth) {
  EXPECT_EQ(parsed("{ .a=1 || .b=2 && .c=3 }"), "any(.a = 1, all(.b = 2, .c = 3))");
  EXPECT_EQ(parsed("{ (.a=1 || .b=2) && !.c=3 }"), "all(any(.a = 1, .b = 2), none(.c = 3))");
  EXPECT_EQ(parsed("{ !(.a=1 && .b=2) }"), "none(all(.a = 1, .b = 2))");
  EXPECT_EQ(parsed("{ !!.a }"), "none(none(.a = true))");
}

TEST(TraceQl, EveryOperator) {
  EXPECT_EQ(parsed(R"({.a="x"})"), R"(.a = "x")");
  EXPECT_EQ(parsed(R"({.a!="x"})"), R"(.a != "x")");
  EXPECT_EQ(parsed(R"({.a=~"x.*"})"), R"(.a =~ "x.*")");
  EXPECT_EQ(parsed(R"({.a!~"x.*"})"), R"(.a !~ "x.*")");
  EXPECT_EQ(parsed("{.a<1}"), ".a < 1");
  EXPECT_EQ(parsed("{.a<=1}"), ".a <= 1");
  EXPECT_EQ(parsed("{.a>1}"), ".a > 1");
  EXPECT_EQ(parsed("{.a>=1}"), ".a >= 1");
}

TEST(TraceQl, AValueMayStandFirst) {
  EXPECT_EQ(parsed("{ 10ms < duration }"), "duration > 10000000");
  EXPECT_EQ(parsed("{ 5 >= .a }"), ".a <= 5");
  EXPECT_EQ(parsed("{ error = status }"), "status = \"error\"");
}

TEST(TraceQl, EveryKindOfValue) {
  EXPECT_EQ(parsed("{.a=-12}"), ".a = -12");
  EXPECT_EQ(parsed("{.a=1.5}"), ".a = double 1.5");
  EXPECT_EQ(parsed("{.a=1e-3}"), ".a = double 0.001");
  EXPECT_EQ(parsed("{.a=9223372036854775807}"), ".a = 9223372036854775807");
  EXPECT_EQ(parsed("{.a=1h3m}"), ".a = 3780000000000");
  EXPECT_EQ(parsed("{.a=false}"), ".a = false");
  EXPECT_EQ(parsed("{.a=`C:\\temp\\\"`}"), R"(.a = "C:\temp\"")");
  EXPECT_EQ(parsed(R"({.a="tab\there \"quoted\" back\\slash"})"),
            ".a = \"tab\there \"quoted\" back\\slash\"");
  EXPECT_EQ(parsed("{.a=nil}"), ".a absent");
  EXPECT_EQ(parsed("{.a!=nil}"), ".a exists");
  EXPECT_EQ(parsed("{.a}"), ".a = true");
  EXPECT_EQ(parsed("{kind=SPAN_KIND_SERVER}"), "kind = \"server\"");
}

TEST(TraceQl, EveryFieldUnderEachOfItsNames) {
  EXPECT_EQ(parsed("{span:name=\"x\"}"), "name = \"x\"");
  EXPECT_EQ(parsed("{span:status!=ok}"), "status != \"ok\"");
  EXPECT_EQ(parsed("{statusMessage=\"x\"}"), "statusMessage = \"x\"");
  EXPECT_EQ(parsed("{span:kind=client}"), "kind = \"client\"");
  EXPECT_EQ(parsed("{traceDuration>1s}"), "traceDuration > 1000000000");
  EXPECT_EQ(parsed("{trace:duration>1s}"), "traceDuration > 1000000000");
  EXPECT_EQ(parsed("{trace:rootName=\"x\"}"), "rootName = \"x\"");
  EXPECT_EQ(parsed("{trace:rootService=\"x\"}"), "rootServiceName = \"x\"");
  EXPECT_EQ(parsed("{event:name=\"x\"}"), "event:name = \"x\"");
  EXPECT_EQ(parsed("{instrumentation:name=\"x\"}"), "instrumentation:name = \"x\"");
  EXPECT_EQ(parsed("{trace:id=\"ABC\"}"), "trace:id = \"00000000000000000000000000000abc\"");
  EXPECT_EQ(parsed("{span:id=\"1f\"}"), "span:id = \"000000000000001f\"");
  EXPECT_EQ(parsed("{event.a=1 && link.b=2 && instrumentation.c=3}"),
            "all(event.a = 1, link.b = 2, instrumentation.c = 3)");
  EXPECT_EQ(parsed("{span.a-b/c:d=1}"), "span.a-b/c:d = 1");
}

TEST(TraceQl, NamesInQuotesMayHoldAnything) {
  EXPECT_EQ(parsed(R"({span."a b"=1})"), R"(span."a b" = 1)");
  EXPECT_EQ(parsed(R"({."x = {\"}".y=1})"), R"(."x = {\"}.y" = 1)");
  EXPECT_EQ(parsed(R"({resource."service.name"="x"})"), R"(resource.service.name = "x")");
}

TEST(TraceQl, AServiceThatIsNilIsAskedOfTheAttribute) {
  const auto query = parse_traceql("{ resource.service.name = nil }");
  ASSERT_TRUE(query.ok());
  EXPECT_TRUE(std::holds_alternative<AttributeField>(query->filter.condition.field));
  EXPECT_EQ(query->filter.condition.comparison, Comparison::absent);
}

TEST(TraceQl, SpansetsMayBeAlternatives) {
  EXPECT_EQ(parsed("{.a=1} || ({.b=2} || {})"), "any(.a = 1, any(.b = 2, everything))");
  EXPECT_EQ(parsed("{.a=1} | {.b=2}"), "all(.a = 1, .b = 2)");
}

TEST(TraceQl, SelectNamesFieldsAndHintsAreTaken) {
  const auto query =
      parse_traceql(R"({} | select(span.http.route, status, ."odd one") with (most_recent=true))");
  ASSERT_TRUE(query.ok()) << query.error().message;
  ASSERT_EQ(query->selected.size(), 3u);
  EXPECT_EQ(traceql_name_of(query->selected[0]), "span.http.route");
  EXPECT_EQ(traceql_name_of(query->selected[1]), "status");
  EXPECT_EQ(traceql_name_of(query->selected[2]), ".\"odd one\"");
  EXPECT_TRUE(query->most_recent);
  EXPECT_FALSE(parse_traceql("{} with(most_recent=false)")->most_recent);
}

TEST(TraceQl, WhatIsNotSupportedIsRefusedByNameAndPlace) {
  const auto refused = [](std::string_view text, std::string_view what) {
    const auto query = parse_traceql(text);
    ASSERT_FALSE(query.ok()) << text;
    EXPECT_EQ(query.error().code, Code::unsupported) << query.error().message;
    const std::string expected = "TraceQL: not supported: " + std::string(what);
    EXPECT_EQ(query.error().message.substr(0, expected.size()), expected);
  };
  for (const char* sign : {">>", ">", "<<", "<", "~", "!>>", "!>", "!<", "!~", "&>>", "&~"}) {
    refused("{.a=1} " + std::string(sign) + " {.b=2}",
            "the structural operator " + std::string(sign) + " at character 8");
  }
  refused("{.a=1} && {.b=2}", "&& between spansets");
  refused("{} | count() > 2", "the function count at character 6");
  refused("{} | rate()", "the function rate at character 6");
  refused("{} | select(.a) | by(.b)", "the function by at character 19");
  refused("{ .a + 1 = 2 }", "arithmetic at character 6");
  refused("{ .a = 1 * 2 }", "arithmetic at character 10");
  refused("{ .a = .b }", "two fields compared at character 8");
  refused("{ 1 = 1 }", "two values compared");
  refused("{ parent.a = 1 }", "the field parent");
  refused("{ span:childCount > 2 }", "the field span:childCount");
  refused("{} with(sample=0.1)", "the hint sample");
}

TEST(TraceQl, WhatIsNoTraceQlIsRefusedWithItsPlace) {
  const auto malformed = [](std::string_view text, std::string_view message) {
    const auto query = parse_traceql(text);
    ASSERT_FALSE(query.ok()) << text;
    EXPECT_EQ(query.error().code, Code::malformed) << text;
    EXPECT_EQ(query.error().message, "TraceQL: " + std::string(message));
  };
  malformed("{", "expected a field or a value at character 2: the end");
  malformed("{.a=1", "expected } at character 6: the end");
  malformed("{.a=}", "expected a field or a value at character 5: }");
  malformed("{.a=1} x", "expected the end at character 8: x");
  malformed("name=\"x\"", "expected { at character 1: name=\"x\"");
  malformed("{.a=\"x}", "text without an end at character 5: \"x}");
  malformed("{.a=\"\\q\"}", "unknown escape at character 6: \\q\"}");
  malformed("{ .ä=1 && ?}", "unexpected character at character 11: ?}");
  malformed("{ .=1 }", "an attribute without a name at character 3: .=1 }");
  malformed("{ foo.bar = 1 }", "neither a field nor a value at character 3: foo.bar = 1 }");
  malformed("{ .a = 1x }", "neither a number nor a duration at character 8: 1x }");
  malformed("{ name }", "a field that is neither true nor false alone at character 3: name }");
  malformed("{} | select(", "expected a field at character 13: the end");
  malformed("{} | frobnicate()", "expected { at character 6: frobnicate()");
}

TEST(TraceQl, ValuesThatAFieldCannotHaveAreInvalid) {
  for (const char* text :
       {"{status=server}", "{kind=error}", "{status>ok}", "{duration=\"x\"}", "{duration=1.5}",
        "{name=1}", "{name=nil}", "{.a=~1}", "{.a<true}", "{.a=error}", "{trace:id=\"xyz\"}",
        "{trace:id=12}", "{span:id=\"00000000000000001\"}", "{.a=~\"(\"}", "{.a>nil}"}) {
    const auto query = parse_traceql(text);
    ASSERT_FALSE(query.ok()) << text;
    EXPECT_EQ(query.error().code, Code::invalid) << text << " " << query.error().message;
  }
}

TEST(TraceQl, LimitsHold) {
  const auto code_of = [](const std::string& text) { return parse_traceql(text).error().code; };
  EXPECT_EQ(code_of("{" + std::string(100'000, '(')), Code::too_large);
  EXPECT_EQ(code_of("{" + std::string(100'000, '!')), Code::too_large);
  EXPECT_EQ(code_of(std::string(100'000, '(')), Code::too_large);
  EXPECT_EQ(code_of(std::string(200'000, ' ')), Code::too_large);
  std::string many = "{.a=0";
  for (int i = 0; i < 100; ++i) many += " || .a=" + std::to_string(i);
  EXPECT_EQ(code_of(many + "}"), Code::too_large);
  std::string selected = "{} | select(.a";
  for (int i = 0; i < 100; ++i) selected += ",.a";
  EXPECT_EQ(code_of(selected + ")"), Code::too_large);
}

TEST(TraceQl, AFieldsNameReadsBack) {
  for (const std::string_view word : traceql_intrinsics()) {
    const auto field = parse_traceql_field(word);
    ASSERT_TRUE(field.ok()) << word;
    EXPECT_EQ(traceql_name_of(*field), word);
  }
  for (int name = 0; name <= static_cast<int>(IntrinsicField::Name::span_id); ++name) {
    const SpanField field = IntrinsicField{static_cast<IntrinsicField::Name>(name)};
    EXPECT_EQ(*parse_traceql_field(traceql_name_of(field)), field);
  }
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string key;
    for (std::size_t i = 0; i <= random() % 8; ++i) key += "ab.\"\\ {}=\t-"[random() % 11];
    const SpanField field =
        AttributeField{static_cast<AttributePlace>(random() % 6), "k" + std::move(key)};
    const auto read = parse_traceql_field(traceql_name_of(field));
    ASSERT_TRUE(read.ok()) << "seed " << seed << " " << traceql_name_of(field);
    EXPECT_EQ(*read, field) << "seed " << seed << " " << traceql_name_of(field);
  }
}

TEST(TraceQl, OneFieldIsNothingElse) {
  EXPECT_FALSE(parse_traceql_field("").ok());
  EXPECT_FALSE(parse_traceql_field("span.a span.b").ok());
  EXPECT_FALSE(parse_traceql_field("\"x\"").ok());
  EXPECT_FALSE(parse_traceql_field("nonsense").ok());
}

bool finds(const Result<SpanFilter>& filter, const Span& span) {
  EXPECT_TRUE(filter.ok());
  auto matcher = SpanMatcher::make(*filter);
  EXPECT_TRUE(matcher.ok());
  return matcher->matches(span, {"front", "GET /", 5'000});
}

Span tagged_span() {
  Span span = made_span(1, 0, 0, 9, "SELECT rows", SpanKind::server);
  span.attributes = {{"http.status_code", std::int64_t{200}},
                     {"cached", true},
                     {"ratio", 0.5},
                     {"msg", std::string("Two Words (here)")}};
  span.status = StatusCode::error;
  span.status_message = "broken";
  return span;
}

TEST(TempoTags, AreTextsToBeFoundInAttributesCaseAside) {
  const Span span = tagged_span();
  EXPECT_TRUE(finds(parse_tempo_tags(""), span));
  EXPECT_TRUE(finds(parse_tempo_tags("msg=two"), span));
  EXPECT_TRUE(finds(parse_tempo_tags(R"(msg="WORDS (h" service.name=sho)"), span));
  EXPECT_FALSE(finds(parse_tempo_tags("msg=two cached=false"), span));
  EXPECT_TRUE(finds(parse_tempo_tags("http.status_code=200 cached=true ratio=0.5"), span));
  EXPECT_FALSE(finds(parse_tempo_tags("http.status_code=20"), span));
  EXPECT_TRUE(finds(parse_tempo_tags("name=select root.name=get root.service.name=FRONT"), span));
  EXPECT_TRUE(finds(parse_tempo_tags("error=true status.code=error"), span));
  EXPECT_FALSE(finds(parse_tempo_tags("status.code=ok"), span));
  EXPECT_FALSE(finds(parse_tempo_tags("msg=t.o"), span));
}

TEST(TempoTags, WhatIsNoLogfmtIsRefusedWithItsPlace) {
  for (const char* text : {"msg", "=x", "a=\"x", "a=\"x\"y", "a=b=c", "a\"b=c", "a=b\"c"}) {
    const auto filter = parse_tempo_tags(text);
    ASSERT_FALSE(filter.ok()) << text;
    EXPECT_EQ(filter.error().code, Code::malformed);
    EXPECT_NE(filter.error().message.find("at character"), std::string::npos);
  }
}

TEST(JaegerTags, AreTextsThatEqualAttributesOfAnyType) {
  const Span span = tagged_span();
  EXPECT_TRUE(finds(parse_jaeger_tag("http.status_code:200"), span));
  EXPECT_TRUE(finds(parse_jaeger_tag("cached:true"), span));
  EXPECT_TRUE(finds(parse_jaeger_tag("ratio:0.5"), span));
  EXPECT_FALSE(finds(parse_jaeger_tag("msg:Two"), span));
  EXPECT_TRUE(finds(parse_jaeger_tag("msg:Two Words (here)"), span));
  EXPECT_TRUE(finds(parse_jaeger_tags(R"({"error":"true","span.kind":"server"})"), span));
  EXPECT_FALSE(finds(parse_jaeger_tags(R"({"error":"true","span.kind":"client"})"), span));
  EXPECT_TRUE(finds(parse_jaeger_tags(R"({"otel.status_code":"ERROR"})"), span));
  EXPECT_TRUE(finds(parse_jaeger_tags(R"({"otel.status_description":"broken"})"), span));
  EXPECT_TRUE(finds(parse_jaeger_tags("{}"), span));
}

TEST(JaegerTags, AKindThatWasNotSaidIsInternalAsItIsShown) {
  Span span = tagged_span();
  span.kind = SpanKind::unspecified;
  EXPECT_TRUE(finds(parse_jaeger_tag("span.kind:internal"), span));
}

TEST(JaegerTags, WhatIsNoTagIsRefused) {
  EXPECT_EQ(parse_jaeger_tag("no colon").error().code, Code::malformed);
  EXPECT_EQ(parse_jaeger_tag(":x").error().code, Code::malformed);
  EXPECT_EQ(parse_jaeger_tags("[]").error().code, Code::malformed);
  EXPECT_EQ(parse_jaeger_tags("{").error().code, Code::malformed);
  EXPECT_EQ(parse_jaeger_tags(R"({"a":1})").error().code, Code::invalid);
}

}  // namespace
}  // namespace bl::traces
