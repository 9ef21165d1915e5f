// SQL over a log: its tables, its limits, the places in its errors; the copy that it reads.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/testing/faulty_disk.h"
#include "events/columns.h"
#include "events/event_sql.h"
#include "events/sql/event_mirror.h"
#include "events/sql/query_text.h"
#include "events/testing/corpus.h"
#include "events/testing/memory_log.h"
#include "events/tests/sql_places.h"

namespace bl::events::testing {
namespace {

TEST(QueryText, OurTablesGoInFrontOnALineOfTheirOwn) {
  const auto plain = with_event_tables("select count(*) from events");
  EXPECT_EQ(plain.sql, "select count(*) from events");
  EXPECT_EQ(plain.lines_before, 0);
  const auto one = with_event_tables("select reason\nfrom Build_Cancel_Events");
  EXPECT_EQ(one.lines_before, 1);
  EXPECT_TRUE(one.sql.starts_with("with build_cancel_events AS (SELECT")) << one.sql;
  EXPECT_TRUE(one.sql.ends_with(")\nselect reason\nfrom Build_Cancel_Events")) << one.sql;
}

TEST(QueryText, AWithOfTheUserGoesOnBehindOurs) {
  const auto text = with_event_tables("-- mine\nWITH RECURSIVE a AS (SELECT 1) FROM a, job_events");
  EXPECT_TRUE(text.sql.starts_with("with recursive job_events AS (")) << text.sql;
  EXPECT_NE(text.sql.find("),\n-- mine\n               a AS (SELECT 1)"), std::string::npos);
  const auto explained = with_event_tables("explain analyze select * from job_events");
  EXPECT_TRUE(explained.sql.starts_with("explain analyze with job_events")) << explained.sql;
}

TEST(QueryText, AWordWithinAnotherIsNoTable) {
  EXPECT_EQ(with_event_tables("select 1 as my_job_events2").lines_before, 0);
}

TEST(QueryText, ErrorsHaveTheLinesOfTheUser) {
  const Error told = in_user_lines(
      Error(Code::invalid, "at line 3, column 7: no", {{"/sql", "line 3, column 7", ""}}), 1);
  EXPECT_EQ(told.message, "at line 2, column 7: no");
  EXPECT_EQ(told.faults.at(0).message, "line 2, column 7");
  const Error ours =
      in_user_lines(Error(Code::invalid, "at line 1: no", {{"/sql", "line 1", ""}}), 1);
  EXPECT_EQ(ours.message, "no");
  EXPECT_TRUE(ours.faults.empty());
}

/// A log of a place, and SQL over it in worker processes.
struct QueriedLog {
  LogPlace place;
  std::unique_ptr<EventLog> log = place.open();
  std::unique_ptr<EventSql> sql = open_sql();

  std::unique_ptr<EventSql> open_sql() {
    const LogWorld world = place.world();
    auto opened = EventSql::open(
        {.program = BL_ENGINE_WORKER,
         .folder = place.folder() + "/query",
         .readable = readable_folders(parse_log_uri(place.uri()).value(), world.scratch),
         .limits = {}},
        world.log, world.metrics);
    BL_CHECK(opened.ok());
    return std::move(opened).value();
  }
  Result<QueryResult> ask(std::string_view text, const engine::QueryLimits& limits = {}) {
    return sql->execute_query(*log, text, limits);
  }
  std::string one(std::string_view text) {
    auto result = ask(text);
    if (!result.ok()) return result.error().message;
    if (result->rows.size() != 1) return std::to_string(result->rows.size()) + " rows";
    return result->rows[0][0].value_or("NULL");
  }
};

TEST(EventSql, CountsEveryTypeAndSeesWhatCameSince) {
  QueriedLog it;
  const auto events = history(11, 2'000);
  ASSERT_TRUE(it.log->append(events).ok());
  EXPECT_EQ(it.one("select count(*) from events"), "2000");
  EXPECT_EQ(it.one("select count(*) from build_events"), "2000");
  EXPECT_EQ(it.one("select (select count(*) from build_request_events)"
                   " + (select count(*) from partition_events) + (select count(*) from job_events)"
                   " + (select count(*) from delegation_events)"
                   " + (select count(*) from job_graph_events)"
                   " + (select count(*) from partition_invalidation_events)"
                   " + (select count(*) from task_cancel_events)"
                   " + (select count(*) from build_cancel_events)"),
            "2000");
  const auto more = history(12, 10);
  ASSERT_TRUE(it.log->append(more).ok());
  EXPECT_EQ(it.one("select count(*) from events"), "2010");
  std::int64_t targets = 0;
  for (const auto* all : {&events, &more}) {
    for (const BuildEvent& event : *all) {
      const auto* job = std::get_if<JobEvent>(&event.payload);
      if (job != nullptr) targets += static_cast<std::int64_t>(job->target_partitions.size());
    }
  }
  EXPECT_EQ(it.one("select cast(sum(len(target_partitions)) as bigint) from job_events"),
            std::to_string(targets));
}

TEST(EventSql, ValuesAreTextsAndNullIsNone) {
  QueriedLog it;
  const auto result =
      it.ask(
            "select null, 'a\"b', 1.5, ['x', 'y'], {'k': 9007199254740993}, 9007199254740993,"
            " timestamp '2024-01-02 03:04:05'")
          .value();
  const std::vector<std::optional<std::string>> wanted = {std::nullopt,
                                                          "a\"b",
                                                          "1.5",
                                                          "[\"x\",\"y\"]",
                                                          "{\"k\":\"9007199254740993\"}",
                                                          "9007199254740993",
                                                          "2024-01-02T03:04:05"};
  ASSERT_EQ(result.rows.size(), 1u);
  EXPECT_EQ(result.rows[0], wanted);
  EXPECT_EQ(result.columns.size(), wanted.size());
}

TEST(EventSql, AnErrorNamesTheLineAndColumnThatTheUserWrote) {
  QueriedLog it;
  const auto error = it.ask("select event_id,\n  nothing\nfrom partition_events").error();
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_TRUE(error.message.starts_with("at line 2, column 3")) << error.message;
}

TEST(EventSql, OnlyReadsAndOnlyTheLog) {
  QueriedLog it;
  ASSERT_TRUE(it.log->append(history(1, 3)).ok());
  EXPECT_EQ(it.ask("delete from events").error().code, Code::invalid);
  EXPECT_EQ(it.ask("create table x (a int)").error().code, Code::forbidden);
  EXPECT_FALSE(it.ask("select * from read_text('/etc/passwd')").ok());
  EXPECT_EQ(it.one("select count(*) from events"), "3");
}

TEST(EventSql, LimitsCutAndSaySo) {
  QueriedLog it;
  ASSERT_TRUE(it.log->append(history(1, 100)).ok());
  engine::QueryLimits limits;
  limits.rows_max = 7;
  const auto result = it.ask("select event_id from events", limits).value();
  EXPECT_EQ(result.rows.size(), 7u);
  EXPECT_TRUE(result.is_truncated);
  const auto control = std::make_shared<engine::QueryControl>();
  control->cancel();
  EXPECT_EQ(it.sql->execute_query(*it.log, "select 1", {}, control).error().code, Code::cancelled);
}

// -- the copy

std::vector<BuildEvent> rows_of(const lake::Snapshot& snapshot) {
  const auto database = duck::Database::open({}).value();
  const auto connection = database->connect().value();
  std::vector<const lake::DataFile*> files;
  std::vector<std::string> paths;
  for (const lake::DataFile& file : snapshot.files().files()) {
    files.push_back(&file);
    paths.push_back("/" + file.key);
  }
  const auto relation = lake::relation_of(*connection, snapshot, files, paths, "tail").value();
  const auto all = connection->query("select * from " + relation.sql).value().all().value();
  auto events = events_of(all).value();
  std::ranges::sort(events, {}, &BuildEvent::event_id);
  return events;
}

/// A mirror of a log in memory with files of few events.
struct Mirrored {
  LogPlace place;
  MemoryLog log;
  EventMirrorLimits limits = {.file_events = 100, .page_events = 30, .batches_max = 2};
  std::size_t pulled = 0;

  EventMirror open() {
    return {place.folder() + "/mirror",
            [this](Sequence after, std::size_t limit) {
              auto page = log.list(after, {}, limit);
              pulled += page->events.size();
              return page;
            },
            place.world(), limits};
  }
  std::vector<BuildEvent> sorted(std::vector<BuildEvent> events) {
    std::ranges::sort(events, {}, &BuildEvent::event_id);
    return events;
  }
};

TEST(EventMirror, HasEveryEventInFilesAndTail) {
  Mirrored it;
  EventMirror mirror = it.open();
  EXPECT_EQ(mirror.snapshot()->rows(), 0);
  const auto events = history(5, 1'050);
  std::size_t done = 0;
  for (const std::size_t upto : {10u, 11u, 260u, 1'050u}) {
    ASSERT_TRUE(it.log.append(std::span(events).subspan(done, upto - done)).ok());
    done = upto;
    const auto snapshot = mirror.snapshot().value();
    EXPECT_EQ(rows_of(snapshot),
              it.sorted({events.begin(), events.begin() + static_cast<std::ptrdiff_t>(upto)}));
  }
  EXPECT_GE(mirror.snapshot()->files().files().size(), 5u);
}

TEST(EventMirror, GoesOnBehindTheFilesOfAnEarlierProcess) {
  Mirrored it;
  const auto events = history(5, 1'000);
  ASSERT_TRUE(it.log.append(events).ok());
  ASSERT_EQ(it.open().snapshot()->rows(), 1'000);
  it.pulled = 0;
  EventMirror again = it.open();
  EXPECT_EQ(rows_of(again.snapshot().value()), it.sorted(events));
  EXPECT_LT(it.pulled, 200u);
}

TEST(EventMirror, WhatIsCutOrStrangeIsMadeAnew) {
  Mirrored it;
  const auto events = history(5, 1'000);
  ASSERT_TRUE(it.log.append(events).ok());
  ASSERT_TRUE(it.open().snapshot().ok());
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(it.place.folder() + "/mirror")) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  ASSERT_GE(files.size(), 4u);
  std::filesystem::resize_file(files[2], 100);
  std::filesystem::copy_file(files[0], files[0].string() + ".tmp");
  std::ofstream(it.place.folder() + "/mirror/note.txt") << "x";
  EventMirror again = it.open();
  EXPECT_EQ(rows_of(again.snapshot().value()), it.sorted(events));
  EXPECT_FALSE(std::filesystem::exists(it.place.folder() + "/mirror/note.txt"));
}

TEST(EventMirror, AFailureOfTheDiskCostsTheCallAndNothingElse) {
  const auto events = history(5, 450);
  for (std::uint64_t n = 1;; ++n) {
    Mirrored it;
    ASSERT_TRUE(it.log.append(events).ok());
    const LogWorld world = it.place.world();
    FaultyDisk disk(world.disk, {.fail_at = n});
    const LogWorld faulty = {disk,          world.clock, world.random,
                             world.metrics, world.log,   world.scratch};
    const auto pull = [&](Sequence after, std::size_t limit) {
      return it.log.list(after, {}, limit);
    };
    EventMirror mirror(it.place.folder() + "/mirror", pull, faulty, it.limits);
    const bool is_first_fine = mirror.snapshot().ok();
    const auto snapshot = mirror.snapshot();
    ASSERT_TRUE(snapshot.ok()) << n << ": " << snapshot.error().message;
    EXPECT_EQ(rows_of(*snapshot), it.sorted(events)) << n;
    if (disk.struck()) continue;
    EXPECT_TRUE(is_first_fine);
    EXPECT_GT(n, 10u) << "too few calls to mean something";
    return;
  }
}

}  // namespace
}  // namespace bl::events::testing
