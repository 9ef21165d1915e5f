// Processes that append are killed at any moment: what was acknowledged is there exactly once.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "events/tests/kill_plan.h"
#include "events/tests/sql_places.h"

extern char** environ;

namespace bl::events::testing {
namespace {

pid_t start(const LogPlace& place, int writer, std::uint64_t seed) {
  const std::string uri = place.uri(), number = std::to_string(seed);
  const std::string scratch = place.folder() + "/w" + std::to_string(writer);
  const std::string acknowledged = place.folder() + "/acknowledged" + std::to_string(writer);
  std::vector<std::string> words = {BL_EVENTS_CRASH_WRITER, uri, scratch, number, acknowledged};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = -1;
  BL_CHECK(posix_spawn(&child, BL_EVENTS_CRASH_WRITER, nullptr, nullptr, arguments.data(),
                       environ) == 0);
  return child;
}

// The lines of whole acknowledgements; one that was cut by the kill was not given.
std::set<std::string> acknowledged_by(const LogPlace& place, int writers) {
  std::set<std::string> ids;
  for (int writer = 0; writer < writers; ++writer) {
    std::ifstream file(place.folder() + "/acknowledged" + std::to_string(writer));
    for (std::string line; std::getline(file, line);) {
      if (line.size() == 36 && !file.eof()) ids.insert(line);
    }
  }
  return ids;
}

void expect_nothing_lost(EventLog& log, const std::set<std::string>& acknowledged) {
  std::map<std::string, int> there;
  Sequence after = 0;
  std::int64_t count = 0;
  for (bool more = true; more;) {
    const EventPage page = log.list(after, {}, 10'000).value();
    for (const StoredEvent& stored : page.events) {
      ++there[stored.event.event_id];
      EXPECT_EQ(stored.sequence, ++count) << "sequences have no gaps";
    }
    after = page.next;
    more = page.has_more;
  }
  EXPECT_EQ(there.size(), static_cast<std::size_t>(count)) << "an event is there twice";
  for (const std::string& id : acknowledged) {
    if (!there.contains(id)) ADD_FAILURE() << "an acknowledged event is gone: " << id;
  }
  // The states were changed in the same transactions.
  EXPECT_EQ(log.table()->rows(), count);
  std::int64_t partitions = 0;
  for (std::size_t offset = 0;; offset += 1'000) {
    const auto page = log.list_recent_partitions({.limit = 1'000, .offset = offset}, {}).value();
    partitions += static_cast<std::int64_t>(page.items.size());
    if (page.items.empty()) {
      EXPECT_EQ(page.total, partitions);
      break;
    }
  }
}

/// Two lives in succession bring the same events: what the first one has stored, the second
/// repeats.
std::uint64_t seed_of(std::size_t writer, int life) {
  return (writer + 1) * 10'000 + static_cast<std::uint64_t>(life) / 2;
}

void kill_at_random(LogPlace& place, int wait_ms_max) {
  const KillPlan plan = kill_plan();
  std::mt19937 random(std::random_device{}());
  std::vector<pid_t> children;
  std::vector<int> lives(static_cast<std::size_t>(plan.processes));
  for (int i = 0; i < plan.processes; ++i)
    children.push_back(start(place, i, seed_of(static_cast<std::size_t>(i), 0)));
  int kills = 0;
  const auto end = std::chrono::steady_clock::now() + plan.time;
  for (; std::chrono::steady_clock::now() < end; ++kills) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(20 + random() % static_cast<unsigned>(wait_ms_max)));
    const std::size_t victim = random() % children.size();
    int status = 0;
    ASSERT_EQ(kill(children[victim], SIGKILL), 0);
    ASSERT_EQ(waitpid(children[victim], &status, 0), children[victim]);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
    children[victim] = start(place, static_cast<int>(victim), seed_of(victim, ++lives[victim]));
  }
  for (const pid_t child : children) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  const auto acknowledged = acknowledged_by(place, plan.processes);
  EXPECT_GT(acknowledged.size(), 50u);
  std::int64_t there = 0;
  {
    const auto log = place.open();
    expect_nothing_lost(*log, acknowledged);
    there = log->status()->events;
  }
  expect_nothing_lost(*place.open("mode=ro"), acknowledged);
  std::printf("%zu acknowledged, %ld in the log, %d kills\n", acknowledged.size(),
              static_cast<long>(there), kills + plan.processes);
}

// One at a time owns the file; the others wait for its end.
TEST(SqlCrash, ManyProcessesOwnTheFileInTurns) {
  if (on_postgres()) GTEST_SKIP() << "a matter of files";
  LogPlace place(LogPlace::Kind::owned);
  kill_at_random(place, 100);
}

TEST(SqlCrash, ManyProcessesShareTheFile) {
  if (on_postgres()) GTEST_SKIP() << "a matter of files";
  LogPlace place(LogPlace::Kind::shared);
  kill_at_random(place, 250);
}

TEST(SqlCrash, ManyProcessesOnPostgres) {
  if (!on_postgres()) GTEST_SKIP() << "with BL_TEST_STORE=postgres";
  LogPlace place(LogPlace::Kind::postgres);
  kill_at_random(place, 250);
}

}  // namespace
}  // namespace bl::events::testing
