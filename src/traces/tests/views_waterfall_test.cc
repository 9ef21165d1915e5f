// Waterfall, flame graph, folded stacks and Chrome's trace events: every span once, sums equal.
#include "traces/views/waterfall.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/json.h"
#include "traces/tests/made_spans.h"
#include "traces/views/chrome_trace.h"
#include "traces/views/flame_graph.h"
#include "traces/views/folded_stacks.h"

namespace bl::traces {
namespace {

constexpr int k_random_traces = 1'500;

struct Seen {
  explicit Seen(Spans given) : spans(std::move(given)) {}
  Spans spans;
  SpanTree tree = tree_of(spans);
  std::vector<PathPart> path = critical_path(spans, tree);
};
Seen random_trace(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Spans spans = random_spans(random, 30, 20);
  const auto other = service("db"), third = service("cache");
  for (Span& span : spans) {
    const auto which = random() % 4;
    if (which == 0) span.resource = other;
    if (which == 1) span.resource = third;
  }
  return Seen(std::move(spans));
}
std::int64_t self_of_all(const Seen& seen) {
  std::int64_t sum = 0;
  for (const auto& node : seen.tree.nodes) sum += node.self_ns;
  return sum;
}
std::int64_t critical_of_all(const Seen& seen) {
  std::int64_t sum = 0;
  for (const auto& part : seen.path) sum += part.end_ns - part.start_ns;
  return sum;
}

//   1 GET /          0 ------------------ 100
//   2   SELECT          10 --- 40
//   3   SELECT                   50 --- 90
//   4     fetch                  55 - 60
const Spans k_request = {made_span(1, 0, 0, 100, "GET /"), made_span(2, 1, 10, 40, "SELECT"),
                         made_span(3, 1, 50, 90, "SELECT"), made_span(4, 3, 55, 60, "fetch")};

TEST(Waterfall, RowsKnowTheirParentsTheirBranchesAndTheirPartsOfThePath) {
  const Seen seen(k_request);
  const auto rows = waterfall_rows(seen.tree, seen.path, 0, 100);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_FALSE(rows[0].parent.has_value());
  EXPECT_EQ(rows[0].descendants, 3u);
  EXPECT_EQ(rows[0].critical.size(), 3u);
  EXPECT_EQ(rows[2].parent, 0u);
  EXPECT_EQ(rows[2].descendants, 1u);
  EXPECT_EQ(rows[3].parent, 2u);
  const std::vector<PathPart> fetched = {{3, 55, 60}};
  EXPECT_EQ(rows[3].critical, fetched);
}

TEST(Waterfall, PagesPutTogetherAreTheWhole) {
  for (std::uint64_t seed = 1; seed <= k_random_traces; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Seen seen = random_trace(seed);
    const auto whole = waterfall_rows(seen.tree, seen.path, 0, seen.spans.size());
    std::set<std::size_t> met;
    std::int64_t critical = 0;
    const std::size_t page = 1 + seed % 7;
    for (std::size_t first = 0; first < seen.spans.size() + page; first += page) {
      const auto rows = waterfall_rows(seen.tree, seen.path, first, page);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_TRUE(met.insert(rows[i].span).second) << "a span twice";
        EXPECT_EQ(rows[i].parent, whole[first + i].parent);
        EXPECT_EQ(rows[i].descendants, whole[first + i].descendants);
        EXPECT_EQ(rows[i].critical, whole[first + i].critical);
        for (const PathPart& part : rows[i].critical) critical += part.end_ns - part.start_ns;
      }
    }
    EXPECT_EQ(met.size(), seen.spans.size());
    EXPECT_EQ(critical, critical_of_all(seen));
    // A branch's rows are those whose way up comes by it.
    for (std::size_t row = 0; row < whole.size(); ++row) {
      std::size_t below = 0;
      for (std::size_t other = 0; other < whole.size(); ++other) {
        auto up = whole[other].parent;
        while (up && *up != row) up = whole[*up].parent;
        below += up.has_value();
      }
      EXPECT_EQ(whole[row].descendants, below);
    }
    if (HasFailure()) return;
  }
}

TEST(Waterfall, APageBehindTheEndIsEmpty) {
  const Seen seen(k_request);
  EXPECT_TRUE(waterfall_rows(seen.tree, seen.path, 4, 10).empty());
  EXPECT_TRUE(waterfall_rows(seen.tree, seen.path, static_cast<std::size_t>(-1), 10).empty());
  EXPECT_EQ(waterfall_rows(seen.tree, seen.path, 3, static_cast<std::size_t>(-1)).size(), 1u);
}

TEST(FlameGraph, SpansOfOnePathAreOneFrame) {
  const Seen seen(k_request);
  const FlameGraph graph = flame_graph(seen.spans, seen.tree, seen.path);
  ASSERT_EQ(graph.frames.size(), 3u);
  EXPECT_EQ(graph.frames[0].name, "GET /");
  EXPECT_EQ(graph.frames[1].name, "SELECT");
  EXPECT_EQ(graph.frames[1].parent, 0u);
  EXPECT_EQ(graph.frames[1].spans, 2);
  EXPECT_EQ(graph.frames[1].total_ns, 70);
  EXPECT_EQ(graph.frames[1].self_ns, 65);
  EXPECT_EQ(graph.frames[1].critical_ns, 65);
  EXPECT_EQ(graph.frames[2].name, "fetch");
}

TEST(FlameGraph, SumsAreThoseOfTheTraceWhateverTheLimits) {
  for (std::uint64_t seed = 1; seed <= k_random_traces; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Seen seen = random_trace(seed);
    const FlameLimits limits{1 + seed % 20, 1 + static_cast<int>(seed % 5)};
    const FlameGraph graph = flame_graph(seen.spans, seen.tree, seen.path, limits);
    EXPECT_LE(graph.frames.size(), limits.frames_max);
    std::int64_t spans = 0, self = 0, critical = 0;
    std::set<std::tuple<std::size_t, std::string, std::string>> paths;
    for (std::size_t i = 0; i < graph.frames.size(); ++i) {
      const FlameFrame& frame = graph.frames[i];
      EXPECT_TRUE(!frame.parent || *frame.parent < i);
      const std::size_t above = frame.parent.value_or(graph.frames.size());
      EXPECT_TRUE(paths.emplace(above, frame.service, frame.name).second) << "a path twice";
      spans += frame.spans;
      self += frame.self_ns;
      critical += frame.critical_ns;
    }
    const bool nothing_lost = graph.folded_spans == 0;
    if (nothing_lost) {
      EXPECT_EQ(spans, static_cast<std::int64_t>(seen.spans.size()));
      EXPECT_EQ(self, self_of_all(seen));
      EXPECT_EQ(critical, critical_of_all(seen));
    } else {
      EXPECT_LE(self, self_of_all(seen));
    }
    const FlameGraph whole = flame_graph(seen.spans, seen.tree, seen.path);
    EXPECT_EQ(whole.folded_spans, 0);
    if (HasFailure()) return;
  }
}

TEST(FlameGraph, ALimitFoldsTheSmallestIntoWhatIsAbove) {
  const Seen seen(k_request);
  const FlameGraph graph = flame_graph(seen.spans, seen.tree, seen.path, {2, 100});
  ASSERT_EQ(graph.frames.size(), 2u);
  EXPECT_EQ(graph.folded_spans, 1);
  EXPECT_EQ(graph.frames[1].spans, 3);
  EXPECT_EQ(graph.frames[1].self_ns, 70);
  const FlameGraph shallow = flame_graph(seen.spans, seen.tree, seen.path, {100, 1});
  ASSERT_EQ(shallow.frames.size(), 1u);
  EXPECT_EQ(shallow.folded_spans, 3);
  EXPECT_EQ(shallow.frames[0].self_ns, 100);
}

TEST(FlameGraph, ATraceOfAHundredThousandLevelsIsFoldedAtItsDepthLimit) {
  Spans spans;
  for (std::uint64_t at = 0; at < 100'000; ++at) spans.push_back(made_span(at + 1, at, 0, 9, "f"));
  const Seen seen(std::move(spans));
  const FlameGraph graph = flame_graph(seen.spans, seen.tree, seen.path);
  EXPECT_EQ(graph.frames.size(), 1'000u);
  EXPECT_EQ(graph.folded_spans, 99'000);
}

TEST(FoldedStacks, ALineForEachPathWithTime) {
  const Seen seen(k_request);
  EXPECT_EQ(*folded_stacks(seen.spans, seen.tree, seen.path, StackWeight::self),
            "shop: GET / 30\n"
            "shop: GET /;shop: SELECT 65\n"
            "shop: GET /;shop: SELECT;shop: fetch 5\n");
}

TEST(FoldedStacks, NamesCannotBreakALine) {
  const Seen seen({made_span(1, 0, 0, 7, "a;b\nc\r")});
  EXPECT_EQ(*folded_stacks(seen.spans, seen.tree, seen.path, StackWeight::critical),
            "shop: a,b c  7\n");
}

TEST(FoldedStacks, LinesSumUpToTheTrace) {
  for (std::uint64_t seed = 1; seed <= k_random_traces; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Seen seen = random_trace(seed);
    for (const auto weight : {StackWeight::self, StackWeight::critical}) {
      const std::string text = *folded_stacks(seen.spans, seen.tree, seen.path, weight);
      std::int64_t sum = 0;
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        sum += std::stoll(line.substr(line.rfind(' ') + 1));
        at = end + 1;
      }
      EXPECT_EQ(sum, weight == StackWeight::self ? self_of_all(seen) : critical_of_all(seen));
    }
    if (HasFailure()) return;
  }
}

TEST(FoldedStacks, AreRefusedOverTheirLimit) {
  const Seen seen(k_request);
  const auto text = folded_stacks(seen.spans, seen.tree, seen.path, StackWeight::self, {60});
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code, Code::too_large);
}

// What a viewer sees: complete events by (process, thread).
struct ChromeEvent {
  std::string span_id;
  std::int64_t start = 0, end = 0;  // nanoseconds
};
using ChromeLanes = std::map<std::pair<std::int64_t, std::int64_t>, std::vector<ChromeEvent>>;
ChromeLanes lanes_of(const json::Value& trace) {
  ChromeLanes lanes;
  for (const json::Value& event : trace.find("traceEvents")->items()) {
    if (event.find("ph")->as_string() != "X") continue;
    const auto nanoseconds = [&](const char* key) {
      return std::llround(event.find(key)->as_double() * 1000);
    };
    lanes[{*event.find("pid")->as_int64(), *event.find("tid")->as_int64()}].push_back(
        {event.find("args")->find("span_id")->as_string(), nanoseconds("ts"),
         nanoseconds("ts") + nanoseconds("dur")});
  }
  return lanes;
}

TEST(ChromeTrace, GoldenOfARequest) {
  Spans spans = {made_span(1, 0, 1'000'000, 1'002'500, "GET /", SpanKind::server),
                 made_span(2, 1, 1'000'500, 1'001'750, "SELECT", SpanKind::client)};
  spans[1].status = StatusCode::error;
  spans[1].status_message = "no rows";
  spans[1].attributes = {{"db.rows", std::int64_t{0}}, {"db.system", std::string("sqlite")}};
  spans[1].events.push_back({1'001'000, "retry", {{"n", std::int64_t{2}}}, 0});
  EXPECT_EQ(encode_chrome_trace(spans, tree_of(spans)),
            R"({"displayTimeUnit":"ns","otherData":{"trace_id":"5b8efff798038103d269b633813fc60c",)"
            R"("start_ns":"1000000"},"traceEvents":[)"
            R"({"name":"process_name","ph":"M","pid":1,"args":{"name":"shop"}},)"
            R"({"name":"thread_name","ph":"M","pid":1,"tid":1,"args":{"name":"lane 1"}},)"
            R"({"name":"GET /","ph":"X","pid":1,"tid":1,"cat":"server","ts":0.000,"dur":2.500,)"
            R"("args":{"span_id":"0000000000000001","self_us":1.250}},)"
            R"({"name":"SELECT","ph":"X","pid":1,"tid":1,"cat":"client","ts":0.500,"dur":1.250,)"
            R"("args":{"span_id":"0000000000000002","parent_span_id":"0000000000000001",)"
            R"("self_us":1.250,"status":"error","status_message":"no rows",)"
            R"("attributes":{"db.rows":0,"db.system":"sqlite"}}},)"
            R"({"name":"retry","ph":"i","pid":1,"tid":1,"ts":1.000,"s":"t",)"
            R"("args":{"span_id":"0000000000000002","attributes":{"n":2}}}]})");
}

TEST(ChromeTrace, SiblingsThatOverlapStandInLanesOfTheirOwn) {
  const Spans spans = {made_span(1, 0, 0, 100'000), made_span(2, 1, 10'000, 50'000),
                       made_span(3, 1, 20'000, 40'000), made_span(4, 1, 60'000, 70'000)};
  const auto lanes = lanes_of(*json::parse(encode_chrome_trace(spans, tree_of(spans))));
  ASSERT_EQ(lanes.size(), 2u);
  EXPECT_EQ(lanes.at({1, 1}).size(), 3u);
  EXPECT_EQ(lanes.at({1, 2}).front().span_id, SpanId{3}.hex());
}

TEST(ChromeTrace, WhatNestsInALaneIsBelowInTheTree) {
  for (std::uint64_t seed = 1; seed <= k_random_traces; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Seen seen = random_trace(seed);
    // Ids of their own, so that events name one span.
    for (std::size_t i = 0; i < seen.spans.size(); ++i) seen.spans[i].span_id = SpanId{i + 1};
    const auto trace = json::parse(encode_chrome_trace(seen.spans, seen.tree));
    ASSERT_TRUE(trace.ok());
    std::set<std::string> met;
    for (const auto& [lane, events] : lanes_of(*trace)) {
      for (std::size_t a = 0; a < events.size(); ++a) {
        EXPECT_TRUE(met.insert(events[a].span_id).second) << "a span twice";
        for (std::size_t b = 0; b < events.size(); ++b) {
          const bool meet =
              a != b && events[a].start < events[b].end && events[b].start < events[a].end;
          if (!meet) continue;
          const bool a_holds_b =
              events[a].start <= events[b].start && events[b].end <= events[a].end;
          const bool b_holds_a =
              events[b].start <= events[a].start && events[a].end <= events[b].end;
          EXPECT_TRUE(a_holds_b || b_holds_a) << events[a].span_id << " " << events[b].span_id;
          const auto index = [](const std::string& id) { return SpanId::from_hex(id)->value - 1; };
          const auto is_below = [&](std::size_t below, std::size_t above) {
            auto up = seen.tree.nodes[below].parent;
            while (up && *up != above) up = seen.tree.nodes[*up].parent;
            return up.has_value();
          };
          EXPECT_TRUE(is_below(index(events[b].span_id), index(events[a].span_id)) ||
                      is_below(index(events[a].span_id), index(events[b].span_id)))
              << "strangers nest: " << events[a].span_id << " " << events[b].span_id;
        }
      }
    }
    EXPECT_EQ(met.size(), seen.spans.size());
    if (HasFailure()) return;
  }
}

TEST(ChromeTrace, AnEventOfAnyTimeStandsWithinTheTrace) {
  Span span = made_span(1, 0, 1'000, 2'000);
  span.events.push_back({std::numeric_limits<std::int64_t>::min(), "early", {}, 0});
  const json::Value trace = *json::parse(encode_chrome_trace({span}, tree_of({span})));
  EXPECT_EQ(trace.find("traceEvents")->items().back().find("ts")->as_double(), 0);
}

TEST(ChromeTrace, NoSpansAreAnEmptyTrace) {
  EXPECT_TRUE(
      json::parse(encode_chrome_trace({}, tree_of({})))->find("traceEvents")->items().empty());
}

}  // namespace
}  // namespace bl::traces
