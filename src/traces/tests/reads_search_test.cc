// Searches without the engine: what facts of row groups rule out has no match, and what is read is
// what is asked for.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "traces/columns.h"
#include "traces/store/direct_reads.h"
#include "traces/store/group_facts.h"
#include "traces/store/page_token.h"
#include "traces/tests/store_world.h"

namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;

SpanFilter where(std::variant<IntrinsicField, AttributeField> field, Comparison comparison,
                 AnyValue value) {
  Condition out;
  out.field = std::move(field);
  out.comparison = comparison;
  out.value = std::move(value);
  return SpanFilter::where(std::move(out));
}
SpanFilter attribute(std::string key, AnyValue value) {
  return where(AttributeField{AttributePlace::span, std::move(key)}, Comparison::equal,
               std::move(value));
}
AnyValue text(std::string_view value) {
  return AnyValue(std::string(value));
}

Spans canonical(Spans spans) {
  for (Span& span : spans) {
    make_canonical(span);
    auto resource = std::make_shared<Resource>(*span.resource);
    make_canonical(*resource);
    span.resource = resource;
    auto scope = std::make_shared<Scope>(*span.scope);
    make_canonical(*scope);
    span.scope = scope;
  }
  return spans;
}

// Facts of one row group, as a file that was written and opened.
struct FactsOfSpans {
  explicit FactsOfSpans(const Spans& spans) : batch(batches_of(spans, 200u << 20)->front()) {
    GroupFactsWriter writer;
    EXPECT_TRUE(writer.add(batch.rows(), cells_of(batch)).ok());
    EXPECT_TRUE(writer.write(*disk, folder.at("facts"), "key").ok());
    facts = GroupFacts::open(*disk, folder.at("facts"), "key").value();
  }
  bool may_hold(const SpanFilter& filter) const {
    return facts->may_hold(0, row_condition_of(filter));
  }
  TemporaryFolder folder;
  std::unique_ptr<Disk> disk = make_real_disk();
  columns::Batch batch;
  std::shared_ptr<const GroupFacts> facts;
};

TEST(GroupFacts, no_span_that_matches_is_in_a_group_that_they_rule_out) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    std::mt19937_64 random(seed);
    Spans spans = seed % 2 == 0 ? any_spans(seed, 60) : TraceMaker({.seed = seed}).take(60);
    spans = canonical(std::move(spans));
    const FactsOfSpans facts(spans);
    Rows all(spans.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
    for (int i = 0; i < 400; ++i) {
      const SpanFilter filter = some_filter(spans, random);
      const auto matcher = SpanMatcher::make(filter);
      ASSERT_TRUE(matcher.ok()) << matcher.error().message;
      if (matcher->asks_of_trace()) continue;
      const RowCondition condition = row_condition_of(filter);
      const auto met = rows_that_meet(condition, all, cells_of(facts.batch));
      ASSERT_TRUE(met.ok()) << met.error().message;
      for (std::size_t row = 0; row < spans.size(); ++row) {
        const bool is_met = std::ranges::binary_search(*met, static_cast<std::uint32_t>(row));
        if (matcher->matches(spans[row], {})) {
          EXPECT_TRUE(is_met) << text_of(filter);
          EXPECT_TRUE(facts.facts->may_hold(0, condition)) << text_of(filter);
        } else if (condition.is_exact) {
          EXPECT_FALSE(is_met) << text_of(filter);
        }
      }
    }
  }
}

TEST(GroupFacts, what_no_span_has_is_ruled_out) {
  Spans spans;
  for (std::uint64_t i = 0; i < 100; ++i) {
    Span span = span_of(i + 1, i + 1, 0, 0, i < 50 ? 1'000 : 1'000'000);
    span.attributes = {{"n", AnyValue(std::int64_t(i))},
                       {"list", AnyValue(Array{AnyValue(std::int64_t(7)), text("x")})},
                       {"map", AnyValue(Attributes{{"inner", AnyValue(true)}})}};
    auto resource = std::make_shared<Resource>();
    resource->attributes = {{"service.name", text(i < 50 ? "quick" : "slow")}};
    span.resource = resource;
    spans.push_back(std::move(span));
  }
  const FactsOfSpans facts(canonical(std::move(spans)));
  EXPECT_TRUE(facts.may_hold(attribute("n", AnyValue(std::int64_t{5}))));
  EXPECT_TRUE(facts.may_hold(attribute("n", AnyValue(5.0))));
  EXPECT_FALSE(facts.may_hold(attribute("n", AnyValue(5.5))));
  EXPECT_FALSE(facts.may_hold(attribute("n", text("5"))));
  EXPECT_TRUE(facts.may_hold(attribute("list", AnyValue(std::int64_t{7}))));
  EXPECT_FALSE(facts.may_hold(attribute("list", AnyValue(std::int64_t{8}))));
  EXPECT_FALSE(facts.may_hold(attribute("inner", AnyValue(true))));
  EXPECT_FALSE(
      facts.may_hold(where(IntrinsicField{Name::service}, Comparison::equal, text("nobody"))));
  EXPECT_FALSE(
      facts.may_hold(where(IntrinsicField{Name::name}, Comparison::equal, text("no work"))));
  const auto longer = [](std::string_view service, std::int64_t ns) {
    return SpanFilter::all_of(
        {where(IntrinsicField{Name::service}, Comparison::equal, text(service)),
         where(IntrinsicField{Name::duration}, Comparison::at_least, AnyValue(ns))});
  };
  // Some span is that long, but none of the service.
  EXPECT_TRUE(facts.may_hold(longer("slow", 900'000)));
  EXPECT_FALSE(facts.may_hold(longer("quick", 900'000)));
  EXPECT_FALSE(facts.may_hold(longer("slow", 9'000'000)));
}

TEST(GroupFacts, steps_of_durations_never_fall) {
  EXPECT_EQ(duration_step(-1), 0);
  EXPECT_EQ(duration_step(0), 0);
  EXPECT_EQ(duration_step(std::numeric_limits<std::int64_t>::max()), 252);
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const auto a = static_cast<std::int64_t>(random() >> (1 + random() % 62));
    EXPECT_LE(duration_step(a), duration_step(a + 1)) << a;
    if (a > 8) {
      EXPECT_LT(duration_step(a / 4 * 3 - 1), duration_step(a)) << a;
    }
  }
}

TEST(GroupFacts, any_byte_of_their_file_changed_and_they_are_refused) {
  const FactsOfSpans facts(canonical(TraceMaker().take(20)));
  std::ifstream in(facts.folder.at("facts"), std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), {});
  EXPECT_FALSE(GroupFacts::open(*facts.disk, facts.folder.at("facts"), "another key").ok());
  for (std::size_t at = 0; at < good.size(); at += 37) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    std::ofstream(facts.folder.at("bad"), std::ios::binary) << bad;
    const auto opened = GroupFacts::open(*facts.disk, facts.folder.at("bad"), "key");
    ASSERT_FALSE(opened.ok()) << at;
    EXPECT_EQ(opened.error().code, Code::corrupt);
  }
}

// Two days of many row groups; each search as the twin answers it.
struct SearchWorld : LakeWorldOfSpans {
  SearchWorld() {
    TraceShape shape;
    shape.step_ns = 2ll * 86'400 * 1'000'000'000 / 30'000;
    shape.services = 50;
    shape.spans_of_trace_max = 30;
    Spans spans = TraceMaker(shape).take(30'000);
    Span& one = spans[10'000];
    one.attributes.push_back({"only.here", text("yes")});
    one_of_all = one.trace_id;
    first_ns = last_ns = spans[0].start_ns;
    for (const Span& span : spans) {
      first_ns = std::min(first_ns, span.start_ns);
      last_ns = std::max(last_ns, span.start_ns);
    }
    known.assign(spans.begin(), spans.begin() + 200);
    EXPECT_TRUE(rule.ingest(spans, "").ok());
    EXPECT_TRUE(store().ingest(std::move(spans), "").ok());
    EXPECT_TRUE(traces->compact().ok());
  }
  SearchQuery query(SpanFilter filter) const {
    SearchQuery out;
    out.window = {first_ns, last_ns + 1};
    out.filter = std::move(filter);
    return out;
  }
  // Both answer; the cost of the store's.
  ReadCost ask(const SearchQuery& query) {
    const auto wanted = rule.search(query);
    const auto got = store().search(query);
    EXPECT_TRUE(wanted.ok() && got.ok()) << (got.ok() ? "" : got.error().message);
    if (!got.ok()) return {};
    EXPECT_EQ(got->partial_reason, "");
    EXPECT_EQ(wanted->next_page, got->next_page);
    EXPECT_EQ(wanted->traces.size(), got->traces.size());
    for (std::size_t i = 0; i < std::min(wanted->traces.size(), got->traces.size()); ++i) {
      EXPECT_TRUE(wanted->traces[i].summary == got->traces[i].summary) << i;
      EXPECT_EQ(wanted->traces[i].matched, got->traces[i].matched) << i;
    }
    return got->cost;
  }
  double searches(std::string_view reader) const {
    const std::string all = metrics.text();
    const std::string line = fmt::format("bl_traces_searches_total{{reader=\"{}\"}} ", reader);
    const std::size_t at = all.find(line);
    return at == std::string::npos ? 0 : std::strtod(all.c_str() + at + line.size(), nullptr);
  }
  MemoryTraceStore rule;
  Spans known;
  TraceId one_of_all;
  std::int64_t first_ns = 0, last_ns = 0;
};

TEST(DirectSearch, only_row_groups_that_may_match_are_read_and_nothing_behind_a_full_page) {
  SearchWorld world;
  const ReadCost all = world.ask(world.query(
      where(IntrinsicField{Name::status_message}, Comparison::equal, text("never said"))));
  EXPECT_GE(all.row_groups_read, 8);  // of which no facts say anything
  const ReadCost none = world.ask(world.query(attribute("http.request.method", text("NOBODY"))));
  EXPECT_EQ(none.row_groups_read, 0);
  EXPECT_EQ(none.bytes_read, 0);
  EXPECT_EQ(none.requests, 0);
  EXPECT_EQ(none.files_pruned, none.files_considered);
  // One to find it, and those of the trace.
  const ReadCost one = world.ask(world.query(attribute("only.here", text("yes"))));
  EXPECT_GE(one.row_groups_read, 1);
  EXPECT_LE(one.row_groups_read, 5);
  const ReadCost page = world.ask(world.query(SpanFilter::everything()));
  EXPECT_LT(page.bytes_read, all.bytes_read / 2);
  EXPECT_EQ(world.searches("engine"), 0);
  EXPECT_EQ(world.searches("direct"), 4);
}

TEST(DirectSearch, all_kinds_of_filters_over_many_row_groups_are_answered_as_by_the_twin) {
  SearchWorld world;
  std::mt19937_64 random(5);
  for (int i = 0; i < 40; ++i) {
    SearchQuery query = world.query(some_filter(world.known, random));
    query.limit = 1 + random() % 20;
    if (random() % 2 == 0)
      query.window.end_ns -= static_cast<std::int64_t>(random() % 3) * k_hour_ns;
    SCOPED_TRACE(text_of(query.filter));
    world.ask(query);
  }
  EXPECT_EQ(world.searches("engine"), 0);
}

TEST(DirectSearch, facts_that_are_lost_or_damaged_cost_reading_and_are_made_anew) {
  SearchWorld world;
  const auto query = world.query(attribute("http.request.method", text("NOBODY")));
  for (const bool is_lost : {true, false}) {
    world.traces.reset();
    int found = 0;
    for (const auto& file : std::filesystem::directory_iterator(world.index_folder())) {
      if (file.path().extension() != ".facts") continue;
      ++found;
      if (is_lost) {
        std::filesystem::remove(file.path());
      } else {
        std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
      }
    }
    EXPECT_GT(found, 0);
    world.open_store();
    world.ask(query);  // whatever the background has made by now
    ASSERT_TRUE(world.traces->settle().ok());
    EXPECT_EQ(world.ask(query).row_groups_read, 0);
  }
  // While it runs: what is mapped stays good, and what is not is read.
  for (const auto& file : std::filesystem::directory_iterator(world.index_folder())) {
    if (file.path().extension() == ".facts") std::filesystem::remove(file.path());
  }
  EXPECT_EQ(world.ask(query).row_groups_read, 0);
}

TEST(DirectSearch, without_any_facts_the_answer_is_the_same) {
  SearchWorld world;
  world.traces.reset();
  // A folder in which nothing can be written.
  FaultyDisk failing(*world.disk, {.fail_at = 2, .lasting = FaultPlan::Lasting::for_good});
  auto opened = LakeTraceStore::open(
      {*world.lake, failing, world.clock, world.log, world.metrics, world.folder.at("index2")});
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  world.traces = *std::move(opened);
  std::mt19937_64 random(6);
  for (int i = 0; i < 10; ++i) world.ask(world.query(some_filter(world.known, random)));
  EXPECT_GE(world.ask(world.query(attribute("a", text("b")))).row_groups_read, 8);
  world.traces.reset();
}

}  // namespace
}  // namespace bl::traces
