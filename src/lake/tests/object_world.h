#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/testing/memory_disk.h"
#include "lake/journal/chain.h"
#include "lake/object_journal.h"
#include "objects/testing/memory_store.h"

/// What tests of journals of objects share. The clock stands still; pauses cost nothing.
namespace bl::lake::testing {

inline const Timestamp k_start = Timestamp::from_seconds(1'700'000'000);
inline const std::string k_prefix = "lake/j";

struct ObjectWorld {
  explicit ObjectWorld(std::uint64_t seed = 7) : random(seed) {}

  ManualClock clock{k_start};
  SeededRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  ObjectJournalLimits limits;
  std::size_t pauses = 0;

  ObjectJournalWorld world() {
    return {clock, random, log, metrics, [this](std::chrono::milliseconds pause) {
              ++pauses;
              clock.advance(pause);
              return true;
            }};
  }
  Result<std::unique_ptr<Journal>> open(objects::ObjectStore& store) {
    return open_object_journal(store, k_prefix, limits, world());
  }
  Result<ChainEnd> seal(objects::ObjectStore& store, const std::string& id) {
    return seal_object_journal(store, k_prefix, id, limits, world());
  }
  Result<void> trim(objects::ObjectStore& store, const std::string& id, RecordNo no) {
    return trim_object_journal(store, k_prefix, id, no, limits, world());
  }
  double metric(const std::string& name) const {
    const auto samples = metrics.samples(name);
    return samples.empty() ? -1 : samples.front().value;
  }
};

/// The payloads of a chain from `first` on, as anybody reads them.
inline std::vector<std::string> read_payloads(objects::ObjectStore& store, const std::string& id,
                                              RecordNo first = 1) {
  std::vector<std::string> texts;
  const auto read =
      read_object_journal(store, k_prefix, id, first, [&](const JournalRecord& record) {
        EXPECT_EQ(record.no, first + texts.size());
        texts.emplace_back(record.payload);
        return true;
      });
  EXPECT_TRUE(read.ok()) << read.error().message;
  return texts;
}

/// Every record of every chain: how often each payload stands there.
inline std::map<std::string, int> count_payloads(objects::ObjectStore& store) {
  std::map<std::string, int> counts;
  const auto ids = list_object_journals(store, k_prefix);
  EXPECT_TRUE(ids.ok());
  for (const std::string& id : *ids) {
    for (const std::string& text : read_payloads(store, id)) ++counts[text];
  }
  return counts;
}

}  // namespace bl::lake::testing
