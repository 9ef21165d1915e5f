// A journal of files keeps what it acknowledged, through faults and power cuts, and says what it
// cannot read.
#include "lake/file_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/testing/faulty_disk.h"
#include "base/testing/memory_disk.h"
#include "lake/journal/format.h"
#include "lake/journal/segment.h"

namespace bl::lake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Timestamp k_start = Timestamp::from_seconds(1'700'000'000);

// What a journal needs around it.
struct World {
  ManualClock clock{k_start};
  SeededRandom random{7};
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  JournalLimits limits;

  Result<std::unique_ptr<Journal>> open(Disk& disk) {
    return open_file_journal(disk, "lake/j", limits, clock, random, log, metrics);
  }
};

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

TEST(Journal, what_was_appended_is_read_in_order_also_after_the_next_open) {
  World world;
  MemoryDisk disk;
  std::string id;
  {
    auto journal = world.open(disk).value();
    EXPECT_EQ(journal->next(), 1U);
    EXPECT_EQ(add(*journal, "one"), 1U);
    EXPECT_EQ(add(*journal, std::string("t\0wo", 4)), 2U);
    EXPECT_THAT(payloads(*journal), ElementsAre("one", std::string("t\0wo", 4)));
    id = journal->id();
    EXPECT_EQ(id.size(), 32U);
  }
  auto journal = world.open(disk).value();
  EXPECT_EQ(journal->id(), id);
  EXPECT_EQ(add(*journal, "three"), 3U);
  EXPECT_THAT(payloads(*journal, 2), ElementsAre(std::string("t\0wo", 4), "three"));
  EXPECT_THAT(payloads(*journal, 4), ElementsAre());
}

TEST(Journal, a_second_owner_is_refused) {
  World world;
  MemoryDisk disk;
  auto journal = world.open(disk).value();
  const auto second = world.open(disk);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
}

TEST(Journal, what_does_not_fit_is_refused_by_its_size) {
  World world;
  world.limits.record_bytes_max = 10;
  world.limits.key_bytes_max = 3;
  MemoryDisk disk;
  auto journal = world.open(disk).value();
  EXPECT_EQ(journal->append("12345678901").error().code, Code::too_large);
  EXPECT_EQ(journal->append("1", "long").error().code, Code::too_large);
  EXPECT_EQ(journal->append("").error().code, Code::invalid);
  EXPECT_EQ(add(*journal, "1234567890"), 1U);
}

// Keys ---------------------------------------------------------------------------------------

TEST(JournalKeys, the_same_record_under_the_same_key_is_stored_once) {
  World world;
  MemoryDisk disk;
  {
    auto journal = world.open(disk).value();
    EXPECT_EQ(add(*journal, "one", "k1"), 1U);
    const auto again = journal->append("one", "k1");
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->no, 1U);
    EXPECT_TRUE(again->replayed);
  }
  auto journal = world.open(disk).value();
  EXPECT_TRUE(journal->append("one", "k1")->replayed);
  const auto other = journal->append("other", "k1");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::conflict);
  EXPECT_THAT(other.error().message, HasSubstr("k1"));
  EXPECT_THAT(payloads(*journal), ElementsAre("one"));
}

TEST(JournalKeys, outlive_the_segments_of_their_records) {
  World world;
  world.limits.segment_bytes = 1;  // one group each
  MemoryDisk disk;
  {
    auto journal = world.open(disk).value();
    for (int i = 1; i <= 5; ++i) add(*journal, "p" + std::to_string(i), "k" + std::to_string(i));
    ASSERT_TRUE(journal->trim(6).ok());
    EXPECT_EQ(journal->first(), 5U);  // the last segment stays
    EXPECT_EQ(journal->read(1, [](const JournalRecord&) { return true; }).error().code,
              Code::not_found);
  }
  auto journal = world.open(disk).value();
  for (int i = 1; i <= 5; ++i) {
    const auto again = journal->append("p" + std::to_string(i), "k" + std::to_string(i));
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(again->replayed) << i;
    EXPECT_EQ(again->no, static_cast<RecordNo>(i));
  }
}

TEST(JournalKeys, are_forgotten_when_they_are_old_and_many_and_their_files_go) {
  World world;
  world.limits.segment_bytes = 1;
  world.limits.keys_min = 2;
  MemoryDisk disk;
  auto journal = world.open(disk).value();
  for (int i = 1; i <= 4; ++i) add(*journal, "p", "k" + std::to_string(i));
  ASSERT_TRUE(journal->trim(4).ok());
  EXPECT_TRUE(disk.exists("lake/j/00000000000000000001.journal.keys").value());
  EXPECT_TRUE(journal->append("p", "k1")->replayed);  // many, but not old
  world.clock.advance(std::chrono::hours(25));
  EXPECT_FALSE(journal->append("p", "k1")->replayed);  // old, and two came after it
  EXPECT_TRUE(journal->append("p", "k4")->replayed);   // old, but of the last two
  ASSERT_TRUE(journal->trim(4).ok());
  EXPECT_FALSE(disk.exists("lake/j/00000000000000000001.journal.keys").value());
}

// Concurrency --------------------------------------------------------------------------------

TEST(Journal, many_writers_share_groups_and_each_gets_its_own_number) {
  World world;
  world.limits.segment_bytes = 4096;
  const std::unique_ptr<Disk> real = make_real_disk();
  std::string folder = (::testing::TempDir()) + "bl-journal-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  auto journal = open_file_journal(*real, folder, world.limits, world.clock, world.random,
                                   world.log, world.metrics)
                     .value();
  constexpr int k_writers = 16;
  constexpr int k_each = 50;
  std::vector<std::vector<RecordNo>> numbers(k_writers);
  std::vector<std::thread> threads;
  for (int writer = 0; writer < k_writers; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < k_each; ++i) {
        const std::string text = std::to_string(writer) + "." + std::to_string(i);
        // Two writers of the same keys: one of each pair is a replay.
        const auto ack =
            journal->append(text.substr(text.find('.')) + std::to_string(writer / 2),
                            "k" + std::to_string(writer / 2) + text.substr(text.find('.')));
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

// Faults -------------------------------------------------------------------------------------

// Appends, rolls and trims; gives the acknowledged payloads by number, and which are unknown.
struct Outcome {
  std::map<RecordNo, std::string> acknowledged;
  std::set<std::string> unknown;
  RecordNo trimmed = 1;
};
Outcome run_scenario(World& world, Disk& disk) {
  Outcome outcome;
  auto journal = world.open(disk);
  if (!journal.ok()) return outcome;
  for (int i = 0; i < 12; ++i) {
    const std::string text = "payload " + std::to_string(i);
    for (int attempt = 0; attempt < 2; ++attempt) {
      const auto ack = (*journal)->append(text, "key " + std::to_string(i));
      if (ack.ok()) {
        outcome.acknowledged[ack->no] = text;
        break;
      }
      EXPECT_TRUE(ack.error().code == Code::io || ack.error().code == Code::disk_full ||
                  ack.error().code == Code::outcome_unknown)
          << ack.error().message;
      if (ack.error().code == Code::outcome_unknown) outcome.unknown.insert(text);
    }
    if (i == 8 && (*journal)->trim(4).ok()) outcome.trimmed = (*journal)->first();
  }
  return outcome;
}

void expect_kept(World& world, Disk& disk, const Outcome& outcome, const std::string& where) {
  auto journal = world.open(disk);
  ASSERT_TRUE(journal.ok()) << where << ": " << journal.error().message;
  std::map<RecordNo, std::string> found;
  const RecordNo first = (*journal)->first();
  ASSERT_TRUE((*journal)
                  ->read(first,
                         [&](const JournalRecord& record) {
                           found[record.no] = record.payload;
                           return true;
                         })
                  .ok())
      << where;
  std::set<std::string> once;
  for (const auto& [no, text] : found) {
    EXPECT_TRUE(once.insert(text).second) << where << ": twice: " << text;
    const auto known = outcome.acknowledged.find(no);
    if (known != outcome.acknowledged.end()) {
      EXPECT_EQ(known->second, text) << where;
    } else {
      EXPECT_TRUE(outcome.unknown.contains(text)) << where << ": never acknowledged: " << text;
    }
  }
  for (const auto& [no, text] : outcome.acknowledged) {
    EXPECT_TRUE(no < first || found.contains(no)) << where << ": lost " << no;
  }
  EXPECT_LE(first, 4U) << where;  // trim(4) removes records 1 to 3 at most
  const RecordNo next = (*journal)->next();
  EXPECT_EQ(add(**journal, "after"), next) << where;
}

TEST(JournalFaults, no_failing_call_loses_or_doubles_what_was_acknowledged) {
  for (const auto lasting : {FaultPlan::Lasting::once, FaultPlan::Lasting::for_good}) {
    for (const Code code : {Code::io, Code::disk_full}) {
      for (std::uint64_t n = 1;; ++n) {
        World world;
        world.limits.segment_bytes = 150;  // two groups
        MemoryDisk disk;
        FaultyDisk faulty(disk, {n, lasting, code});
        const Outcome outcome = run_scenario(world, faulty);
        if (!faulty.struck()) {
          EXPECT_EQ(outcome.acknowledged.size(), 12U);
          EXPECT_GT(n, 60U);
          break;
        }
        if (lasting == FaultPlan::Lasting::once && n > 10) {
          EXPECT_EQ(outcome.acknowledged.size(), 12U) << n;  // the second attempt
        }
        const std::string where = "call " + std::to_string(n);
        // What survives a power cut, and what is there without one.
        for (std::uint64_t seed = 0; seed < 3; ++seed) {
          const auto left = disk.after_power_cut(seed);
          expect_kept(world, *left, outcome, where + ", cut " + std::to_string(seed));
        }
        expect_kept(world, disk, outcome, where);
      }
    }
  }
}

// Cuts the power in the middle of everything: a disk whose n-th call fails for good is the moment.
TEST(JournalFaults, no_power_cut_loses_what_was_acknowledged) {
  for (std::uint64_t n = 1; n < 120; ++n) {
    World world;
    world.limits.segment_bytes = 150;
    MemoryDisk disk;
    FaultyDisk faulty(disk, {n, FaultPlan::Lasting::for_good, Code::io});
    const Outcome outcome = run_scenario(world, faulty);
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      const auto left = disk.after_power_cut(seed);
      expect_kept(world, *left, outcome,
                  "call " + std::to_string(n) + ", seed " + std::to_string(seed));
    }
  }
}

// Damage -------------------------------------------------------------------------------------

TEST(JournalDamage, a_flipped_bit_before_the_last_group_is_named) {
  World world;
  MemoryDisk disk;
  {
    auto journal = world.open(disk).value();
    for (int i = 0; i < 3; ++i) add(*journal, "payload");
  }
  const std::string path = "lake/j/00000000000000000001.journal";
  const std::string whole = disk.content(path).value();
  const std::size_t last_group =
      k_segment_header_bytes + 2 * (whole.size() - k_segment_header_bytes) / 3;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    disk.overwrite(path, flipped);
    const auto journal = world.open(disk);
    if (at < last_group) {
      ASSERT_FALSE(journal.ok()) << at;
      EXPECT_TRUE(journal.error().code == Code::corrupt ||
                  journal.error().code == Code::unsupported);
      EXPECT_THAT(journal.error().message, HasSubstr(path));
    } else {
      // The last group may have been torn by a power cut: nobody can tell.
      ASSERT_TRUE(journal.ok()) << at;
      EXPECT_EQ((*journal)->next(), 3U);
    }
  }
}

TEST(JournalDamage, a_missing_segment_is_named_with_its_records) {
  World world;
  world.limits.segment_bytes = 1;
  MemoryDisk disk;
  {
    auto journal = world.open(disk).value();
    for (int i = 0; i < 4; ++i) add(*journal, "payload");
  }
  ASSERT_TRUE(disk.remove("lake/j/00000000000000000002.journal").ok());
  const auto journal = world.open(disk);
  ASSERT_FALSE(journal.ok());
  EXPECT_EQ(journal.error().code, Code::corrupt);
  EXPECT_THAT(journal.error().message, HasSubstr("records 2 to 2"));
}

TEST(JournalDamage, a_segment_of_another_journal_or_name_is_refused) {
  World world;
  world.limits.segment_bytes = 1;
  MemoryDisk disk;
  {
    auto journal = world.open(disk).value();
    for (int i = 0; i < 3; ++i) add(*journal, "payload");
  }
  JournalId other{};
  disk.overwrite("lake/j/00000000000000000002.journal",
                 encode(SegmentHeader{other, 2, k_start}) + std::string(10, 'x'));
  EXPECT_THAT(world.open(disk).error().message, HasSubstr("another journal"));
}

TEST(JournalDamage, a_payload_that_looks_like_a_group_is_a_payload) {
  World world;
  MemoryDisk disk;
  auto journal = world.open(disk).value();
  // It does not know the journal's id.
  GroupWriter forged(JournalId{}, 50);
  forged.add("", "forged");
  const std::string group(forged.finish(k_start));
  add(*journal, group);
  journal.reset();
  const std::string path = "lake/j/00000000000000000001.journal";
  const std::string whole = disk.content(path).value();
  disk.overwrite(path, whole.substr(0, whole.size() - 1));  // torn
  journal = world.open(disk).value();
  EXPECT_EQ(journal->next(), 1U);
}

}  // namespace
}  // namespace bl::lake
