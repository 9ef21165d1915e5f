// The suite that every keeper of events passes, over a Delta table: through the journal, commit by
// commit, and with flushes, compactions and new openings in between.
#include <atomic>
#include <thread>

#include "events/testing/parity.h"
#include "events/tests/delta_log_world.h"

namespace bl::events {
namespace {

using namespace testing;

class DeltaUnderTest : public LogUnderTest {
 public:
  DeltaUnderTest(const ParityOptions& options, LogUri::Mode mode) {
    uri_ = world_.uri(mode);
    uri_.is_strict = options.is_strict;
    open();
  }
  Result<Appended> append(std::span<const BuildEvent> events) override {
    return log_->append(events);
  }
  std::string ask(const Question& question) override { return answer_of(*log_, question); }
  EventLog* log() override { return log_.get(); }

 protected:
  void open() {
    log_.reset();
    auto opened = world_.try_open(uri_);
    EXPECT_EQ(said_of(opened), "ok");
    BL_CHECK(opened.ok());
    log_ = *std::move(opened);
  }
  DeltaWorld world_;
  LogUri uri_;
  std::unique_ptr<delta::DeltaEventLog> log_;
};

/// Between two appends anything may happen to the table.
class RestlessDelta final : public DeltaUnderTest {
 public:
  explicit RestlessDelta(const ParityOptions& options)
      : DeltaUnderTest(options, LogUri::Mode::normal) {}
  Result<Appended> append(std::span<const BuildEvent> events) override {
    disturb();
    return log_->append(events);
  }

 private:
  void disturb() {
    switch (++turn_ % 5) {
      case 0:
        EXPECT_EQ(said_of(log_->publish()), "ok");
        break;
      case 2:  // not while other threads hold the log
        if (std::this_thread::get_id() == owner_) open();
        break;
      case 4: {
        const auto compacted = log_->compact_once({.files_min = 2});
        EXPECT_EQ(said_of(compacted), "ok");
        break;
      }
      default:
        break;
    }
  }

  const std::thread::id owner_ = std::this_thread::get_id();
  std::atomic<int> turn_ = 0;
};

std::unique_ptr<LogUnderTest> through_journal(const ParityOptions& options) {
  return std::make_unique<DeltaUnderTest>(options, LogUri::Mode::normal);
}
std::unique_ptr<LogUnderTest> commit_by_commit(const ParityOptions& options) {
  return std::make_unique<DeltaUnderTest>(options, LogUri::Mode::direct);
}
std::unique_ptr<LogUnderTest> restless(const ParityOptions& options) {
  return std::make_unique<RestlessDelta>(options);
}

BL_EVENT_LOG_PARITY(DeltaThroughJournal, through_journal);
BL_EVENT_LOG_PARITY(DeltaDirect, commit_by_commit);
BL_EVENT_LOG_PARITY(DeltaRestless, restless);

}  // namespace
}  // namespace bl::events
