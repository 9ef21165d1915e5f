#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/testing/faulty_disk.h"
#include "traces/tests/store_world.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_second = 1'000'000'000;
constexpr std::int64_t k_day = 86'400 * k_second;

std::int64_t midnight() {
  const std::int64_t now = SystemClock().now().micros * 1'000;
  return now - now % k_day - 10 * k_day;
}

TraceQuery by_id(std::uint64_t trace) {
  TraceQuery query;
  query.id = {trace, 1};
  return query;
}

// A trace a day, and one that lies across a midnight.
void fill(LakeWorldOfSpans& world, std::uint64_t days) {
  Spans spans;
  for (std::uint64_t day = 0; day < days; ++day) {
    const std::int64_t at = midnight() + static_cast<std::int64_t>(day) * k_day;
    for (std::uint64_t trace = 1; trace <= 50; ++trace) {
      spans.push_back(span_of(1'000 * (day + 1) + trace, 1, 0, at + 43'200 * k_second));
    }
  }
  spans.push_back(span_of(7, 1, 0, midnight() + k_day - k_second, 3 * k_second));
  spans.push_back(span_of(7, 2, 1, midnight() + k_day + k_second));
  ASSERT_TRUE(world.store().ingest(spans, "").ok());
}

TEST(TraceLookup, an_unknown_id_is_surely_not_there_and_opens_no_file) {
  LakeWorldOfSpans world;
  fill(world, 5);
  ASSERT_TRUE(world.traces->compact().ok());
  const auto found = world.store().trace(by_id(4));
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->trace.has_value());
  EXPECT_EQ(found->cost.path, LookupPath::bounds);
  EXPECT_EQ(found->cost.files_considered, 5);
  EXPECT_EQ(found->cost.files_pruned, 5);
  EXPECT_EQ(found->cost.files_read, 0);
  EXPECT_EQ(found->cost.row_groups_read, 0);
}

TEST(TraceLookup, bounds_open_the_files_of_the_traces_days_alone) {
  LakeWorldOfSpans world;
  fill(world, 5);
  ASSERT_TRUE(world.traces->compact().ok());
  const auto one = world.store().trace(by_id(2'010));
  ASSERT_TRUE(one.ok() && one->trace);
  EXPECT_EQ(one->cost.path, LookupPath::bounds);
  EXPECT_EQ(one->cost.files_read, 1);
  EXPECT_EQ(one->cost.row_groups_read, 1);
  EXPECT_GT(one->cost.bytes_read, 0);
  const auto across = world.store().trace(by_id(7));
  ASSERT_TRUE(across.ok() && across->trace);
  EXPECT_EQ(across->trace->summary.spans, 2);
  EXPECT_EQ(across->cost.files_read, 2);
}

TEST(TraceLookup, a_hint_is_the_way_only_when_the_whole_trace_lies_within_it) {
  LakeWorldOfSpans world;
  fill(world, 3);
  ASSERT_TRUE(world.traces->compact().ok());
  TraceQuery query = by_id(7);
  query.hint = Window{midnight() + k_day - k_second, midnight() + k_day};
  const auto within = world.store().trace(query);
  ASSERT_TRUE(within.ok() && within->trace);
  EXPECT_EQ(within->cost.path, LookupPath::hint);
  EXPECT_EQ(within->cost.fallbacks, 0);
  query.hint_pad_ns = 0;
  const auto outside = world.store().trace(query);
  ASSERT_TRUE(outside.ok() && outside->trace);
  EXPECT_EQ(outside->cost.path, LookupPath::bounds);
  EXPECT_EQ(outside->cost.fallbacks, 1);
  EXPECT_TRUE(within->trace->spans == outside->trace->spans);
  // Forced to look through windows alone, it goes over the edge that the trace touches.
  query.only = LookupPath::hint;
  const auto forced = world.store().trace(query);
  ASSERT_TRUE(forced.ok() && forced->trace);
  EXPECT_TRUE(within->trace->spans == forced->trace->spans);
}

TEST(TraceLookup, what_is_in_no_file_is_found_at_once) {
  LakeWorldOfSpans world;
  fill(world, 1);
  const auto found = world.store().trace(by_id(7));
  ASSERT_TRUE(found.ok() && found->trace);
  EXPECT_EQ(found->cost.path, LookupPath::recent);
  EXPECT_EQ(found->cost.files_read, 0);
  EXPECT_EQ(found->trace->summary.spans, 2);
}

TEST(TraceLookup, the_same_question_is_answered_from_memory_until_its_trace_gets_a_span) {
  LakeWorldOfSpans world;
  fill(world, 1);
  (void)world.store().trace(by_id(7)).ok();
  EXPECT_EQ(world.store().trace(by_id(7))->cost.cache_hits, 1);
  // Two that differ in one field share nothing.
  std::vector<TraceQuery> others(7, by_id(7));
  others[0].spans_max = 1;
  others[1].hint = Window{midnight(), midnight() + 2 * k_day};
  others[2].hint_pad_ns = 0;
  others[3].allow_full = false;
  others[4].after = TraceQuery::After{midnight() + k_day - k_second, {1}, SpanKind::unspecified};
  others[5].only = LookupPath::full;
  others[6].family = SpanId{1};
  for (std::size_t i = 0; i < others.size(); ++i) {
    EXPECT_EQ(world.store().trace(others[i])->cost.cache_hits, 0) << i;
  }
  EXPECT_EQ(world.store().trace(others[4])->trace->spans.size(), 1u);
  ASSERT_TRUE(world.store().ingest({span_of(7, 3, 1, midnight())}, "").ok());
  const auto later = world.store().trace(by_id(7));
  EXPECT_EQ(later->cost.cache_hits, 0);
  EXPECT_EQ(later->trace->summary.spans, 3);
  // What is not there is not kept.
  (void)world.store().trace(by_id(4)).ok();
  EXPECT_EQ(world.store().trace(by_id(4))->cost.cache_hits, 0);
}

// An index that cannot be written: every file is one that it does not know.
struct WorldWithoutIndex : LakeWorldOfSpans {
  WorldWithoutIndex() {
    traces.reset();
    auto made = LakeTraceStore::open({*lake, failing, clock, log, metrics, index_folder() + "2"});
    BL_CHECK(made.ok());
    traces = *std::move(made);
  }
  ~WorldWithoutIndex() override { traces.reset(); }
  FaultyDisk failing{*disk, {.fail_at = 2, .lasting = FaultPlan::Lasting::for_good}};
};

TEST(TraceLookup, without_an_index_everything_is_looked_through_and_the_answer_is_the_same) {
  WorldWithoutIndex world;
  fill(world, 12);
  world.flush();
  EXPECT_FALSE(world.store().status()->bounds_complete);
  const auto found = world.store().trace(by_id(7));
  ASSERT_TRUE(found.ok() && found->trace);
  EXPECT_EQ(found->cost.path, LookupPath::full);
  EXPECT_EQ(found->trace->partial_reason, "");
  EXPECT_EQ(found->trace->summary.spans, 2);
  EXPECT_EQ(world.store().summaries({by_id(7).id, by_id(4).id})->size(), 1u);
  EXPECT_FALSE(world.store().trace(by_id(4))->trace.has_value());
}

TEST(TraceLookup, without_an_index_and_without_leave_to_read_all_the_answer_says_where_it_looked) {
  WorldWithoutIndex world;
  fill(world, 12);
  world.flush();
  TraceQuery query = by_id(7);
  query.allow_full = false;
  query.hint = Window{midnight() + k_day - k_second, midnight() + k_day};
  const auto found = world.store().trace(query);
  ASSERT_TRUE(found.ok() && found->trace);
  EXPECT_EQ(found->cost.path, LookupPath::hint);
  EXPECT_EQ(found->trace->summary.spans, 2);
  EXPECT_NE(found->trace->partial_reason.find("only spans that began within ["), std::string::npos);
  query = by_id(4);
  query.allow_full = false;
  const auto none = world.store().trace(query);
  // Windows grew over all that there is, so that it is sure; or the error says what was searched.
  if (!none.ok()) {
    EXPECT_EQ(none.error().code, Code::not_found);
    EXPECT_NE(none.error().message.find("began within"), std::string::npos);
  }
}

TEST(TraceLookup, a_trace_larger_than_a_page_is_read_in_pages_and_summed_up_whole) {
  LakeWorldOfSpans world;
  const Spans large = one_trace(3, 70'000);
  for (std::size_t from = 0; from < large.size(); from += 10'000) {
    const auto at = large.begin() + static_cast<std::ptrdiff_t>(from);
    ASSERT_TRUE(world.store().ingest({at, at + 10'000}, "").ok());
    if (from == 30'000) world.flush();
  }
  TraceQuery query;
  query.id = large.front().trace_id;
  query.spans_max = 20'000;
  Spans all;
  for (int page = 0; page < 5; ++page) {
    const auto found = world.store().trace(query);
    ASSERT_TRUE(found.ok() && found->trace) << page;
    EXPECT_EQ(found->trace->summary.spans, 70'000);
    for (const Span& span : found->trace->spans) all.push_back(span);
    if (!found->trace->has_more) break;
    query.after = TraceQuery::After{all.back().start_ns, all.back().span_id, all.back().kind};
  }
  EXPECT_EQ(all.size(), 70'000u);
  EXPECT_TRUE(std::ranges::is_sorted(all, is_before));
  // One span of it with its children, from among all.
  TraceQuery one{.id = query.id};
  one.family = all[40'000].span_id;
  const auto family = world.store().trace(one);
  ASSERT_TRUE(family.ok() && family->trace);
  Spans wanted;
  for (const Span& span : all) {
    if (span.span_id == *one.family || span.parent_span_id == one.family) wanted.push_back(span);
  }
  EXPECT_TRUE(family->trace->spans == wanted);
  EXPECT_EQ(family->trace->summary.spans, 70'000);
  EXPECT_FALSE(family->trace->has_more);
  // A search that meets it does not read it whole, and counts it whole.
  SearchQuery search;
  search.window = Window{all.front().start_ns, all.back().start_ns + 1};
  const auto hits = world.store().search(search);
  ASSERT_TRUE(hits.ok()) << hits.error().message;
  ASSERT_EQ(hits->traces.size(), 1u);
  EXPECT_EQ(hits->traces[0].matched, 70'000);
  EXPECT_EQ(hits->traces[0].summary.spans, 70'000);
  EXPECT_EQ(hits->traces[0].spans.size(), 3u);
  EXPECT_TRUE(hits->traces[0].spans[0] == all[0]);
}

TEST(TraceStoreFaults, a_full_tail_refuses_and_keeps_nothing_of_the_request) {
  lake::LakeLimits limits;
  limits.table.tail_bytes_max = 20'000;
  LakeWorldOfSpans world(limits);
  Code last = Code::internal;
  std::int64_t taken = 0;
  for (std::uint64_t i = 1; i < 2'000 && last == Code::internal; ++i) {
    const auto done = world.store().ingest({span_of(i, 1, 0, midnight())}, "");
    if (done.ok()) ++taken;
    if (!done.ok()) last = done.error().code;
  }
  EXPECT_EQ(last, Code::overloaded);
  EXPECT_EQ(world.store().status()->spans, taken);
  world.flush();
  EXPECT_TRUE(world.store().ingest({span_of(1, 2, 1, midnight())}, "").ok());
}

TEST(TraceStoreFaults, answers_stay_whole_while_files_are_put_together_and_expire) {
  lake::LakeLimits limits = LakeWorldOfSpans::small();
  limits.keep_snapshots = std::chrono::seconds(0);
  limits.catalog.expire_age_min = {};
  LakeWorldOfSpans world(limits);
  fill(world, 3);
  world.flush();
  std::atomic<bool> ends = false;
  std::atomic<int> asked = 0;
  std::thread reader([&] {
    TraceQuery query = by_id(7);
    // Never from memory, each time from files.
    for (std::uint64_t i = 1; !ends || asked == 0; ++i) {
      query.hint_pad_ns = static_cast<std::int64_t>(i);
      const auto found = world.store().trace(query);
      ASSERT_TRUE(found.ok()) << found.error().message;
      ASSERT_TRUE(found->trace.has_value());
      ASSERT_EQ(found->trace->summary.spans, 2);
      ++asked;
    }
  });
  for (std::uint64_t round = 1; round <= 6; ++round) {
    EXPECT_TRUE(world.store().ingest({span_of(100'000 + round, 1, 0, midnight())}, "").ok());
    EXPECT_TRUE(world.traces->compact().ok());
    EXPECT_TRUE(world.lake->expire().ok());
  }
  ends = true;
  reader.join();
  EXPECT_GT(asked, 0);
}

TEST(TraceStoreFaults, a_span_that_ends_before_it_begins_is_refused_by_name) {
  LakeWorldOfSpans world;
  Span span = span_of(1, 1, 0, midnight(), -5);
  const auto done = world.store().ingest({span}, "");
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::invalid);
  EXPECT_TRUE(world.store().ingest({}, "empty").ok());
}

// What the format's page says of filters: they stand only where a column has a dictionary.
TEST(TraceFiles,
     row_groups_have_bounds_of_hour_and_id_and_no_filter_on_ids_that_are_nearly_all_new) {
  LakeWorldOfSpans world;
  fill(world, 2);
  ASSERT_TRUE(world.traces->compact().ok());
  const auto connection = world.lake->engine().connect();
  const std::string files = world.folder.path() + "/objects/tables/spans/data/**/*.parquet";
  const auto count = [&](const std::string& where) {
    auto answer =
        (*connection)
            ->query("SELECT count(*) FROM parquet_metadata('" + files + "') WHERE " + where);
    BL_CHECK(answer.ok());
    const columns::Batch batch = answer->all().value();
    return (*batch.column(0).as<std::int64_t>())[0];
  };
  EXPECT_EQ(count("path_in_schema = 'trace_high'"), 2);
  EXPECT_EQ(count("path_in_schema IN ('trace_high', 'hour') AND stats_min_value IS NOT NULL"), 4);
  EXPECT_EQ(count("path_in_schema = 'trace_high' AND bloom_filter_length IS NOT NULL"), 0);
  EXPECT_EQ(count("path_in_schema = 'service' AND bloom_filter_length IS NOT NULL"), 2);
}

// Of large traces only what meets the filter is read whole, and copies of the rest may count.
TEST(TraceSearch, of_copies_that_differ_in_their_attributes_one_counts_in_large_traces_too) {
  LakeWorldOfSpans world;
  Spans spans;
  for (std::uint64_t i = 1; i <= 41'000; ++i) {
    spans.push_back(span_of(9, i, i == 1 ? 0 : 1, midnight() + static_cast<std::int64_t>(i)));
  }
  spans[5].attributes = {{"x", AnyValue(std::string("a"))}};
  Span copy = spans[5];
  copy.attributes = {{"x", AnyValue(std::string("b"))}};
  ASSERT_TRUE(world.store().ingest(std::move(spans), "").ok());
  ASSERT_TRUE(world.store().ingest({copy}, "").ok());
  world.flush();
  ASSERT_TRUE(world.traces->settle().ok());
  const auto matched = [&](const std::string& value) -> std::int64_t {
    Condition condition;
    condition.field = AttributeField{AttributePlace::span, "x"};
    condition.value = AnyValue(value);
    SearchQuery query;
    query.window = {midnight(), midnight() + k_day};
    query.filter = SpanFilter::where(std::move(condition));
    const auto found = world.store().search(query);
    EXPECT_TRUE(found.ok() && found->traces.size() <= 1);
    return found->traces.empty() ? 0 : found->traces[0].matched;
  };
  EXPECT_EQ(matched("a"), 1);
  EXPECT_EQ(matched("b"), 0);
}

}  // namespace
}  // namespace bl::traces
