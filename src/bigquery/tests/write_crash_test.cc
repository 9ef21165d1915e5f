// A process that writes is killed at any moment: what it acknowledged is there, once; what it moved
// is there whole or not at all.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "bigquery/tests/write_world.h"
#include "bigquery/write/stream_rows.h"

namespace bl::bigquery {
namespace {

using write::StreamKind;

constexpr std::int64_t k_rows = 3;  ///< of a request

/// What the child says when it has been told so.
struct Said {
  enum What : std::int64_t { appended, flushed, committing, committed } what;
  std::int64_t number;  ///< the offset behind the rows; of a commit its number
};

Request request(const std::string& stream, std::int64_t offset, std::int64_t first) {
  return {.stream = stream, .offset = offset, .rows = row_messages(first, k_rows)};
}

/// Ids of what the commit of that number brings: two streams of k_rows each.
std::int64_t first_of_commit(std::int64_t number) {
  return 1'000'000'000 + number * 2 * k_rows;
}

/// Three threads: a committed stream, a buffered one, commits of two pending ones; and flushes of
/// the lake beside them. Until it is killed.
[[noreturn]] void be_a_server(const std::string& path, int out, const std::string& committed,
                              const std::string& buffered, std::int64_t commits_from,
                              bool by_files) {
  WriteTestWorld world(path);
  if (by_files) {
    world.limits.move_bytes_max = 1;
    world.open_streams();
  }
  const auto say = [&](Said said) {
    BL_CHECK(::write(out, &said, sizeof said) == static_cast<ssize_t>(sizeof said));
  };
  std::vector<std::thread> threads;
  // After a start the client sends from the beginning again, as one does that was told nothing.
  threads.emplace_back([&] {
    Appending client(world);
    for (std::int64_t offset = 0;; offset += k_rows) {
      const Told told = client.send(request(committed, offset, offset));
      BL_CHECK(told.is_ok() || told.storage == 8);
      if (told.is_ok()) say({Said::appended, offset + k_rows});
    }
  });
  threads.emplace_back([&] {
    Appending client(world);
    for (std::int64_t offset = 0;; offset += k_rows) {
      const Told told = client.send(request(buffered, offset, offset));
      BL_CHECK(told.is_ok() || told.storage == 8);
      if (offset % (4 * k_rows) != 0) continue;
      const Told flushed = world.flush(buffered, offset);
      BL_CHECK(flushed.is_ok());
      say({Said::flushed, offset + 1});
    }
  });
  threads.emplace_back([&] {
    const std::string table = "projects/p/datasets/d/tables/pending";
    for (std::int64_t number = commits_from;; ++number) {
      std::vector<std::string> names;
      for (int i = 0; i < 2; ++i) {
        names.push_back(world.create(StreamKind::pending, table));
        const std::int64_t first = first_of_commit(number) + i * k_rows;
        BL_CHECK(Appending(world).send(request(names.back(), 0, first)).is_ok());
        BL_CHECK(world.finalize(names.back()).value() == k_rows);
      }
      say({Said::committing, number});
      BL_CHECK(world.commit(table, names).empty());
      say({Said::committed, number});
    }
  });
  for (std::uint32_t round = 0;; ++round) {
    for (const char* name : {"committed", "buffered", "pending"}) {
      BL_CHECK(world.lake_table(name).flush().ok());
    }
    std::this_thread::yield();
  }
}

struct Child {
  Child(const std::function<void(int)>& work) {
    int ends[2];
    BL_CHECK(pipe(ends) == 0);
    const pid_t parent = getpid();
    pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(126);
      close(ends[0]);
      work(ends[1]);
    }
    close(ends[1]);
    in = ends[0];
  }
  bool hear(Said& said) const { return ::read(in, &said, sizeof said) == sizeof said; }
  void kill_it() const {
    kill(pid, SIGKILL);
    int status = 0;
    BL_CHECK(waitpid(pid, &status, 0) == pid);
    BL_CHECK(WIFSIGNALED(status));
  }
  pid_t pid = 0;
  int in = 0;
};

/// What clients know.
struct Known {
  std::int64_t appended = 0, flushed = 0;
  std::int64_t committed = -1;  ///< the last commit that was answered
  std::int64_t begun = -1;
  void take(const Said& said) {
    if (said.what == Said::appended) appended = std::max(appended, said.number);
    if (said.what == Said::flushed) flushed = std::max(flushed, said.number);
    if (said.what == Said::committing) begun = said.number;
    if (said.what == Said::committed) committed = said.number;
  }
};

void check(WriteTestWorld& world, const Known& known, std::vector<std::int64_t>& seen_commits) {
  const auto appended = world.rows("committed");
  EXPECT_GE(std::ssize(appended), known.appended);
  EXPECT_EQ(std::ssize(appended) % k_rows, 0) << "requests are whole";
  EXPECT_EQ(appended, ids(0, std::ssize(appended))) << "each row once";
  const auto flushed = world.rows("buffered");
  EXPECT_GE(std::ssize(flushed), known.flushed);
  EXPECT_EQ(flushed, ids(0, std::ssize(flushed)));
  std::map<std::int64_t, std::int64_t> rows_of;
  for (const std::int64_t id : world.rows("pending")) {
    rows_of[(id - first_of_commit(0)) / (2 * k_rows)] += 1;
  }
  for (const auto& [number, rows] : rows_of) {
    EXPECT_EQ(rows, 2 * k_rows) << "commit " << number << " is there whole, once";
  }
  std::vector<std::int64_t> now;
  for (const auto& [number, rows] : rows_of) now.push_back(number);
  EXPECT_THAT(now, testing::IsSupersetOf(seen_commits));
  if (known.committed >= 0) {
    EXPECT_THAT(now, testing::Contains(known.committed));
  }
  seen_commits = now;
}

void kill_often(bool by_files) {
  const TemporaryFolder folder(TemporaryFolder::Place::memory, "crash");
  std::string committed, buffered;
  {
    WriteTestWorld world(folder.path());
    committed = world.create(StreamKind::committed, world.table("committed"));
    buffered = world.create(StreamKind::buffered, world.table("buffered"));
    world.table("pending");
  }
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  Known known;
  std::vector<std::int64_t> commits;
  for (int round = 0; round < 5; ++round) {
    const Child child([&](int out) {
      be_a_server(folder.path(), out, committed, buffered, known.begun + 1, by_files);
    });
    const unsigned wanted = 1 + random() % 60;
    Said said{};
    for (unsigned heard = 0; heard < wanted && child.hear(said); ++heard) known.take(said);
    child.kill_it();
    while (child.hear(said)) known.take(said);
    close(child.in);
    WriteTestWorld world(folder.path());
    check(world, known, commits);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(known.appended, 0);
}

TEST(WriteCrash, a_server_that_is_killed_has_what_it_acknowledged_once) {
  kill_often(false);
}

TEST(WriteCrash, also_when_commits_are_files) {
  kill_often(true);
}

// A commit that was decided, and cut off before or after its rows came to the table.
TEST(WriteCrash, a_commit_that_was_decided_is_finished_by_the_next_start) {
  for (const char kind : {'j', 'f'}) {
    WriteFixture world;
    const std::string table = world.table();
    std::vector<std::pair<std::string, std::int64_t>> ends;
    std::vector<std::string> names;
    for (std::int64_t i = 0; i < 2; ++i) {
      names.push_back(world.create(StreamKind::pending, table));
      EXPECT_TRUE(Appending(world).send(request(names.back(), 0, i * k_rows)).is_ok());
      EXPECT_EQ(world.finalize(names.back()).value(), k_rows);
      ends.emplace_back(names.back().substr(names.back().rfind('/') + 1), k_rows);
    }
    write::StreamRows rows(*world.database);
    const std::string id = kind + std::string(32, '7');
    ASSERT_TRUE(rows.begin_move(id, ends).ok());
    world.reopen();
    EXPECT_EQ(world.rows(), ids(0, 2 * k_rows)) << kind;
    EXPECT_EQ(world.commit(table, names), std::vector<int>({2, 2})) << "already committed";
  }
}

}  // namespace
}  // namespace bl::bigquery
