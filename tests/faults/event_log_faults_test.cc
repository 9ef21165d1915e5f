#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "base/testing/temporary_folder.h"
#include "events/testing/corpus.h"
#include "events/tests/sql_places.h"
#include "store/sqlite/tests/fault_vfs.h"
#include "store/sqlite_file.h"

/// An event log in a SQLite file, owned by one process or shared by many, whose disk fails at the
/// n-th call, for every n, or whose machine stops: what was acknowledged is there once, what was
/// refused is not, and no batch is half there.
namespace bl::events::testing {
namespace {

using store::testing::Fault;
using store::testing::FaultVfs;

bool is_long() {
  return std::getenv("BENCHLAKE_FAULTS_ALL") != nullptr;
}

enum class Fate : unsigned char { acknowledged, refused, unknown };

class EventLogFaults : public ::testing::TestWithParam<const char*> {
 protected:
  std::string folder(const std::string& name) {
    const std::string path = root_.at(name);
    std::filesystem::create_directories(path);
    return path;
  }
  Result<std::unique_ptr<EventLog>> open(const std::string& folder) {
    BL_TRY(const LogUri uri, parse_log_uri("sqlite://" + folder + "/events.db" + GetParam()));
    return open_log(uri, {*disk_, clock_, random_, metrics_, log_, folder + "/scratch"});
  }

  /// Appends of one event and of five, in turns; what became of each.
  struct Step {
    std::vector<BuildEvent> events;
    Fate fate = Fate::refused;
  };
  std::vector<Step> steps() {
    Corpus corpus({.seed = 4});
    std::vector<Step> all;
    for (int i = 0; i < 12; ++i) all.push_back({corpus.take(i % 2 == 0 ? 1 : 5)});
    return all;
  }
  static void append(EventLog& log, Step& step) {
    const auto appended = log.append(step.events);
    step.fate = appended.ok()                                    ? Fate::acknowledged
                : appended.error().code == Code::outcome_unknown ? Fate::unknown
                                                                 : Fate::refused;
  }

  void expect_kept(const std::string& folder, const std::vector<Step>& steps) {
    const auto opened = open(folder);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EventLog& log = **opened;
    std::set<std::string> there;
    const EventPage page = log.list(0, {}, 10'000).value();
    for (const StoredEvent& stored : page.events) {
      EXPECT_TRUE(there.insert(stored.event.event_id).second) << "doubled";
    }
    std::size_t acknowledged = 0;
    for (const Step& step : steps) {
      std::size_t found = 0;
      for (const BuildEvent& event : step.events) found += there.count(event.event_id);
      EXPECT_TRUE(found == 0 || found == step.events.size()) << "half a batch";
      EXPECT_TRUE(step.fate != Fate::acknowledged || found > 0) << "lost";
      EXPECT_TRUE(step.fate != Fate::refused || found == 0) << "refused, and there";
      acknowledged += found;
    }
    EXPECT_EQ(log.status()->events, static_cast<std::int64_t>(acknowledged));
    // Everything again: a retry of what is there, the rest is added.
    for (const Step& step : steps) EXPECT_TRUE(log.append(step.events).ok());
    const auto problems =
        store::check_sqlite_file(folder + "/events.db", store::CheckDepth::full).value();
    EXPECT_TRUE(problems.empty()) << problems.front();
  }

  void fail_each_call(Fault fault, std::int64_t first) {
    for (std::int64_t n = is_long() ? 0 : first;; n += is_long() ? 1 : 5) {
      SCOPED_TRACE(fmt::format("fault at call {}", n));
      const std::string place = folder(fmt::format("log-{}", ++places_));
      auto all = steps();
      fault.at = n;
      bool fired = false;
      {
        const auto log = open(place);
        ASSERT_TRUE(log.ok()) << log.error().message;
        vfs_.arm(fault);
        for (Step& step : all) append(**log, step);
        fired = vfs_.has_fired();
        vfs_.disarm();
      }
      expect_kept(place, all);
      if (fired && !HasFailure()) continue;
      EXPECT_GT(n, 40) << "the scenario is too small to mean something";
      return;
    }
  }

  FaultVfs& vfs_ = FaultVfs::install();
  TemporaryFolder root_{TemporaryFolder::Place::memory};
  int places_ = 0;
  const std::unique_ptr<Disk> disk_ = make_real_disk();
  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
};

TEST_P(EventLogFaults, ADiskThatFailsOnceLosesNothing) {
  fail_each_call({0, Fault::Kind::io, Fault::Span::once}, 0);
  fail_each_call({0, Fault::Kind::io_applied, Fault::Span::once}, 2);
  fail_each_call({0, Fault::Kind::io_torn, Fault::Span::once}, 4);
}

TEST_P(EventLogFaults, ADiskThatFailsForGoodLosesNothing) {
  fail_each_call({0, Fault::Kind::io, Fault::Span::for_good}, 1);
  fail_each_call({0, Fault::Kind::io_torn, Fault::Span::for_good}, 3);
}

TEST_P(EventLogFaults, AFullDiskLosesNothing) {
  fail_each_call({0, Fault::Kind::full, Fault::Span::once}, 0);
  fail_each_call({0, Fault::Kind::full, Fault::Span::for_good}, 1);
}

TEST_P(EventLogFaults, AFullDiskIsSaidAndReadingGoesOn) {
  const std::string place = folder("full");
  auto all = steps();
  const auto log = open(place).value();
  append(*log, all[0]);
  vfs_.arm({0, Fault::Kind::full, Fault::Span::for_good});
  EXPECT_EQ(log->append(all[1].events).error().code, Code::disk_full);
  EXPECT_EQ(log->list(0, {}, 100)->events.size(), 1u);
  vfs_.disarm();
  EXPECT_TRUE(log->append(all[1].events).ok());
}

TEST_P(EventLogFaults, APowerCutTakesNothingThatWasAcknowledged) {
  const std::string place = folder("cut");
  vfs_.start_recording();
  auto all = steps();
  int images = 0;
  {
    const auto log = open(place).value();
    for (std::size_t i = 0; i < all.size(); ++i) {
      append(*log, all[i]);
      ASSERT_EQ(all[i].fate, Fate::acknowledged);
      for (std::uint64_t seed = 0; seed < (is_long() ? 20u : 3u); ++seed) {
        vfs_.write_power_cut_image(place, folder(fmt::format("image-{}", ++images)),
                                   seed + i * 100);
      }
    }
  }
  vfs_.stop_recording();
  for (int image = 1; image <= images; ++image) {
    SCOPED_TRACE(image);
    const auto before =
        static_cast<std::size_t>((image - 1) / (images / static_cast<int>(all.size())));
    auto so_far = all;
    for (std::size_t i = before + 1; i < so_far.size(); ++i) so_far[i].fate = Fate::refused;
    expect_kept(folder(fmt::format("image-{}", image)), so_far);
  }
}

INSTANTIATE_TEST_SUITE_P(Sqlite, EventLogFaults, ::testing::Values("", "?shared=1"),
                         [](const auto& one) { return *one.param == 0 ? "Owned" : "Shared"; });

}  // namespace
}  // namespace bl::events::testing
