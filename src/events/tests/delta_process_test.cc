// Processes that append to one table and are killed at any point: every event that was acknowledged
// is there, once, for us and for others who read the table.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <thread>

#include "events/delta_admin.h"
#include "events/tests/delta_log_world.h"
#include "events/tests/delta_peers.h"
#include "events/tests/kill_plan.h"

namespace bl::events {
namespace {

using namespace testing;

struct Acknowledged {
  int writer, number;
};

// A process that appends until it is killed, and says what was acknowledged.
[[noreturn]] void be_a_writer(const std::string& table, int writer, int acknowledged) {
  DeltaWorld world;
  LogUri uri = world.uri();
  uri.path = table;
  uri.shown = "delta://" + table;
  uri.flush_every = std::chrono::milliseconds(30);
  uri.flush_events = 500;
  delta::DeltaLogLimits limits;
  limits.take_over_every = std::chrono::seconds(0);
  limits.compact_files_min = 6;
  limits.compaction.files_min = 3;
  const auto give_up = [](const Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    _exit(3);
  };
  auto place = delta::place_of(uri, world.world());
  if (!place.ok()) give_up(place.error());
  const auto log = delta::DeltaEventLog::open(uri, world.world(), *std::move(place), limits);
  if (!log.ok()) give_up(log.error());
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      for (int n = thread * 1'000'000;; n += 2) {
        const auto appended = (*log)->append(events_of_writer(writer, n, 2));
        if (!appended.ok()) give_up(appended.error());
        const Acknowledged both[2] = {{writer, n}, {writer, n + 1}};
        if (::write(acknowledged, both, sizeof both) != sizeof both) _exit(4);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  _exit(1);
}

class Writer {
 public:
  Writer(const std::string& table, int number) {
    BL_CHECK(pipe(pipe_) == 0);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(126);
      close(pipe_[0]);
      be_a_writer(table, number, pipe_[1]);
    }
    close(pipe_[1]);
    fcntl(pipe_[0], F_SETFL, O_NONBLOCK);
  }
  void read() {
    Acknowledged one[512];
    for (;;) {
      const auto got = ::read(pipe_[0], one, sizeof one);
      if (got <= 0) return;
      said.insert(said.end(), one, one + static_cast<std::size_t>(got) / sizeof one[0]);
    }
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "ended by itself: " << WEXITSTATUS(status);
    read();
    close(pipe_[0]);
  }
  std::vector<Acknowledged> said;

 private:
  int pipe_[2];
  pid_t pid_ = -1;
};

/// `ids` are sorted.
void expect_once(const std::vector<std::string>& ids, const std::vector<Acknowledged>& said,
                 const char* reader) {
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end()) << reader << " has one twice";
  std::size_t lost = 0;
  for (const auto& one : said) {
    if (!std::binary_search(ids.begin(), ids.end(), uuid(one.writer, one.number))) ++lost;
  }
  EXPECT_EQ(lost, 0u) << "acknowledged, and not seen by " << reader;
}

TEST(DeltaProcesses, WhatAnyOfThemAcknowledgedIsThereOnceHoweverTheyAreKilled) {
  DeltaWorld world;
  const KillPlan plan = kill_plan();
  const auto end = std::chrono::steady_clock::now() + plan.time;
  std::mt19937 chance(std::random_device{}());
  std::vector<std::unique_ptr<Writer>> writers;
  int next = 1;
  for (int i = 0; i < plan.processes; ++i)
    writers.push_back(std::make_unique<Writer>(world.table(), next++));
  std::vector<Acknowledged> said;
  while (std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + chance() % 300));
    for (auto& writer : writers) writer->read();
    auto& victim = writers[chance() % writers.size()];
    victim->kill();
    said.insert(said.end(), victim->said.begin(), victim->said.end());
    victim = std::make_unique<Writer>(world.table(), next++);
  }
  for (auto& writer : writers) {
    writer->kill();
    said.insert(said.end(), writer->said.begin(), writer->said.end());
  }
  const auto log = world.open();
  std::vector<std::string> ids = ids_of(all_of(*log));  // what the dead have left is in the table
  std::sort(ids.begin(), ids.end());
  expect_once(ids, said, "our log");
  expect_once(seen_by_duckdb(world.table(), "event_id"), said, "DuckDB");
  expect_once(seen_by_delta_rs(world.table(), "event_id"), said, "delta-rs");
  EXPECT_GT(said.size(), 100u);
  std::printf("%zu acknowledged, %zu in the table, %d kills, version %ld\n", said.size(),
              ids.size(), next - 1, static_cast<long>(log->status()->version.value()));
  const auto checked = fsck(world.uri(), world.world(), {});
  ASSERT_EQ(said_of(checked), "ok");
  for (const auto& finding : checked->findings)
    ADD_FAILURE() << finding.where << ": " << finding.what;
  EXPECT_EQ(checked->repeated, 0);
  EXPECT_EQ(checked->rows, static_cast<std::int64_t>(ids.size()));
}

}  // namespace
}  // namespace bl::events
