// Trees of traces: who stands under whom, in which order, and whose time it was. Random traces are
// compared with twins that look at every nanosecond.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "traces/span_tree.h"
#include "traces/tests/made_spans.h"

namespace bl::traces {
namespace {

using Indices = std::vector<std::size_t>;
constexpr int k_random_traces = 3'000;

TEST(SpanTree, ChildrenStandUnderTheirParentByTheirStarts) {
  const Spans spans = {made_span(3, 1, 60, 90), made_span(1, 0, 0, 100), made_span(2, 1, 10, 50),
                       made_span(4, 2, 20, 30)};
  const SpanTree tree = tree_of(spans);
  EXPECT_EQ(tree.roots, Indices{1});
  EXPECT_EQ(tree.nodes[1].children, (Indices{2, 0}));
  EXPECT_EQ(tree.walk, (Indices{1, 2, 3, 0}));
  EXPECT_EQ(tree.nodes[3].depth, 2);
  EXPECT_EQ(tree.start_ns, 0);
  EXPECT_EQ(tree.end_ns, 100);
}

TEST(SpanTree, NoSpansAreNoTree) {
  const SpanTree tree = tree_of({});
  EXPECT_TRUE(tree.walk.empty());
  EXPECT_TRUE(critical_path({}, tree).empty());
  EXPECT_TRUE(operation_times({}, tree, {}).empty());
}

TEST(SpanTree, OrphansBeginABranch) {
  const Spans spans = {made_span(1, 0, 0, 100), made_span(2, 77, 10, 50), made_span(3, 2, 20, 30)};
  const SpanTree tree = tree_of(spans);
  EXPECT_EQ(tree.roots, (Indices{0, 1}));
  EXPECT_TRUE(tree.nodes[1].is_orphan);
  EXPECT_FALSE(tree.nodes[0].is_orphan);
  EXPECT_FALSE(tree.nodes[2].is_orphan);
  EXPECT_EQ(tree.nodes[2].depth, 1);
}

TEST(SpanTree, ACycleIsBrokenAtItsEarliestSpan) {
  const Spans spans = {made_span(1, 3, 20, 30), made_span(2, 1, 10, 40), made_span(3, 2, 30, 35),
                       made_span(4, 3, 0, 5)};
  const SpanTree tree = tree_of(spans);
  EXPECT_EQ(tree.roots, Indices{1});
  EXPECT_TRUE(tree.nodes[1].breaks_cycle);
  EXPECT_FALSE(tree.nodes[1].is_orphan);
  EXPECT_EQ(tree.walk, (Indices{1, 2, 3, 0}));  // 4 hangs on the cycle, it is not of it
}

TEST(SpanTree, ASpanThatIsItsOwnParentBreaksItsCycle) {
  const SpanTree tree = tree_of({made_span(1, 1, 0, 10)});
  EXPECT_EQ(tree.roots, Indices{0});
  EXPECT_TRUE(tree.nodes[0].breaks_cycle);
}

TEST(SpanTree, AChildOfASharedIdIsTheServersWhichIsTheClients) {
  const Spans spans = {made_span(1, 0, 0, 100), made_span(2, 1, 10, 90, "call", SpanKind::client),
                       made_span(2, 1, 20, 80, "serve", SpanKind::server), made_span(3, 2, 30, 40)};
  const SpanTree tree = tree_of(spans);
  EXPECT_EQ(tree.nodes[2].parent, 1u);
  EXPECT_EQ(tree.nodes[3].parent, 2u);
  EXPECT_EQ(tree.walk, (Indices{0, 1, 2, 3}));
}

TEST(SpanTree, AChildOfASharedIdWithoutAServerIsTheFirsts) {
  const Spans spans = {made_span(2, 0, 5, 9, "b", SpanKind::consumer),
                       made_span(2, 0, 0, 9, "a", SpanKind::producer), made_span(3, 2, 6, 7)};
  EXPECT_EQ(tree_of(spans).nodes[2].parent, 1u);
}

TEST(SpanTree, SpansThatCameTwiceAreBothThereAndChildrenAreTheFirsts) {
  const Spans spans = {made_span(1, 0, 0, 100), made_span(2, 1, 10, 50), made_span(2, 1, 10, 50),
                       made_span(3, 2, 20, 30)};
  const SpanTree tree = tree_of(spans);
  EXPECT_EQ(tree.walk, (Indices{0, 1, 3, 2}));
  EXPECT_EQ(tree.nodes[3].parent, 1u);
}

TEST(SpanTree, SelfTimeIsWhatNoChildCovers) {
  const Spans spans = {made_span(1, 0, 10, 100), made_span(2, 1, 0, 30), made_span(3, 1, 20, 40),
                       made_span(4, 1, 90, 120), made_span(5, 1, 200, 300)};
  const SpanTree tree = tree_of(spans);
  EXPECT_EQ(tree.nodes[0].self_ns, 50);  // 40 to 90
  EXPECT_EQ(tree.nodes[4].self_ns, 100);
}

TEST(SpanTree, AnEndBeforeItsStartCountsAsTheStart) {
  const Spans spans = {made_span(1, 0, 10, 5), made_span(2, 1, 0, 30)};
  const SpanTree tree = tree_of(spans);
  EXPECT_EQ(tree.nodes[0].self_ns, 0);
  EXPECT_EQ(tree.end_ns, 30);
}

TEST(CriticalPath, FollowsWhatFinishedLast) {
  // root   0 ------------------------------ 100
  // a        10 ------ 40
  // b             30 ---------- 80            runs over a's end: a ran beside it
  // c                 50 -- 60                of b
  const Spans spans = {made_span(1, 0, 0, 100), made_span(2, 1, 10, 40), made_span(3, 1, 30, 80),
                       made_span(4, 3, 50, 60)};
  const std::vector<PathPart> expected = {
      {0, 0, 30}, {2, 30, 50}, {3, 50, 60}, {2, 60, 80}, {0, 80, 100}};
  EXPECT_EQ(critical_path(spans, tree_of(spans)), expected);
}

TEST(CriticalPath, ChildrenThatMeetAreBothOnIt) {
  const Spans spans = {made_span(1, 0, 0, 20), made_span(2, 1, 0, 10), made_span(3, 1, 10, 20)};
  const std::vector<PathPart> expected = {{1, 0, 10}, {2, 10, 20}};
  EXPECT_EQ(critical_path(spans, tree_of(spans)), expected);
}

TEST(CriticalPath, AChildIsClippedToItsParentsAndSoAreItsChildren) {
  const Spans spans = {made_span(1, 0, 10, 20), made_span(2, 1, 15, 40), made_span(3, 2, 5, 35)};
  const std::vector<PathPart> expected = {{0, 10, 15}, {2, 15, 20}};
  EXPECT_EQ(critical_path(spans, tree_of(spans)), expected);
}

TEST(CriticalPath, IsThatOfTheLongestRoot) {
  const Spans spans = {made_span(1, 0, 0, 10), made_span(2, 0, 5, 30), made_span(3, 99, 6, 31)};
  const std::vector<PathPart> expected = {{1, 5, 30}};  // as long as the orphan, and before it
  EXPECT_EQ(critical_path(spans, tree_of(spans)), expected);
}

TEST(CriticalPath, OfEqualEndsTheFirstChildIsTaken) {
  const Spans spans = {made_span(1, 0, 0, 10), made_span(2, 1, 2, 10), made_span(3, 1, 4, 10)};
  const std::vector<PathPart> expected = {{0, 0, 2}, {1, 2, 10}};
  EXPECT_EQ(critical_path(spans, tree_of(spans)), expected);
}

TEST(SpanTree, ATraceOfAHundredThousandLevelsIsWalked) {
  constexpr std::int64_t depth = 100'000;
  Spans spans;
  for (std::int64_t at = 0; at < depth; ++at) {
    spans.push_back(made_span(static_cast<std::uint64_t>(at + 1), static_cast<std::uint64_t>(at),
                              at, 2 * depth - at, "call"));
  }
  const SpanTree tree = tree_of(spans);
  EXPECT_EQ(tree.nodes[depth - 1].depth, depth - 1);
  const auto path = critical_path(spans, tree);
  EXPECT_EQ(path.size(), 2 * depth - 1);  // in, the innermost, out
  EXPECT_EQ(operation_times(spans, tree, path)[0].critical_ns, 2 * depth);
}

TEST(SpanTree, ACycleOfAHundredThousandSpansIsBrokenOnce) {
  constexpr std::uint64_t length = 100'000;
  Spans spans;
  for (std::uint64_t at = 0; at < length; ++at) {
    spans.push_back(made_span(at + 1, at == 0 ? length : at, 7, 9));
  }
  const SpanTree tree = tree_of(spans);
  EXPECT_EQ(tree.roots, Indices{0});
  EXPECT_EQ(tree.walk.size(), length);
}

// The rules of a tree, each looked up on its own.
void expect_is_tree(const Spans& spans, const SpanTree& tree) {
  ASSERT_EQ(tree.nodes.size(), spans.size());
  Indices walked = tree.walk;
  std::ranges::sort(walked);
  Indices all(spans.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  EXPECT_EQ(walked, all) << "every span once";

  const auto are_in_order = [&](const Indices& indices) {
    return std::ranges::is_sorted(
        indices, [&](std::size_t a, std::size_t b) { return is_before(spans[a], spans[b]); });
  };
  EXPECT_TRUE(are_in_order(tree.roots));
  std::vector<std::size_t> place(spans.size());
  for (std::size_t i = 0; i < tree.walk.size(); ++i) place[tree.walk[i]] = i;
  for (std::size_t at = 0; at < spans.size(); ++at) {
    const SpanTree::Node& node = tree.nodes[at];
    EXPECT_TRUE(are_in_order(node.children));
    const bool parent_is_there =
        spans[at].parent_span_id && std::ranges::any_of(spans, [&](const Span& other) {
          return other.span_id == *spans[at].parent_span_id;
        });
    const bool is_root = std::ranges::count(tree.roots, at) == 1;
    EXPECT_EQ(is_root, !node.parent.has_value());
    EXPECT_FALSE(node.is_orphan && parent_is_there);
    EXPECT_FALSE(node.breaks_cycle && !is_root);
    if (!node.parent) {
      EXPECT_EQ(node.depth, 0);
      EXPECT_TRUE(!spans[at].parent_span_id || node.is_orphan || node.breaks_cycle);
      continue;
    }
    const SpanTree::Node& parent = tree.nodes[*node.parent];
    EXPECT_EQ(std::ranges::count(parent.children, at), 1);
    EXPECT_EQ(node.depth, parent.depth + 1);
    EXPECT_LT(place[*node.parent], place[at]);
  }
}

std::int64_t slow_self_time(const Spans& spans, const SpanTree& tree, std::size_t at) {
  std::int64_t self = 0;
  for (std::int64_t t = spans[at].start_ns; t < spans[at].end_ns; ++t) {
    self += std::ranges::none_of(tree.nodes[at].children, [&](std::size_t child) {
      return spans[child].start_ns <= t && t < spans[child].end_ns;
    });
  }
  return self;
}

// Paints a span's nanoseconds, then over it those of the children that it waited for.
void paint(const Spans& spans, const SpanTree& tree, std::size_t at, std::int64_t start,
           std::int64_t end, std::map<std::int64_t, std::size_t>& owner) {
  for (std::int64_t t = start; t < end; ++t) owner[t] = at;
  std::int64_t cursor = end;
  for (;;) {
    std::optional<std::size_t> last;
    std::int64_t last_start = 0, last_end = 0;
    for (const std::size_t child : tree.nodes[at].children) {
      const std::int64_t from = std::max(start, spans[child].start_ns);
      const std::int64_t to = std::min(end, spans[child].end_ns);
      if (from >= to || to > cursor || (last && to <= last_end)) continue;
      last = child, last_start = from, last_end = to;
    }
    if (!last) return;
    paint(spans, tree, *last, last_start, last_end, owner);
    cursor = last_start;
  }
}

std::map<std::int64_t, std::size_t> slow_path(const Spans& spans, const SpanTree& tree) {
  std::map<std::int64_t, std::size_t> owner;
  std::optional<std::size_t> longest;
  for (const std::size_t root : tree.roots) {
    if (!longest || spans[root].duration_ns() > spans[*longest].duration_ns()) longest = root;
  }
  if (longest) {
    paint(spans, tree, *longest, spans[*longest].start_ns, spans[*longest].end_ns, owner);
  }
  return owner;
}

TEST(SpanTree, RandomTracesAgreeWithTwinsThatLookAtEveryNanosecond) {
  for (std::uint64_t seed = 1; seed <= k_random_traces; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Spans spans = random_spans(random);
    const SpanTree tree = tree_of(spans);
    expect_is_tree(spans, tree);
    for (std::size_t at = 0; at < spans.size(); ++at) {
      EXPECT_EQ(tree.nodes[at].self_ns, slow_self_time(spans, tree, at)) << "span " << at;
    }

    const std::vector<PathPart> path = critical_path(spans, tree);
    std::map<std::int64_t, std::size_t> owner;
    for (const PathPart& part : path) {
      EXPECT_LT(part.start_ns, part.end_ns);
      for (std::int64_t t = part.start_ns; t < part.end_ns; ++t) {
        EXPECT_TRUE(owner.emplace(t, part.span).second) << "parts overlap at " << t;
      }
    }
    EXPECT_TRUE(std::ranges::is_sorted(path, {}, &PathPart::start_ns));
    EXPECT_EQ(owner, slow_path(spans, tree));
    if (HasFailure()) return;
  }
}

TEST(SpanTree, TheOrderOfTheSpansGivenDoesNotMatter) {
  for (std::uint64_t seed = 1; seed <= k_random_traces; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Spans spans = random_spans(random);
    const auto walked = [](const Spans& given) {
      std::vector<std::pair<SpanId, SpanKind>> ids;
      for (const std::size_t at : tree_of(given).walk) {
        ids.emplace_back(given[at].span_id, given[at].kind);
      }
      return ids;
    };
    const auto before = walked(spans);
    std::ranges::shuffle(spans, random);
    EXPECT_EQ(walked(spans), before);
    if (HasFailure()) return;
  }
}

TEST(OperationTimes, SumUpToTheSpansAndThePath) {
  for (std::uint64_t seed = 1; seed <= k_random_traces; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Spans spans = random_spans(random);
    const SpanTree tree = tree_of(spans);
    const auto path = critical_path(spans, tree);
    const auto times = operation_times(spans, tree, path);
    OperationTime sum;
    std::set<std::pair<std::string, std::string>> names;
    for (const OperationTime& time : times) {
      EXPECT_TRUE(names.emplace(time.service, time.name).second);
      sum.spans += time.spans;
      sum.total_ns += time.total_ns;
      sum.self_ns += time.self_ns;
      sum.critical_ns += time.critical_ns;
    }
    std::int64_t total = 0, self = 0, critical = 0;
    for (std::size_t at = 0; at < spans.size(); ++at) {
      total += spans[at].duration_ns();
      self += tree.nodes[at].self_ns;
    }
    for (const PathPart& part : path) critical += part.end_ns - part.start_ns;
    EXPECT_EQ(sum.spans, static_cast<std::int64_t>(spans.size()));
    EXPECT_EQ(sum.total_ns, total);
    EXPECT_EQ(sum.self_ns, self);
    EXPECT_EQ(sum.critical_ns, critical);
    if (HasFailure()) return;
  }
}

TEST(OperationTimes, AreOfServiceAndNameByCriticalThenSelfTime) {
  Spans spans = {made_span(1, 0, 0, 100, "GET /"), made_span(2, 1, 10, 90, "SELECT"),
                 made_span(3, 1, 20, 30, "SELECT"), made_span(4, 1, 20, 50, "SELECT")};
  spans[3].resource = service("cache");
  spans[2].status = StatusCode::error;
  const SpanTree tree = tree_of(spans);
  const auto times = operation_times(spans, tree, critical_path(spans, tree));
  ASSERT_EQ(times.size(), 3u);
  EXPECT_EQ(times[0].name, "SELECT");
  EXPECT_EQ(times[0].service, "shop");
  EXPECT_EQ(times[0].spans, 2);
  EXPECT_EQ(times[0].errors, 1);
  EXPECT_EQ(times[0].total_ns, 90);
  EXPECT_EQ(times[0].critical_ns, 80);
  EXPECT_EQ(times[1].name, "GET /");
  EXPECT_EQ(times[1].self_ns, 20);
  EXPECT_EQ(times[2].service, "cache");
}

std::vector<std::string> codes_of(const Spans& spans) {
  std::vector<std::string> codes;
  for (const TraceWarning& warning : warnings_of(spans, tree_of(spans))) {
    codes.push_back(warning.code);
  }
  return codes;
}
using Codes = std::vector<std::string>;

TEST(TraceWarnings, AWholeTraceHasNone) {
  EXPECT_EQ(codes_of({made_span(1, 0, 0, 9), made_span(2, 1, 0, 9)}), Codes{});
}

TEST(TraceWarnings, NameWhatIsMissing) {
  EXPECT_EQ(codes_of({}), Codes{"empty"});
  EXPECT_EQ(codes_of({made_span(2, 1, 0, 9)}), (Codes{"no_root", "orphans"}));
  EXPECT_EQ(codes_of({made_span(1, 0, 0, 9), made_span(2, 0, 0, 9)}), Codes{"many_roots"});
  EXPECT_EQ(codes_of({made_span(1, 2, 0, 9), made_span(2, 1, 0, 9)}), (Codes{"no_root", "cycle"}));
}

TEST(TraceWarnings, NameWhatIsNotTrue) {
  EXPECT_EQ(codes_of({made_span(1, 0, 5, 9), made_span(2, 1, 4, 9)}), Codes{"clock_skew"});
  EXPECT_EQ(codes_of({made_span(1, 0, 5, 4)}), Codes{"negative_duration"});
  EXPECT_EQ(codes_of({made_span(1, 0, 0, 9), made_span(1, 0, 0, 9, "", SpanKind::server)}),
            (Codes{"many_roots", "shared_span_id"}));
}

TEST(TraceWarnings, CountWhatTheSenderLeftOut) {
  Span span = made_span(1, 0, 0, 9);
  span.dropped_attributes = 1;
  span.dropped_events = 2;
  span.dropped_links = 4'000'000'000;
  const auto warnings = warnings_of({span}, tree_of({span}));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].code, "dropped");
  EXPECT_EQ(warnings[0].count, 4'000'000'003);
}

TEST(TraceWarnings, OnlyASenderThatWritesFlagsSaysNotSampled) {
  Span span = made_span(1, 0, 0, 9);
  EXPECT_EQ(codes_of({span}), Codes{});
  span.flags = 0x100;
  EXPECT_EQ(codes_of({span}), Codes{"not_sampled"});
  span.flags = 0x101;
  EXPECT_EQ(codes_of({span}), Codes{});
}

}  // namespace
}  // namespace bl::traces
