// What both kinds of journals promise: the rules of journal.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/testing/memory_disk.h"
#include "lake/file_journal.h"
#include "lake/object_journal.h"
#include "objects/testing/memory_store.h"

namespace bl::lake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Timestamp k_start = Timestamp::from_seconds(1'700'000'000);

// A clock in whose hands groups can be held up: who writes one asks for the time.
class HoldingClock final : public Clock {
 public:
  Timestamp now() const override { return inner_.now(); }
  std::chrono::steady_clock::time_point steady_now() const override {
    std::unique_lock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !holds_; });
    return inner_.steady_now();
  }
  void advance(std::chrono::microseconds by) { inner_.advance(by); }
  void hold() {
    const std::lock_guard lock(mutex_);
    holds_ = true;
    asked_ = 0;
  }
  void wait_until_somebody_is_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_ > 0; });
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    holds_ = false;
    changed_.notify_all();
  }

 private:
  ManualClock inner_{k_start};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int asked_ = 0;
  bool holds_ = false;
};

// Opens journals of one kind in one place, one after the other.
class Kind {
 public:
  virtual ~Kind() = default;
  virtual Result<std::unique_ptr<Journal>> open() = 0;

  HoldingClock clock;
  SeededRandom random{7};
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  JournalLimits limits;
};

class FileKind final : public Kind {
 public:
  Result<std::unique_ptr<Journal>> open() override {
    return open_file_journal(disk_, "lake/j", limits, clock, random, log, metrics);
  }

 private:
  MemoryDisk disk_;
};

class ObjectKind final : public Kind {
 public:
  Result<std::unique_ptr<Journal>> open() override {
    ObjectJournalLimits of_objects;
    of_objects.journal = limits;
    return open_object_journal(
        store_, "lake/j", of_objects,
        {clock, random, log, metrics, [](std::chrono::milliseconds) { return true; }});
  }

 private:
  MemoryDisk disk_;
  objects::testing::MemoryStore store_{clock, disk_};
};

struct NamedKind {
  const char* name;
  std::unique_ptr<Kind> (*make)();
};

class JournalConformance : public ::testing::TestWithParam<NamedKind> {
 protected:
  const std::unique_ptr<Kind> kind_ = GetParam().make();
  std::unique_ptr<Journal> open() {
    auto opened = kind_->open();
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return std::move(opened).value();
  }
};

INSTANTIATE_TEST_SUITE_P(
    Kinds, JournalConformance,
    ::testing::Values(
        NamedKind{"file", [] { return std::unique_ptr<Kind>(std::make_unique<FileKind>()); }},
        NamedKind{"objects", [] { return std::unique_ptr<Kind>(std::make_unique<ObjectKind>()); }}),
    [](const auto& tested) { return tested.param.name; });

std::vector<std::string> payloads(Journal& journal, RecordNo first = 1) {
  std::vector<std::string> texts;
  const auto read = journal.read(first, [&](const JournalRecord& record) {
    EXPECT_EQ(record.no, first + texts.size());
    texts.emplace_back(record.payload);
    return true;
  });
  EXPECT_TRUE(read.ok()) << read.error().message;
  return texts;
}

RecordNo add(Journal& journal, std::string_view payload, std::string_view key = {}) {
  const auto ack = journal.append(payload, key);
  EXPECT_TRUE(ack.ok()) << ack.error().message;
  return ack.ok() ? ack->no : 0;
}

std::string numbered(const char* what, int number) {
  return std::string(what).append(std::to_string(number));
}

TEST_P(JournalConformance, what_was_appended_is_read_in_order) {
  const auto journal = open();
  EXPECT_EQ(journal->first(), 1U);
  EXPECT_EQ(journal->next(), 1U);
  EXPECT_THAT(payloads(*journal), ElementsAre());
  const std::string with_zero("t\0wo", 4);
  EXPECT_EQ(add(*journal, "one"), 1U);
  EXPECT_EQ(add(*journal, with_zero), 2U);
  EXPECT_EQ(add(*journal, "three"), 3U);
  EXPECT_EQ(journal->next(), 4U);
  EXPECT_THAT(payloads(*journal), ElementsAre("one", with_zero, "three"));
  EXPECT_THAT(payloads(*journal, 3), ElementsAre("three"));
  EXPECT_THAT(payloads(*journal, 4), ElementsAre());
  EXPECT_EQ(journal->id().size(), 32U);
}

TEST_P(JournalConformance, a_record_has_its_key_and_the_time_of_its_group) {
  const auto journal = open();
  kind_->clock.advance(std::chrono::seconds(5));
  add(*journal, "payload", "key");
  std::size_t seen = 0;
  ASSERT_TRUE(journal
                  ->read(1,
                         [&](const JournalRecord& record) {
                           EXPECT_EQ(record.key, "key");
                           EXPECT_EQ(record.at, k_start + std::chrono::seconds(5));
                           return ++seen > 0;
                         })
                  .ok());
  EXPECT_EQ(seen, 1U);
}

TEST_P(JournalConformance, reading_stops_when_its_reader_has_enough) {
  const auto journal = open();
  for (int i = 0; i < 5; ++i) add(*journal, "payload");
  RecordNo last = 0;
  ASSERT_TRUE(
      journal->read(2, [&](const JournalRecord& record) { return (last = record.no) < 3; }).ok());
  EXPECT_EQ(last, 3U);
}

TEST_P(JournalConformance, what_does_not_fit_is_refused_by_its_size) {
  kind_->limits.record_bytes_max = 10;
  kind_->limits.key_bytes_max = 3;
  const auto journal = open();
  EXPECT_EQ(journal->append("12345678901").error().code, Code::too_large);
  EXPECT_EQ(journal->append("1", "long").error().code, Code::too_large);
  EXPECT_EQ(journal->append("").error().code, Code::invalid);
  EXPECT_EQ(add(*journal, "1234567890"), 1U);
}

// Keys ---------------------------------------------------------------------------------------

TEST_P(JournalConformance, the_same_record_under_the_same_key_is_stored_once) {
  std::string id;
  {
    const auto journal = open();
    id = journal->id();
    EXPECT_EQ(add(*journal, "one", "k1"), 1U);
    const auto again = journal->append("one", "k1");
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->no, 1U);
    EXPECT_TRUE(again->replayed);
    EXPECT_EQ(again->journal, "");
    EXPECT_THAT(payloads(*journal), ElementsAre("one"));
  }
  const auto journal = open();
  const auto again = journal->append("one", "k1");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->no, 1U);
  // A number is of use with the id of its journal only.
  EXPECT_EQ(again->journal.empty() ? journal->id() : again->journal, id);
  const auto other = journal->append("other", "k1");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::conflict);
  EXPECT_FALSE(is_sealed(other.error()));
  EXPECT_THAT(other.error().message, HasSubstr("k1"));
}

TEST_P(JournalConformance, keys_outlive_their_records) {
  kind_->limits.segment_bytes = 1;  // one group each
  {
    const auto journal = open();
    for (int i = 1; i <= 5; ++i) add(*journal, numbered("p", i), numbered("k", i));
    ASSERT_TRUE(journal->trim(3).ok());
    EXPECT_EQ(journal->first(), 3U);
    ASSERT_TRUE(journal->trim(6).ok());
    EXPECT_EQ(journal->first(), 5U);  // the last group stays
    EXPECT_EQ(journal->read(1, [](const JournalRecord&) { return true; }).error().code,
              Code::not_found);
    EXPECT_THAT(payloads(*journal, 5), ElementsAre("p5"));
    for (int i = 1; i <= 5; ++i) {
      EXPECT_TRUE(journal->append(numbered("p", i), numbered("k", i))->replayed) << i;
    }
  }
  const auto journal = open();
  for (int i = 1; i <= 5; ++i) {
    const auto again = journal->append(numbered("p", i), numbered("k", i));
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(again->replayed) << i;
    EXPECT_EQ(again->no, static_cast<RecordNo>(i));
  }
}

TEST_P(JournalConformance, keys_are_forgotten_when_they_are_old_and_many) {
  kind_->limits.keys_min = 2;
  auto journal = open();
  for (int i = 1; i <= 4; ++i) add(*journal, "p", numbered("k", i));
  kind_->clock.advance(std::chrono::hours(23));
  EXPECT_TRUE(journal->append("p", "k1")->replayed);  // many, but not old
  journal = nullptr;
  journal = open();
  EXPECT_TRUE(journal->append("p", "k1")->replayed);
  kind_->clock.advance(std::chrono::hours(2));
  EXPECT_FALSE(journal->append("p", "k1")->replayed);  // old, and three came after it
  EXPECT_FALSE(journal->append("p", "k2")->replayed);
  EXPECT_TRUE(journal->append("p", "k1")->replayed);
}

// Concurrency --------------------------------------------------------------------------------

TEST_P(JournalConformance, many_writers_share_groups_and_each_gets_its_own_number) {
  kind_->limits.segment_bytes = 4096;
  const auto journal = open();
  constexpr int k_writers = 16;
  constexpr int k_each = 50;
  std::vector<std::vector<RecordNo>> numbers(k_writers);
  std::vector<std::thread> threads;
  for (int writer = 0; writer < k_writers; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < k_each; ++i) {
        // Two writers of the same keys: one of each pair is a replay.
        const std::string text = numbered(".", i).append(numbered(".", writer / 2));
        const auto ack = journal->append(text, text);
        ASSERT_TRUE(ack.ok()) << ack.error().message;
        numbers[static_cast<std::size_t>(writer)].push_back(ack->no);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(journal->next() - 1, k_writers / 2 * k_each);
  for (int pair = 0; pair < k_writers; pair += 2) {
    EXPECT_EQ(numbers[static_cast<std::size_t>(pair)], numbers[static_cast<std::size_t>(pair) + 1]);
  }
  EXPECT_EQ(payloads(*journal).size(), journal->next() - 1);
}

// One group is held up; then as many wait as the test wants.
class HeldUp {
 public:
  HeldUp(Kind& kind, Journal& journal) : clock_(kind.clock), journal_(journal) {
    clock_.hold();
    append("held");
    clock_.wait_until_somebody_is_held();
  }
  ~HeldUp() { let_go(); }
  void append(std::string payload) {
    threads_.emplace_back(
        [this, payload = std::move(payload)] { EXPECT_TRUE(journal_.append(payload).ok()); });
  }
  void let_go() {
    clock_.let_go();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  HoldingClock& clock_;
  Journal& journal_;
  std::vector<std::thread> threads_;
};

double limit_hits(const Kind& kind, const std::string& limit) {
  for (const MetricSample& sample : kind.metrics.samples("bl_journal_limit_hits_total")) {
    if (sample.labels == MetricLabels{{"limit", limit}}) return sample.value;
  }
  return -1;
}

TEST_P(JournalConformance, who_waits_too_long_for_a_group_is_told_so_and_nothing_is_stored) {
  kind_->limits.queue_wait_max = std::chrono::milliseconds(20);
  const auto journal = open();
  {
    HeldUp held(*kind_, *journal);
    const auto late = journal->append("late", "key");
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, Code::overloaded);
    EXPECT_EQ(limit_hits(*kind_, "queue_wait_max"), 1);
  }
  EXPECT_THAT(payloads(*journal), ElementsAre("held"));
  EXPECT_FALSE(journal->append("late", "key")->replayed);
}

TEST_P(JournalConformance, a_full_queue_takes_nothing_more) {
  kind_->limits.queue_bytes_max = 100;
  kind_->limits.queue_wait_max = std::chrono::milliseconds(50);
  const auto journal = open();
  HeldUp held(*kind_, *journal);
  // The first waits until its time is over; what comes meanwhile does not fit beside it.
  std::atomic<bool> is_over = false;
  std::thread waits([&] {
    EXPECT_EQ(journal->append(std::string(90, 'x')).error().code, Code::overloaded);
    is_over = true;
  });
  while (!is_over && limit_hits(*kind_, "queue_bytes_max") < 1) {
    const auto refused = journal->append(std::string(90, 'y'));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::overloaded);
  }
  waits.join();
  held.let_go();
  EXPECT_EQ(add(*journal, "after"), 2U);
}

}  // namespace
}  // namespace bl::lake
