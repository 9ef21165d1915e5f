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

#include "events/tests/sql_places.h"

extern char** environ;

namespace bl::events::testing {
namespace {

int rounds() {
  const char* wanted = std::getenv("BENCHLAKE_KILL_ROUNDS");
  return wanted == nullptr ? 12 : std::max(1, std::atoi(wanted) / 4);
}

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

void expect_nothing_lost(LogPlace& place, int writers) {
  const auto log = place.open();
  std::map<std::string, int> there;
  Sequence after = 0;
  std::int64_t count = 0;
  for (bool more = true; more;) {
    const EventPage page = log->list(after, {}, 10'000).value();
    for (const StoredEvent& stored : page.events) {
      ++there[stored.event.event_id];
      EXPECT_EQ(stored.sequence, ++count) << "sequences have no gaps";
    }
    after = page.next;
    more = page.has_more;
  }
  EXPECT_EQ(there.size(), static_cast<std::size_t>(count)) << "an event is there twice";
  const auto acknowledged = acknowledged_by(place, writers);
  EXPECT_GT(acknowledged.size(), 50u);
  for (const std::string& id : acknowledged) {
    if (!there.contains(id)) ADD_FAILURE() << "an acknowledged event is gone: " << id;
  }
  // The states were changed in the same transactions.
  EXPECT_EQ(log->table()->rows(), count);
  std::int64_t partitions = 0;
  for (std::size_t offset = 0;; offset += 1'000) {
    const auto page = log->list_recent_partitions({.limit = 1'000, .offset = offset}, {}).value();
    partitions += static_cast<std::int64_t>(page.items.size());
    if (page.items.empty()) {
      EXPECT_EQ(page.total, partitions);
      break;
    }
  }
}

void kill_at_random(LogPlace& place, int writers) {
  std::mt19937 random(20'261'123);
  std::vector<pid_t> children;
  for (int i = 0; i < writers; ++i) children.push_back(start(place, i, i + 1u));
  for (int round = 0; round < rounds(); ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(60 + random() % 250));
    const std::size_t victim = random() % children.size();
    int status = 0;
    ASSERT_EQ(kill(children[victim], SIGKILL), 0);
    ASSERT_EQ(waitpid(children[victim], &status, 0), children[victim]);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
    children[victim] = start(place, static_cast<int>(victim), victim + 1u);
  }
  for (const pid_t child : children) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  expect_nothing_lost(place, writers);
}

TEST(SqlCrash, OneProcessOwnsTheFile) {
  if (on_postgres()) GTEST_SKIP() << "a matter of files";
  LogPlace place(LogPlace::Kind::owned);
  kill_at_random(place, 1);
}

TEST(SqlCrash, ManyProcessesShareTheFile) {
  if (on_postgres()) GTEST_SKIP() << "a matter of files";
  LogPlace place(LogPlace::Kind::shared);
  kill_at_random(place, 4);
}

TEST(SqlCrash, ManyProcessesOnPostgres) {
  if (!on_postgres()) GTEST_SKIP() << "with BL_TEST_STORE=postgres";
  LogPlace place(LogPlace::Kind::postgres);
  kill_at_random(place, 4);
}

}  // namespace
}  // namespace bl::events::testing
