// SIGKILL at random moments under load: every acknowledged batch is there, none is half there.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <random>

#include "store/sqlite/tests/batch_store.h"

extern char** environ;

namespace bl::store::testing {
namespace {

constexpr int k_rounds = 20;
constexpr std::int64_t k_batches_of_a_round = 1'000'000;

// The writer process and the pipe on which it says what was acknowledged.
class Writer {
 public:
  Writer(const std::string& path, std::int64_t first_batch) {
    int ends[2];
    BL_CHECK(pipe2(ends, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = BL_CRASH_WRITER;
    std::string database = path;
    std::string first = std::to_string(first_batch);
    char* arguments[] = {program.data(), database.data(), first.data(), nullptr};
    BL_CHECK(posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    lines_ = fdopen(ends[0], "r");
  }
  ~Writer() { std::fclose(lines_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  pid_t pid() const { return pid_; }
  std::optional<std::int64_t> next_acknowledged() {
    long long batch = 0;
    if (std::fscanf(lines_, "%lld", &batch) != 1) return std::nullopt;
    return batch;
  }
  void kill_and_wait() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  }

 private:
  pid_t pid_ = 0;
  std::FILE* lines_ = nullptr;
};

TEST(Crash, a_killed_process_loses_nothing_acknowledged) {
  const std::uint64_t seed = std::random_device()();
  std::cout << "seed " << seed << '\n';
  std::mt19937_64 random(seed);
  const TemporaryFolder folder;
  const std::string path = folder.at("crash.db");
  QuietLog quiet;
  Metrics metrics;
  Answers answers;
  for (int round = 0; round < k_rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Writer writer(path, round * k_batches_of_a_round);
    for (auto left = random() % 200; left > 0; --left) {
      const auto batch = writer.next_acknowledged();
      ASSERT_TRUE(batch.has_value()) << "the writer failed by itself";
      answers.acknowledged.insert(*batch);
    }
    writer.kill_and_wait();
    while (const auto batch = writer.next_acknowledged()) answers.acknowledged.insert(*batch);
    const auto opened = open_sqlite(path, {}, quiet.log, metrics);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    ASSERT_TRUE(opened.value()->migrate(std::span(&k_batch_schema, 1)).ok());
    expect_kept(*opened.value(), answers);
    if (HasFailure()) return;
  }
  EXPECT_FALSE(answers.acknowledged.empty());
}

TEST(Crash, a_database_that_another_process_holds_is_a_conflict_that_names_it) {
  const TemporaryFolder folder;
  const std::string path = folder.at("crash.db");
  QuietLog quiet;
  Metrics metrics;
  Writer writer(path, 0);
  ASSERT_TRUE(writer.next_acknowledged().has_value());
  const auto second = open_sqlite(path, {}, quiet.log, metrics);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().message.find("pid " + std::to_string(writer.pid())), std::string::npos)
      << second.error().message;
  writer.kill_and_wait();
  EXPECT_TRUE(open_sqlite(path, {}, quiet.log, metrics).ok());
}

}  // namespace
}  // namespace bl::store::testing
