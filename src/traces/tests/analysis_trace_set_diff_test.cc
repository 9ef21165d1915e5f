// How two sets of traces differ: what changed is told, noise is not.
#include "traces/trace_set_diff.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "traces/tests/made_spans.h"

namespace bl::traces {
namespace {

constexpr double k_ms = 1e6;

struct Shape {
  double query_ms = 30, render_ms = 40;
  int queries = 1;
  double cache_share = 0;  // of runs with a `cache` span
};

/// Runs of one request: a root, its queries one after another, then rendering, each with noise of
/// its own and that of the machine, which all spans of a run share.
std::vector<Spans> runs_of(std::size_t count, const Shape& shape, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> machine(0, 0.05), own(0, 0.03);
  std::uniform_real_distribution<double> share(0, 1);
  std::vector<Spans> runs;
  for (std::size_t run = 0; run < count; ++run) {
    const double speed = machine(random);
    const auto lasts = [&](double ms) {
      return static_cast<std::int64_t>(ms * k_ms * speed * own(random));
    };
    Spans spans = {made_span(1, 0, 0, 0, "GET /", SpanKind::server)};
    std::int64_t at = lasts(5);
    std::uint64_t id = 2;
    const auto add = [&](const char* name, double ms) {
      const std::int64_t end = at + lasts(ms);
      spans.push_back(made_span(id++, 1, at, end, name));
      at = end;
    };
    for (int i = 0; i < shape.queries; ++i) add("SELECT", shape.query_ms);
    add("render", shape.render_ms);
    if (share(random) < shape.cache_share) add("cache", 1);
    spans[0].end_ns = at + lasts(5);
    runs.push_back(std::move(spans));
  }
  return runs;
}

std::string changed(const std::vector<Spans>& base, const std::vector<Spans>& compare) {
  const auto diff = diff_sets(base, compare);
  EXPECT_TRUE(diff.ok());
  std::string names;
  for (const PathDiff& path : diff->changed) {
    names += path.path.back().name;
    names += path.spans.is_change ? " spans" : "";
    names += path.duration_ns.is_change ? " duration" : "";
    names += path.self_ns.is_change ? " self" : "";
    names += path.critical_ns.is_change ? " critical" : "";
    names += ";";
  }
  return names;
}

TEST(TraceSetDiff, OneSourceDiffersNotFromItself) {
  int told = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    told += !changed(runs_of(10, {}, seed), runs_of(10, {}, seed + 1'000)).empty();
  }
  EXPECT_LE(told, 8);  // five of a hundred are to be expected
}

TEST(TraceSetDiff, ASlowerOperationIsToldWithItsPathAndTheRootThatWaitsForIt) {
  Shape slower;
  slower.query_ms = 40;
  const auto base = runs_of(15, {}, 1), compare = runs_of(15, slower, 2);
  EXPECT_EQ(changed(base, compare), "SELECT duration self critical;GET / duration;");
  const SetDiff diff = *diff_sets(base, compare);
  const PathDiff& query = diff.changed[0];
  const std::vector<PathStep> path = {{"shop", "GET /", SpanKind::server},
                                      {"shop", "SELECT", SpanKind::internal}};
  EXPECT_EQ(query.path, path);
  EXPECT_NEAR(query.critical_ns.shift, 10 * k_ms, 2 * k_ms);
  EXPECT_GT(query.critical_ns.shift_low, 5 * k_ms);
  EXPECT_LT(query.critical_ns.shift_high, 15 * k_ms);
  EXPECT_NEAR(query.base_duration_p50, 30 * k_ms, 2 * k_ms);
  EXPECT_NEAR(query.compare_duration_p50, 40 * k_ms, 3 * k_ms);
  EXPECT_GE(query.compare_duration_p95, query.compare_duration_p50);
  EXPECT_TRUE(diff.trace_ns.is_change);
  EXPECT_EQ(diff.paths_compared, 3u);
}

TEST(TraceSetDiff, MoreCallsAreToldAsSpansNotAsLongerOnes) {
  Shape more;
  more.queries = 2;
  more.query_ms = 15;
  const std::string names = changed(runs_of(15, {}, 1), runs_of(15, more, 2));
  EXPECT_NE(names.find("SELECT spans duration;"), std::string::npos) << names;
}

TEST(TraceSetDiff, ASpanThatComesMoreOftenIsTold) {
  Shape seldom, often;
  seldom.cache_share = 0.1;
  often.cache_share = 0.9;
  const SetDiff diff = *diff_sets(runs_of(30, seldom, 1), runs_of(30, often, 2));
  ASSERT_EQ(diff.changed.size(), 1u);
  EXPECT_EQ(diff.changed[0].path.back().name, "cache");
  EXPECT_TRUE(diff.changed[0].spans.is_change);
  EXPECT_LT(diff.changed[0].base_presence, 0.4);
  EXPECT_GT(diff.changed[0].compare_presence, 0.6);
}

TEST(TraceSetDiff, WhatIsTooSmallToMatterIsNotToldHoweverSure) {
  const std::vector<Spans> base(20, {made_span(1, 0, 0, 100'000'000, "a")});
  const std::vector<Spans> compare(20, {made_span(1, 0, 0, 101'000'000, "a")});
  EXPECT_TRUE(diff_sets(base, compare)->changed.empty());
  const std::vector<Spans> slower(20, {made_span(1, 0, 0, 103'000'000, "a")});
  EXPECT_EQ(diff_sets(base, slower)->changed.size(), 1u);
  const std::vector<Spans> tiny(20, {made_span(1, 0, 0, 100, "a")});
  const std::vector<Spans> tenfold(20, {made_span(1, 0, 0, 1'000, "a")});
  EXPECT_TRUE(diff_sets(tiny, tenfold)->changed.empty());
}

TEST(TraceSetDiff, AFewRunsDecideNothing) {
  Shape slower;
  slower.query_ms = 90;
  EXPECT_FALSE(diff_sets(runs_of(3, {}, 1), runs_of(3, slower, 2))->can_decide);
  EXPECT_EQ(changed(runs_of(3, {}, 1), runs_of(3, slower, 2)), "");
  EXPECT_TRUE(diff_sets(runs_of(5, {}, 1), runs_of(5, slower, 2))->can_decide);
}

SetDirection direction(const Shape& base, const Shape& compare, std::size_t runs = 15) {
  return direction_of(*diff_sets(runs_of(runs, base, 1), runs_of(runs, compare, 2)));
}

TEST(TraceSetDiff, DirectionIsThatOfWholeTraces) {
  Shape slower;
  slower.query_ms = 40;
  EXPECT_EQ(direction({}, slower), SetDirection::increased);
  EXPECT_EQ(direction(slower, {}), SetDirection::decreased);
  EXPECT_EQ(direction({}, {}), SetDirection::unchanged);
  EXPECT_EQ(direction({}, slower, 3), SetDirection::undecided);
}

TEST(TraceSetDiff, WhatOneOperationHoldsUpHasADirectionWhereTheWholeIsTooNoisyToTell) {
  SetDiff diff;
  diff.can_decide = true;
  const auto add = [&](double shift) {
    PathDiff path;
    path.critical_ns.shift = shift;
    path.critical_ns.is_change = true;
    diff.changed.push_back(path);
  };
  EXPECT_EQ(direction_of(diff), SetDirection::unchanged);
  add(5e6);
  EXPECT_EQ(direction_of(diff), SetDirection::increased);
  add(-4e6);  // it only moved
  EXPECT_EQ(direction_of(diff), SetDirection::unchanged);
  add(-20e6);
  EXPECT_EQ(direction_of(diff), SetDirection::decreased);
  diff.trace_ns.is_change = true;
  diff.trace_ns.shift = 1e6;
  EXPECT_EQ(direction_of(diff), SetDirection::increased);
}

TEST(TraceSetDiff, EqualNamesOnOtherPathsAreOthers) {
  const auto run = [](std::uint64_t parent, std::int64_t lasts) {
    return Spans{made_span(1, 0, 0, 90'000'000, "root"), made_span(2, 1, 0, 40'000'000, "a"),
                 made_span(3, 1, 41'000'000, 80'000'000, "b"),
                 made_span(4, parent, 42'000'000, 42'000'000 + lasts, "query")};
  };
  const SetDiff diff = *diff_sets(std::vector<Spans>(10, run(2, 9'000'000)),
                                  std::vector<Spans>(10, run(3, 9'000'000)));
  std::vector<std::string> parents;
  for (const PathDiff& path : diff.changed) {
    if (path.path.back().name == "query") parents.push_back(path.path[1].name);
  }
  std::ranges::sort(parents);
  EXPECT_EQ(parents, (std::vector<std::string>{"a", "b"}));
}

TEST(TraceSetDiff, LimitsHold) {
  const auto runs = runs_of(3, {}, 1);
  EXPECT_EQ(diff_sets({}, runs).error().code, Code::invalid);
  EXPECT_EQ(diff_sets(runs, {}).error().code, Code::invalid);
  SetDiffLimits limits;
  limits.runs_max = 2;
  EXPECT_EQ(diff_sets(runs, runs, {}, limits).error().code, Code::too_large);
  limits = {};
  limits.spans_max = 17;
  EXPECT_EQ(diff_sets(runs, runs, {}, limits).error().code, Code::too_large);
  limits = {};
  limits.paths_max = 2;
  EXPECT_EQ(diff_sets(runs, runs, {}, limits).error().code, Code::too_large);
  limits = {};
  limits.depth_max = 1;
  const SetDiff shallow = *diff_sets(runs, runs, {}, limits);
  EXPECT_EQ(shallow.paths_compared, 1u);
  EXPECT_EQ(shallow.left_out_spans, 12);
}

TEST(TraceSetDiff, AsJsonItReads) {
  Shape slower;
  slower.query_ms = 60;
  const SetDiff diff = *diff_sets(runs_of(10, {}, 1), runs_of(10, slower, 2));
  const auto read = json::parse(encode_set_diff(diff));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->find("changed")->items().size(), diff.changed.size());
  const json::Value& first = read->find("changed")->items().at(0);
  EXPECT_EQ(json::to_text(first.find("path")->items().at(1)),
            R"({"service":"shop","name":"SELECT","kind":"internal"})");
  EXPECT_TRUE(first.find("critical_ns")->find("is_change")->as_bool());
}

TEST(CriticalShares, SumUpToOneAndNameTheLargestFirst) {
  const auto shares = critical_shares(runs_of(9, {}, 1));
  ASSERT_EQ(shares.size(), 3u);
  EXPECT_EQ(shares[0].name, "render");
  EXPECT_EQ(shares[0].runs, 9u);
  EXPECT_NEAR(shares[0].median_ns, 40 * k_ms, 4 * k_ms);
  EXPECT_LE(shares[0].low_ns, shares[0].median_ns);
  EXPECT_GE(shares[0].high_ns, shares[0].median_ns);
  ASSERT_EQ(shares[0].values_ns.size(), 9u);
  EXPECT_EQ(std::ranges::max(shares[0].values_ns), shares[0].high_ns);
  double sum = 0;
  for (const CriticalShare& share : shares) sum += share.share;
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_TRUE(critical_shares({}).empty());
}

TEST(CriticalShares, HaveAValueForEachRunInTheirOrder) {
  const Spans with = {made_span(1, 0, 0, 10, "root"), made_span(2, 1, 2, 9, "a")};
  const Spans without = {made_span(1, 0, 0, 10, "root")};
  const auto shares = critical_shares(std::vector<Spans>{without, with, without});
  ASSERT_EQ(shares.size(), 2u);
  EXPECT_EQ(shares[0].values_ns, (std::vector<double>{10, 3, 10}));
  EXPECT_EQ(shares[1].values_ns, (std::vector<double>{0, 7, 0}));
  EXPECT_EQ(shares[1].runs, 1u);
  EXPECT_EQ(shares[1].median_ns, 0);
}

}  // namespace
}  // namespace bl::traces
