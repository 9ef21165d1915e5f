// What is kept, and for how long: spans that came twice, old ones, pinned ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "traces/tests/store_world.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_day = 86'400'000'000'000;

std::int64_t day(std::int64_t number) {
  const std::int64_t now = SystemClock().now().micros * 1'000;
  return now - now % k_day - (100 - number) * k_day;
}

std::optional<TraceAnswer> found(LakeWorldOfSpans& world, std::uint64_t trace) {
  TraceQuery query;
  query.id = {trace, 1};
  auto answer = world.store().trace(query);
  BL_CHECK(answer.ok());
  return answer->trace;
}

std::set<std::string> files_of(LakeWorldOfSpans& world) {
  std::set<std::string> keys;
  const lake::Snapshot snapshot = world.table()->snapshot();
  for (const auto& file : snapshot.files().files()) keys.insert(file.key);
  return keys;
}

int dropped(LakeWorldOfSpans& world) {
  const std::string text = world.metrics.text();
  const std::string name = "bl_lake_dropped_rows_total{table=\"spans\"} ";
  const auto at = text.find(name);
  BL_CHECK(at != std::string::npos);
  return std::stoi(text.substr(at + name.size()));
}

void add(LakeWorldOfSpans& world, const Spans& spans) {
  ASSERT_TRUE(world.store().ingest(spans, "").ok());
  world.flush();
}

// Repeats -----------------------------------------------------------------------------------------

TEST(TraceRepeats, a_span_that_came_twice_is_one_row_when_its_files_are_put_together) {
  LakeWorldOfSpans world;
  const Spans spans = one_trace(5, 500);
  for (int i = 0; i < 3; ++i) add(world, spans);
  EXPECT_EQ(world.store().status()->spans, 1'500);
  TraceQuery query;
  query.id = spans.front().trace_id;
  const auto before = world.store().trace(query);
  ASSERT_TRUE(before.ok() && before->trace);
  EXPECT_EQ(before->trace->repeated, 1'000);
  ASSERT_TRUE(world.traces->compact().ok());
  EXPECT_EQ(world.store().status()->spans, 500);
  EXPECT_EQ(dropped(world), 1'000);
  query.hint_pad_ns = 1;  // not from memory
  const auto answer = world.store().trace(query);
  ASSERT_TRUE(answer.ok() && answer->trace);
  EXPECT_TRUE(answer->trace->spans == before->trace->spans);
  EXPECT_TRUE(answer->trace->summary == before->trace->summary);
  EXPECT_EQ(answer->trace->repeated, 0);
}

TEST(TraceRepeats, of_copies_that_differ_the_one_stays_that_counted_before) {
  Span first = span_of(1, 1, 0, day(1)), later = first, other_kind = first;
  later.start_ns += 5;
  later.end_ns += 5;
  later.name = "said otherwise";
  other_kind.kind = SpanKind::server;
  for (const bool in_order : {true, false}) {
    LakeWorldOfSpans world;
    add(world, {in_order ? first : later, other_kind});
    add(world, {in_order ? later : first});
    const auto before = found(world, 1);
    ASSERT_TRUE(world.traces->compact().ok());
    EXPECT_EQ(world.store().status()->spans, 2);  // a server's span may have its client's id
    const auto after = found(world, 1);
    ASSERT_TRUE(before && after);
    EXPECT_TRUE(before->spans == after->spans);
    EXPECT_TRUE(before->summary == after->summary);
    EXPECT_EQ(after->spans[0].start_ns, first.start_ns);
  }
}

TEST(TraceRepeats, files_without_repeats_are_put_together_as_they_are) {
  LakeWorldOfSpans world;
  add(world, {span_of(1, 1, 0, day(1))});
  add(world, {span_of(1, 2, 1, day(1))});
  ASSERT_TRUE(world.traces->compact().ok());
  EXPECT_EQ(world.store().status()->files, 1);
  EXPECT_EQ(world.store().status()->spans, 2);
  EXPECT_EQ(dropped(world), 0);
}

TEST(TraceRepeats, what_is_put_together_keeps_its_day_its_order_and_its_filters) {
  LakeWorldOfSpans world;
  Spans spans;
  for (std::uint64_t i = 1; i <= 300; ++i) spans.push_back(span_of(i, 1, 0, day(1 + i % 2)));
  add(world, spans);
  add(world, spans);
  ASSERT_TRUE(world.traces->compact().ok());
  EXPECT_EQ(world.store().status()->spans, 300);
  const auto files = files_of(world);
  ASSERT_EQ(files.size(), 2u);
  for (const std::int64_t number : {1, 2}) {
    const std::string folder =
        "/data/" + to_rfc3339_seconds(Timestamp{day(number) / 1'000}).substr(0, 10) + "/";
    EXPECT_EQ(std::ranges::count_if(
                  files, [&](const auto& key) { return key.find(folder) != std::string::npos; }),
              1)
        << folder;
  }
  const auto connection = world.lake->engine().connect();
  auto answer = (*connection)
                    ->query("SELECT count(*) FROM parquet_metadata('" + world.folder.path() +
                            "/objects/tables/spans/data/**/*.parquet') WHERE path_in_schema = "
                            "'service' AND bloom_filter_length IS NOT NULL");
  ASSERT_TRUE(answer.ok());
  const columns::Batch batch = answer->all().value();
  EXPECT_GE((*batch.column(0).as<std::int64_t>())[0], 2);
}

// Retention ---------------------------------------------------------------------------------------

TEST(TraceRetention, whole_days_go_and_pinned_traces_stay) {
  LakeWorldOfSpans world;
  world.close();
  world.pinned = port_of({{2, 1}, {999, 1}});
  world.open();
  for (std::int64_t number = 1; number <= 4; ++number) {
    Spans spans;
    const auto first = static_cast<std::uint64_t>(number * 10);
    for (std::uint64_t i = 0; i < 5; ++i) spans.push_back(span_of(first + i, 1, 0, day(number)));
    if (number <= 2) spans.push_back(span_of(2, first, 0, day(number)));
    add(world, spans);
  }
  ASSERT_TRUE(world.traces->settle().ok());
  const std::int64_t noon = day(3) + k_day / 2;
  const auto told = world.store().expire(noon, Expiry::told);
  ASSERT_TRUE(told.ok()) << told.error().message;
  EXPECT_EQ(*told, (ExpiredSpans{day(3), 10, 2, 2}));
  EXPECT_EQ(world.store().status()->spans, 22);
  ASSERT_TRUE(found(world, 10) && found(world, 2));
  const auto done = world.store().expire(noon, Expiry::done);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(*done, *told);
  EXPECT_EQ(world.store().status()->spans, 12);
  EXPECT_FALSE(found(world, 10) || found(world, 24));
  EXPECT_EQ(found(world, 2)->summary.spans, 2);
  EXPECT_TRUE(found(world, 30) && found(world, 44));
  // Once more there is nothing to do, and nothing is written again.
  const auto files = files_of(world);
  EXPECT_EQ(*world.store().expire(noon, Expiry::done), (ExpiredSpans{day(3), 0, 0, 2}));
  EXPECT_EQ(files_of(world), files);
  // Nor when the process begins anew.
  world.close();
  world.open();
  EXPECT_EQ(world.store().expire(noon, Expiry::done)->spans, 0);
  EXPECT_EQ(found(world, 2)->summary.spans, 2);
}

TEST(TraceRetention, the_index_forgets_what_expired) {
  LakeWorldOfSpans world;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    ASSERT_TRUE(world.store()
                    .ingest({span_of(i, 1, 0, day(1 + static_cast<std::int64_t>(i % 2)))}, "")
                    .ok());
  }
  ASSERT_TRUE(world.traces->compact().ok());
  EXPECT_EQ(world.store().status()->traces, 200);
  ASSERT_TRUE(world.store().expire(day(2), Expiry::done).ok());
  ASSERT_TRUE(world.traces->settle().ok());
  const auto status = world.store().status();
  EXPECT_EQ(status->traces, 100);
  EXPECT_TRUE(status->bounds_complete);
  TraceQuery query;
  query.id = {2, 1};
  const auto gone = world.store().trace(query);
  ASSERT_TRUE(gone.ok());
  EXPECT_FALSE(gone->trace);
  EXPECT_EQ(gone->cost.path, LookupPath::bounds);
  EXPECT_EQ(gone->cost.files_read, 0);
}

TEST(TraceRetention, a_late_span_of_a_day_that_expired_is_found_until_the_next_time) {
  LakeWorldOfSpans world;
  add(world, {span_of(1, 1, 0, day(1)), span_of(2, 1, 0, day(3))});
  ASSERT_TRUE(world.traces->settle().ok());
  ASSERT_TRUE(world.store().expire(day(2), Expiry::done).ok());
  add(world, {span_of(1, 2, 1, day(1))});
  ASSERT_TRUE(world.traces->settle().ok());
  EXPECT_EQ(found(world, 1)->summary.spans, 1);
  EXPECT_EQ(world.store().expire(day(2), Expiry::done)->spans, 1);
  EXPECT_FALSE(found(world, 1));
  EXPECT_TRUE(found(world, 2));
}

TEST(TraceRetention, nothing_expires_while_it_is_not_known_what_is_pinned) {
  LakeWorldOfSpans world;
  world.close();
  world.pinned = [](const TraceId&, std::size_t) -> Result<std::vector<TraceId>> {
    return Error{Code::unavailable, "the store is away"};
  };
  world.open();
  add(world, {span_of(1, 1, 0, day(1))});
  const auto done = world.store().expire(day(50), Expiry::done);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::unavailable);
  EXPECT_TRUE(found(world, 1));
}

TEST(TraceRetention, many_pinned_traces_come_in_pages) {
  LakeWorldOfSpans world;
  world.close();
  std::set<TraceId> pinned;
  for (std::uint64_t i = 1; i <= 25'000; ++i) pinned.insert({i << 40, i});
  pinned.insert({7, 1});
  world.pinned = port_of(pinned);
  world.open();
  add(world, {span_of(7, 1, 0, day(1)), span_of(8, 1, 0, day(1))});
  // Before the index knows the file each of them may be in it.
  EXPECT_EQ(world.store().expire(day(2), Expiry::done)->kept, 1);
  EXPECT_TRUE(found(world, 7));
  EXPECT_FALSE(found(world, 8));
}

TEST(TraceRetention, a_file_that_a_slow_reader_holds_stays_until_it_is_done) {
  lake::LakeLimits limits = LakeWorldOfSpans::small();
  limits.keep_snapshots = std::chrono::seconds(0);
  limits.catalog.expire_age_min = {};
  LakeWorldOfSpans world(limits);
  add(world, {span_of(1, 1, 0, day(1))});
  add(world, {span_of(2, 1, 0, day(50))});
  const std::string path = world.folder.path() + "/objects/" + *files_of(world).begin();
  {
    const lake::Snapshot slow = world.table()->snapshot();
    ASSERT_TRUE(world.store().expire(day(2), Expiry::done).ok());
    ASSERT_TRUE(world.lake->expire().ok());
    EXPECT_EQ(slow.rows(), 2);
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  ASSERT_TRUE(world.traces->settle().ok());
  (void)world.store().status().ok();  // what the store remembers of the files is of now
  ASSERT_TRUE(world.lake->expire().ok());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TraceRetention, old_spans_expire_by_themselves) {
  LakeWorldOfSpans world;
  add(world, {span_of(1, 1, 0, day(1)), span_of(2, 1, 0, day(99))});
  world.close();
  world.store_limits.retention = std::chrono::hours(24 * 30);
  world.open();
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (found(world, 1) && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_FALSE(found(world, 1));
  EXPECT_TRUE(found(world, 2));
}

TEST(TraceRetention, whatever_expires_in_between_answers_are_the_twins) {
  for (std::uint64_t seed = 1; seed <= 2 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    TraceShape shape;
    shape.seed = seed;
    shape.step_ns = 3'600'000'000'000;
    shape.late = 100;
    shape.very_late = 60;
    shape.repeated = 80;
    shape.midnight = 300;
    shape.spans_of_trace_max = 20;
    shape.attribute_bytes_max = 500;
    const Spans all = TraceMaker(shape).take(400);
    std::set<TraceId> pinned;
    for (std::size_t i = 0; i < all.size(); i += 23) pinned.insert(all[i].trace_id);
    MemoryTraceStore rule(pinned);
    LakeWorldOfSpans world;
    world.close();
    world.pinned = port_of(pinned);
    world.open();
    for (std::size_t from = 0; from < all.size() && !HasFailure(); from += 100) {
      const auto at = all.begin() + static_cast<std::ptrdiff_t>(from);
      const Spans piece(at, at + 100);
      ASSERT_TRUE(rule.ingest(piece, "").ok());
      ASSERT_TRUE(world.store().ingest(piece, "").ok());
      world.disturb(random() % 7);
      const std::int64_t cut = all[random() % (from + 100)].start_ns;
      const auto wanted = rule.expire(cut, Expiry::done);
      const auto done = world.store().expire(cut, Expiry::done);
      ASSERT_TRUE(done.ok()) << done.error().message;
      EXPECT_EQ(done->before_ns, wanted->before_ns);
      EXPECT_LE(done->spans, wanted->spans);  // repeated ones may have gone before
      EXPECT_LE(done->kept, wanted->kept);
      if (random() % 2 == 0) world.disturb(random() % 7);
      Spans known;
      for (std::size_t i = 0; i < from + 100; ++i) {
        TraceQuery query;
        query.id = all[i].trace_id;
        if (rule.trace(query)->trace) known.push_back(all[i]);
      }
      ASSERT_FALSE(known.empty());
      expect_same_answers(rule, world.store(), known, random());
    }
  }
}

}  // namespace
}  // namespace bl::traces
