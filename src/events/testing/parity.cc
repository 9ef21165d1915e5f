#include "events/testing/parity.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "base/numbers.h"
#include "duck/database.h"
#include "events/columns.h"
#include "events/encode.h"
#include "events/testing/corpus.h"
#include "events/testing/memory_log.h"

namespace bl::events {
namespace {

std::int64_t number_of_environment(const char* name, std::int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : parse_int64(text).value_or(otherwise);
}

/// The log under test beside its rule.
class Pair {
 public:
  explicit Pair(const LogFactory& make, const ParityOptions& options = {})
      : rule_(std::make_unique<MemoryLog>(MemoryLogOptions{.is_strict = options.is_strict})),
        log_(make(options)) {}

  /// Both say the same.
  void append(std::span<const BuildEvent> events) {
    const auto expected = rule_.append(events), actual = log_->append(events);
    ASSERT_EQ(actual.ok(), expected.ok())
        << (actual.ok() ? expected.error().message : actual.error().message);
    if (!expected.ok()) {
      EXPECT_EQ(name_of(actual.error().code), std::string(name_of(expected.error().code)))
          << actual.error().message;
      EXPECT_EQ(paths(actual.error()), paths(expected.error()));
      return;
    }
    EXPECT_EQ(actual->added, expected->added);
    EXPECT_EQ(actual->repeated, expected->repeated);
  }
  void append(const BuildEvent& event) { append(std::span(&event, 1)); }

  void compare(const Question& question) { expect_same_answer(rule_, *log_, question); }
  void compare(std::span<const Question> questions) {
    for (const Question& question : questions) {
      compare(question);
      if (testing::Test::HasFailure()) return;  // one difference is enough to read
    }
  }
  void compare_all(std::span<const BuildEvent> events, std::size_t of_each) {
    compare(questions_about(events, of_each));
    if (EventLog* log = log_->log()) compare_tables(*log);
  }

 private:
  static std::vector<std::string> paths(const Error& error) {
    std::vector<std::string> paths;
    for (const Fault& fault : error.faults) paths.push_back(fault.path);
    return paths;
  }
  void compare_tables(EventLog& log) {
    const auto expected = rule_.log()->status(), actual = log.status();
    ASSERT_TRUE(actual.ok()) << actual.error().message;
    EXPECT_EQ(actual->events, expected->events);
    const auto expected_rows = rows_of(*rule_.log()), rows = rows_of(log);
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    EXPECT_EQ(*rows, *expected_rows);
  }
  // The table's rows as events, each as JSON, sorted.
  static Result<std::vector<std::string>> rows_of(EventLog& log) {
    BL_TRY(const lake::Snapshot table, log.table());
    BL_TRY(const auto database, duck::Database::open({}));
    BL_TRY(const auto connection, database->connect());
    std::vector<const lake::DataFile*> files;
    std::vector<std::string> paths;
    for (const lake::DataFile& file : table.files().files()) {
      files.push_back(&file);
      paths.push_back("/" + file.key);
    }
    BL_TRY(const lake::Relation relation,
           lake::relation_of(*connection, table, files, paths, "the tail"));
    BL_TRY(auto answer, connection->query("SELECT * FROM " + relation.sql));
    BL_TRY(const columns::Batch rows, answer.all());
    BL_TRY(const auto events, events_of(rows));
    std::vector<std::string> texts;
    for (const BuildEvent& event : events) texts.push_back(event_json(event));
    std::sort(texts.begin(), texts.end());
    return texts;
  }

  LogItself rule_;
  std::unique_ptr<LogUnderTest> log_;
};

// -- cases

void an_empty_log_has_empty_answers(const LogFactory& make) {
  Pair(make).compare_all({}, 3);
}

void every_question_has_the_same_answer(const LogFactory& make) {
  const auto events = history(2, 2'000);
  Pair pair(make);
  for (std::size_t i = 0; i < events.size(); i += 250)
    pair.append(std::span(events).subspan(i, 250));
  pair.compare_all(events, 25);
}

void ties_stand_in_the_order_of_arrival(const LogFactory& make) {
  auto events = small_world(3, 60);
  for (BuildEvent& event : events) event.timestamp = 7;
  Pair pair(make);
  for (const BuildEvent& event : events) pair.append(event);
  pair.compare_all(events, 60);
}

void late_events_take_their_place(const LogFactory& make) {
  auto events = history(4, 300);
  std::reverse(events.begin(), events.end());
  Pair pair(make);
  pair.append(std::span(events).first(150));
  pair.append(std::span(events).subspan(150));
  pair.compare_all(events, 40);
}

void what_was_acknowledged_is_in_every_answer(const LogFactory& make) {
  const auto events = small_world(5, 40);
  Pair pair(make);
  for (std::size_t i = 0; i < events.size(); ++i) {
    pair.append(events[i]);
    pair.compare(questions_about(std::span(events).subspan(i, 1), 2));
    if (testing::Test::HasFailure()) return;
  }
}

void names_may_be_anything(const LogFactory& make) {
  std::vector<BuildEvent> events;
  std::int64_t at = 1;
  for (const char* ref : {"a'b", "a\"b", "a\\b", "%", "_", "a%b", "日本/ü", "e\u0301", "\u00e9",
                          " ", "a\nb", "A", "a", "[x]", "null", "0", "😀", "\x7f"}) {
    auto one = history(static_cast<std::uint64_t>(at), 3);
    one[0].payload = PartitionEvent{ref, PartitionStatus::available, ref, ref};
    one[1].payload = JobEvent{ref, ref, {ref, ref}, JobStatus::completed, ref, {}, {}};
    one[2].payload = BuildRequestEvent{BuildRequestStatus::executing, {ref, "b", ref}, ref};
    for (BuildEvent& event : one) {
      event.timestamp = at++ % 4 + 1;
      events.push_back(event);
    }
  }
  Pair pair(make);
  pair.append(events);
  pair.compare_all(events, events.size());
  for (const char* search : {"%", "_", "'", "\\", "ü", "\u0301", "A", "a", " "})
    pair.compare({.ask = Ask::list_jobs, .search = search});
}

void a_manifest_of_a_megabyte_comes_back(const LogFactory& make) {
  const BuildEvent big = event_with_big_manifest(6);
  auto events = history(6, 20);
  events.push_back(big);
  Pair pair(make);
  pair.append(events);
  pair.append(big);
  pair.compare_all(events, 3);
  pair.compare({.ask = Ask::job_run_events, .id = "big-run"});
  pair.compare({.ask = Ask::event, .id = big.event_id});
}

void limits_past_the_end_give_what_there_is(const LogFactory& make) {
  const auto events = history(7, 30);
  Pair pair(make);
  pair.append(events);
  for (const std::size_t limit : {1, 29, 30, 31, 100'000}) {
    pair.compare({.ask = Ask::events_in_range,
                  .slice = {.since = {}, .limit = limit},
                  .start = 0,
                  .end = std::numeric_limits<std::int64_t>::max()});
    pair.compare({.ask = Ask::list, .slice = {.since = {}, .limit = limit}});
  }
  for (const std::size_t offset : {0, 1, 29, 30, 31, 100'000}) {
    pair.compare({.ask = Ask::list_build_requests, .paging = {1000, offset}});
    pair.compare({.ask = Ask::list_recent_partitions, .paging = {1000, offset}});
    pair.compare({.ask = Ask::list_jobs, .paging = {1000, offset}});
  }
}

void since_leaves_its_instant_out(const LogFactory& make) {
  auto events = history(8, 4);
  for (std::size_t i = 0; i < 4; ++i) {
    events[i].payload = PartitionEvent{"a", PartitionStatus::building, "", "run"};
    events[i].build_request_id = events[0].build_request_id;
    events[i].timestamp = static_cast<std::int64_t>(10 + i / 2);
  }
  Pair pair(make);
  pair.append(events);
  for (const std::int64_t since : {-1, 0, 9, 10, 11, 12})
    for (const std::size_t limit : {1, 2, 5}) {
      const Slice slice{.since = since, .limit = limit};
      pair.compare({.ask = Ask::partition_events, .id = "a", .slice = slice});
      pair.compare({.ask = Ask::job_run_events, .id = "run", .slice = slice});
      pair.compare(
          {.ask = Ask::build_request_events, .id = events[0].build_request_id, .slice = slice});
    }
}

void the_same_again_changes_nothing(const LogFactory& make) {
  const auto events = history(9, 50);
  Pair pair(make);
  pair.append(std::span(events).first(30));
  pair.append(std::span(events).first(30));
  pair.append(events);
  std::vector<BuildEvent> twice{events[3], events[3], events[40]};
  pair.append(twice);
  pair.append(std::span<const BuildEvent>());
  pair.compare_all(events, 50);
}

void another_event_under_an_id_is_a_conflict(const LogFactory& make) {
  auto events = history(10, 20);
  Pair pair(make);
  pair.append(std::span(events).first(10));
  BuildEvent other = events[3];
  other.timestamp += 1;
  pair.append(other);
  other = events[4];
  other.build_request_id = events[0].event_id;
  pair.append(other);
  other = events[5];
  other.payload = BuildCancelEvent{"another"};
  pair.append(other);
  // Within one batch: the id that is new is there with two contents.
  std::vector<BuildEvent> batch{events[15], events[15]};
  batch[1].payload = BuildCancelEvent{"another"};
  pair.append(batch);
  pair.compare_all(events, 20);
}

void a_batch_is_there_whole_or_not_at_all(const LogFactory& make) {
  const auto events = history(11, 40);
  Pair pair(make);
  pair.append(std::span(events).first(10));
  // A fault behind good ones, and a conflict behind good ones.
  std::vector<BuildEvent> batch(events.begin() + 10, events.begin() + 30);
  batch[19].timestamp = 0;
  batch[7].payload = PartitionEvent{"", PartitionStatus::available, "", ""};
  pair.append(batch);
  batch.assign(events.begin() + 10, events.begin() + 30);
  batch.push_back(events[2]);
  batch.back().payload = BuildCancelEvent{"another"};
  pair.append(batch);
  pair.compare_all(events, 40);
  batch.pop_back();
  pair.append(batch);
  pair.compare_all(events, 40);
}

void what_breaks_a_rule_is_refused(const LogFactory& make) {
  auto events = history(12, 3);
  Pair pair(make);
  BuildEvent bad = events[0];
  bad.event_id = "not an id";
  pair.append(bad);
  bad = events[0];
  bad.payload = PartitionEvent{"a", static_cast<PartitionStatus>(99), "", ""};
  pair.append(bad);
  bad.payload = BuildCancelEvent{"\xff"};
  pair.append(bad);
  bad.payload = BuildCancelEvent{std::string(1, '\0')};
  pair.append(bad);
  bad.payload = JobEvent{"", "", {""}, JobStatus::running, "", {}, {}};
  pair.append(bad);
  bad.payload = TaskCancelEvent{std::string((1u << 20) + 1, 'x'), ""};
  pair.append(bad);
  pair.compare_all(events, 3);
}

void a_batch_and_an_event_have_a_most(const LogFactory& make) {
  Pair pair(make);
  const auto events = history(13, 2);
  std::vector<BuildEvent> batch(EventLog::k_append_max + 1, events[0]);
  for (BuildEvent& event : batch) event.payload = BuildCancelEvent{};
  pair.append(batch);
  BuildEvent large = events[1];
  large.payload = BuildCancelEvent{std::string((16u << 20) + 1, 'x')};
  pair.append(large);
  pair.compare_all(events, 2);
}

void instants_may_be_the_first_and_the_last(const LogFactory& make) {
  constexpr std::int64_t k_last = std::numeric_limits<std::int64_t>::max();
  auto events = small_world(14, 30);
  for (std::size_t i = 0; i < events.size(); ++i)
    events[i].timestamp = i % 3 == 0 ? 1 : i % 3 == 1 ? k_last : k_last - 1;
  Pair pair(make);
  pair.append(events);
  pair.compare_all(events, 30);
  for (const std::int64_t since : {k_last, k_last - 1, std::int64_t{1}})
    pair.compare(
        {.ask = Ask::build_request_events, .id = small_world_build(0), .slice = {.since = since}});
}

/// Events of a log as it lists them.
std::vector<BuildEvent> all_of(EventLog& log) {
  std::vector<BuildEvent> events;
  Sequence after = 0;
  for (bool has_more = true; has_more;) {
    const auto page = log.list(after, {}, 100);
    EXPECT_TRUE(page.ok()) << page.error().message;
    if (!page.ok()) break;
    for (const StoredEvent& stored : page->events) events.push_back(stored.event);
    after = page->next;
    has_more = page->has_more;
  }
  return events;
}

void writers_at_once_lose_and_double_nothing(const LogFactory& make) {
  constexpr std::size_t k_writers = 4, k_batch = 8;
  const auto log = make({});
  if (log->log() == nullptr) GTEST_SKIP() << "asks through a wire, by one thread";
  // Neighbours append the same half: each event is new once, a repetition once.
  const auto events = small_world(15, 400);
  std::atomic<std::int64_t> added = 0, failures = 0;
  std::vector<std::thread> writers;
  for (std::size_t writer = 0; writer < k_writers; ++writer)
    writers.emplace_back([&, writer] {
      const std::size_t from = writer / 2 * 200;
      for (std::size_t i = from; i < from + 200; i += k_batch) {
        const auto batch = std::span(events).subspan(i, k_batch);
        const auto appended = log->append(batch);
        if (!appended.ok()) ++failures;
        if (appended.ok()) added += appended->added;
        // What was acknowledged is in the next answer.
        const auto found = log->log()->event(batch.back().event_id);
        if (!found.ok() || !found->has_value()) ++failures;
        if (!log->log()->activity().ok()) ++failures;
      }
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failures.load(), 0);
  EXPECT_EQ(added.load(), static_cast<std::int64_t>(events.size()));
  // In whatever order they came in: that order is the rule's.
  const auto kept = all_of(*log->log());
  ASSERT_EQ(kept.size(), events.size());
  LogItself rule(std::make_unique<MemoryLog>());
  ASSERT_TRUE(rule.append(kept).ok());
  for (const Question& question : questions_about(kept, 10)) {
    expect_same_answer(rule, *log, question);
    if (testing::Test::HasFailure()) return;
  }
}

BuildEvent event_at(std::int64_t at, Payload payload) {
  static std::mt19937_64 ids(99);
  return {fmt::format("00000000-0000-4000-9000-{:012x}", ids() >> 16), at, small_world_build(1),
          std::move(payload)};
}

void a_strict_log_keeps_the_order_of_statuses(const LogFactory& make) {
  Pair pair(make, {.is_strict = true});
  using enum BuildRequestStatus;
  const auto build = [](std::int64_t at, BuildRequestStatus status) {
    return event_at(at, BuildRequestEvent{status, {}, ""});
  };
  const auto partition = [](std::int64_t at, PartitionStatus status) {
    return event_at(at, PartitionEvent{"a", status, "", ""});
  };
  const auto job = [](std::int64_t at, JobStatus status) {
    return event_at(at, JobEvent{"run", "//j", {}, status, "", {}, {}});
  };
  std::vector<BuildEvent> told;
  const auto tell = [&](const BuildEvent& event) {
    pair.append(event);
    told.push_back(event);
  };
  tell(build(10, completed));  // may not be the first
  tell(build(10, received));
  tell(build(11, planning));
  tell(build(12, received));  // goes back
  tell(build(5, executing));  // late: comes behind planning, which stays the newest
  tell(build(13, analysis_completed));
  tell(build(14, completed));  // not without executing
  tell(partition(10, PartitionStatus::building));
  tell(partition(10, PartitionStatus::requested));
  tell(event_at(11, PartitionInvalidationEvent{"a", ""}));
  tell(partition(12, PartitionStatus::available));
  tell(partition(12, PartitionStatus::scheduled));
  tell(job(1, JobStatus::running));
  // Statuses of one batch stand behind each other, all or none.
  const std::vector<BuildEvent> good{job(20, JobStatus::scheduled), job(21, JobStatus::running),
                                     build(20, executing), build(21, completed)};
  std::vector<BuildEvent> bad = good;
  bad.push_back(job(22, JobStatus::scheduled));
  pair.append(bad);
  pair.append(good);
  pair.append(good);  // again: nothing follows anything
  tell(build(22, failed));
  tell(job(23, JobStatus::completed));
  told.insert(told.end(), good.begin(), good.end());
  pair.compare_all(told, 40);
}

void a_log_that_is_not_strict_takes_any_order(const LogFactory& make) {
  const std::vector<BuildEvent> events{
      event_at(3, BuildRequestEvent{BuildRequestStatus::completed, {}, ""}),
      event_at(4, BuildRequestEvent{BuildRequestStatus::received, {}, ""}),
      event_at(5, PartitionEvent{"a", PartitionStatus::available, "", ""}),
      event_at(5, JobEvent{"r", "//j", {"a"}, JobStatus::completed, "", {}, {}}),
      event_at(6, JobEvent{"r", "//j", {"a"}, JobStatus::running, "", {}, {}})};
  Pair pair(make);
  pair.append(events);
  pair.compare_all(events, 9);
}

void random_histories_have_the_same_answers(const LogFactory& make) {
  const std::int64_t first = number_of_environment("BL_PARITY_SEED", 1);
  const std::int64_t rounds = number_of_environment("BL_PARITY_ROUNDS", 12);
  for (std::int64_t seed = first; seed < first + rounds; ++seed) {
    SCOPED_TRACE(fmt::format("BL_PARITY_SEED={}", seed));
    std::mt19937_64 engine(static_cast<std::uint64_t>(seed));
    const auto below = [&](std::size_t bound) { return engine() % bound; };
    const auto events = small_world(static_cast<std::uint64_t>(seed), 20 + below(200));
    Pair pair(make);
    std::size_t told = 0;
    while (told < events.size()) {
      const std::size_t count = std::min(events.size() - told, 1 + below(below(8) == 0 ? 60 : 6));
      // At times what was told stands before what is new: a client that tries again.
      const std::size_t from = below(4) == 0 ? told - std::min(told, below(5)) : told;
      pair.append(std::span(events).subspan(from, told + count - from));
      told += count;
      if (below(6) != 0) continue;
      const auto questions = questions_about(std::span(events).first(told), 6);
      for (int i = 0; i < 10; ++i) pair.compare(questions[below(questions.size())]);
    }
    pair.compare_all(events, 12);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace

void expect_same_answer(LogUnderTest& rule, LogUnderTest& log, const Question& question) {
  const std::string expected = rule.ask(question), actual = log.ask(question);
  if (expected == actual) return;
  const auto at = static_cast<std::size_t>(
      std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end()).first -
      expected.begin());
  const std::size_t from = at - std::min<std::size_t>(at, 300);
  ADD_FAILURE() << text_of(question) << ", from byte " << from << ":\n  expected "
                << std::string_view(expected).substr(from, 600) << "\n  but got  "
                << std::string_view(actual).substr(std::min(from, actual.size()), 600);
}

const std::vector<ParityCase>& parity_cases() {
  static const std::vector<ParityCase> k_cases{
      {"AnEmptyLogHasEmptyAnswers", an_empty_log_has_empty_answers},
      {"EveryQuestionHasTheSameAnswer", every_question_has_the_same_answer},
      {"TiesStandInTheOrderOfArrival", ties_stand_in_the_order_of_arrival},
      {"LateEventsTakeTheirPlace", late_events_take_their_place},
      {"WhatWasAcknowledgedIsInEveryAnswer", what_was_acknowledged_is_in_every_answer},
      {"NamesMayBeAnything", names_may_be_anything},
      {"AManifestOfAMegabyteComesBack", a_manifest_of_a_megabyte_comes_back},
      {"LimitsPastTheEndGiveWhatThereIs", limits_past_the_end_give_what_there_is},
      {"SinceLeavesItsInstantOut", since_leaves_its_instant_out},
      {"TheSameAgainChangesNothing", the_same_again_changes_nothing},
      {"AnotherEventUnderAnIdIsAConflict", another_event_under_an_id_is_a_conflict},
      {"ABatchIsThereWholeOrNotAtAll", a_batch_is_there_whole_or_not_at_all},
      {"WhatBreaksARuleIsRefused", what_breaks_a_rule_is_refused},
      {"ABatchAndAnEventHaveAMost", a_batch_and_an_event_have_a_most},
      {"InstantsMayBeTheFirstAndTheLast", instants_may_be_the_first_and_the_last},
      {"WritersAtOnceLoseAndDoubleNothing", writers_at_once_lose_and_double_nothing},
      {"AStrictLogKeepsTheOrderOfStatuses", a_strict_log_keeps_the_order_of_statuses},
      {"ALogThatIsNotStrictTakesAnyOrder", a_log_that_is_not_strict_takes_any_order},
      {"RandomHistoriesHaveTheSameAnswers", random_histories_have_the_same_answers},
  };
  return k_cases;
}

}  // namespace bl::events
