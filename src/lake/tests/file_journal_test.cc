// A journal of files keeps what it acknowledged, through faults and power cuts, and says what it
// cannot read.
#include "lake/file_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/faulty_disk.h"
#include "base/testing/memory_disk.h"
#include "lake/journal/format.h"
#include "lake/journal/segment.h"

namespace bl::lake {
namespace {

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

RecordNo add(Journal& journal, std::string_view payload, std::string_view key = {}) {
  const auto ack = journal.append(payload, key);
  EXPECT_TRUE(ack.ok()) << ack.error().message;
  return ack.ok() ? ack->no : 0;
}

TEST(FileJournal, a_second_owner_is_refused) {
  World world;
  MemoryDisk disk;
  auto journal = world.open(disk).value();
  const auto second = world.open(disk);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
}

TEST(FileJournalKeys, are_forgotten_when_they_are_old_and_many_and_their_files_go) {
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

TEST(FileJournalFaults, no_failing_call_loses_or_doubles_what_was_acknowledged) {
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
TEST(FileJournalFaults, no_power_cut_loses_what_was_acknowledged) {
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

TEST(FileJournalDamage, a_flipped_bit_before_the_last_group_is_named) {
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

TEST(FileJournalDamage, a_missing_segment_is_named_with_its_records) {
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

TEST(FileJournalDamage, a_segment_of_another_journal_or_name_is_refused) {
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

TEST(FileJournalDamage, a_payload_that_looks_like_a_group_is_a_payload) {
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
