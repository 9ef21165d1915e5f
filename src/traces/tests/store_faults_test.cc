// Disks that fail at any point: what was acknowledged is there, answers are right or refused by
// name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "traces/tests/store_world.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_day = 86'400'000'000'000;

std::int64_t day(std::int64_t number) {
  const std::int64_t now = SystemClock().now().micros * 1'000;
  return now - now % k_day - (100 - number) * k_day;
}

// Every n-th point in a run of all tests, each one with BENCHLAKE_FAULTS_ALL.
std::uint64_t step_of(std::uint64_t points, std::uint64_t wanted) {
  if (std::getenv("BENCHLAKE_FAULTS_ALL") != nullptr) return 1;
  return std::max<std::uint64_t>(1, points / wanted);
}

bool is_named(const Error& error) {
  return error.code != Code::internal && !error.message.empty();
}

Spans some_spans(std::uint64_t from, std::uint64_t count) {
  Spans spans;
  for (std::uint64_t i = from; i < from + count; ++i) {
    spans.push_back(span_of(1 + i / 2, i + 1, 0, day(1 + static_cast<std::int64_t>(i % 3))));
  }
  return spans;
}

// Ids of all spans that answers by id give, each as often as it is given.
std::multiset<std::uint64_t> spans_of(TraceStore& store, std::uint64_t traces) {
  std::multiset<std::uint64_t> found;
  for (std::uint64_t trace = 1; trace <= traces; ++trace) {
    TraceQuery query;
    query.id = {trace, 1};
    const auto answer = store.trace(query);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    if (!answer.ok() || !answer->trace) continue;
    EXPECT_EQ(answer->trace->partial_reason, "");
    for (const Span& span : answer->trace->spans) found.insert(span.span_id.value);
  }
  return found;
}

std::multiset<std::uint64_t> up_to(std::uint64_t count) {
  std::multiset<std::uint64_t> all;
  for (std::uint64_t i = 1; i <= count; ++i) all.insert(i);
  return all;
}

// The index: whatever fails of it costs time alone.
TEST(TraceIndexFaults, wherever_reading_or_writing_it_fails_answers_stay_whole) {
  LakeWorldOfSpans world;
  for (std::uint64_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(world.store().ingest(some_spans(i * 10, 10), "").ok());
    world.flush();
  }
  world.traces.reset();
  world.store_limits.segments_max = 2;  // so that they are put together too
  // Makes the index of a folder, looks at it again, and lets a day go. Gives the calls of the disk.
  const auto live = [&](const std::string& folder, FaultPlan plan) {
    FaultyDisk failing(*world.disk, plan);
    for (int start = 0; start < 2; ++start) {
      auto opened = LakeTraceStore::open(
          {*world.lake, failing, world.clock, world.log, world.metrics, folder},
          world.store_limits);
      if (!opened.ok()) {
        EXPECT_TRUE(is_named(opened.error())) << opened.error().message;
        continue;
      }
      if (const auto done = (*opened)->settle(); !done.ok()) {
        EXPECT_TRUE(is_named(done.error())) << done.error().message;
      }
      EXPECT_EQ(spans_of(**opened, 20), up_to(40));
      EXPECT_TRUE((*opened)->services().ok());
      // Before the first day: nothing goes, and the index is asked to forget.
      (void)(*opened)->expire(day(1), Expiry::done).ok();
      EXPECT_EQ(spans_of(**opened, 3), up_to(6));
    }
    return failing.calls();
  };
  const std::uint64_t calls = live(world.folder.at("whole"), {});
  EXPECT_GT(calls, 20u);
  for (std::uint64_t n = 1; n <= calls && !HasFailure(); n += step_of(calls, 6)) {
    for (const auto lasting : {FaultPlan::Lasting::once, FaultPlan::Lasting::for_good}) {
      SCOPED_TRACE("call " + std::to_string(n));
      const std::string folder = world.folder.at("index" + std::to_string(n));
      live(folder, {.fail_at = n, .lasting = lasting, .code = Code::disk_full});
      // A disk that works again: what was left there is used, or made anew.
      auto opened = LakeTraceStore::open(
          {*world.lake, *world.disk, world.clock, world.log, world.metrics, folder});
      ASSERT_TRUE(opened.ok()) << opened.error().message;
      ASSERT_TRUE((*opened)->settle().ok());
      EXPECT_TRUE((*opened)->status()->bounds_complete);
      EXPECT_EQ((*opened)->status()->traces, 20);
      EXPECT_EQ(spans_of(**opened, 20), up_to(40));
      opened->reset();
      std::filesystem::remove_all(folder);
    }
  }
}

TEST(TraceIndexFaults, a_file_of_the_index_with_any_byte_changed_is_made_anew) {
  LakeWorldOfSpans world;
  ASSERT_TRUE(world.store().ingest(some_spans(0, 40), "").ok());
  ASSERT_TRUE(world.traces->compact().ok());
  world.traces.reset();
  std::vector<std::filesystem::path> files;
  for (const auto& one : std::filesystem::directory_iterator(world.index_folder())) {
    files.push_back(one.path());
  }
  ASSERT_GE(files.size(), 3u);  // manifest, names, a segment
  for (const auto& path : files) {
    std::ifstream in(path, std::ios::binary);
    const std::string good((std::istreambuf_iterator<char>(in)), {});
    for (std::size_t at = 0; at < good.size() && !HasFailure(); at += step_of(good.size(), 4)) {
      SCOPED_TRACE(path.filename().string() + " at " + std::to_string(at));
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 0x10);
      std::ofstream(path, std::ios::binary) << bad;
      world.open_store();
      ASSERT_TRUE(world.traces->settle().ok());
      EXPECT_EQ(world.store().status()->traces, 20);
      EXPECT_EQ(spans_of(world.store(), 20), up_to(40));
      EXPECT_EQ(world.store().services()->size(), 1u);
      world.traces.reset();
    }
    // What was made anew has other names: the rest begins from a whole one.
    std::filesystem::remove_all(world.index_folder());
    world.open_store();
    ASSERT_TRUE(world.traces->settle().ok());
    world.traces.reset();
  }
}

// The lake under it: a disk that is full at any point of taking in, putting together and expiring.
TEST(TraceStoreFaults, whatever_is_acknowledged_on_a_failing_disk_is_there_once) {
  struct Said {
    std::set<std::uint64_t> acknowledged, refused;
  };
  const auto live = [](LakeWorldOfSpans& world, Said& said) {
    for (std::uint64_t i = 0; i < 4; ++i) {
      const Spans spans = some_spans(i * 10, 10);
      const auto done = world.store().ingest(spans, "request " + std::to_string(i));
      for (const Span& span : spans) {
        auto& list = done.ok() ? said.acknowledged : said.refused;
        list.insert(span.span_id.value);
      }
      if (!done.ok()) {
        EXPECT_TRUE(is_named(done.error())) << done.error().message;
      }
      (void)world.table()->flush().ok();
      if (i == 2) (void)world.traces->compact().ok();
    }
    (void)world.traces->compact().ok();
  };
  std::uint64_t first = 0, last = 0;
  {
    LakeWorldOfSpans world;
    world.close();
    world.faulty = std::make_unique<FaultyDisk>(*world.disk, FaultPlan{});
    world.open();
    first = world.faulty->calls() + 1;
    Said said;
    live(world, said);
    last = world.faulty->calls();
    EXPECT_EQ(said.acknowledged.size(), 40u);
    world.close();
  }
  for (std::uint64_t n = first; n <= last && !HasFailure(); n += step_of(last - first, 5)) {
    for (const auto lasting : {FaultPlan::Lasting::once, FaultPlan::Lasting::for_good}) {
      SCOPED_TRACE("call " + std::to_string(n));
      LakeWorldOfSpans world;
      world.close();
      world.faulty = std::make_unique<FaultyDisk>(
          *world.disk, FaultPlan{.fail_at = n, .lasting = lasting, .code = Code::disk_full});
      world.open();
      Said said;
      live(world, said);
      world.close();
      world.faulty.reset();
      world.open();
      for (int round = 0; round < 2; ++round) {
        const auto found = spans_of(world.store(), 20);
        for (const std::uint64_t id : said.acknowledged) EXPECT_EQ(found.count(id), 1u) << id;
        // Of what was refused all may be there, since its outcome was not known, or nothing.
        for (const std::uint64_t id : found) {
          EXPECT_TRUE(said.acknowledged.contains(id) || said.refused.contains(id)) << id;
        }
        // An exporter sends again what was refused; nothing comes twice by that.
        for (std::uint64_t i = 0; i < 4; ++i) {
          ASSERT_TRUE(
              world.store().ingest(some_spans(i * 10, 10), "request " + std::to_string(i)).ok());
        }
        ASSERT_TRUE(world.traces->compact().ok());
        EXPECT_EQ(spans_of(world.store(), 20), up_to(40));
        said.acknowledged = {};
        for (std::uint64_t id = 1; id <= 40; ++id) said.acknowledged.insert(id);
      }
      EXPECT_EQ(world.store().status()->spans, 40);
    }
  }
}

TEST(TraceStoreFaults, an_expiry_that_is_cut_off_is_gone_on_with) {
  const auto fill = [](LakeWorldOfSpans& world) {
    Spans spans;
    for (std::uint64_t i = 0; i < 40; ++i) {
      spans.push_back(span_of(1 + i, i + 1, 0, day(1 + static_cast<std::int64_t>(i % 4))));
    }
    ASSERT_TRUE(world.store().ingest(spans, "").ok());
    ASSERT_TRUE(world.traces->compact().ok());
  };
  // Days 1 to 3 go; of them stay the traces 1 (day 1) and 6 (day 2).
  const auto pinned = port_of({{1, 1}, {6, 1}});
  std::multiset<std::uint64_t> wanted{1, 6};
  for (std::uint64_t i = 3; i < 40; i += 4) wanted.insert(i + 1);
  std::uint64_t first = 0, last = 0;
  for (std::uint64_t n = 0; (n == 0 || n <= last) && !HasFailure();
       n = n == 0 ? first : n + step_of(last - first, 5)) {
    SCOPED_TRACE("call " + std::to_string(n));
    LakeWorldOfSpans world;
    world.close();
    world.pinned = pinned;
    world.faulty = std::make_unique<FaultyDisk>(
        *world.disk, FaultPlan{.fail_at = n, .lasting = FaultPlan::Lasting::for_good});
    world.open();
    fill(world);
    if (n == 0) first = world.faulty->calls() + 1;
    const auto done = world.store().expire(day(4), Expiry::done);
    if (n == 0) {
      ASSERT_TRUE(done.ok()) << done.error().message;
      last = world.faulty->calls();
      EXPECT_EQ(done->spans, 28);
    } else if (!done.ok()) {
      EXPECT_TRUE(is_named(done.error())) << done.error().message;
    }
    world.close();
    world.faulty.reset();
    world.open();
    const auto between = spans_of(world.store(), 40);
    EXPECT_TRUE(std::ranges::includes(between, wanted));
    // A day is there whole, or it went whole.
    for (const std::uint64_t of_day : {0u, 1u, 2u}) {
      std::size_t there = 0;
      for (std::uint64_t i = of_day; i < 40; i += 4) {
        there += wanted.contains(i + 1) ? 0 : between.count(i + 1);
      }
      EXPECT_TRUE(there == 0 || there == (of_day == 2 ? 10u : 9u)) << there;
    }
    ASSERT_TRUE(world.store().expire(day(4), Expiry::done).ok());
    EXPECT_EQ(spans_of(world.store(), 40), wanted);
    ASSERT_TRUE(world.traces->settle().ok());
    EXPECT_EQ(spans_of(world.store(), 40), wanted);
  }
}

}  // namespace
}  // namespace bl::traces
