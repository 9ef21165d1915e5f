// Journals of several processes over one store on the disk, one of which is killed or taken over
// from; and one on a real S3 server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "base/testing/temporary_folder.h"
#include "lake/object_journal.h"
#include "lake/tests/object_world.h"
#include "objects/open.h"
#include "objects/testing/s3_server.h"

namespace bl::lake {
namespace {

using objects::testing::S3Server;
using testing::count_payloads;
using ::testing::ElementsAre;
using testing::k_prefix;

bool pause_for(std::chrono::milliseconds pause) {
  std::this_thread::sleep_for(pause);
  return true;
}

// A process with a store at a place of its own.
struct Process {
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> disk = make_real_disk();
  ObjectJournalLimits limits;
  std::unique_ptr<objects::ObjectStore> store;

  explicit Process(const std::string& place)
      : store(objects::open_store(place, S3Server::any_credentials(),
                                  {clock, random, *disk, metrics, pause_for})
                  .value()) {}
  ObjectJournalWorld world() { return {clock, random, log, metrics, pause_for}; }
  std::unique_ptr<Journal> open() {
    return open_object_journal(*store, k_prefix, limits, world()).value();
  }
  void seal_all() {
    const auto ids = list_object_journals(*store, k_prefix).value();
    for (const std::string& id : ids) {
      const auto end = seal_object_journal(*store, k_prefix, id, limits, world());
      BL_CHECK(end.ok());
    }
  }
};

std::string payload(std::int32_t number) {
  return std::string("payload ").append(std::to_string(number));
}

// Appends 0, 1, 2, ... from a few threads each, under keys, until it is killed; says each number
// that was acknowledged. A journal that was sealed is followed by another.
[[noreturn]] void be_a_writer(const std::string& place, int acknowledged) {
  Process process(place);
  constexpr std::int32_t k_threads = 4;
  std::mutex mutex;
  std::shared_ptr<Journal> journal = process.open();
  const auto write = [&](std::int32_t number) {
    while (true) {
      std::shared_ptr<Journal> current;
      {
        const std::lock_guard lock(mutex);
        current = journal;
      }
      const auto ack = current->append(payload(number), payload(number));
      if (ack.ok()) break;
      BL_CHECK(is_sealed(ack.error()));
      const std::lock_guard lock(mutex);
      if (journal == current) journal = process.open();
    }
    BL_CHECK(::write(acknowledged, &number, sizeof number) == sizeof number);
  };
  std::vector<std::thread> threads;
  for (std::int32_t thread = 0; thread < k_threads; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::int32_t number = thread;; number += k_threads) write(number);
    });
  }
  for (std::thread& thread : threads) thread.join();
  _exit(1);
}

// A child of this process that writes, with what it says.
class Writer {
 public:
  explicit Writer(const std::string& place) {
    BL_CHECK(pipe(pipe_) == 0);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(126);
      close(pipe_[0]);
      be_a_writer(place, pipe_[1]);
    }
    close(pipe_[1]);
  }
  void wait_for(std::size_t acknowledged) {
    while (numbers_.size() < acknowledged && take()) {
    }
  }
  /// All that it has said.
  std::set<std::int32_t> kill_it() {
    kill(pid_, SIGKILL);
    int status = 0;
    BL_CHECK(waitpid(pid_, &status, 0) == pid_);
    BL_CHECK(WIFSIGNALED(status));
    while (take()) {
    }
    close(pipe_[0]);
    return numbers_;
  }

 private:
  bool take() {
    std::int32_t number = 0;
    if (read(pipe_[0], &number, sizeof number) != sizeof number) return false;
    numbers_.insert(number);
    return true;
  }
  int pipe_[2] = {-1, -1};
  pid_t pid_ = -1;
  std::set<std::int32_t> numbers_;
};

void expect_each_once(objects::ObjectStore& store, const std::set<std::int32_t>& acknowledged) {
  const auto counts = count_payloads(store);
  for (const std::int32_t number : acknowledged) {
    EXPECT_TRUE(counts.contains(payload(number))) << "lost: " << number;
  }
  for (const auto& [text, count] : counts) EXPECT_EQ(count, 1) << "doubled: " << text;
}

TEST(ObjectJournalProcesses, a_killed_writer_leaves_all_that_it_acknowledged) {
  for (const std::size_t acknowledged : {1, 20, 90}) {
    const TemporaryFolder folder;
    Writer writer(folder.path());
    writer.wait_for(acknowledged);
    const auto numbers = writer.kill_it();
    Process taker(folder.path());
    taker.seal_all();
    expect_each_once(*taker.store, numbers);
    // Its clients send again what they know, and what they do not know.
    const auto journal = taker.open();
    for (std::int32_t number = 0; number < 200; ++number) {
      const auto ack = journal->append(payload(number), payload(number));
      ASSERT_TRUE(ack.ok()) << ack.error().message;
      EXPECT_TRUE(ack->replayed || !numbers.contains(number));
    }
    expect_each_once(*taker.store, numbers);
  }
}

TEST(ObjectJournalProcesses, a_writer_that_is_sealed_again_and_again_loses_and_doubles_nothing) {
  const TemporaryFolder folder;
  Writer writer(folder.path());
  Process taker(folder.path());
  for (std::size_t i = 1; i <= 6; ++i) {
    writer.wait_for(i * 20);
    taker.seal_all();
  }
  writer.wait_for(140);
  const auto numbers = writer.kill_it();
  taker.seal_all();
  EXPECT_GE(list_object_journals(*taker.store, k_prefix)->size(), 3U);
  expect_each_once(*taker.store, numbers);
}

TEST(ObjectJournalProcesses, a_real_s3_server_keeps_a_chain) {
  S3Server& server = S3Server::shared();
  const std::string place = S3Server::uri(server.create_bucket(), "lake", server.port());
  Process first(place);
  const auto journal = first.open();
  std::vector<std::thread> threads;
  for (std::int32_t number = 0; number < 8; ++number) {
    threads.emplace_back(
        [&, number] { EXPECT_TRUE(journal->append(payload(number), payload(number)).ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  Process second(place);
  second.seal_all();
  EXPECT_TRUE(is_sealed(journal->append("late").error()));
  const auto next = second.open();
  const auto again = next->append(payload(3), payload(3));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->journal, journal->id());
  ASSERT_TRUE(next->append("new").ok());
  expect_each_once(*second.store, {0, 1, 2, 3, 4, 5, 6, 7});
  ASSERT_TRUE(
      trim_object_journal(*second.store, k_prefix, journal->id(), 9, second.limits, second.world())
          .ok());
  EXPECT_TRUE(second.open()->append(payload(7), payload(7))->replayed);
  EXPECT_THAT(testing::read_payloads(*second.store, next->id()), ElementsAre("new"));
}

}  // namespace
}  // namespace bl::lake
