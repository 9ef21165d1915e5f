// An index answers as the slow twin does, whatever is settled, saved, taken back and opened anew.
#include <gtest/gtest.h>

#include "base/testing/memory_disk.h"
#include "base/testing/temporary_folder.h"
#include "events/testing/corpus.h"
#include "events/testing/memory_log.h"
#include "events/tests/index_log.h"

namespace bl::events {
namespace {

/// With its own disk.
class OwnDisk : public LogUnderTest {
 public:
  OwnDisk(std::unique_ptr<Disk> disk, const std::string& folder, const IndexLimits& limits,
          bool is_strict)
      : disk_(std::move(disk)), log_(*disk_, folder, limits, is_strict, 7) {}
  Result<Appended> append(std::span<const BuildEvent> events) override {
    return log_.append(events);
  }
  std::string ask(const Question& question) override { return answer_of(log_, question); }
  IndexLog& index_log() { return log_; }

 private:
  std::unique_ptr<Disk> disk_;
  IndexLog log_;
};

std::unique_ptr<LogUnderTest> tiny(const ParityOptions& options) {
  return std::make_unique<OwnDisk>(std::make_unique<MemoryDisk>(), "/index", tiny_limits(),
                                   options.is_strict);
}
std::unique_ptr<LogUnderTest> in_memory(const ParityOptions& options) {
  return std::make_unique<OwnDisk>(std::make_unique<MemoryDisk>(), "/index", IndexLimits{},
                                   options.is_strict);
}

BL_EVENT_LOG_PARITY(TinySegments, tiny);
BL_EVENT_LOG_PARITY(OneMemoryPart, in_memory);

void expect_parity(OwnDisk& log, std::span<const BuildEvent> events, std::size_t batch) {
  LogItself rule(std::make_unique<MemoryLog>());
  for (std::size_t i = 0; i < events.size(); i += batch) {
    const auto some = events.subspan(i, std::min(batch, events.size() - i));
    ASSERT_TRUE(rule.append(some).ok());
    const auto appended = log.append(some);
    ASSERT_TRUE(appended.ok()) << appended.error().message;
  }
  for (const Question& question : questions_about(events, 12))
    expect_same_answer(rule, log, question);
}

TEST(EventIndexParity, HoldsForAHistoryOverManySegmentsOfTheMachinesDisk) {
  TemporaryFolder folder(TemporaryFolder::Place::memory);
  IndexLimits limits = tiny_limits();
  limits.segment_events = 100;
  OwnDisk log(make_real_disk(), folder.at("index"), limits, false);
  expect_parity(log, history(11, 3000), 17);
  EXPECT_GT(log.index_log().reopened(), 3);
}

TEST(EventIndexParity, HoldsForSmallWorldsOneByOne) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    OwnDisk log(std::make_unique<MemoryDisk>(), "/index", tiny_limits(), false);
    expect_parity(log, small_world(seed, 150), 1 + seed % 4);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace bl::events
