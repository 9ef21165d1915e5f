#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "crash/killed_lake.h"

extern char** environ;

/// SIGKILL at random moments of a lake's life, of a real process on a real disk: every acknowledged
/// row is there once, an append is there whole or not at all, and every file is as the catalog
/// says.
namespace bl::lake {
namespace {

namespace fs = std::filesystem;

int rounds() {
  const char* text = std::getenv("BENCHLAKE_LAKE_KILL_ROUNDS");
  return text == nullptr ? 10 : std::atoi(text);
}

/// `lake_writer`, which lies beside this test.
class Writer {
 public:
  explicit Writer(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     fs::read_symlink("/proc/self/exe").parent_path() / "lake_writer");
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    int ends[2];
    BL_CHECK(pipe2(ends, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    BL_CHECK(posix_spawn(&pid_, words[0], &actions, nullptr, words.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    out_ = ends[0];
  }
  ~Writer() { close(out_); }
  /// Until it has opened the lake; false when it ended instead.
  bool wait_until_open() const {
    char first = 0;
    return read(out_, &first, 1) == 1;
  }
  /// True when it was running until now.
  bool kill() const {
    ::kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
};

/// What the writers have asked for, and what they were promised.
struct Asked {
  std::map<std::int64_t, std::int64_t> appends;  // first row -> rows
  std::set<std::int64_t> acknowledged;           // their first rows
  std::int64_t next() const {
    return appends.empty() ? 1 : appends.rbegin()->first + appends.rbegin()->second;
  }
};

Asked read_asked(const std::string& path) {
  Asked asked;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const bool is_question = line.starts_with("?");
    std::istringstream words(is_question ? line.substr(1) : line);
    std::int64_t first = 0, count = 0;
    words >> first >> count;
    if (is_question) {
      asked.appends[first] = count;
    } else {
      asked.acknowledged.insert(first);
    }
  }
  return asked;
}

void expect_each_append_once(const std::vector<std::int64_t>& rows, const Asked& asked) {
  std::size_t at = 0;
  for (const auto& [first, count] : asked.appends) {
    const bool is_there = at < rows.size() && rows[at] == first;
    ASSERT_TRUE(is_there || !asked.acknowledged.contains(first)) << "lost: " << first;
    if (!is_there) continue;
    for (std::int64_t row = first; row < first + count; ++row, ++at) {
      ASSERT_LT(at, rows.size());
      ASSERT_EQ(rows[at], row) << "an append is there in part, or twice";
    }
  }
  EXPECT_EQ(at, rows.size()) << "rows that nobody appended, or twice";
}

class LakeKill : public ::testing::TestWithParam<JournalKind> {};

TEST_P(LakeKill, no_acknowledged_row_is_lost_or_doubled) {
  KilledLake on(fs::temp_directory_path() / ("bl-killed-" + std::to_string(getpid())), GetParam());
  fs::create_directories(on.lake.folder);
  const std::string acknowledged = on.lake.folder + "/acknowledged";
  const auto seed = static_cast<unsigned>(std::random_device{}());
  std::printf("seed %u, %d rounds\n", seed, rounds());
  std::mt19937 engine(seed);
  for (int round = 1; round <= rounds(); ++round) {
    SCOPED_TRACE(::testing::Message() << "after " << round << " kills");
    const Writer writer({on.lake.folder, std::to_string(read_asked(acknowledged).next()),
                         std::to_string(engine()), acknowledged,
                         GetParam() == JournalKind::file ? "file" : "object"});
    // Every fourth is killed on its way in, while it recovers.
    const bool is_early = round % 4 == 0;
    const bool is_open = !is_early && writer.wait_until_open();
    ASSERT_TRUE(is_open || is_early) << "it ended before it was open: see above";
    // Not a wait for something to happen: the moment of the power cut, drawn at random.
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::uniform_int_distribution(1'000, 900'000)(engine)));
    ASSERT_TRUE(writer.kill()) << "it ended by itself: see above";

    const Asked asked = read_asked(acknowledged);
    const auto lake = on.lake.open();
    const auto table = lake->table("points");
    if (!table.ok()) {
      ASSERT_TRUE(asked.acknowledged.empty()) << table.error().message;
      continue;
    }
    const auto rows = on.lake.numbers(*lake);
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    expect_each_append_once(*rows, asked);
    if (HasFatalFailure()) return;
    const auto findings = (*table)->verify();
    ASSERT_TRUE(findings.ok()) << findings.error().message;
    for (const Finding& finding : *findings) ADD_FAILURE() << finding.key << ": " << finding.what;
  }
  const Asked asked = read_asked(acknowledged);
  EXPECT_GT(asked.acknowledged.size(), 0u);
  std::printf("%zu appends acknowledged of %zu, all there once\n", asked.acknowledged.size(),
              asked.appends.size());
}

INSTANTIATE_TEST_SUITE_P(Journals, LakeKill,
                         ::testing::Values(JournalKind::file, JournalKind::object),
                         [](const auto& kind) {
                           return kind.param == JournalKind::file ? "files" : "objects";
                         });

}  // namespace
}  // namespace bl::lake
